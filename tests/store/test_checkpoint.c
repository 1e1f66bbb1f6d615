/* The log is copied back beside the writer, begins anew, and loses nothing. */
#include "support.h"

#include <sys/stat.h>

#include "store/checkpoint.h"

static int64_t
log_bytes(const char *folder)
{
  struct stat info;
  char path[300];
  snprintf(path, sizeof path, "%s/test.db-wal", folder);
  return stat(path, &info) == 0 ? info.st_size : 0;
}

/* Some forty pages for each call. */
static void
grow_log(struct ms_database *database, int turn)
{
  char sql[256];
  snprintf(sql, sizeof sql,
           "INSERT OR REPLACE INTO moonshift_setting (name, value) VALUES ('n%d', "
           "printf('%%.*c', 160000, 'x'))",
           turn % 50);
  run(database, sql);
}

static void
copy_and_finish(struct ms_checkpoint *checkpoint)
{
  struct ms_error err;
  check_ok(ms_checkpoint_copy(checkpoint, &err), &err);
  check_ok(ms_checkpoint_finish(checkpoint, &err), &err);
}

static void
the_log_begins_anew(void **state)
{
  struct ms_error err;
  bool created = false;
  int copies = 0;
  struct ms_checkpoint *checkpoint = NULL;
  struct ms_database *database = open_database(*state, &new_model, &created);
  check_ok(ms_checkpoint_new(database, &checkpoint, &err), &err);
  for (int turn = 0; turn < 500; turn++) {
    grow_log(database, turn);
    if (ms_checkpoint_take_due(checkpoint)) {
      copies++;
      grow_log(database, turn);
      copy_and_finish(checkpoint);
    }
  }
  assert_in_range(copies, 2, 10);
  assert_in_range(log_bytes(*state), 1, 2 * MS_CHECKPOINT_PAGES * INT64_C(4120));
  expect_answer(database, "SELECT count(*) FROM moonshift_setting WHERE name LIKE 'n%'", "50");
  ms_checkpoint_free(checkpoint);
  ms_database_close(database);
  database = open_database(*state, &new_model, &created);
  expect_answer(database, "SELECT count(*) FROM moonshift_setting WHERE name LIKE 'n%'", "50");
  expect_answer(database, "PRAGMA integrity_check", "ok");
  ms_database_close(database);
}

/* Who reads an old state holds the log; nobody waits for him, and no copy is due at every turn. */
static void
a_reader_holds_up_nobody(void **state)
{
  struct ms_error err;
  bool created = false;
  int copies = 0;
  struct ms_checkpoint *checkpoint = NULL;
  struct ms_database *database = open_database(*state, &new_model, &created);
  struct ms_database *reader = open_database(*state, &new_model, &created);
  check_ok(ms_checkpoint_new(database, &checkpoint, &err), &err);
  check_ok(ms_database_begin_read(reader, &err), &err);
  expect_answer(reader, "SELECT count(*) FROM moonshift_setting WHERE name LIKE 'n%'", "0");
  for (int turn = 0; turn < 300; turn++) {
    grow_log(database, turn);
    if (ms_checkpoint_take_due(checkpoint)) {
      copies++;
      copy_and_finish(checkpoint);
    }
  }
  assert_in_range(copies, 1, 4);
  expect_answer(reader, "SELECT count(*) FROM moonshift_setting WHERE name LIKE 'n%'", "0");
  ms_database_rollback(reader);
  expect_answer(reader, "SELECT count(*) FROM moonshift_setting WHERE name LIKE 'n%'", "50");
  ms_checkpoint_free(checkpoint);
  ms_database_close(reader);
  ms_database_close(database);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(the_log_begins_anew, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(a_reader_holds_up_nobody, make_folder, remove_folder),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
