/* Offsets are given with each call: where the descriptors stand does not matter. */
#include "base/file_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
  STEP_BYTES = 8 * 1024 * 1024, /* tens of milliseconds on a slow disk */
  MEMORY_BYTES = 256 * 1024,    /* a piece of the copy through memory */
  PIECE_COST_BYTES = 4096, /* what a piece between two holes takes of a step beside its bytes */
  UNSYNCED_BYTES = 32 * 1024 * 1024 /* at the most: what the sync at the end may find */
};

static enum ms_status
fail_writing(struct ms_error *err)
{
  return ms_fail_errno(err, errno, "writing");
}

static enum ms_status
fail_reading(struct ms_error *err)
{
  return ms_fail_errno(err, errno, "reading");
}

enum ms_status
ms_file_copy_begin(struct ms_file_copy *copy, int source, int target, struct ms_error *err)
{
  struct stat info;
  if (fstat(source, &info) < 0) {
    return fail_reading(err);
  }
  *copy = (struct ms_file_copy){
      .source = source,
      .target = target,
      .size_bytes = info.st_size,
      .is_sparse = (int64_t)info.st_blocks * S_BLKSIZE < info.st_size,
  };
  return MS_OK;
}

/* ---- holes ---- */

/* Passes over a hole. Of file systems that cannot tell, all is data. */
static void
skip_hole(struct ms_file_copy *copy)
{
  off_t data = lseek(copy->source, copy->done_bytes, SEEK_DATA);
  if (data > copy->done_bytes) {
    copy->done_bytes = data;
  } else if (data < 0 && errno == ENXIO && copy->done_bytes < copy->size_bytes) {
    copy->done_bytes = copy->size_bytes; /* the rest is one */
  }
}

/* How much data there is from here on, at the most `limit_bytes`. */
static int64_t
count_data(const struct ms_file_copy *copy, int64_t limit_bytes)
{
  int64_t end = copy->done_bytes + limit_bytes;
  if (copy->size_bytes > 0 && copy->size_bytes < end) {
    end = copy->size_bytes;
  }
  off_t hole = copy->is_sparse ? lseek(copy->source, copy->done_bytes, SEEK_HOLE) : -1;
  return (hole > copy->done_bytes && hole < end ? hole : end) - copy->done_bytes;
}

/* ---- the ways ---- */

static bool
share_blocks(struct ms_file_copy *copy)
{
  if (copy->done_bytes > 0 || copy->size_bytes == 0 ||
      ioctl(copy->target, FICLONE, copy->source) < 0) {
    return false;
  }
  copy->done_bytes = copy->size_bytes;
  copy->is_shared = copy->is_over = true;
  return true;
}

/* What the kernel cannot copy between two files may still go through memory. */
static bool
is_unable(int error_number)
{
  return error_number == EXDEV || error_number == EINVAL || error_number == ENOSYS ||
         error_number == EOPNOTSUPP || error_number == ETXTBSY || error_number == EPERM;
}

static bool
is_of_target(int error_number)
{
  return error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG;
}

/* Nothing copied is no proof of the end: files of /proc have a size of 0, and bytes. */
static enum ms_status
copy_in_kernel(struct ms_file_copy *copy, int64_t size_bytes, struct ms_error *err)
{
  off_t from = copy->done_bytes, to = copy->done_bytes;
  ssize_t copied = copy_file_range(copy->source, &from, copy->target, &to, (size_t)size_bytes, 0);
  if (copied > 0) {
    copy->done_bytes += copied;
    return MS_OK;
  }
  if (copied < 0 && errno == EINTR) {
    return MS_OK;
  }
  copy->is_through_memory = true;
  if (copied == 0 || is_unable(errno)) {
    return MS_OK;
  }
  return is_of_target(errno) ? fail_writing(err) : ms_fail_errno(err, errno, "copying");
}

static enum ms_status
write_at(struct ms_file_copy *copy, const char *data, size_t size_bytes, struct ms_error *err)
{
  while (size_bytes > 0) {
    ssize_t written = pwrite(copy->target, data, size_bytes, copy->done_bytes);
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      return fail_writing(err);
    }
    copy->done_bytes += written;
    data += written;
    size_bytes -= (size_t)written;
  }
  return MS_OK;
}

static enum ms_status
copy_through_memory(struct ms_file_copy *copy, int64_t size_bytes, struct ms_error *err)
{
  char *room = malloc(MEMORY_BYTES);
  if (!room) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  enum ms_status status = MS_OK;
  int64_t end = copy->done_bytes + size_bytes;
  while (status == MS_OK && copy->done_bytes < end && !copy->is_over) {
    int64_t left = end - copy->done_bytes;
    size_t wanted = left < MEMORY_BYTES ? (size_t)left : MEMORY_BYTES;
    ssize_t got = pread(copy->source, room, wanted, copy->done_bytes);
    if (got > 0) {
      status = write_at(copy, room, (size_t)got, err);
    } else if (got == 0) {
      copy->is_over = true;
    } else if (errno != EINTR) {
      status = fail_reading(err);
    }
  }
  free(room);
  return status;
}

/* ---- to the disk ---- */

/* Whether the disk has refused; file systems that have no such call are synced at the end. */
static bool
has_failed(int result)
{
  return result < 0 && (errno == EIO || errno == ENOSPC || errno == EDQUOT);
}

/* Sends what is new on its way, and waits for the disk when it is too far behind. */
static enum ms_status
write_back(struct ms_file_copy *copy, int64_t before_bytes, struct ms_error *err)
{
  int64_t late_bytes = copy->done_bytes - UNSYNCED_BYTES - copy->synced_bytes;
  int result = sync_file_range(copy->target, before_bytes, copy->done_bytes - before_bytes,
                               SYNC_FILE_RANGE_WRITE);
  if (!has_failed(result) && late_bytes > 0) {
    result = sync_file_range(copy->target, copy->synced_bytes, late_bytes,
                             SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
                                 SYNC_FILE_RANGE_WAIT_AFTER);
    copy->synced_bytes += late_bytes;
  }
  return has_failed(result) ? fail_writing(err) : MS_OK;
}

/* ---- a step ---- */

static enum ms_status
copy_data(struct ms_file_copy *copy, int64_t size_bytes, struct ms_error *err)
{
  enum ms_status status = copy->is_through_memory ? MS_OK : copy_in_kernel(copy, size_bytes, err);
  if (status == MS_OK && copy->is_through_memory) {
    status = copy_through_memory(copy, size_bytes, err);
  }
  if (copy->size_bytes > 0 && copy->done_bytes >= copy->size_bytes) {
    copy->is_over = true; /* also when somebody makes it longer meanwhile */
  }
  return status;
}

static enum ms_status
finish(struct ms_file_copy *copy, struct ms_error *err)
{
  bool is_done = !copy->is_sparse || ftruncate(copy->target, copy->done_bytes) == 0;
  return is_done ? MS_OK : fail_writing(err);
}

enum ms_status
ms_file_copy_step(struct ms_file_copy *copy, struct ms_error *err)
{
  if (share_blocks(copy)) {
    return MS_OK;
  }
  enum ms_status status = MS_OK;
  int64_t begin_bytes = copy->done_bytes;
  for (int64_t left = STEP_BYTES; status == MS_OK && !copy->is_over && left > 0;) {
    if (copy->is_sparse) {
      skip_hole(copy);
    }
    int64_t before_bytes = copy->done_bytes;
    status = copy_data(copy, count_data(copy, left), err);
    left -= copy->done_bytes - before_bytes + PIECE_COST_BYTES;
  }
  if (status == MS_OK && copy->size_bytes > STEP_BYTES) {
    status = write_back(copy, begin_bytes, err);
  }
  return status == MS_OK && copy->is_over ? finish(copy, err) : status;
}
