/* Many callers' transactions in one.
 *
 * The first part begins the transaction and needs no savepoint of its own: undoing it ends the group. Every
 * later one has a savepoint. With synchronous=NORMAL a commit is written to the log but not synced; SQLite
 * syncs the log only before it copies from it. The log of a file that is open stays the same file, so that one
 * fdatasync, by whichever thread, makes durable what was committed before it began. */
#include <assert.h>
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
  if (database->log >= 0 || asprintf(&path, "%s-wal", database->path) < 0)
    return;
  int fd = open(path, O_RDWR | O_CLOEXEC);
  free(path);
  if (fd >= 0)
    database->log = fd;
}

/* Without a log to sync, commits stay durable by themselves. Not within a transaction. */
static void
sync_commits(struct ms_database *database, bool always)
{
  if (database->log >= 0)
    sqlite3_exec(database->handle, always ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL",
                 NULL, NULL, NULL);
}

static enum ms_status
begin_group(struct ms_database *database, struct ms_error *err)
{
  open_log(database);
  sync_commits(database, false);
  enum ms_status status = ms_database_execute(database, "BEGIN IMMEDIATE", err);
  if (status != MS_OK) {
    sync_commits(database, true);
    return status;
  }
  database->group.is_open = true;
  database->group.part_count = 0;
  return MS_OK;
}

/* After the transaction's end, whatever it was. */
static void
close_group(struct ms_database *database)
{
  database->group.is_open = false;
  database->group.in_part = false;
  sync_commits(database, true);
}

void
ms_database_leave_group(struct ms_database *database)
{
  struct ms_group *group = &database->group;
  if (!group->is_open || group->in_part)
    return;
  enum ms_status status = ms_database_execute(database, "COMMIT", &group->failure);
  if (status != MS_OK && !sqlite3_get_autocommit(database->handle))
    sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL);
  close_group(database);
}

enum ms_status
ms_database_commit_group(struct ms_database *database, struct ms_error *err)
{
  struct ms_group *group = &database->group;
  ms_database_leave_group(database);
  enum ms_status status = group->failure.status;
  if (status != MS_OK && err)
    *err = group->failure;
  group->failure.status = MS_OK;
  return status;
}

/* ---- parts ---- */

enum ms_status
ms_database_begin_part(struct ms_database *database, struct ms_error *err)
{
  struct ms_group *group = &database->group;
  assert(!group->in_part);
  if (group->failure.status != MS_OK)
    return ms_fail(err, group->failure.status, "%s", group->failure.message);
  enum ms_status status = group->is_open ? ms_database_execute(database, "SAVEPOINT part", err)
                                         : begin_group(database, err);
  group->in_part = status == MS_OK;
  return status;
}

enum ms_status
ms_database_end_part(struct ms_database *database, struct ms_error *err)
{
  struct ms_group *group = &database->group;
  assert(group->in_part);
  if (group->part_count > 0) {
    enum ms_status status = ms_database_execute(database, "RELEASE part", err);
    if (status != MS_OK)
      return status;
  }
  group->part_count++;
  group->in_part = false;
  return MS_OK;
}

void
ms_database_undo_part(struct ms_database *database, const struct ms_error *why)
{
  struct ms_group *group = &database->group;
  assert(group->in_part);
  group->in_part = false;
  if (sqlite3_get_autocommit(database->handle)) {
    if (group->part_count > 0)
      ms_fail(&group->failure, why->status, "%s", why->message);
    close_group(database);
  } else if (group->part_count > 0) {
    sqlite3_exec(database->handle, "ROLLBACK TO part; RELEASE part", NULL, NULL, NULL);
  } else {
    sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL);
    close_group(database);
  }
}

enum ms_status
ms_database_sync(const struct ms_database *database, struct ms_error *err)
{
  if (database->log >= 0 && fdatasync(database->log) != 0)
    return ms_fail_errno(err, errno, "cannot put the last changes of %s on the disk",
                         database->path);
  return MS_OK;
}
