/* A list, looked through by the folder's device and inode number. */
#include "transport/shared_api.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

struct ms_shared_api {
  struct ms_shared_api *next;
  dev_t device;
  ino_t inode;
  struct ms_api *api; /* owned */
  int users;          /* who have entered */
};

static struct ms_shared_api *all;

static struct ms_shared_api *
find(const char *folder)
{
  struct stat info;
  if (stat(folder, &info) < 0) {
    return NULL;
  }
  struct ms_shared_api *shared = all;
  while (shared && (shared->device != info.st_dev || shared->inode != info.st_ino)) {
    shared = shared->next;
  }
  return shared;
}

static enum ms_status
open_new(const char *folder, struct ms_shared_api **shared, struct ms_error *err)
{
  struct ms_shared_api *opened = calloc(1, sizeof *opened);
  if (!opened) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  enum ms_status status = ms_api_open(folder, &opened->api, err);
  struct stat info;
  if (status == MS_OK && stat(folder, &info) < 0) {
    status = ms_fail_errno(err, errno, "cannot read the data folder '%s'", folder);
    ms_api_close(opened->api);
  }
  if (status != MS_OK) {
    free(opened);
    return status;
  }
  opened->device = info.st_dev;
  opened->inode = info.st_ino;
  opened->next = all;
  all = *shared = opened;
  return MS_OK;
}

enum ms_status
ms_shared_api_enter(const char *folder, struct ms_shared_api **shared, struct ms_error *err)
{
  struct ms_shared_api *found = find(folder);
  enum ms_status status = found ? MS_OK : open_new(folder, &found, err);
  if (found) {
    found->users++;
    *shared = found;
  }
  return status;
}

struct ms_shared_api *
ms_shared_api_join(struct ms_shared_api *shared)
{
  shared->users++;
  return shared;
}

void
ms_shared_api_leave(struct ms_shared_api *shared)
{
  if (--shared->users > 0) {
    return;
  }
  struct ms_shared_api **place = &all;
  while (*place != shared) {
    place = &(*place)->next;
  }
  *place = shared->next;
  ms_api_close(shared->api);
  free(shared);
}

struct ms_api *
ms_shared_api_get(const struct ms_shared_api *shared)
{
  return shared->api;
}
