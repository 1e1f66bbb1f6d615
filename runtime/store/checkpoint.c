/* Copying the log back into the database, beside the thread that writes.
 *
 * A connection of its own copies what is there when it begins, which is nearly all, and syncs it; what was
 * written meanwhile is little, and copied by the writer's connection between two transactions. Then the next
 * writer begins the log anew. Readers and writers wait for neither; who still reads an old state keeps the log
 * growing until the next time. */
#include "store/checkpoint.h"

#include <stdlib.h>

#include "store/database_internal.h"

struct ms_checkpoint {
  struct ms_database *database; /* borrowed */
  sqlite3 *handle;              /* owned; NULL before the first copy */
  int due_pages;                /* of the log, at which the next copy is due */
};

static int
note_log_pages(void *context, sqlite3 *handle, const char *name, int pages)
{
  struct ms_database *database = context;
  (void)handle, (void)name;
  database->log_pages = pages;
  return SQLITE_OK;
}

enum ms_status
ms_checkpoint_new(struct ms_database *database, struct ms_checkpoint **checkpoint,
                  struct ms_error *err)
{
  *checkpoint = calloc(1, sizeof **checkpoint);
  if (!*checkpoint)
    return ms_fail(err, MS_MEMORY, "out of memory");
  (*checkpoint)->database = database;
  (*checkpoint)->due_pages = MS_CHECKPOINT_PAGES;
  sqlite3_wal_hook(database->handle, note_log_pages, database);
  return MS_OK;
}

void
ms_checkpoint_free(struct ms_checkpoint *checkpoint)
{
  if (!checkpoint)
    return;
  sqlite3_wal_autocheckpoint(checkpoint->database->handle, MS_DATABASE_CHECKPOINT_PAGES);
  sqlite3_close_v2(checkpoint->handle);
  free(checkpoint);
}

bool
ms_checkpoint_take_due(struct ms_checkpoint *checkpoint)
{
  int pages = checkpoint->database->log_pages;
  bool is_due = pages >= checkpoint->due_pages;
  if (is_due)
    checkpoint->due_pages = pages + MS_CHECKPOINT_PAGES;
  else if (pages < MS_CHECKPOINT_PAGES)
    checkpoint->due_pages = MS_CHECKPOINT_PAGES;
  return is_due;
}

/* SQLITE_BUSY is no failure: somebody else copies. */
static enum ms_status
copy(sqlite3 *handle, const char *path, struct ms_error *err)
{
  int code = sqlite3_wal_checkpoint_v2(handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
  if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY)
    return MS_OK;
  return ms_fail(err, MS_IO, "cannot copy the log of %s into it: %s", path, sqlite3_errmsg(handle));
}

enum ms_status
ms_checkpoint_copy(struct ms_checkpoint *checkpoint, struct ms_error *err)
{
  const char *path = checkpoint->database->path;
  if (!checkpoint->handle) {
    int code = sqlite3_open_v2(path, &checkpoint->handle,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code != SQLITE_OK) {
      enum ms_status status =
          ms_fail(err, MS_IO, "cannot open %s again: %s", path, sqlite3_errstr(code));
      sqlite3_close_v2(checkpoint->handle);
      checkpoint->handle = NULL;
      return status;
    }
    /* Reading makes the connection notice the log. */
    sqlite3_exec(checkpoint->handle, "PRAGMA synchronous=FULL; PRAGMA schema_version", NULL, NULL,
                 NULL);
  }
  return copy(checkpoint->handle, path, err);
}

enum ms_status
ms_checkpoint_finish(struct ms_checkpoint *checkpoint, struct ms_error *err)
{
  struct ms_database *database = checkpoint->database;
  if (!sqlite3_get_autocommit(database->handle))
    return MS_OK;
  return copy(database->handle, database->path, err);
}
