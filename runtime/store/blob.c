/* Blobs: the folder, names, reading and removing. Writing is in blob_writer.c and
 * blob_parts.c, sweeping in blob_sweep.c.
 *
 * Every path is opened relative to the folder's descriptor, and an id can hold neither a slash nor a
 * leading dot, so nothing outside of the folder can be named. */
#include "store/blob.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/path.h"
#include "store/blob_internal.h"

/* Cannot be the folder of an id: no id begins with a dot. */
static const char incoming_name[] = ".incoming";

static bool
is_plain(const char *id)
{
  static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  size_t size = strlen(id);
  return size > 0 && size <= MS_BLOB_ID_MAX_BYTES && id[0] != '.' && strspn(id, allowed) == size;
}

enum ms_status
ms_blob_name(const char *id, struct ms_blob_name *name, struct ms_error *err)
{
  if (!is_plain(id))
    return ms_fail(err, MS_INVALID,
                   "'%.150s' cannot name component data: use up to %d letters, digits, '-', '_' "
                   "and '.', not beginning with '.'",
                   id, MS_BLOB_ID_MAX_BYTES);
  snprintf(name->folder, sizeof name->folder, "%c%c", id[0], id[1] ? id[1] : '_');
  snprintf(name->path, sizeof name->path, "%s/%s", name->folder, id);
  return MS_OK;
}

static enum ms_status
open_folders(struct ms_blobs *blobs, struct ms_error *err)
{
  enum ms_status status = ms_path_make_folders(blobs->folder, 0700, err);
  if (status != MS_OK)
    return status;
  blobs->folder_fd = open(blobs->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (blobs->folder_fd < 0)
    return ms_fail_errno(err, errno, "blob folder %s", blobs->folder);
  if (mkdirat(blobs->folder_fd, incoming_name, 0700) != 0 && errno != EEXIST)
    return ms_fail_errno(err, errno, "blob folder %s/%s", blobs->folder, incoming_name);
  blobs->incoming_fd = openat(blobs->folder_fd, incoming_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (blobs->incoming_fd < 0)
    return ms_fail_errno(err, errno, "blob folder %s/%s", blobs->folder, incoming_name);
  return MS_OK;
}

enum ms_status
ms_blobs_open(const char *folder, struct ms_blobs **blobs, struct ms_error *err)
{
  *blobs = NULL;
  struct ms_blobs *fresh = calloc(1, sizeof *fresh);
  if (!fresh)
    return ms_fail(err, MS_MEMORY, "out of memory for the blob folder");
  fresh->folder_fd = fresh->incoming_fd = -1;
  fresh->folder = strdup(folder);
  enum ms_status status = fresh->folder
                              ? open_folders(fresh, err)
                              : ms_fail(err, MS_MEMORY, "out of memory for the blob folder");
  if (status != MS_OK) {
    ms_blobs_close(fresh);
    return status;
  }
  ms_blobs_sweep(fresh);
  *blobs = fresh;
  return MS_OK;
}

void
ms_blobs_close(struct ms_blobs *blobs)
{
  if (!blobs)
    return;
  if (blobs->folder_fd >= 0)
    close(blobs->folder_fd);
  if (blobs->incoming_fd >= 0)
    close(blobs->incoming_fd);
  free(blobs->folder);
  free(blobs);
}

enum ms_status
ms_blobs_check_room(const struct ms_blobs *blobs, int64_t size_bytes, struct ms_error *err)
{
  struct statvfs disk;
  if (fstatvfs(blobs->folder_fd, &disk) != 0)
    return MS_OK; /* writing will show */
  uint64_t free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
  if ((uint64_t)size_bytes <= free_bytes)
    return MS_OK;
  return ms_fail(err, MS_FULL,
                 "there is no space for %" PRId64 " bytes: %" PRIu64
                 " are left on the disk with the components' data",
                 size_bytes, free_bytes);
}

enum ms_status
ms_blob_open(struct ms_blobs *blobs, const char *id, int *fd, int64_t *size_bytes,
             struct ms_error *err)
{
  struct ms_blob_name name;
  struct stat info;
  enum ms_status status = ms_blob_name(id, &name, err);
  if (status != MS_OK)
    return status;
  *fd = openat(blobs->folder_fd, name.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (*fd < 0 && errno == ENOENT)
    return ms_fail(err, MS_NOT_FOUND, "no data for component %s", id);
  if (*fd < 0)
    return ms_fail_errno(err, errno, "data of component %s", id);
  if (fstat(*fd, &info) == 0 && S_ISREG(info.st_mode)) {
    *size_bytes = info.st_size;
    return MS_OK;
  }
  close(*fd);
  *fd = -1;
  return ms_fail(err, MS_IO, "data of component %s is no regular file", id);
}

enum ms_status
ms_blob_path(struct ms_blobs *blobs, const char *id, char **path, struct ms_error *err)
{
  struct ms_blob_name name;
  enum ms_status status = ms_blob_name(id, &name, err);
  if (status != MS_OK)
    return status;
  *path = ms_path_join(blobs->folder, name.path);
  return *path ? MS_OK : ms_fail(err, MS_MEMORY, "out of memory for a blob's path");
}

enum ms_status
ms_blob_remove(struct ms_blobs *blobs, const char *id, struct ms_error *err)
{
  struct ms_blob_name name;
  enum ms_status status = ms_blob_name(id, &name, err);
  if (status != MS_OK)
    return status;
  if (unlinkat(blobs->folder_fd, name.path, 0) == 0)
    return MS_OK;
  if (errno == ENOENT)
    return ms_fail(err, MS_NOT_FOUND, "no data for component %s", id);
  return ms_fail_errno(err, errno, "remove the data of component %s", id);
}
