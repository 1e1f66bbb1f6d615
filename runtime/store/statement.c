/* Statements, prepared once per SQL text.
 *
 * Idle statements are found by a hash of their text and ordered by use; a statement in use belongs to
 * its borrower and is in neither list, so nested use of one text simply prepares a second one. The
 * promise: never more than MS_DATABASE_STATEMENTS_MAX idle statements. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "store/database_internal.h"

static struct ms_statement **
bucket_of(struct ms_database *database, uint64_t hash)
{
  return &database->buckets[hash % MS_STATEMENT_BUCKETS];
}

static void
unlink_idle(struct ms_database *database, struct ms_statement *statement)
{
  struct ms_statement **slot = bucket_of(database, statement->hash);
  while (*slot != statement)
    slot = &(*slot)->next;
  *slot = statement->next;
  *(statement->newer ? &statement->newer->older : &database->newest) = statement->older;
  *(statement->older ? &statement->older->newer : &database->oldest) = statement->newer;
  database->idle_count--;
}

static void
link_idle(struct ms_database *database, struct ms_statement *statement)
{
  struct ms_statement **slot = bucket_of(database, statement->hash);
  statement->next = *slot;
  *slot = statement;
  statement->newer = NULL;
  statement->older = database->newest;
  *(database->newest ? &database->newest->newer : &database->oldest) = statement;
  database->newest = statement;
  database->idle_count++;
}

static void
free_statement(struct ms_statement *statement)
{
  sqlite3_finalize(statement->handle);
  free(statement);
}

static void
forget_oldest(struct ms_database *database)
{
  struct ms_statement *oldest = database->oldest;
  unlink_idle(database, oldest);
  free_statement(oldest);
}

void
ms_database_forget_statements(struct ms_database *database)
{
  while (database->oldest)
    forget_oldest(database);
}

static struct ms_statement *
find_idle(struct ms_database *database, const char *sql, uint64_t hash)
{
  struct ms_statement *statement = *bucket_of(database, hash);
  while (statement && (statement->hash != hash || strcmp(sqlite3_sql(statement->handle), sql) != 0))
    statement = statement->next;
  return statement;
}

enum ms_status
ms_database_prepare(struct ms_database *database, const char *sql, struct ms_statement **statement,
                    struct ms_error *err)
{
  uint64_t hash = ms_hash(sql, strlen(sql));
  *statement = find_idle(database, sql, hash);
  if (*statement) {
    unlink_idle(database, *statement);
    return MS_OK;
  }
  sqlite3_stmt *handle = NULL;
  int code =
      sqlite3_prepare_v3(database->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &handle, NULL);
  if (code != SQLITE_OK)
    return ms_database_fail(database, code, "prepare a statement", err);
  assert(handle && "the SQL text is not empty");
  struct ms_statement *fresh = calloc(1, sizeof *fresh);
  if (!fresh) {
    sqlite3_finalize(handle);
    return ms_fail(err, MS_MEMORY, "out of memory for a prepared statement");
  }
  fresh->database = database;
  fresh->handle = handle;
  fresh->hash = hash;
  *statement = fresh;
  return MS_OK;
}

void
ms_statement_done(struct ms_statement *statement)
{
  if (!statement)
    return;
  struct ms_database *database = statement->database;
  sqlite3_reset(statement->handle);
  sqlite3_clear_bindings(statement->handle);
  link_idle(database, statement);
  if (database->idle_count > MS_DATABASE_STATEMENTS_MAX)
    forget_oldest(database);
}

/* Binding fails for an index out of range (our mistake), or for lack of memory, which the value's size
 * makes too unlikely to give every caller a branch: the step then sees a null. */
static void
check_binding(int code)
{
  assert(code != SQLITE_RANGE && code != SQLITE_MISUSE);
  (void)code;
}

void
ms_statement_bind_null(struct ms_statement *statement, int index)
{
  check_binding(sqlite3_bind_null(statement->handle, index));
}

void
ms_statement_bind_integer(struct ms_statement *statement, int index, int64_t value)
{
  check_binding(sqlite3_bind_int64(statement->handle, index, value));
}

void
ms_statement_bind_number(struct ms_statement *statement, int index, double value)
{
  check_binding(sqlite3_bind_double(statement->handle, index, value));
}

void
ms_statement_bind_text(struct ms_statement *statement, int index, const char *text,
                       size_t text_bytes)
{
  check_binding(sqlite3_bind_text64(statement->handle, index, text, text_bytes, SQLITE_TRANSIENT,
                                    SQLITE_UTF8));
}

void
ms_statement_bind_string(struct ms_statement *statement, int index, const char *string)
{
  if (string)
    ms_statement_bind_text(statement, index, string, strlen(string));
  else
    ms_statement_bind_null(statement, index);
}

enum ms_status
ms_statement_step(struct ms_statement *statement, bool *row, struct ms_error *err)
{
  struct ms_database *database = statement->database;
  if (database->group.is_open && !sqlite3_stmt_readonly(statement->handle))
    ms_database_leave_group(database);
  if (database->time_limit_ms && !sqlite3_stmt_busy(statement->handle))
    database->deadline_ms = ms_clock_monotonic_ms() + database->time_limit_ms;
  int code = sqlite3_step(statement->handle);
  if (row)
    *row = code == SQLITE_ROW;
  if (code == SQLITE_ROW || code == SQLITE_DONE)
    return MS_OK;
  return ms_database_fail(database, code, "run a statement", err);
}

const char *
ms_statement_text(struct ms_statement *statement, int column, size_t *text_bytes)
{
  const char *text = (const char *)sqlite3_column_text(statement->handle, column);
  if (text_bytes)
    *text_bytes = (size_t)sqlite3_column_bytes(statement->handle, column);
  return text;
}

int64_t
ms_statement_integer(struct ms_statement *statement, int column)
{
  return sqlite3_column_int64(statement->handle, column);
}

double
ms_statement_number(struct ms_statement *statement, int column)
{
  return sqlite3_column_double(statement->handle, column);
}

bool
ms_statement_is_null(struct ms_statement *statement, int column)
{
  return sqlite3_column_type(statement->handle, column) == SQLITE_NULL;
}

int
ms_statement_column_count(struct ms_statement *statement)
{
  return sqlite3_column_count(statement->handle);
}

enum ms_status
ms_database_execute(struct ms_database *database, const char *sql, struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  enum ms_status status = ms_database_prepare(database, sql, &statement, err);
  bool row = true;
  while (status == MS_OK && row)
    status = ms_statement_step(statement, &row, err);
  ms_statement_done(statement);
  return status;
}
