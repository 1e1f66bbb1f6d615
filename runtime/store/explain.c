/* EXPLAIN QUERY PLAN as an indented list. */
#include <string.h>

#include "store/database_internal.h"

enum { EXPLAIN_DEPTH_MAX = 64, EXPLAIN_SQL_MAX_BYTES = 16 * 1024 * 1024 };

/* Columns of EXPLAIN QUERY PLAN. */
enum { COLUMN_ID = 0, COLUMN_PARENT = 1, COLUMN_DETAIL = 3 };

/* The steps from the root to the one printed last. */
struct explain_path {
  int64_t ids[EXPLAIN_DEPTH_MAX];
  int depth;
};

static void
print_step(struct explain_path *path, struct ms_statement *step, struct ms_buffer *out)
{
  int64_t parent = ms_statement_integer(step, COLUMN_PARENT);
  while (path->depth > 0 && path->ids[path->depth - 1] != parent)
    path->depth--;
  ms_buffer_printf(out, "%*s%s\n", path->depth * 2, "",
                   ms_statement_text(step, COLUMN_DETAIL, NULL));
  if (path->depth < EXPLAIN_DEPTH_MAX)
    path->ids[path->depth++] = ms_statement_integer(step, COLUMN_ID);
}

enum ms_status
ms_database_explain(struct ms_database *database, const char *sql, struct ms_buffer *out,
                    struct ms_error *err)
{
  struct ms_buffer text;
  struct ms_statement *statement = NULL;
  struct explain_path path = {0};
  bool row = true;
  ms_buffer_init(&text, EXPLAIN_SQL_MAX_BYTES);
  ms_buffer_printf(&text, "EXPLAIN QUERY PLAN %s", sql);
  enum ms_status status = ms_buffer_check(&text, "statement to explain", err);
  if (status == MS_OK)
    status = ms_database_prepare(database, text.data, &statement, err);
  while (status == MS_OK && row) {
    status = ms_statement_step(statement, &row, err);
    if (status == MS_OK && row)
      print_step(&path, statement, out);
  }
  ms_statement_done(statement);
  ms_buffer_free(&text);
  return status;
}
