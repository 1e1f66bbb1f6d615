/* Writing a blob: a temporary file, synced, then renamed into place.
 *
 * The MD5 is taken of the bytes as they pass, so that checking it costs no second reading. An import
 * lets the kernel copy (or share) the blocks instead. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/blob_internal.h"

enum {
  COPY_BYTES = 256 * 1024,               /* a step of the copy through memory */
  KERNEL_COPY_BYTES = 1024 * 1024 * 1024 /* a step of copy_file_range */
};

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
  fresh->is_known = true;
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

/* What is known of the bytes is checked against what the sender says, and noted. */
static enum ms_status
settle_checksum(struct ms_blob_writer *writer, const char *md5_base64, struct ms_error *err)
{
  uint8_t digest[MS_MD5_BYTES];
  char hex[MS_MD5_HEX_SIZE], checksum[MS_BLOB_CHECKSUM_SIZE];
  if (!writer->is_known)
    return MS_OK;
  ms_md5_stream_end(&writer->md5, digest);
  ms_hex(digest, sizeof digest, hex);
  snprintf(checksum, sizeof checksum, "0-%s", hex);
  ms_blob_note_checksum(writer->fd, checksum);
  return md5_base64 ? check_md5(digest, md5_base64, err) : MS_OK;
}

enum ms_status
ms_blob_commit(struct ms_blob_writer *writer, const char *md5_base64, struct ms_error *err)
{
  enum ms_status status = settle_checksum(writer, md5_base64, err);
  ms_blob_seal(writer->fd);
  if (status == MS_OK && fdatasync(writer->fd) != 0)
    status = fail_write(writer, err);
  if (status == MS_OK)
    status = ms_blob_publish(writer->blobs, writer->temporary, &writer->name, err);
  if (status != MS_OK)
    unlinkat(writer->blobs->incoming_fd, writer->temporary, 0);
  close_writer(writer);
  if (status == MS_OK && writer->is_known)
    ms_blob_share_later(writer->blobs, &writer->name);
  free(writer);
  return status;
}

/* ---- import ---- */

static enum ms_status
copy_through_memory(struct ms_blob_writer *writer, int source, const char *path,
                    struct ms_error *err)
{
  char *buffer = malloc(COPY_BYTES);
  if (!buffer)
    return ms_fail(err, MS_MEMORY, "out of memory to copy %s", path);
  enum ms_status status = MS_OK;
  ssize_t size = 1;
  while (status == MS_OK && size != 0) {
    size = read(source, buffer, COPY_BYTES);
    if (size > 0)
      status = ms_blob_write(writer, buffer, (size_t)size, err);
    else if (size < 0 && errno != EINTR)
      status = ms_fail_errno(err, errno, "read %s", path);
  }
  free(buffer);
  return status;
}

/* Whether the kernel has copied all of it; if not, the rest follows from where both files stand. */
static bool
copy_in_kernel(int source, int target)
{
  if (ioctl(target, FICLONE, source) == 0)
    return true;
  ssize_t size;
  do
    size = copy_file_range(source, NULL, target, NULL, KERNEL_COPY_BYTES, 0);
  while (size > 0);
  return false;
}

static enum ms_status
copy_file(struct ms_blob_writer *writer, int source, const char *path, int64_t *size_bytes,
          struct ms_error *err)
{
  struct stat info;
  enum ms_status status = MS_OK;
  writer->is_known = false;
  if (!copy_in_kernel(source, writer->fd))
    status = copy_through_memory(writer, source, path, err);
  if (status == MS_OK && fstat(writer->fd, &info) != 0)
    status = fail_write(writer, err);
  if (status == MS_OK)
    *size_bytes = info.st_size;
  return status;
}

static enum ms_status
open_source(const char *path, int *fd, struct ms_error *err)
{
  struct stat info;
  *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (*fd < 0)
    return ms_fail_errno(err, errno, "%s", path);
  if (fstat(*fd, &info) == 0 && S_ISREG(info.st_mode))
    return MS_OK;
  close(*fd);
  *fd = -1;
  return ms_fail(err, MS_INVALID, "%s is no regular file and cannot become component data", path);
}

enum ms_status
ms_blob_import(struct ms_blobs *blobs, const char *id, const char *path, int64_t *size_bytes,
               struct ms_error *err)
{
  int source = -1;
  struct ms_blob_writer *writer = NULL;
  enum ms_status status = open_source(path, &source, err);
  if (status != MS_OK)
    return status;
  status = ms_blob_create(blobs, id, &writer, err);
  if (status == MS_OK)
    status = copy_file(writer, source, path, size_bytes, err);
  if (status == MS_OK)
    status = ms_blob_commit(writer, NULL, err);
  else
    ms_blob_abandon(writer);
  close(source);
  return status;
}
