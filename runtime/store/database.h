/* The database: SQLite (WAL, synchronous=FULL) with the model's tables.
 *
 * The one place beside query/'s SQL printer that knows the dialect. Opening creates or migrates: tables,
 * columns and indices are printed from the model, in one transaction, and only when the model's
 * fingerprint differs from the stored one, so a warm open costs a fraction of a millisecond.
 * Statements are prepared once per SQL text and kept (bounded, least recently used goes first).
 * One thread. Several processes may have the same file open. */
#ifndef MS_STORE_DATABASE_H
#define MS_STORE_DATABASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "model/model.h"

struct ms_database;
struct ms_statement;

enum {
  MS_DATABASE_STATEMENTS_MAX = 256, /* prepared statements kept */
  MS_DATABASE_BUSY_TIMEOUT_MS = 10000,
  MS_DATABASE_CHECKPOINT_PAGES = 1000 /* in the log, at which a commit copies it back */
};

/* Opens (and creates, mode 0600) the database file and brings it to `model`. MS_IO, MS_FULL, MS_PERMISSION, or
 * MS_INVALID for a file that is no database or was written by a newer version. */
enum ms_status
ms_database_open(const char *path, const struct ms_model *model, struct ms_database **database,
                 bool *created, struct ms_error *err);

void
ms_database_close(struct ms_database *database);

/* The statement for `sql`, reset and with no bindings; borrowed until ms_statement_done, after which it
 * goes back to the cache. Nested use of the same text gives a second statement. */
enum ms_status
ms_database_prepare(struct ms_database *database, const char *sql, struct ms_statement **statement,
                    struct ms_error *err);

void
ms_statement_done(struct ms_statement *statement);

/* Parameters count from 1. Text is copied. */
void
ms_statement_bind_null(struct ms_statement *statement, int index);
void
ms_statement_bind_integer(struct ms_statement *statement, int index, int64_t value);
void
ms_statement_bind_number(struct ms_statement *statement, int index, double value);
void
ms_statement_bind_text(struct ms_statement *statement, int index, const char *text,
                       size_t text_bytes);
void
ms_statement_bind_string(struct ms_statement *statement, int index, const char *string);

/* Runs to the next row: *row (which may be NULL) tells whether there is one. Constraint failures are MS_EXISTS (unique),
 * MS_INTEGRITY (foreign key) or MS_INVALID (not null, check); interruption by the time limit is
 * MS_LIMIT. */
enum ms_status
ms_statement_step(struct ms_statement *statement, bool *row, struct ms_error *err);

/* Columns count from 0. Text is borrowed until the next step; NULL for SQL's null. */
const char *
ms_statement_text(struct ms_statement *statement, int column, size_t *text_bytes);
int64_t
ms_statement_integer(struct ms_statement *statement, int column);
double
ms_statement_number(struct ms_statement *statement, int column);
bool
ms_statement_is_null(struct ms_statement *statement, int column);
int
ms_statement_column_count(struct ms_statement *statement);

/* Prepares, binds nothing, steps to the end. For statements without results. */
enum ms_status
ms_database_execute(struct ms_database *database, const char *sql, struct ms_error *err);

/* Transactions. _begin (BEGIN IMMEDIATE) waits for another process's writer up to the busy timeout
 * (MS_BUSY after it); _begin_read gives all reads up to the commit one state of the data and makes
 * nobody wait. ms_database_rollback never fails. */
enum ms_status
ms_database_begin(struct ms_database *database, struct ms_error *err);
enum ms_status
ms_database_begin_read(struct ms_database *database, struct ms_error *err);
enum ms_status
ms_database_commit(struct ms_database *database, struct ms_error *err);
void
ms_database_rollback(struct ms_database *database);

/* Groups: transactions of many callers in one, for one commit and one sync. Each is a part, which happens or is
 * undone on its own; all of them become real when the group is committed, which does not wait for the disk:
 * ms_database_sync does, and before it nobody may be told that they are safe. Whatever else begins to write, or
 * begins a transaction, on this connection commits the group first; what is read sees it. */

/* Begins a part, and a group if there is none, which waits for other processes as ms_database_begin does. Or the
 * failure that ms_database_commit_group has yet to tell. Must be followed by _end_part or _undo_part. */
enum ms_status
ms_database_begin_part(struct ms_database *database, struct ms_error *err);

/* On failure the part is to be undone. */
enum ms_status
ms_database_end_part(struct ms_database *database, struct ms_error *err);

/* Never fails. `why` is told by ms_database_commit_group if the failure took the whole group with it, as a full
 * disk does. */
void
ms_database_undo_part(struct ms_database *database, const struct ms_error *why);

/* MS_OK: all parts since the last call have happened; otherwise none of the last group's has. */
enum ms_status
ms_database_commit_group(struct ms_database *database, struct ms_error *err);

/* Everything that was committed before is on the disk when this returns. May be called on any thread. MS_IO, MS_FULL
 * or the like when the disk refuses. */
enum ms_status
ms_database_sync(const struct ms_database *database, struct ms_error *err);

/* Rows changed by the last statement. */
int64_t
ms_database_changes(struct ms_database *database);

/* Statements that run longer than this fail with MS_LIMIT; 0 means no limit. */
void
ms_database_set_time_limit(struct ms_database *database, int64_t limit_ms);

/* Appends the URL that the SQL function ms_url(base_url, kind, id) answers: for kind "get" of the
 * component's data, for "thumbnail" of its picture. Who may sign URLs sets it; without it ms_url
 * answers null. */
typedef void (*ms_database_url_printer)(void *context, const char *base_url, const char *kind,
                                        const char *id, struct ms_buffer *url);

void
ms_database_set_url_printer(struct ms_database *database, ms_database_url_printer print_url,
                            void *context);

/* EXPLAIN QUERY PLAN of `sql`, one line a step, indented, into `out`. */
enum ms_status
ms_database_explain(struct ms_database *database, const char *sql, struct ms_buffer *out,
                    struct ms_error *err);

/* A small table of named texts (schema version, the signing secret, …) beside the model's tables:
 * MS_NOT_FOUND when absent. The value is owned. */
enum ms_status
ms_database_get_setting(struct ms_database *database, const char *name, char **value,
                        struct ms_error *err);
enum ms_status
ms_database_set_setting(struct ms_database *database, const char *name, const char *value,
                        struct ms_error *err);

#endif
