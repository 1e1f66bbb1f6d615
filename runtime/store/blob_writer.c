/* Writing a blob: a temporary file, synced, then renamed into place.
 *
 * The MD5 is taken of the bytes as they pass, so that checking it costs no second reading. Where they are few, that of
 * their segments is taken at the end, which is faster; who fills the file in another way knows the checksum, or nobody
 * does. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_digest.h"
#include "store/blob_internal.h"

enum { SUMMED_LATE_MAX_BYTES = 16 * 1024 * 1024 };

/* Makes and locks the temporary file: the lock tells who sweeps that it has a writer. A sweeper that was
 * there between the two has removed it. */
static int
create_temporary(struct ms_blob_writer *writer)
{
  for (;;) {
    struct stat info;
    ms_id_new(writer->temporary);
    int fd = openat(writer->blobs->incoming_fd, writer->temporary,
                    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
      return fd;
    flock(fd, LOCK_SH); /* where this cannot be, nobody sweeps */
    if (fstat(fd, &info) == 0 && info.st_nlink > 0)
      return fd;
    close(fd);
  }
}

enum ms_status
ms_blob_create(struct ms_blobs *blobs, const char *id, struct ms_blob_writer **writer,
               struct ms_error *err)
{
  struct ms_blob_name name;
  *writer = NULL;
  enum ms_status status = ms_blob_name(id, &name, err);
  if (status != MS_OK)
    return status;
  struct ms_blob_writer *fresh = calloc(1, sizeof *fresh);
  if (!fresh)
    return ms_fail(err, MS_MEMORY, "out of memory for the data of component %s", id);
  fresh->blobs = blobs;
  fresh->name = name;
  ms_md5_stream_begin(&fresh->md5);
  fresh->fd = create_temporary(fresh);
  if (fresh->fd < 0) {
    status = ms_fail_errno(err, errno, "write the data of component %s", id);
    free(fresh);
    return status;
  }
  *writer = fresh;
  return MS_OK;
}

void
ms_blob_expect(struct ms_blob_writer *writer, int64_t size_bytes)
{
  writer->is_summed_late = size_bytes <= SUMMED_LATE_MAX_BYTES;
}

enum ms_status
ms_blob_fail_write(const struct ms_blobs *blobs, const struct ms_blob_name *name,
                   struct ms_error *err)
{
  return ms_fail_errno(err, errno, "write component data %s/%s", blobs->folder, name->path);
}

static enum ms_status
fail_write(const struct ms_blob_writer *writer, struct ms_error *err)
{
  return ms_blob_fail_write(writer->blobs, &writer->name, err);
}

enum ms_status
ms_blob_write(struct ms_blob_writer *writer, const void *data, size_t size_bytes,
              struct ms_error *err)
{
  const char *rest = data;
  if (!writer->is_summed_late)
    ms_md5_stream_add(&writer->md5, data, size_bytes);
  while (size_bytes > 0) {
    ssize_t written = write(writer->fd, rest, size_bytes);
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return fail_write(writer, err);
    rest += written;
    size_bytes -= (size_t)written;
  }
  return MS_OK;
}

static void
close_writer(struct ms_blob_writer *writer)
{
  if (writer->fd >= 0)
    close(writer->fd);
  writer->fd = -1;
}

void
ms_blob_abandon(struct ms_blob_writer *writer)
{
  if (!writer)
    return;
  if (!writer->is_part)
    unlinkat(writer->blobs->incoming_fd, writer->temporary, 0);
  close_writer(writer);
  free(writer);
}

static enum ms_status
check_md5(const uint8_t digest[MS_MD5_BYTES], const char *expected, struct ms_error *err)
{
  char actual[MS_MD5_BASE64_SIZE];
  ms_base64(digest, MS_MD5_BYTES, actual);
  if (strcmp(actual, expected) == 0)
    return MS_OK;
  return ms_fail(err, MS_INVALID,
                 "the data arrived changed: its MD5 is %s, Content-MD5 says '%.40s'; send it again",
                 actual, expected);
}

void
ms_blob_seal(int fd)
{
  fchmod(fd, S_IRUSR);
}

enum ms_status
ms_blob_publish(struct ms_blobs *blobs, const char *temporary, const struct ms_blob_name *name,
                struct ms_error *err)
{
  bool is_new = mkdirat(blobs->folder_fd, name->folder, 0700) == 0;
  if (!is_new && errno != EEXIST)
    return ms_blob_fail_write(blobs, name, err);
  int folder_fd = openat(blobs->folder_fd, name->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder_fd < 0)
    return ms_blob_fail_write(blobs, name, err);
  int lock_fd = ms_blob_unshare(blobs, name);
  bool is_done = renameat(blobs->incoming_fd, temporary, blobs->folder_fd, name->path) == 0;
  int problem = errno;
  ms_blob_unshared(lock_fd);
  errno = problem;
  is_done = is_done && fsync(folder_fd) == 0 && (!is_new || fsync(blobs->folder_fd) == 0);
  enum ms_status status = is_done ? MS_OK : ms_blob_fail_write(blobs, name, err);
  close(folder_fd);
  return status;
}

static void
note_checksum(struct ms_blob_writer *writer, int64_t segment_bytes, const char *hex)
{
  char checksum[MS_BLOB_CHECKSUM_SIZE];
  snprintf(checksum, sizeof checksum, "%lld-%s", (long long)segment_bytes, hex);
  ms_blob_note_checksum(writer->fd, checksum);
}

/* Of the bytes that went by, checked against what the sender says, and noted. */
static enum ms_status
settle_checksum(struct ms_blob_writer *writer, const char *md5_base64, struct ms_error *err)
{
  uint8_t digest[MS_MD5_BYTES];
  char hex[MS_MD5_HEX_SIZE];
  ms_md5_stream_end(&writer->md5, digest);
  ms_hex(digest, sizeof digest, hex);
  note_checksum(writer, 0, hex);
  return md5_base64 ? check_md5(digest, md5_base64, err) : MS_OK;
}

/* Of the bytes that are there, which memory still has. */
static enum ms_status
settle_late(struct ms_blob_writer *writer, struct ms_error *err)
{
  char hex[MS_MD5_HEX_SIZE];
  struct stat info;
  if (fstat(writer->fd, &info) != 0)
    return fail_write(writer, err);
  const struct ms_file_digest_range range = {.fd = writer->fd,
                                             .segment_bytes = ms_file_digest_segment(info.st_size)};
  enum ms_status status = ms_file_digest_compute(&range, info.st_size, hex, err);
  if (status == MS_OK)
    note_checksum(writer, range.segment_bytes, hex);
  return status;
}

/* With `is_known` bytes a twin can be looked for. */
static enum ms_status
finish(struct ms_blob_writer *writer, bool is_known, struct ms_error *err)
{
  enum ms_status status = MS_OK;
  ms_blob_seal(writer->fd);
  if (fdatasync(writer->fd) != 0)
    status = fail_write(writer, err);
  if (status == MS_OK)
    status = ms_blob_publish(writer->blobs, writer->temporary, &writer->name, err);
  if (status != MS_OK) {
    ms_blob_abandon(writer);
    return status;
  }
  close_writer(writer);
  if (is_known)
    ms_blob_share_later(writer->blobs, &writer->name);
  free(writer);
  return MS_OK;
}

enum ms_status
ms_blob_commit(struct ms_blob_writer *writer, const char *md5_base64, struct ms_error *err)
{
  assert(!md5_base64 || !writer->is_summed_late);
  enum ms_status status =
      writer->is_summed_late ? settle_late(writer, err) : settle_checksum(writer, md5_base64, err);
  if (status == MS_OK)
    return finish(writer, true, err);
  ms_blob_abandon(writer);
  return status;
}

int
ms_blob_writer_fd(const struct ms_blob_writer *writer)
{
  return writer->fd;
}

enum ms_status
ms_blob_commit_filled(struct ms_blob_writer *writer, const char *checksum, struct ms_error *err)
{
  if (checksum)
    ms_blob_note_checksum(writer->fd, checksum);
  return finish(writer, checksum != NULL, err);
}
