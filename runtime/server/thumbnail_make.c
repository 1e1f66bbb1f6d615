/* A picture is written under a temporary name and renamed. An empty file stands for one that could not be made. */
#include "server/thumbnail_make.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/id.h"
#include "base/path.h"

enum {
  NAME_SIZE = 192,
  SWEEP_EVERY = 256, /* pictures made */
  KEPT_S = 30 * 24 * 60 * 60
};

static const short sizes[] = {16,  24,  32,  48,  64,  80,  96,   128,  160,  200,  256, 300,
                              320, 400, 512, 640, 800, 960, 1024, 1280, 1600, 1920, 2048};

static atomic_uint made; /* pictures, by this process */

int
ms_thumbnail_size(const char *text)
{
  long wanted = text ? strtol(text, NULL, 10) : 0;
  size_t i = 0;
  if (wanted <= 0) {
    wanted = MS_THUMBNAIL_SIZE_DEFAULT;
  }
  while (i + 1 < sizeof sizes / sizeof sizes[0] && sizes[i + 1] <= wanted) {
    i++;
  }
  return sizes[i];
}

enum ms_status
ms_thumbnail_path(const char *tag, int size_pixels, char **path, struct ms_error *err)
{
  char name[NAME_SIZE], *cache = NULL;
  enum ms_status status = ms_path_xdg("cache", &cache, err);
  if (status != MS_OK) {
    return status;
  }
  int length = (int)strcspn(tag + 1, "\""); /* it is in quotes */
  snprintf(name, sizeof name, "thumbnails/%.*s-%d.jpg", length, tag + 1, size_pixels);
  *path = ms_path_join(cache, name);
  free(cache);
  return *path ? MS_OK : ms_fail(err, MS_MEMORY, "out of memory");
}

enum ms_status
ms_thumbnail_open(const char *path, int *fd, int64_t *size_bytes, struct ms_error *err)
{
  struct stat info;
  *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (*fd < 0 || fstat(*fd, &info) != 0) {
    return ms_fail(err, MS_NOT_FOUND, "no picture was made of it yet");
  }
  *size_bytes = info.st_size;
  if (info.st_size > 0) {
    return MS_OK;
  }
  close(*fd);
  *fd = -1;
  return info.st_mtime > time(NULL) - MS_THUMBNAIL_RETRY_S
             ? ms_fail(err, MS_INVALID, "no picture can be made of it")
             : ms_fail(err, MS_NOT_FOUND, "no picture was made of it lately");
}

/* Pictures that nobody has made for a month go: what is still asked for is made again. */
static void
sweep(const char *folder)
{
  DIR *list = opendir(folder);
  time_t oldest = time(NULL) - KEPT_S;
  const struct dirent *entry;
  while (list && (entry = readdir(list))) {
    struct stat info;
    if (fstatat(dirfd(list), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISREG(info.st_mode) && info.st_mtime < oldest) {
      unlinkat(dirfd(list), entry->d_name, 0);
    }
  }
  if (list) {
    closedir(list);
  }
}

/* The temporary name beside `path`, whose folder is made. Owned. */
static enum ms_status
prepare(const char *path, char **temporary, struct ms_error *err)
{
  char id[MS_ID_SIZE];
  const char *slash = strrchr(path, '/');
  char *folder = strndup(path, (size_t)(slash - path));
  *temporary = NULL;
  ms_id_new(id);
  if (!folder || asprintf(temporary, "%s/.%s", folder, id) < 0) {
    free(folder);
    *temporary = NULL;
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  enum ms_status status = ms_path_make_folders(folder, 0700, err);
  if (atomic_fetch_add(&made, 1) % SWEEP_EVERY == 0) {
    sweep(folder);
  }
  free(folder);
  return status;
}

static bool
is_empty(int fd)
{
  struct stat info;
  return fstat(fd, &info) != 0 || info.st_size == 0;
}

/* Fills `target`; of data that no program can read it stays empty. */
static enum ms_status
fill(const struct ms_thumbnail_kind *kind, int source, int target, int size_pixels, bool *is_final,
     struct ms_error *err)
{
  enum ms_status status = ms_thumbnail_run(kind, source, target, size_pixels, err);
  if (status == MS_OK && is_empty(target)) {
    status = ms_fail(err, MS_INVALID, "the picture of it is empty");
  }
  *is_final = status == MS_OK || status == MS_INVALID || status == MS_TIMEOUT;
  if (status != MS_OK && *is_final && ftruncate(target, 0) != 0) {
    *is_final = false;
  }
  return status;
}

enum ms_status
ms_thumbnail_make(const struct ms_thumbnail_kind *kind, int source, const char *path,
                  int size_pixels, struct ms_error *err)
{
  char *temporary = NULL;
  bool is_final = false;
  enum ms_status status = prepare(path, &temporary, err);
  int target = status == MS_OK ? open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
  if (status == MS_OK && target < 0) {
    status = ms_fail_errno(err, errno, "cannot write '%s'", temporary);
  } else if (status == MS_OK) {
    status = fill(kind, source, target, size_pixels, &is_final, err);
    close(target);
  }
  if (is_final && rename(temporary, path) != 0) {
    status = ms_fail_errno(err, errno, "cannot keep '%s'", path);
  }
  if (target >= 0) {
    unlink(temporary);
  }
  free(temporary);
  return status;
}
