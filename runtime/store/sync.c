/* Durability for many commits at once.
 *
 * With synchronous=NORMAL a commit is written to the log but not synced; SQLite syncs the log only before it
 * copies from it. The log of a file that is open stays the same file, so that one fdatasync, by whichever
 * thread, makes durable what was committed before it began. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/database_internal.h"

static void
open_log(struct ms_database *database)
{
  char *path = NULL;
  if (asprintf(&path, "%s-wal", database->path) < 0)
    return;
  int fd = open(path, O_RDWR | O_CLOEXEC);
  free(path);
  if (fd >= 0)
    database->log = fd;
}

void
ms_database_defer_sync(struct ms_database *database, bool deferred)
{
  if (deferred && database->log < 0)
    open_log(database);
  if (database->log >= 0)
    sqlite3_exec(database->handle,
                 deferred ? "PRAGMA synchronous=NORMAL" : "PRAGMA synchronous=FULL", NULL, NULL,
                 NULL);
}

enum ms_status
ms_database_sync(const struct ms_database *database, struct ms_error *err)
{
  if (database->log >= 0 && fdatasync(database->log) != 0)
    return ms_fail_errno(err, errno, "cannot put the last changes of %s on the disk",
                         database->path);
  return MS_OK;
}
