/* A file of this machine becomes a blob. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_copy.h"
#include "store/blob.h"

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

static enum ms_status
copy(int source, struct ms_blob_writer *writer, int64_t *size_bytes, struct ms_error *err)
{
  struct ms_file_copy copy;
  enum ms_status status = ms_file_copy_begin(&copy, source, ms_blob_writer_fd(writer), err);
  while (status == MS_OK && !copy.is_over)
    status = ms_file_copy_step(&copy, err);
  if (status == MS_OK)
    *size_bytes = copy.done_bytes;
  return status;
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
  if (status == MS_OK) {
    status = copy(source, writer, size_bytes, err);
    if (status == MS_OK)
      status = ms_blob_commit_filled(writer, NULL, err);
    else {
      ms_error_prefix(err, "copy of %s into component %s", path, id);
      ms_blob_abandon(writer);
    }
  }
  close(source);
  return status;
}
