/* Files of older, newer and foreign programs. */
#include "support.h"

#include <sqlite3.h>

static void
old_file_gets_what_is_missing(void **state)
{
  bool created = false;
  struct ms_database *database = open_database(*state, &old_model, &created);
  run(database, "INSERT INTO Ship (id, name) VALUES ('s1', 'Vega')");
  ms_database_close(database);

  database = open_database(*state, &new_model, &created);
  assert_false(created);
  expect_answer(database, "SELECT name || ifnull(launched_at, ' unlaunched') FROM Ship",
                "Vega unlaunched");
  run(database, "INSERT INTO Berth (port_id, number) VALUES ('p1', 1)");
  run(database, "INSERT INTO ShipBerth (ship_id, berth_id) VALUES ('s1', 'b1')");
  expect_answer(database, "SELECT count(*) FROM sqlite_master WHERE name = 'Ship.port_id'", "1");
  struct ms_error err;
  check_error(
      ms_database_execute(database, "INSERT INTO Ship (id, name) VALUES ('s2', 'Vega')", &err),
      &err, MS_EXISTS, "Ship.name");
  ms_database_close(database);
}

static void
old_program_still_works_on_a_new_file(void **state)
{
  bool created = false;
  ms_database_close(open_database(*state, &new_model, &created));
  struct ms_database *database = open_database(*state, &old_model, &created);
  assert_false(created);
  run(database, "INSERT INTO Ship (id, name) VALUES ('s1', 'Vega')");
  ms_database_close(database);
  database = open_database(*state, &new_model, &created);
  expect_answer(database, "SELECT count(*) FROM moonshift_setting WHERE name LIKE 'model %'", "2");
  ms_database_close(database);
}

/* Indices of another form replace those that an older version made, and back. */
static void
indices_take_their_new_form(void **state)
{
  static const struct ms_column columns[] = {
      {.name = "id", .type = MS_COLUMN_TEXT, .is_key = true},
      {.name = "__entity_type__", .type = MS_COLUMN_TEXT, .is_hidden = true},
      {.name = "name", .type = MS_COLUMN_TEXT, .is_indexed = true, .is_ordered = true},
      {.name = "port_id", .type = MS_COLUMN_TEXT, .is_indexed = true, .is_sparse = true},
      {.name = "length", .type = MS_COLUMN_REAL},
      {.name = "launched_at", .type = MS_COLUMN_INTEGER, .is_ordered = true},
  };
  static const struct ms_entity_type types[] = {{.name = "Ship",
                                                 .table = "Ship",
                                                 .type_column = "__entity_type__",
                                                 .columns = columns,
                                                 .column_count = COUNT(columns)}};
  static const struct ms_model model = {.types = types, .type_count = 1};
  static const char names[] =
      "SELECT group_concat(name) FROM (SELECT name FROM sqlite_master WHERE type = 'index' AND "
      "tbl_name = 'Ship' AND name LIKE 'Ship.%' AND name NOT LIKE '%unique%' ORDER BY name)";
  bool created = false;
  struct ms_database *database = open_database(*state, &new_model, &created);
  run(database,
      "INSERT INTO Ship (id, name, port_id) VALUES ('s1', 'Vega', 'p1'), ('s2', 'Lyra', NULL)");
  expect_answer(database, names, "Ship.port_id");
  ms_database_close(database);

  database = open_database(*state, &model, &created);
  expect_answer(database, names,
                "Ship.__entity_type__.launched_at,Ship.__entity_type__.name,Ship.name,"
                "Ship.port_id.given");
  expect_answer(database, "SELECT name FROM Ship WHERE port_id = 'p1'", "Vega");
  expect_answer(database, "SELECT name FROM Ship WHERE port_id IS NULL", "Lyra");
  struct ms_error err;
  struct ms_buffer plan;
  ms_buffer_init(&plan, 4096);
  check_ok(ms_database_explain(database, "SELECT * FROM Ship WHERE port_id = ?1", &plan, &err),
           &err);
  assert_non_null(strstr(ms_buffer_string(&plan), "Ship.port_id.given"));
  ms_buffer_free(&plan);
  ms_database_close(database);
}

static void
warm_opening_writes_nothing(void **state)
{
  bool created = false;
  ms_database_close(open_database(*state, &new_model, &created));
  struct ms_database *other = open_database(*state, &new_model, &created);
  struct ms_error err;
  check_ok(ms_database_begin(other, &err), &err);
  /* An opening that wanted to write would now wait for this transaction and fail. */
  struct ms_database *database = open_database(*state, &new_model, &created);
  ms_database_close(database);
  ms_database_rollback(other);
  ms_database_close(other);
}

static void
run_outside(const char *folder, const char *sql)
{
  char path[256];
  sqlite3 *handle = NULL;
  database_path(folder, path);
  assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
  assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(handle);
}

static void
expect_refusal(const char *folder, const char *part)
{
  char path[256];
  struct ms_error err;
  struct ms_database *database = NULL;
  bool created = false;
  database_path(folder, path);
  check_error(ms_database_open(path, &new_model, &database, &created, &err), &err, MS_INVALID,
              part);
  assert_null(database);
}

static void
refuses_a_newer_format(void **state)
{
  bool created = false;
  ms_database_close(open_database(*state, &new_model, &created));
  run_outside(*state, "PRAGMA user_version = 1000");
  expect_refusal(*state, "newer version (format 1000");
}

static void
refuses_a_database_of_another_program(void **state)
{
  run_outside(*state, "CREATE TABLE song (title)");
  expect_refusal(*state, "another program");
  run_outside(*state, "PRAGMA user_version = 1");
  expect_refusal(*state, "another program");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int
main(void)
{
  const struct CMUnitTest tests[] = {
      IN_FOLDER(old_file_gets_what_is_missing), IN_FOLDER(old_program_still_works_on_a_new_file),
      IN_FOLDER(indices_take_their_new_form),   IN_FOLDER(warm_opening_writes_nothing),
      IN_FOLDER(refuses_a_newer_format),        IN_FOLDER(refuses_a_database_of_another_program),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
