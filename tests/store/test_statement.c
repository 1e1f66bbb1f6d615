/* The cache of prepared statements, bindings and columns. */
#include "support.h"

static int
open_one(void **state)
{
  bool created = false;
  char folder[FOLDER_BYTES];
  if (folder_make(folder) != 0)
    return -1;
  *state = open_database(folder, &new_model, &created);
  return folder_remove(folder); /* the open file lives on without its name */
}

static int
close_one(void **state)
{
  ms_database_close(*state);
  return 0;
}

static void
same_text_gives_the_same_statement(void **state)
{
  struct ms_error err;
  struct ms_statement *first = NULL;
  struct ms_statement *second = NULL;
  check_ok(ms_database_prepare(*state, "SELECT 1", &first, &err), &err);
  ms_statement_done(first);
  check_ok(ms_database_prepare(*state, "SELECT 1", &second, &err), &err);
  assert_ptr_equal(first, second);
  ms_statement_done(second);
}

static void
nested_use_gives_another_statement(void **state)
{
  struct ms_error err;
  struct ms_statement *outer = NULL;
  struct ms_statement *inner = NULL;
  bool row = false;
  check_ok(ms_database_prepare(*state, "SELECT 1 UNION SELECT 2", &outer, &err), &err);
  check_ok(ms_statement_step(outer, &row, &err), &err);
  check_ok(ms_database_prepare(*state, "SELECT 1 UNION SELECT 2", &inner, &err), &err);
  assert_ptr_not_equal(outer, inner);
  check_ok(ms_statement_step(inner, &row, &err), &err);
  ms_statement_done(inner);
  check_ok(ms_statement_step(outer, &row, &err), &err);
  assert_true(row);
  assert_int_equal(ms_statement_integer(outer, 0), 2);
  ms_statement_done(outer);
}

static void
a_returned_statement_forgets_its_bindings(void **state)
{
  struct ms_error err;
  struct ms_statement *statement = NULL;
  bool row = false;
  check_ok(ms_database_prepare(*state, "SELECT ?1", &statement, &err), &err);
  ms_statement_bind_string(statement, 1, "left over");
  check_ok(ms_statement_step(statement, &row, &err), &err);
  ms_statement_done(statement);
  check_ok(ms_database_prepare(*state, "SELECT ?1", &statement, &err), &err);
  check_ok(ms_statement_step(statement, &row, &err), &err);
  assert_true(ms_statement_is_null(statement, 0));
  ms_statement_done(statement);
}

/* More texts than the cache keeps: the first is prepared anew, and nothing leaks. */
static void
the_least_recently_used_goes_first(void **state)
{
  struct ms_error err;
  for (int round = 0; round < 2; round++) {
    for (int i = 0; i < MS_DATABASE_STATEMENTS_MAX + 40; i++) {
      char sql[32];
      struct ms_statement *statement = NULL;
      bool row = false;
      snprintf(sql, sizeof sql, "SELECT %d", i);
      check_ok(ms_database_prepare(*state, sql, &statement, &err), &err);
      check_ok(ms_statement_step(statement, &row, &err), &err);
      assert_int_equal(ms_statement_integer(statement, 0), i);
      ms_statement_done(statement);
    }
  }
}

static void
values_come_back(void **state)
{
  struct ms_error err;
  struct ms_statement *statement = NULL;
  bool row = false;
  size_t size = 0;
  check_ok(ms_database_prepare(*state, "SELECT ?1, ?2, ?3, ?4, typeof(?5)", &statement, &err),
           &err);
  ms_statement_bind_text(statement, 1, "a\0b", 3);
  ms_statement_bind_integer(statement, 2, INT64_MIN);
  ms_statement_bind_null(statement, 3);
  ms_statement_bind_string(statement, 4, NULL);
  ms_statement_bind_number(statement, 5, 0.5);
  check_ok(ms_statement_step(statement, &row, &err), &err);
  assert_true(row);
  assert_int_equal(ms_statement_column_count(statement), 5);
  assert_memory_equal(ms_statement_text(statement, 0, &size), "a\0b", 3);
  assert_int_equal(size, 3);
  assert_true(ms_statement_integer(statement, 1) == INT64_MIN);
  assert_true(ms_statement_is_null(statement, 2));
  assert_null(ms_statement_text(statement, 3, NULL));
  assert_string_equal(ms_statement_text(statement, 4, NULL), "real");
  check_ok(ms_statement_step(statement, &row, &err), &err);
  assert_false(row);
  ms_statement_done(statement);
}

static void
bad_sql_is_told(void **state)
{
  struct ms_error err;
  struct ms_statement *statement = NULL;
  check_error(ms_database_prepare(*state, "SELEKT 1", &statement, &err), &err, MS_INTERNAL,
              "SELEKT");
  assert_null(statement);
  ms_statement_done(statement);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(same_text_gives_the_same_statement),
      cmocka_unit_test(nested_use_gives_another_statement),
      cmocka_unit_test(a_returned_statement_forgets_its_bindings),
      cmocka_unit_test(the_least_recently_used_goes_first),
      cmocka_unit_test(values_come_back),
      cmocka_unit_test(bad_sql_is_told),
  };
  return cmocka_run_group_tests(tests, open_one, close_one);
}
