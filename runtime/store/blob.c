/* Blobs: the folder, names, reading and removing. Writing is in blob_writer.c and
 * blob_parts.c, sweeping in blob_sweep.c, sharing in blob_share.c.
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

/* Cannot be the folders of an id: no id begins with a dot. */
static const char incoming_name[] = ".incoming", shared_name[] = ".shared";

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
open_inner(const struct ms_blobs *blobs, const char *name, int *fd, struct ms_error *err)
{
  if (mkdirat(blobs->folder_fd, name, 0700) != 0 && errno != EEXIST)
    return ms_fail_errno(err, errno, "blob folder %s/%s", blobs->folder, name);
  *fd = openat(blobs->folder_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return *fd >= 0 ? MS_OK : ms_fail_errno(err, errno, "blob folder %s/%s", blobs->folder, name);
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
  status = open_inner(blobs, incoming_name, &blobs->incoming_fd, err);
  return status == MS_OK ? open_inner(blobs, shared_name, &blobs->shared_fd, err) : status;
}

enum ms_status
ms_blobs_open(const char *folder, struct ms_blobs **blobs, struct ms_error *err)
{
  *blobs = NULL;
  struct ms_blobs *fresh = calloc(1, sizeof *fresh);
  if (!fresh)
    return ms_fail(err, MS_MEMORY, "out of memory for the blob folder");
  fresh->folder_fd = fresh->incoming_fd = fresh->shared_fd = -1;
  fresh->pending_end = &fresh->pending;
  pthread_mutex_init(&fresh->pending_lock, NULL);
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
  const int folders[] = {blobs->folder_fd, blobs->incoming_fd, blobs->shared_fd};
  for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
    if (folders[i] >= 0)
      close(folders[i]);
  ms_blobs_forget_pending(blobs);
  pthread_mutex_destroy(&blobs->pending_lock);
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
  int lock_fd = ms_blob_unshare(blobs, &name);
  int problem = unlinkat(blobs->folder_fd, name.path, 0) == 0 ? 0 : errno;
  ms_blob_unshared(lock_fd);
  if (problem == 0)
    return MS_OK;
  if (problem == ENOENT)
    return ms_fail(err, MS_NOT_FOUND, "no data for component %s", id);
  return ms_fail_errno(err, problem, "remove the data of component %s", id);
}
