/* Walking through the blobs, a folder at a time, so that whoever does it can do something else in between.
 *
 * How old a blob is its status change tells: a name for shared bytes is as new as the name, not as the bytes. */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/blob_internal.h"

static DIR *
open_list(const struct ms_blobs *blobs, const char *name)
{
  int fd = openat(blobs->folder_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *list = fd < 0 ? NULL : fdopendir(fd);
  if (!list && fd >= 0)
    close(fd);
  return list;
}

bool
ms_blobs_next_folder(struct ms_blobs *blobs, char name[MS_BLOB_FOLDER_SIZE])
{
  char next[MS_BLOB_FOLDER_SIZE] = "";
  DIR *list = open_list(blobs, ".");
  const struct dirent *entry;
  while (list && (entry = readdir(list)))
    if (entry->d_name[0] != '.' && strlen(entry->d_name) < sizeof next &&
        strcmp(entry->d_name, name) > 0 && (!next[0] || strcmp(entry->d_name, next) < 0))
      memcpy(next, entry->d_name, strlen(entry->d_name) + 1);
  if (list)
    closedir(list);
  memcpy(name, next, sizeof next);
  return next[0] != '\0';
}

void
ms_blobs_visit_old(struct ms_blobs *blobs, const char *folder, time_t before,
                   void (*visit)(void *context, const char *id), void *context)
{
  DIR *list = open_list(blobs, folder);
  const struct dirent *entry;
  while (list && (entry = readdir(list))) {
    struct stat info;
    if (entry->d_name[0] != '.' &&
        fstatat(dirfd(list), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISREG(info.st_mode) && info.st_ctime < before)
      visit(context, entry->d_name);
  }
  if (list)
    closedir(list);
}
