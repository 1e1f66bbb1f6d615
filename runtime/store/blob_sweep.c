/* Temporary files whose writers are gone.
 *
 * A writer holds a lock on its file for as long as it lives, so a file that can be locked has lost it. An
 * upload in parts has no writer most of the time: it is given up when nobody has touched it for a day, which is
 * as long as its URLs are good. */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/blob_internal.h"

enum { STALE_AFTER_S = 25 * 60 * 60 /* an hour more than the URLs live */ };

static bool
is_upload_in_parts(const char *name)
{
  size_t length = strlen(name), suffix = strlen(MS_BLOB_PARTS_SUFFIX);
  return length > suffix && strcmp(name + length - suffix, MS_BLOB_PARTS_SUFFIX) == 0;
}

static bool
is_abandoned(const char *name, int fd, time_t now)
{
  struct stat info;
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
    return false;
  if (is_upload_in_parts(name))
    return info.st_mtime < now - STALE_AFTER_S;
  return flock(fd, LOCK_EX | LOCK_NB) == 0;
}

static void
sweep_file(struct ms_blobs *blobs, const char *name)
{
  int fd = openat(blobs->incoming_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0)
    return;
  if (is_abandoned(name, fd, blobs->swept_at))
    unlinkat(blobs->incoming_fd, name, 0);
  close(fd);
}

void
ms_blobs_sweep(struct ms_blobs *blobs)
{
  blobs->swept_at = time(NULL);
  int fd = openat(blobs->incoming_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *folder = fd < 0 ? NULL : fdopendir(fd);
  if (!folder) {
    if (fd >= 0)
      close(fd);
    return;
  }
  const struct dirent *entry;
  while ((entry = readdir(folder)))
    if (entry->d_name[0] != '.')
      sweep_file(blobs, entry->d_name);
  closedir(folder);
}
