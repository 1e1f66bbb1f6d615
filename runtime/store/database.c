/* Opening, transactions, and what SQLite's result codes mean to us.
 *
 * The write-ahead log with synchronous=FULL: an acknowledged commit survives a power cut, readers never
 * wait for the writer. One connection, one thread (NOMUTEX); other processes are waited for. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/database_internal.h"

enum {
  UNDO_MEMORY_BYTES = 2 * 1024 * 1024,
  PROGRESS_STEPS = 20000 /* virtual machine steps between two looks at the clock: well below 1 ms */
};

#define TEXT_OF(number) TEXT_OF_VALUE(number)
#define TEXT_OF_VALUE(number) #number

/* Pages are read through a mapping of up to this many bytes, as many as SQLite allows, instead of read(2). */
#define MAPPED_BYTES 2147418112

/* Pages kept in memory. Read through the mapping are those of the database; this is for those that are in the
 * log, and for those that are being changed. */
#define CACHE_KIB 16384

static const char *const opening_pragmas =
    "PRAGMA synchronous=FULL;"
    "PRAGMA cache_size=-" TEXT_OF(CACHE_KIB) ";"
                                             "PRAGMA temp_store=MEMORY;"
                                             "PRAGMA mmap_size=" TEXT_OF(MAPPED_BYTES) ";";

/* Result codes by their status; an extended code before its primary one. */
static const struct {
  int code;
  enum ms_status status;
} statuses[] = {
    {SQLITE_CONSTRAINT_UNIQUE, MS_EXISTS},
    {SQLITE_CONSTRAINT_PRIMARYKEY, MS_EXISTS},
    {SQLITE_CONSTRAINT_ROWID, MS_EXISTS},
    {SQLITE_CONSTRAINT_FOREIGNKEY, MS_INTEGRITY},
    {SQLITE_CONSTRAINT, MS_INVALID},
    {SQLITE_INTERRUPT, MS_LIMIT},
    {SQLITE_TOOBIG, MS_LIMIT},
    {SQLITE_BUSY, MS_BUSY},
    {SQLITE_LOCKED, MS_BUSY},
    {SQLITE_NOMEM, MS_MEMORY},
    {SQLITE_READONLY, MS_PERMISSION},
    {SQLITE_PERM, MS_PERMISSION},
    {SQLITE_AUTH, MS_PERMISSION},
    {SQLITE_NOTADB, MS_INVALID},
    {SQLITE_CORRUPT, MS_INVALID},
    {SQLITE_CANTOPEN, MS_IO},
    {SQLITE_IOERR, MS_IO},
    {SQLITE_FULL, MS_FULL},
    {SQLITE_PROTOCOL, MS_IO},
};

static enum ms_status
status_of(int code)
{
  for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
    if (statuses[i].code == code || statuses[i].code == (code & 0xff))
      return statuses[i].status;
  return MS_INTERNAL;
}

enum ms_status
ms_database_fail(struct ms_database *database, int code, const char *what, struct ms_error *err)
{
  enum ms_status status = status_of(sqlite3_extended_errcode(database->handle));
  if (status == MS_INTERNAL)
    status = status_of(code);
  if (code == SQLITE_INTERRUPT)
    return ms_fail(err, MS_LIMIT, "took longer than %lld ms; ask for less at a time",
                   (long long)database->time_limit_ms);
  if (status == MS_BUSY)
    return ms_fail(err, MS_BUSY, "database %s is held by another process; try again",
                   database->path);
  if ((code & 0xff) == SQLITE_CONSTRAINT)
    return ms_fail(err, status, "%s", sqlite3_errmsg(database->handle));
  return ms_fail(err, status, "database %s: cannot %s: %s (SQLite %d)", database->path, what,
                 sqlite3_errmsg(database->handle), sqlite3_extended_errcode(database->handle));
}

enum ms_status
ms_database_script(struct ms_database *database, const char *sql, struct ms_error *err)
{
  int code = sqlite3_exec(database->handle, sql, NULL, NULL, NULL);
  return code == SQLITE_OK ? MS_OK : ms_database_fail(database, code, "run its set-up", err);
}

enum ms_status
ms_database_read_number(struct ms_database *database, const char *sql, int64_t *number,
                        struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  bool row = false;
  enum ms_status status = ms_database_prepare(database, sql, &statement, err);
  if (status == MS_OK)
    status = ms_statement_step(statement, &row, err);
  *number = row ? ms_statement_integer(statement, 0) : 0;
  ms_statement_done(statement);
  return status;
}

enum ms_status
ms_database_read_format(struct ms_database *database, int64_t application_id, int64_t *format,
                        struct ms_error *err)
{
  int64_t application = 0, object_count = 0;
  enum ms_status status = ms_database_read_number(database, "PRAGMA user_version", format, err);
  if (status == MS_OK)
    status = ms_database_read_number(database, "PRAGMA application_id", &application, err);
  if (status == MS_OK && *format == 0)
    status =
        ms_database_read_number(database, "SELECT count(*) FROM sqlite_master", &object_count, err);
  if (status != MS_OK)
    return status;
  if (object_count > 0 || (*format != 0 && application != application_id))
    return ms_fail(err, MS_INVALID, "%s is a database of another program; choose another folder",
                   database->path);
  return MS_OK;
}

/* Whether the running statement is over its time. */
static int
on_progress(void *context)
{
  struct ms_database *database = context;
  return database->deadline_ms && ms_clock_monotonic_ms() > database->deadline_ms;
}

/* The file is made here so that nobody else can read it; SQLite gives its log the same mode. A file that
 * exists is not opened: closing it would drop the locks of this process's other connections to it. */
static enum ms_status
make_file(const char *path, struct ms_error *err)
{
  int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0)
    close(fd);
  else if (errno != EEXIST || access(path, R_OK | W_OK) != 0)
    return ms_fail_errno(err, errno, "database %s", path);
  return MS_OK;
}

static enum ms_status
use_write_ahead_log(struct ms_database *database, struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  bool row = false;
  bool is_wal = false;
  enum ms_status status = ms_database_prepare(database, "PRAGMA journal_mode=WAL", &statement, err);
  if (status == MS_OK)
    status = ms_statement_step(statement, &row, err);
  if (status == MS_OK && row)
    is_wal = strcmp(ms_statement_text(statement, 0, NULL), "wal") == 0;
  ms_statement_done(statement);
  if (status == MS_OK && !is_wal)
    return ms_fail(err, MS_IO, "database %s: its file system cannot hold a write-ahead log",
                   database->path);
  return status;
}

static enum ms_status
set_up(struct ms_database *database, struct ms_error *err)
{
  sqlite3_extended_result_codes(database->handle, 1);
  sqlite3_busy_timeout(database->handle, MS_DATABASE_BUSY_TIMEOUT_MS);
  sqlite3_wal_autocheckpoint(database->handle, MS_DATABASE_CHECKPOINT_PAGES);
  sqlite3_progress_handler(database->handle, PROGRESS_STEPS, on_progress, database);
  if (sqlite3_db_readonly(database->handle, "main") == 1)
    return ms_fail(err, MS_PERMISSION, "database %s: no permission to write it", database->path);
  enum ms_status status = ms_database_script(database, opening_pragmas, err);
  return status == MS_OK ? use_write_ahead_log(database, err) : status;
}

/* Processes open and close a database one after the other: SQLite does not wait while another one turns a
 * new file into one with a write-ahead log, or removes the log with the last connection, it fails. The lock is on the folder and ends with the descriptor;
 * where folders cannot be locked (-1) opening goes on without. */
static int
lock_folder_of(const char *path)
{
  char folder[PATH_MAX];
  const char *slash = strrchr(path, '/');
  snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
  int fd = open(folder[0] ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0)
    flock(fd, LOCK_EX);
  return fd;
}

/* Statistics of memory would cost a lock for every piece of it. What undoing a part takes is kept in memory up to
 * the parts' usual size, not in a temporary file from 64 KB on. */
static void
configure_library(void)
{
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, UNDO_MEMORY_BYTES);
}

/* With the folder's lock held. What was made is the caller's to close, also on failure. */
static enum ms_status
open_locked(const char *path, struct ms_database **database, struct ms_error *err)
{
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, configure_library);
  *database = NULL;
  enum ms_status status = make_file(path, err);
  if (status != MS_OK)
    return status;
  struct ms_database *fresh = calloc(1, sizeof *fresh);
  if (fresh) {
    fresh->path = strdup(path);
    fresh->log = -1;
  }
  if (!fresh || !fresh->path) {
    free(fresh);
    return ms_fail(err, MS_MEMORY, "out of memory for database %s", path);
  }
  int code =
      sqlite3_open_v2(path, &fresh->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
  if (code != SQLITE_OK)
    status = ms_database_fail(fresh, code, "open it", err);
  else
    status = set_up(fresh, err);
  *database = fresh;
  return status;
}

/* Ends what open_locked began: a database that cannot be used is closed, which takes the lock again. */
static enum ms_status
unlock(int lock, enum ms_status status, struct ms_database **database)
{
  if (lock >= 0)
    close(lock);
  if (status != MS_OK) {
    ms_database_close(*database);
    *database = NULL;
  }
  return status;
}

enum ms_status
ms_database_open_bare(const char *path, struct ms_database **database, struct ms_error *err)
{
  int lock = lock_folder_of(path);
  return unlock(lock, open_locked(path, database, err), database);
}

enum ms_status
ms_database_open(const char *path, const struct ms_model *model, struct ms_database **database,
                 bool *created, struct ms_error *err)
{
  int lock = lock_folder_of(path);
  enum ms_status status = open_locked(path, database, err);
  if (status == MS_OK)
    status = ms_database_register_functions(*database, err);
  if (status == MS_OK)
    status = ms_database_migrate(*database, model, created, err);
  return unlock(lock, status, database);
}

void
ms_database_close(struct ms_database *database)
{
  if (!database)
    return;
  ms_database_forget_statements(database);
  int lock = lock_folder_of(database->path);
  sqlite3_close_v2(database->handle);
  if (database->log >= 0)
    close(database->log);
  if (lock >= 0)
    close(lock);
  free(database->path);
  free(database);
}

enum ms_status
ms_database_begin(struct ms_database *database, struct ms_error *err)
{
  ms_database_leave_group(database);
  return ms_database_execute(database, "BEGIN IMMEDIATE", err);
}

enum ms_status
ms_database_begin_read(struct ms_database *database, struct ms_error *err)
{
  ms_database_leave_group(database);
  return ms_database_execute(database, "BEGIN DEFERRED", err);
}

enum ms_status
ms_database_commit(struct ms_database *database, struct ms_error *err)
{
  return ms_database_execute(database, "COMMIT", err);
}

void
ms_database_rollback(struct ms_database *database)
{
  if (!database->group.is_open && !sqlite3_get_autocommit(database->handle))
    sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL);
}

int64_t
ms_database_changes(struct ms_database *database)
{
  return sqlite3_changes64(database->handle);
}

void
ms_database_set_time_limit(struct ms_database *database, int64_t limit_ms)
{
  database->time_limit_ms = limit_ms;
  database->deadline_ms = 0;
}

void
ms_database_set_url_printer(struct ms_database *database, ms_database_url_printer print_url,
                            void *context)
{
  database->print_url = print_url;
  database->url_context = context;
}
