/* What the files of store/ share about the database. Nobody else includes this. */
#ifndef MS_STORE_DATABASE_INTERNAL_H
#define MS_STORE_DATABASE_INTERNAL_H

#include <sqlite3.h>

#include "store/database.h"

enum { MS_STATEMENT_BUCKETS = 512 /* a power of two, for some slack over the statements kept */ };

struct ms_statement {
  struct ms_database *database; /* borrowed */
  sqlite3_stmt *handle;         /* owned */
  uint64_t hash;                /* of its SQL text */
  struct ms_statement *next;    /* in its bucket, while idle */
  struct ms_statement *newer;   /* in order of use, while idle */
  struct ms_statement *older;
};

struct ms_group {
  bool is_open;
  bool in_part;
  int part_count; /* of finished ones */
  struct ms_error
      failure; /* of the last group, until somebody asks; status MS_OK when there is none */
};

struct ms_database {
  sqlite3 *handle;                                    /* owned */
  char *path;                                         /* owned; for messages */
  struct ms_statement *buckets[MS_STATEMENT_BUCKETS]; /* idle statements by hash */
  struct ms_statement *newest;                        /* idle statements by use */
  struct ms_statement *oldest;
  size_t idle_count;
  int64_t time_limit_ms; /* 0: none */
  int64_t deadline_ms;   /* of the running statement, by ms_clock_monotonic_ms; 0: none */
  ms_database_url_printer print_url;
  void *url_context;
  struct ms_group group;
  int log_pages; /* in the log after the last commit, where a checkpoint looks after it */
  int log;       /* a descriptor of the write-ahead log, -1 before it is needed */
};

/* Turns SQLite's result `code` into a status; `what` says what was being done. */
enum ms_status
ms_database_fail(struct ms_database *database, int code, const char *what, struct ms_error *err);

/* Opens (and creates, mode 0600) a database file as ms_database_open does, but without a model: for files
 * that have tables of their own. */
enum ms_status
ms_database_open_bare(const char *path, struct ms_database **database, struct ms_error *err);

/* Runs SQL text of any number of statements without parameters, past the cache: for pragmas and
 * definitions. */
enum ms_status
ms_database_script(struct ms_database *database, const char *sql, struct ms_error *err);

/* The number in the first column of the first row of `sql`; 0 when there is no row. */
enum ms_status
ms_database_read_number(struct ms_database *database, const char *sql, int64_t *number,
                        struct ms_error *err);

/* The format number that a file of this program was written with; 0 and nothing in it when it is new.
 * MS_INVALID when it is a database of another program. */
enum ms_status
ms_database_read_format(struct ms_database *database, int64_t application_id, int64_t *format,
                        struct ms_error *err);

/* Commits the group, if one is open between two parts; keeps its failure. */
void
ms_database_leave_group(struct ms_database *database);

/* Finalizes every idle statement. */
void
ms_database_forget_statements(struct ms_database *database);

/* Creates or extends the tables for `model` where the file has not seen it yet. */
enum ms_status
ms_database_migrate(struct ms_database *database, const struct ms_model *model, bool *created,
                    struct ms_error *err);

/* Registers the SQL functions that the query compiler's statements call. */
enum ms_status
ms_database_register_functions(struct ms_database *database, struct ms_error *err);

/* Of those, the ones that print entities (json_functions.c). */
enum ms_status
ms_database_register_json_functions(struct ms_database *database, struct ms_error *err);

/* Makes JSON text a function's result, known as JSON to others; `release` as for sqlite3_result_text64. */
void
ms_database_give_json(sqlite3_context *context, const char *text, size_t size_bytes,
                      void (*release)(void *));

#endif
