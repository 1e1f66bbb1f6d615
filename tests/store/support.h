/* What the tests of store/ need: cmocka, a temporary folder, and a model of two types. */
#ifndef TEST_STORE_SUPPORT_H
#define TEST_STORE_SUPPORT_H

#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "store/database.h"
#include "support/check.h"
#include "support/folder.h"

/* ---- a temporary folder per test: use as setup and teardown; *state is its path ---- */

static inline int
make_folder(void **state)
{
  char *folder = malloc(FOLDER_BYTES);
  *state = folder;
  return folder_make(folder);
}

static inline int
remove_folder(void **state)
{
  int left = folder_remove(*state);
  free(*state);
  return left;
}

/* ---- a model ---- */

static const struct ms_column ship_columns[] = {
    {.name = "id", .type = MS_COLUMN_TEXT, .is_key = true},
    {.name = "__entity_type__", .type = MS_COLUMN_TEXT, .is_hidden = true},
    {.name = "name", .type = MS_COLUMN_TEXT, .is_indexed = true},
    {.name = "port_id", .type = MS_COLUMN_TEXT, .is_indexed = true},
    {.name = "length", .type = MS_COLUMN_REAL},
    {.name = "launched_at", .type = MS_COLUMN_INTEGER},
};

static const char *const ship_name[] = {"name"};
static const struct ms_unique ship_uniques[] = {{ship_name, 1}};

static const struct ms_column berth_columns[] = {
    {.name = "port_id", .type = MS_COLUMN_TEXT, .is_key = true},
    {.name = "number", .type = MS_COLUMN_INTEGER, .is_key = true},
};

static const struct ms_link_table test_links[] = {
    {.name = "ShipBerth", .columns = {"ship_id", "berth_id"}}};

/* The whole model, and how it looked before its authors thought of berths and launchings. */
static const struct ms_entity_type new_types[] = {
    {.name = "Ship",
     .table = "Ship",
     .columns = ship_columns,
     .column_count = COUNT(ship_columns),
     .uniques = ship_uniques,
     .unique_count = 1},
    {.name = "Berth",
     .table = "Berth",
     .columns = berth_columns,
     .column_count = COUNT(berth_columns)},
};
static const struct ms_entity_type old_types[] = {
    {.name = "Ship", .table = "Ship", .columns = ship_columns, .column_count = 3},
};

static const struct ms_model new_model = {
    .types = new_types, .type_count = 2, .link_tables = test_links, .link_table_count = 1};
static const struct ms_model old_model = {.types = old_types, .type_count = 1};

/* ---- a database in the folder ---- */

static inline void
database_path(const char *folder, char path[256])
{
  snprintf(path, 256, "%s/test.db", folder);
}

static inline struct ms_database *
open_database(const char *folder, const struct ms_model *model, bool *created)
{
  char path[256];
  struct ms_database *database = NULL;
  struct ms_error err;
  database_path(folder, path);
  check_ok(ms_database_open(path, model, &database, created, &err), &err);
  return database;
}

static inline void
run(struct ms_database *database, const char *sql)
{
  struct ms_error err;
  check_ok(ms_database_execute(database, sql, &err), &err);
}

/* The first column of the first row as text; owned. */
static inline char *
ask(struct ms_database *database, const char *sql)
{
  struct ms_error err;
  struct ms_statement *statement = NULL;
  bool row = false;
  check_ok(ms_database_prepare(database, sql, &statement, &err), &err);
  check_ok(ms_statement_step(statement, &row, &err), &err);
  assert_true(row);
  const char *text = ms_statement_text(statement, 0, NULL);
  char *copy = strdup(text ? text : "(null)");
  ms_statement_done(statement);
  return copy;
}

static inline void
expect_answer(struct ms_database *database, const char *sql, const char *wanted)
{
  char *answer = ask(database, sql);
  assert_string_equal(answer, wanted);
  free(answer);
}

#endif
