#include "support/folder.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { WALK_FDS = 16 };

int
folder_make(char folder[FOLDER_BYTES])
{
  const char *parent = getenv("TMPDIR");
  int length = snprintf(folder, FOLDER_BYTES, "%s/moonshift-test-XXXXXX",
                        parent && *parent ? parent : "/tmp");
  if (length >= FOLDER_BYTES) {
    fprintf(stderr, "TMPDIR is too long for a test's folder: %s\n", parent);
    return -1;
  }
  if (!mkdtemp(folder)) {
    perror(folder);
    return -1;
  }
  return 0;
}

/* A folder may have been closed to its owner by a test; open it before the walk goes in. */
static int
open_entry(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
  (void)info, (void)walk;
  return kind == FTW_D || kind == FTW_DNR ? chmod(path, 0700) : 0;
}

static int
remove_entry(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
  (void)info, (void)kind, (void)walk;
  return remove(path);
}

int
folder_remove(const char *folder)
{
  nftw(folder, open_entry, WALK_FDS, FTW_PHYS);
  return nftw(folder, remove_entry, WALK_FDS, FTW_DEPTH | FTW_PHYS);
}
