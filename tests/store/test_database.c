/* Opening, transactions, statuses of failures, settings, the SQL functions. */
#include "support.h"

#include <sys/wait.h>

static void
opens_and_keeps_what_was_committed(void **state)
{
  bool created = false;
  struct ms_database *database = open_database(*state, &new_model, &created);
  assert_true(created);
  run(database, "INSERT INTO Ship (id, name) VALUES ('s1', 'Vega')");
  ms_database_close(database);

  database = open_database(*state, &new_model, &created);
  assert_false(created);
  expect_answer(database, "SELECT name FROM Ship", "Vega");
  ms_database_close(database);
}

static void
makes_a_file_for_its_owner_alone(void **state)
{
  char path[256];
  struct stat info;
  bool created = false;
  struct ms_database *database = open_database(*state, &new_model, &created);
  database_path(*state, path);
  assert_int_equal(stat(path, &info), 0);
  assert_int_equal(info.st_mode & 0777, 0600);
  ms_database_close(database);
}

static void
uses_a_durable_log(void **state)
{
  bool created = false;
  struct ms_database *database = open_database(*state, &new_model, &created);
  expect_answer(database, "PRAGMA journal_mode", "wal");
  expect_answer(database, "PRAGMA synchronous", "2");
  ms_database_close(database);
}

static void
put(struct ms_database *database, const char *name, const char *value)
{
  struct ms_error err;
  check_ok(ms_database_set_setting(database, name, value, &err), &err);
}

static void
many_parts_share_a_commit(void **state)
{
  static const char others[] = "SELECT group_concat(name) FROM moonshift_setting WHERE name < 'd'";
  struct ms_error err;
  bool created = false;
  struct ms_database *writer = open_database(*state, &new_model, &created);
  struct ms_database *reader = open_database(*state, &new_model, &created);
  check_ok(ms_database_sync(writer, &err), &err);
  check_ok(ms_database_commit_group(writer, &err), &err);
  for (int turn = 0; turn < 2; turn++) {
    check_ok(ms_database_begin_part(writer, &err), &err);
    expect_answer(writer, "PRAGMA synchronous", "1");
    put(writer, turn ? "c" : "a", "");
    check_ok(ms_database_end_part(writer, &err), &err);
    check_ok(ms_database_begin_part(writer, &err), &err);
    put(writer, "b", "");
    check_ok(ms_database_end_part(writer, &err), &err);
    expect_answer(writer, others, turn ? "a,b,c" : "a,b");
    expect_answer(reader, others, turn ? "a,b" : "(null)");
    check_ok(ms_database_commit_group(writer, &err), &err);
    expect_answer(reader, others, turn ? "a,b,c" : "a,b");
    expect_answer(writer, "PRAGMA synchronous", "2");
  }
  check_ok(ms_database_sync(writer, &err), &err);
  ms_database_close(writer);
  ms_database_close(reader);
}

static void
a_part_is_undone_alone(void **state)
{
  static const char all[] = "SELECT group_concat(name) FROM moonshift_setting WHERE name < 'd'";
  struct ms_error err;
  const struct ms_error why = {.status = MS_INVALID, .message = "no"};
  bool created = false;
  struct ms_database *database = open_database(*state, &new_model, &created);
  for (int first = 0; first < 3; first++) {
    static const char *const names[] = {"a", "b", "c"};
    for (int i = 0; i < 3; i++) {
      check_ok(ms_database_begin_part(database, &err), &err);
      put(database, names[i], "");
      if (i == first)
        ms_database_undo_part(database, &why);
      else
        check_ok(ms_database_end_part(database, &err), &err);
    }
    check_ok(ms_database_commit_group(database, &err), &err);
    expect_answer(database, all, first == 0 ? "b,c" : first == 1 ? "a,c" : "a,b");
    run(database, "DELETE FROM moonshift_setting WHERE name < 'd'");
  }
  ms_database_close(database);
}

/* Whoever writes or begins on the same connection commits the group first, and what undoes theirs leaves it. */
static void
others_commit_the_group(void **state)
{
  struct ms_error err;
  bool created = false;
  struct ms_database *writer = open_database(*state, &new_model, &created);
  struct ms_database *reader = open_database(*state, &new_model, &created);
  for (int way = 0; way < 3; way++) {
    char value[] = {(char)('0' + way), '\0'};
    check_ok(ms_database_begin_part(writer, &err), &err);
    put(writer, "part", value);
    check_ok(ms_database_end_part(writer, &err), &err);
    ms_database_rollback(writer);
    if (way == 0)
      check_ok(ms_database_begin(writer, &err), &err);
    else if (way == 1)
      check_ok(ms_database_begin_read(writer, &err), &err);
    else
      put(writer, "own", "");
    expect_answer(reader, "SELECT value FROM moonshift_setting WHERE name = 'part'", value);
    ms_database_rollback(writer);
    expect_answer(writer, "PRAGMA synchronous", "2");
    check_ok(ms_database_commit_group(writer, &err), &err);
  }
  ms_database_close(writer);
  ms_database_close(reader);
}

/* A failure that ends the transaction takes all parts with it, and is told to whoever commits. */
static void
a_lost_group_is_told(void **state)
{
  struct ms_error err;
  const struct ms_error why = {.status = MS_IO, .message = "the disk is gone"};
  bool created = false;
  struct ms_database *database = open_database(*state, &new_model, &created);
  check_ok(ms_database_begin_part(database, &err), &err);
  put(database, "a", "");
  check_ok(ms_database_end_part(database, &err), &err);
  check_ok(ms_database_begin_part(database, &err), &err);
  run(database, "ROLLBACK");
  ms_database_undo_part(database, &why);
  check_error(ms_database_begin_part(database, &err), &err, MS_IO, "the disk is gone");
  check_error(ms_database_commit_group(database, &err), &err, MS_IO, "the disk is gone");
  check_ok(ms_database_begin_part(database, &err), &err);
  check_ok(ms_database_end_part(database, &err), &err);
  check_ok(ms_database_commit_group(database, &err), &err);
  expect_answer(database, "SELECT count(*) FROM moonshift_setting WHERE name = 'a'", "0");
  ms_database_close(database);
}

static void
refuses_a_file_that_is_no_database(void **state)
{
  char path[256];
  struct ms_error err;
  struct ms_database *database = NULL;
  bool created = false;
  char noise[4096];
  memset(noise, 'x', sizeof noise);
  database_path(*state, path);
  check_ok(ms_path_write(path, noise, sizeof noise, 0600, &err), &err);
  check_error(ms_database_open(path, &new_model, &database, &created, &err), &err, MS_INVALID,
              "not a database");
  assert_null(database);
}

static void
refuses_a_missing_folder(void **state)
{
  struct ms_error err;
  struct ms_database *database = NULL;
  bool created = false;
  char path[256];
  snprintf(path, sizeof path, "%s/none/test.db", (char *)*state);
  check_error(ms_database_open(path, &new_model, &database, &created, &err), &err, MS_NOT_FOUND,
              "none/test.db");
}

static void
refuses_a_folder_without_permission(void **state)
{
  struct ms_error err;
  struct ms_database *database = NULL;
  bool created = false;
  char path[256];
  if (geteuid() == 0)
    skip();
  database_path(*state, path);
  assert_int_equal(chmod(*state, 0500), 0);
  enum ms_status status = ms_database_open(path, &new_model, &database, &created, &err);
  assert_int_equal(chmod(*state, 0700), 0);
  check_error(status, &err, MS_PERMISSION, "test.db");
}

static void
rolls_back(void **state)
{
  bool created = false;
  struct ms_error err;
  struct ms_database *database = open_database(*state, &new_model, &created);
  check_ok(ms_database_begin(database, &err), &err);
  run(database, "INSERT INTO Ship (id) VALUES ('s1')");
  assert_int_equal(ms_database_changes(database), 1);
  ms_database_rollback(database);
  expect_answer(database, "SELECT count(*) FROM Ship", "0");
  ms_database_rollback(database);

  check_ok(ms_database_begin(database, &err), &err);
  run(database, "INSERT INTO Ship (id) VALUES ('s1')");
  check_ok(ms_database_commit(database, &err), &err);
  expect_answer(database, "SELECT count(*) FROM Ship", "1");
  ms_database_close(database);
}

static void
a_reader_sees_one_state(void **state)
{
  bool created = false;
  struct ms_error err;
  struct ms_database *reader = open_database(*state, &new_model, &created);
  struct ms_database *writer = open_database(*state, &new_model, &created);
  check_ok(ms_database_begin_read(reader, &err), &err);
  expect_answer(reader, "SELECT count(*) FROM Ship", "0");
  run(writer, "INSERT INTO Ship (id) VALUES ('s1')");
  expect_answer(reader, "SELECT count(*) FROM Ship", "0");
  check_ok(ms_database_commit(reader, &err), &err);
  expect_answer(reader, "SELECT count(*) FROM Ship", "1");
  ms_database_close(reader);
  ms_database_close(writer);
}

static void
constraint_failures_have_statuses(void **state)
{
  static const struct {
    const char *sql;
    enum ms_status status;
    const char *part;
  } cases[] = {
      {"INSERT INTO Ship (id) VALUES ('s1')", MS_EXISTS, "Ship.id"},
      {"INSERT INTO Ship (id, name) VALUES ('s2', 'Vega')", MS_EXISTS, "Ship.name"},
      {"INSERT INTO Ship (id) VALUES (NULL)", MS_INVALID, "Ship.id"},
      {"INSERT INTO Boat (id) VALUES ('s2')", MS_INTERNAL, "Boat"},
  };
  bool created = false;
  struct ms_database *database = open_database(*state, &new_model, &created);
  run(database, "INSERT INTO Ship (id, name) VALUES ('s1', 'Vega')");
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct ms_error err;
    check_error(ms_database_execute(database, cases[i].sql, &err), &err, cases[i].status,
                cases[i].part);
  }
  ms_database_close(database);
}

static void
stops_at_the_time_limit(void **state)
{
  bool created = false;
  struct ms_error err;
  struct ms_database *database = open_database(*state, &new_model, &created);
  ms_database_set_time_limit(database, 20);
  check_error(ms_database_execute(database,
                                  "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
                                  " SELECT max(i) FROM n",
                                  &err),
              &err, MS_LIMIT, "20 ms");
  ms_database_set_time_limit(database, 0);
  run(database, "INSERT INTO Ship (id) VALUES ('s1')");
  ms_database_close(database);
}

static void
keeps_settings(void **state)
{
  bool created = false;
  struct ms_error err;
  char *value = NULL;
  struct ms_database *database = open_database(*state, &new_model, &created);
  check_error(ms_database_get_setting(database, "secret", &value, &err), &err, MS_NOT_FOUND,
              "secret");
  check_ok(ms_database_set_setting(database, "secret", "one", &err), &err);
  check_ok(ms_database_set_setting(database, "secret", "two", &err), &err);
  check_ok(ms_database_get_setting(database, "secret", &value, &err), &err);
  assert_string_equal(value, "two");
  free(value);
  ms_database_close(database);
}

static void
print_test_url(void *context, const char *base_url, const char *kind, const char *id,
               struct ms_buffer *url)
{
  ms_buffer_printf(url, "%s/%s/%s%s", base_url, kind, id, (const char *)context);
}

static void
sql_functions_print_json(void **state)
{
  static const char *const cases[][2] = {
      {"SELECT ms_object('at:time', 1665396729000000)",
       "{\"at\":{\"__type__\":\"datetime\",\"value\":\"2022-10-10T10:12:09\"}}"},
      {"SELECT ms_object('a:time b:boolean c:number d', NULL, NULL, NULL, NULL)",
       "{\"a\":null,\"b\":null,\"c\":null,\"d\":null}"},
      {"SELECT ms_object('a:boolean b:boolean', 1, 0)", "{\"a\":true,\"b\":false}"},
      {"SELECT ms_object('a:number b:number c:number', 0.1, 1e300 * 1e300, 3)",
       "{\"a\":0.1,\"b\":null,\"c\":3.0}"},
      {"SELECT ms_object('a b c d', 'x\"\n', 7, 0.5, x'00')",
       "{\"a\":\"x\\\"\\n\",\"b\":7,\"c\":0.5,\"d\":null}"},
      {"SELECT ms_object('a b', ms_object('c', 1), json('[2]'))", "{\"a\":{\"c\":1},\"b\":[2]}"},
      {"SELECT ms_object('a', '[2]')", "{\"a\":\"[2]\"}"},
      {"SELECT ms_object('')", "{}"},
      {"SELECT ms_object('a', (SELECT ms_array(ms_object('b', v)) FROM (SELECT 1 AS v UNION ALL "
       "SELECT 2)))",
       "{\"a\":[{\"b\":1},{\"b\":2}]}"},
      {"SELECT ms_object('a', (SELECT ms_array(1) WHERE 0))", "{\"a\":[]}"},
      {"SELECT json_array(ms_object('a', 1))", "[{\"a\":1}]"},
      {"SELECT json_array(ms_url('http://h', 'component', 'c1'))",
       "[{\"url\":\"http://h/component/c1?\\\"\"}]"},
      {"SELECT json_array(ms_url('http://h', 'component', NULL))", "[null]"},
  };
  bool created = false;
  struct ms_database *database = open_database(*state, &new_model, &created);
  ms_database_set_url_printer(database, print_test_url, "?\"");
  for (size_t i = 0; i < COUNT(cases); i++)
    expect_answer(database, cases[i][0], cases[i][1]);
  ms_database_set_url_printer(database, NULL, NULL);
  expect_answer(database, "SELECT json_array(ms_url('http://h', 'component', 'c1'))", "[null]");
  ms_database_close(database);
}

static void
explains_a_plan(void **state)
{
  bool created = false;
  struct ms_error err;
  struct ms_buffer out;
  struct ms_database *database = open_database(*state, &new_model, &created);
  ms_buffer_init(&out, 4096);
  check_ok(ms_database_explain(database, "SELECT * FROM Ship WHERE port_id = ?1", &out, &err),
           &err);
  assert_non_null(strstr(ms_buffer_string(&out), "Ship.port_id"));
  ms_buffer_free(&out);
  ms_database_close(database);
}

static void
processes_create_one_file_together(void **state)
{
  pid_t children[4];
  for (size_t i = 0; i < COUNT(children); i++) {
    children[i] = fork();
    assert_true(children[i] >= 0);
    if (children[i] == 0) {
      char path[256];
      bool created = false;
      struct ms_error err;
      struct ms_database *database = NULL;
      database_path(*state, path);
      if (ms_database_open(path, &new_model, &database, &created, &err) != MS_OK ||
          ms_database_execute(database, "INSERT INTO Ship (id) VALUES (hex(randomblob(8)))",
                              &err) != MS_OK) {
        fprintf(stderr, "%s\n", err.message);
        _exit(1);
      }
      ms_database_close(database);
      _exit(0);
    }
  }
  for (size_t i = 0; i < COUNT(children); i++) {
    int result = 0;
    assert_int_equal(waitpid(children[i], &result, 0), children[i]);
    assert_int_equal(result, 0);
  }
  bool created = true;
  struct ms_database *database = open_database(*state, &new_model, &created);
  assert_false(created);
  expect_answer(database, "SELECT count(*) FROM Ship", "4");
  ms_database_close(database);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int
main(void)
{
  const struct CMUnitTest tests[] = {
      IN_FOLDER(opens_and_keeps_what_was_committed),
      IN_FOLDER(makes_a_file_for_its_owner_alone),
      IN_FOLDER(uses_a_durable_log),
      IN_FOLDER(many_parts_share_a_commit),
      IN_FOLDER(a_part_is_undone_alone),
      IN_FOLDER(others_commit_the_group),
      IN_FOLDER(a_lost_group_is_told),
      IN_FOLDER(refuses_a_file_that_is_no_database),
      IN_FOLDER(refuses_a_missing_folder),
      IN_FOLDER(refuses_a_folder_without_permission),
      IN_FOLDER(rolls_back),
      IN_FOLDER(a_reader_sees_one_state),
      IN_FOLDER(constraint_failures_have_statuses),
      IN_FOLDER(stops_at_the_time_limit),
      IN_FOLDER(keeps_settings),
      IN_FOLDER(sql_functions_print_json),
      IN_FOLDER(explains_a_plan),
      IN_FOLDER(processes_create_one_file_together),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
