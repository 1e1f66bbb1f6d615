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
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/checksum.h"
#include "base/id.h"
#include "store/blob_internal.h"

enum {
  COPY_BYTES = 256 * 1024,               /* a step of the copy through memory */
  KERNEL_COPY_BYTES = 1024 * 1024 * 1024 /* a step of copy_file_range */
};

struct ms_blob_writer {
  struct ms_blobs *blobs; /* borrowed */
  struct ms_blob_name name;
  char temporary[MS_ID_SIZE]; /* in the folder of incoming files */
  int fd;
  struct ms_md5_stream md5;
};

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
  ms_id_new(fresh->temporary);
  fresh->fd = openat(blobs->incoming_fd, fresh->temporary,
                     O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fresh->fd < 0) {
    status = ms_fail_errno(err, errno, "write the data of component %s", id);
    free(fresh);
    return status;
  }
  *writer = fresh;
  return MS_OK;
}

static enum ms_status
fail_write(const struct ms_blob_writer *writer, struct ms_error *err)
{
  return ms_fail_errno(err, errno, "write component data %s/%s", writer->blobs->folder,
                       writer->name.path);
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
free_writer(struct ms_blob_writer *writer)
{
  if (writer->fd >= 0)
    close(writer->fd);
  free(writer);
}

void
ms_blob_abandon(struct ms_blob_writer *writer)
{
  if (!writer)
    return;
  unlinkat(writer->blobs->incoming_fd, writer->temporary, 0);
  free_writer(writer);
}

static enum ms_status
check_md5(struct ms_blob_writer *writer, const char *expected, struct ms_error *err)
{
  uint8_t digest[MS_MD5_BYTES];
  char actual[MS_MD5_BASE64_SIZE];
  ms_md5_stream_end(&writer->md5, digest);
  ms_base64(digest, sizeof digest, actual);
  if (strcmp(actual, expected) == 0)
    return MS_OK;
  return ms_fail(err, MS_INVALID,
                 "the data arrived changed: its MD5 is %s, Content-MD5 says '%.40s'; send it again",
                 actual, expected);
}

/* Renames into place and makes the new name durable, too. */
static enum ms_status
publish(struct ms_blob_writer *writer, struct ms_error *err)
{
  struct ms_blobs *blobs = writer->blobs;
  bool is_new = mkdirat(blobs->folder_fd, writer->name.folder, 0700) == 0;
  if (!is_new && errno != EEXIST)
    return fail_write(writer, err);
  int folder_fd = openat(blobs->folder_fd, writer->name.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder_fd < 0)
    return fail_write(writer, err);
  bool is_done =
      renameat(blobs->incoming_fd, writer->temporary, blobs->folder_fd, writer->name.path) == 0 &&
      fsync(folder_fd) == 0 && (!is_new || fsync(blobs->folder_fd) == 0);
  enum ms_status status = is_done ? MS_OK : fail_write(writer, err);
  close(folder_fd);
  return status;
}

enum ms_status
ms_blob_commit(struct ms_blob_writer *writer, const char *md5_base64, struct ms_error *err)
{
  enum ms_status status = md5_base64 ? check_md5(writer, md5_base64, err) : MS_OK;
  if (status == MS_OK && fdatasync(writer->fd) != 0)
    status = fail_write(writer, err);
  if (status == MS_OK)
    status = publish(writer, err);
  if (status != MS_OK)
    unlinkat(writer->blobs->incoming_fd, writer->temporary, 0);
  free_writer(writer);
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
