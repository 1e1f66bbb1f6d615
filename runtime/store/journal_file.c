/* One lock file serves every claim: a claim is one byte of it, at an offset made from its name. Such locks
 * (F_OFD_SETLK) belong to the open file, end with the process, and need no file each. Two names on one
 * byte, which 2^62 offsets make unlikely, would only take turns.
 *
 * A broken file is looked at again under the lock before it is moved: of several processes that find it,
 * the first moves it and the others open the new one. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/path.h"
#include "store/journal_file.h"

enum {
  FORMAT = 1,                 /* PRAGMA user_version; counts up when old programs must keep out */
  APPLICATION_ID = 0x6d736f62 /* PRAGMA application_id: "msob" */
};

static const char *const definition =
    "CREATE TABLE entry ("
    " sequence INTEGER PRIMARY KEY AUTOINCREMENT,"
    " tracker TEXT NOT NULL, user TEXT NOT NULL, job_id TEXT NOT NULL,"
    " kind TEXT NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL,"
    " created_at INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,"
    " next_try_at INTEGER NOT NULL DEFAULT 0, refused INTEGER NOT NULL DEFAULT 0, error TEXT);"
    "CREATE INDEX entry_in_order ON entry (tracker, user, refused, sequence);"
    "CREATE INDEX entry_of_job ON entry (tracker, user, job_id, refused, sequence);";

static enum ms_status
define(struct ms_database *database, struct ms_error *err)
{
  char marks[96];
  snprintf(marks, sizeof marks, "PRAGMA application_id=%d; PRAGMA user_version=%d;", APPLICATION_ID,
           FORMAT);
  enum ms_status status = ms_database_script(database, definition, err);
  return status == MS_OK ? ms_database_script(database, marks, err) : status;
}

/* Whether the file is an outbox; a new one has format 0 and nothing in it. */
static enum ms_status
check_format(struct ms_database *database, const char *path, int64_t *format, struct ms_error *err)
{
  enum ms_status status = ms_database_read_format(database, APPLICATION_ID, format, err);
  if (status != MS_OK || *format <= FORMAT)
    return status;
  return ms_fail(err, MS_PERMISSION,
                 "the outbox %s was written by a newer version (format %" PRId64
                 ", this one knows up to %d); deliver it with that version",
                 path, *format, FORMAT);
}

/* Makes the tables in a new file, once however many processes find it new. */
static enum ms_status
define_once(struct ms_database *database, const char *path, struct ms_error *err)
{
  int64_t format = 0;
  enum ms_status status = ms_database_begin(database, err);
  if (status == MS_OK)
    status = check_format(database, path, &format, err);
  if (status == MS_OK && format == 0)
    status = define(database, err);
  if (status == MS_OK)
    status = ms_database_commit(database, err);
  ms_database_rollback(database);
  return status;
}

/* Whether every page is where it belongs. An outbox is empty on most days, so this costs little. */
static enum ms_status
check_whole(struct ms_database *database, const char *path, struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  bool row = false;
  enum ms_status status = ms_database_prepare(database, "PRAGMA quick_check(1)", &statement, err);
  if (status == MS_OK)
    status = ms_statement_step(statement, &row, err);
  if (status == MS_OK && (!row || strcmp(ms_statement_text(statement, 0, NULL), "ok") != 0))
    status = ms_fail(err, MS_INVALID, "%s is damaged", path);
  ms_statement_done(statement);
  return status;
}

/* MS_INVALID: it is broken, or no outbox. */
static enum ms_status
open_as_it_is(const char *path, struct ms_database **database, struct ms_error *err)
{
  int64_t format = 0;
  enum ms_status status = ms_database_open_bare(path, database, err);
  if (status == MS_OK)
    status = check_format(*database, path, &format, err);
  if (status == MS_OK)
    status = format == 0 ? define_once(*database, path, err) : check_whole(*database, path, err);
  if (status != MS_OK) {
    ms_database_close(*database);
    *database = NULL;
  }
  return status;
}

static enum ms_status
rename_to(const char *path, const char *aside, const char *suffix, struct ms_error *err)
{
  char *from = NULL, *to = NULL;
  enum ms_status status = MS_OK;
  if (asprintf(&from, "%s%s", path, suffix) < 0 || asprintf(&to, "%s%s", aside, suffix) < 0)
    status = ms_fail(err, MS_MEMORY, "out of memory");
  else if (rename(from, to) != 0 && errno != ENOENT)
    status = ms_fail_errno(err, errno, "cannot move the broken outbox %s aside", from);
  free(from);
  free(to);
  return status;
}

static enum ms_status
move_aside(const char *path, struct ms_error *err)
{
  char *aside = NULL;
  if (asprintf(&aside, "%s.broken-%" PRId64, path, ms_clock_now_us()) < 0)
    return ms_fail(err, MS_MEMORY, "out of memory");
  enum ms_status status = rename_to(path, aside, "-wal", err);
  if (status == MS_OK)
    status = rename_to(path, aside, "-shm", err);
  if (status == MS_OK)
    status = rename_to(path, aside, "", err);
  if (status == MS_OK)
    ms_log(MS_LOG_WARNING, "%s is broken, and was moved to %s; a new outbox is used", path, aside);
  free(aside);
  return status;
}

/* Waits for the other processes that found it broken, and leaves the work to the first. */
static enum ms_status
replace_broken(const char *folder, const char *path, struct ms_database **database,
               struct ms_error *err)
{
  int lock = -1;
  enum ms_status status = MS_OK;
  while (status == MS_OK && lock < 0) {
    status = ms_journal_file_lock(folder, "", &lock, err);
    if (status == MS_OK && lock < 0)
      usleep(1000);
  }
  if (status == MS_OK)
    status = open_as_it_is(path, database, err);
  if (status == MS_INVALID) {
    status = move_aside(path, err);
    if (status == MS_OK)
      status = open_as_it_is(path, database, err);
  }
  if (lock >= 0)
    close(lock);
  return status;
}

enum ms_status
ms_journal_file_open(const char *folder, struct ms_database **database, struct ms_error *err)
{
  enum ms_status status = ms_path_make_folders(folder, 0700, err);
  if (status != MS_OK)
    return status;
  char *path = ms_path_join(folder, "outbox.db");
  if (!path)
    return ms_fail(err, MS_MEMORY, "out of memory");
  status = open_as_it_is(path, database, err);
  if (status == MS_INVALID)
    status = replace_broken(folder, path, database, err);
  free(path);
  return status;
}

/* FNV-1a, without the two highest bits: an offset that a file can have. */
static off_t
offset_of(const char *name)
{
  uint64_t hash = 14695981039346656037u;
  for (; *name; name++)
    hash = (hash ^ (unsigned char)*name) * 1099511628211u;
  return (off_t)(hash >> 2);
}

enum ms_status
ms_journal_file_lock(const char *folder, const char *name, int *fd, struct ms_error *err)
{
  *fd = -1;
  char *path = ms_path_join(folder, "outbox.lock");
  if (!path)
    return ms_fail(err, MS_MEMORY, "out of memory");
  enum ms_status status = MS_OK;
  struct flock lock = {
      .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = offset_of(name), .l_len = 1};
  int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0)
    status = ms_fail_errno(err, errno, "cannot open %s", path);
  else if (fcntl(file, F_OFD_SETLK, &lock) == 0)
    *fd = file;
  else if (errno != EAGAIN && errno != EACCES)
    status = ms_fail_errno(err, errno, "cannot lock %s", path);
  if (file >= 0 && *fd < 0)
    close(file);
  free(path);
  return status;
}
