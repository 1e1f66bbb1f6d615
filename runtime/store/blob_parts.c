/* Uploads in parts: one file of the final size, written in any order, renamed when all of it is there.
 *
 * Which parts have come is not kept here: whoever sends them gets a signed receipt for each (api/part.h). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "store/blob_internal.h"

enum { SWEEP_INTERVAL_S = 60 * 60 };

static const char checksum_attribute[] = "user.moonshift.md5";

/* ---- checksums ---- */

void
ms_blob_note_checksum(int fd, const char *checksum)
{
  fsetxattr(fd, checksum_attribute, checksum, strlen(checksum), 0);
}

bool
ms_blob_checksum(int fd, char checksum[MS_BLOB_CHECKSUM_SIZE])
{
  ssize_t size = fgetxattr(fd, checksum_attribute, checksum, MS_BLOB_CHECKSUM_SIZE - 1);
  checksum[size > 0 ? size : 0] = '\0';
  return size > 0;
}

/* ---- the file ---- */

static enum ms_status
print_name(const char *upload_id, char name[MS_BLOB_TEMPORARY_SIZE], struct ms_error *err)
{
  static const char allowed[] = "0123456789abcdef-";
  if (strlen(upload_id) != MS_ID_SIZE - 1 || strspn(upload_id, allowed) != MS_ID_SIZE - 1)
    return ms_fail(err, MS_INVALID, "'%.60s' is not the id of an upload", upload_id);
  snprintf(name, MS_BLOB_TEMPORARY_SIZE, "%s%s", upload_id, MS_BLOB_PARTS_SUFFIX);
  return MS_OK;
}

static enum ms_status
open_upload(struct ms_blobs *blobs, const char *upload_id, int flags,
            char name[MS_BLOB_TEMPORARY_SIZE], int *fd, struct ms_error *err)
{
  enum ms_status status = print_name(upload_id, name, err);
  if (status != MS_OK)
    return status;
  *fd = openat(blobs->incoming_fd, name, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (*fd >= 0)
    return MS_OK;
  if (errno == ENOENT)
    return ms_fail(err, MS_NOT_FOUND, "there is no upload %s (any more): begin a new one",
                   upload_id);
  return ms_fail_errno(err, errno, "upload %s", upload_id);
}

enum ms_status
ms_blob_parts_begin(struct ms_blobs *blobs, const char *upload_id, int64_t size_bytes,
                    struct ms_error *err)
{
  char name[MS_BLOB_TEMPORARY_SIZE];
  int fd;
  if (time(NULL) - blobs->swept_at > SWEEP_INTERVAL_S)
    ms_blobs_sweep(blobs);
  enum ms_status status = ms_blobs_check_room(blobs, size_bytes, err);
  if (status == MS_OK)
    status = open_upload(blobs, upload_id, O_WRONLY | O_CREAT | O_EXCL, name, &fd, err);
  if (status != MS_OK)
    return status;
  if (ftruncate(fd, size_bytes) != 0) {
    status =
        ms_fail_errno(err, errno, "make room for an upload of %lld bytes", (long long)size_bytes);
    unlinkat(blobs->incoming_fd, name, 0);
  }
  close(fd);
  return status;
}

enum ms_status
ms_blob_parts_size(struct ms_blobs *blobs, const char *upload_id, int64_t *size_bytes,
                   struct ms_error *err)
{
  char name[MS_BLOB_TEMPORARY_SIZE];
  struct stat info;
  int fd;
  enum ms_status status = open_upload(blobs, upload_id, O_RDONLY, name, &fd, err);
  if (status != MS_OK)
    return status;
  if (fstat(fd, &info) != 0)
    status = ms_fail_errno(err, errno, "upload %s", upload_id);
  *size_bytes = info.st_size;
  close(fd);
  return status;
}

/* ---- parts ---- */

enum ms_status
ms_blob_part_create(struct ms_blobs *blobs, const char *upload_id, int64_t offset,
                    struct ms_blob_writer **writer, struct ms_error *err)
{
  *writer = NULL;
  struct ms_blob_writer *fresh = calloc(1, sizeof *fresh);
  if (!fresh)
    return ms_fail(err, MS_MEMORY, "out of memory for a part of upload %s", upload_id);
  fresh->blobs = blobs;
  fresh->is_part = true;
  ms_md5_stream_begin(&fresh->md5);
  enum ms_status status =
      open_upload(blobs, upload_id, O_WRONLY, fresh->temporary, &fresh->fd, err);
  if (status == MS_OK && lseek(fresh->fd, offset, SEEK_SET) < 0) {
    status = ms_fail_errno(err, errno, "upload %s", upload_id);
    close(fresh->fd);
  }
  if (status != MS_OK) {
    free(fresh);
    return status;
  }
  snprintf(fresh->name.path, sizeof fresh->name.path, "%s", fresh->temporary);
  *writer = fresh;
  return MS_OK;
}

enum ms_status
ms_blob_part_commit(struct ms_blob_writer *writer, uint8_t digest[MS_MD5_BYTES],
                    struct ms_error *err)
{
  enum ms_status status = MS_OK;
  ms_md5_stream_end(&writer->md5, digest);
  if (fdatasync(writer->fd) != 0)
    status = ms_blob_fail_write(writer->blobs, &writer->name, err);
  ms_blob_abandon(writer);
  return status;
}

enum ms_status
ms_blob_parts_commit(struct ms_blobs *blobs, const char *upload_id, const char *id,
                     const char *checksum, struct ms_error *err)
{
  char temporary[MS_BLOB_TEMPORARY_SIZE];
  struct ms_blob_name name;
  int fd;
  enum ms_status status = ms_blob_name(id, &name, err);
  if (status == MS_OK)
    status = open_upload(blobs, upload_id, O_RDWR, temporary, &fd, err);
  if (status != MS_OK)
    return status;
  ms_blob_note_checksum(fd, checksum);
  ms_blob_seal(fd);
  if (fdatasync(fd) != 0)
    status = ms_blob_fail_write(blobs, &name, err);
  close(fd);
  if (status == MS_OK)
    status = ms_blob_publish(blobs, temporary, &name, err);
  if (status == MS_OK)
    ms_blob_share_later(blobs, &name);
  return status;
}
