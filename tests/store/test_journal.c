/* The journal: order, claims between real processes, verdicts, and files and folders that are not as they
 * should be. */
#include "support.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include <sqlite3.h>

#include "store/journal.h"

#define TRACKER "http://tracker.example"
#define USER "ada"

static struct ms_journal *
open_journal(const char *folder)
{
  struct ms_journal *journal = NULL;
  struct ms_error err;
  check_ok(ms_journal_open(folder, &journal, &err), &err);
  return journal;
}

static int64_t
append_for(struct ms_journal *journal, const char *user, const char *job_id, const char *body)
{
  int64_t sequence = 0;
  struct ms_error err;
  const struct ms_journal_entry entry = {.tracker = TRACKER,
                                         .user = user,
                                         .job_id = job_id,
                                         .kind = "call",
                                         .title = "a call",
                                         .body = body};
  check_ok(ms_journal_append(journal, &entry, &sequence, &err), &err);
  return sequence;
}

static int64_t
append(struct ms_journal *journal, const char *job_id, const char *body)
{
  return append_for(journal, USER, job_id, body);
}

static bool
claim(struct ms_journal *journal)
{
  bool claimed = false;
  struct ms_error err;
  check_ok(ms_journal_claim(journal, TRACKER, USER, &claimed, &err), &err);
  return claimed;
}

/* The body of the next entry is `wanted`, or there is none when that is NULL. Returns its sequence. */
static int64_t
expect_next(struct ms_journal *journal, const char *wanted)
{
  struct ms_journal_entry entry;
  struct ms_error err;
  bool found = false;
  check_ok(ms_journal_take(journal, NULL, &entry, &found, &err), &err);
  assert_int_equal(found, wanted != NULL);
  if (!found)
    return 0;
  assert_string_equal(entry.body, wanted);
  ms_journal_entry_free(&entry);
  return entry.sequence;
}

static void
deliver(struct ms_journal *journal, const char *wanted)
{
  struct ms_error err;
  check_ok(ms_journal_remove(journal, expect_next(journal, wanted), &err), &err);
}

static void
expect_count(struct ms_journal *journal, const char *job_id, int64_t waiting, int64_t refused)
{
  int64_t counts[2];
  struct ms_error err;
  check_ok(ms_journal_count(journal, TRACKER, USER, job_id, &counts[0], &counts[1], &err), &err);
  assert_int_equal(counts[0], waiting);
  assert_int_equal(counts[1], refused);
}

/* ---- order and verdicts ---- */

static void
keeps_order_over_a_restart(void **state)
{
  struct ms_journal *journal = open_journal(*state);
  append(journal, "job1", "[1]");
  append(journal, "job2", "[2]");
  append(journal, "job1", "[3]");
  ms_journal_close(journal);

  journal = open_journal(*state);
  expect_count(journal, NULL, 3, 0);
  expect_count(journal, "job1", 2, 0);
  assert_true(claim(journal));
  deliver(journal, "[1]");
  deliver(journal, "[2]");
  deliver(journal, "[3]");
  expect_next(journal, NULL);
  expect_count(journal, NULL, 0, 0);
  ms_journal_close(journal);
}

static void
gives_each_claim_its_own(void **state)
{
  struct ms_journal *journal = open_journal(*state);
  append_for(journal, "grace", "job1", "[1]");
  append(journal, "job1", "[2]");
  assert_true(claim(journal));
  deliver(journal, "[2]");
  expect_next(journal, NULL);
  ms_journal_close(journal);
}

static void
gives_one_job_its_own(void **state)
{
  struct ms_error err;
  struct ms_journal_entry entry;
  bool found = false;
  struct ms_journal *journal = open_journal(*state);
  append(journal, "job1", "[1]");
  append(journal, "job2", "[2]");
  assert_true(claim(journal));
  check_ok(ms_journal_take(journal, "job2", &entry, &found, &err), &err);
  assert_true(found);
  assert_string_equal(entry.body, "[2]");
  ms_journal_entry_free(&entry);
  check_ok(ms_journal_take(journal, "job3", &entry, &found, &err), &err);
  assert_false(found);
  ms_journal_close(journal);
}

static void
a_refusal_is_kept_and_blocks_nobody(void **state)
{
  struct ms_error err;
  struct ms_journal_entry entry;
  size_t count = 0;
  struct ms_journal *journal = open_journal(*state);
  append(journal, "job1", "[1]");
  append(journal, "job1", "[2]");
  assert_true(claim(journal));
  int64_t refused = expect_next(journal, "[1]");
  check_ok(ms_journal_refuse(journal, refused, "no user 'bob'", &err), &err);
  deliver(journal, "[2]");
  expect_next(journal, NULL);
  expect_count(journal, "job1", 0, 1);

  check_ok(ms_journal_list(journal, 0, &entry, 1, &count, &err), &err);
  assert_int_equal(count, 1);
  assert_true(entry.refused);
  assert_string_equal(entry.error, "no user 'bob'");
  assert_string_equal(entry.title, "a call");
  assert_string_equal(entry.kind, "call");
  assert_string_equal(entry.job_id, "job1");
  assert_string_equal(entry.user, USER);
  assert_string_equal(entry.tracker, TRACKER);
  ms_journal_entry_free(&entry);

  check_ok(ms_journal_retry(journal, refused, &err), &err);
  deliver(journal, "[1]");
  ms_journal_close(journal);
}

static void
a_delay_holds_up_its_own_job_alone(void **state)
{
  struct ms_error err;
  struct ms_journal *journal = open_journal(*state);
  append(journal, "job1", "[1]");
  append(journal, "job1", "[2]");
  append(journal, "job2", "[3]");
  assert_true(claim(journal));
  int64_t first = expect_next(journal, "[1]");
  check_ok(ms_journal_retry_later(journal, first, 60000, "timed out", &err), &err);
  deliver(journal, "[3]");
  expect_next(journal, NULL);
  check_ok(ms_journal_hurry(journal, &err), &err);
  deliver(journal, "[1]");
  deliver(journal, "[2]");
  ms_journal_close(journal);
}

static void
a_short_delay_passes(void **state)
{
  struct ms_error err;
  struct ms_journal *journal = open_journal(*state);
  append(journal, "job1", "[1]");
  assert_true(claim(journal));
  int64_t first = expect_next(journal, "[1]");
  check_ok(ms_journal_retry_later(journal, first, 30, "timed out", &err), &err);
  usleep(40000);
  deliver(journal, "[1]");
  ms_journal_close(journal);
}

static void
change_file(const char *folder, const char *sql)
{
  char path[256];
  sqlite3 *handle;
  snprintf(path, sizeof path, "%s/outbox.db", folder);
  assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
  assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(handle);
}

static void
a_clock_set_back_delays_nothing(void **state)
{
  struct ms_journal *journal = open_journal(*state);
  append(journal, "job1", "[1]");
  change_file(*state, "UPDATE entry SET next_try_at = 9000000000000000"); /* in the year 2255 */
  assert_true(claim(journal));
  deliver(journal, "[1]");
  ms_journal_close(journal);
}

static void
lists_in_pages(void **state)
{
  struct ms_error err;
  struct ms_journal_entry page[2];
  size_t count = 0;
  struct ms_journal *journal = open_journal(*state);
  for (int i = 0; i < 3; i++)
    append(journal, "job1", "[]");
  check_ok(ms_journal_list(journal, 0, page, 2, &count, &err), &err);
  assert_int_equal(count, 2);
  int64_t last = page[1].sequence;
  for (size_t i = 0; i < count; i++)
    ms_journal_entry_free(&page[i]);
  check_ok(ms_journal_list(journal, last, page, 2, &count, &err), &err);
  assert_int_equal(count, 1);
  assert_true(page[0].sequence > last);
  ms_journal_entry_free(&page[0]);
  ms_journal_close(journal);
}

static void
names_are_never_given_twice(void **state)
{
  struct ms_error err;
  struct ms_journal *journal = open_journal(*state);
  int64_t first = append(journal, "job1", "[1]");
  check_ok(ms_journal_remove(journal, first, &err), &err);
  assert_true(append(journal, "job1", "[2]") > first);
  ms_journal_close(journal);
}

static void
has_limits(void **state)
{
  struct ms_error err;
  int64_t sequence;
  struct ms_journal *journal = open_journal(*state);
  char *body = malloc(MS_JOURNAL_BODY_MAX_BYTES + 2);
  assert_non_null(body);
  memset(body, ' ', MS_JOURNAL_BODY_MAX_BYTES + 1);
  body[MS_JOURNAL_BODY_MAX_BYTES + 1] = '\0';
  struct ms_journal_entry entry = {
      .tracker = TRACKER, .user = USER, .job_id = "j", .kind = "call", .title = "t", .body = body};
  check_error(ms_journal_append(journal, &entry, &sequence, &err), &err, MS_LIMIT, "too large");
  change_file(*state,
              "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
              " INSERT INTO entry (tracker, user, job_id, kind, title, body, created_at)"
              " SELECT 't', 'u', 'j', 'k', 't', '', 0 FROM n");
  entry.body = "[]";
  check_error(ms_journal_append(journal, &entry, &sequence, &err), &err, MS_LIMIT, "full");
  check_error(ms_journal_retry_later(journal, 1, MS_JOURNAL_DELAY_MAX_MS + 1, "", &err), &err,
              MS_USAGE, "delay");
  check_error(ms_journal_hurry(journal, &err), &err, MS_USAGE, "claim");
  free(body);
  ms_journal_close(journal);
}

/* ---- processes ---- */

/* Runs `body` in another process, which must exit with 0. */
static pid_t
start(void (*body)(const char *folder, int out), const char *folder, int out)
{
  pid_t pid = fork();
  if (pid == 0) {
    body(folder, out);
    _exit(0);
  }
  assert_true(pid > 0);
  return pid;
}

static void
take_and_hang(const char *folder, int out)
{
  struct ms_journal *journal = open_journal(folder);
  if (!claim(journal))
    _exit(1);
  expect_next(journal, "[1]");
  if (write(out, "t", 1) != 1)
    _exit(1);
  pause();
}

static void
a_dead_deliverer_leaves_claim_and_entry(void **state)
{
  int out[2];
  char byte;
  struct ms_journal *journal = open_journal(*state);
  append(journal, "job1", "[1]");
  assert_int_equal(pipe(out), 0);
  pid_t pid = start(take_and_hang, *state, out[1]);
  assert_int_equal(read(out[0], &byte, 1), 1);
  assert_false(claim(journal));
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
  assert_true(claim(journal));
  deliver(journal, "[1]");
  close(out[0]);
  close(out[1]);
  ms_journal_close(journal);
}

static void
a_claim_is_of_one_tracker_and_user(void **state)
{
  bool claimed;
  struct ms_error err;
  struct ms_journal *first = open_journal(*state), *second = open_journal(*state);
  assert_true(claim(first));
  assert_false(claim(second));
  check_ok(ms_journal_claim(second, TRACKER, "grace", &claimed, &err), &err);
  assert_true(claimed);
  check_ok(ms_journal_claim(second, "http://other.example", USER, &claimed, &err), &err);
  assert_true(claimed);
  assert_false(claim(second));
  ms_journal_release(first);
  assert_true(claim(second));
  ms_journal_close(first);
  ms_journal_close(second);
}

enum { JOBS = 5, STEPS = 12 };

/* Delivers whatever it can get hold of, in turns with others: writes each sequence when it is done. */
static void
deliver_all(const char *folder, int out)
{
  struct ms_journal *journal = open_journal(folder);
  struct ms_journal_entry entry;
  struct ms_error err;
  int64_t waiting = 1, refused;
  while (waiting > 0) {
    bool found = false;
    if (claim(journal))
      check_ok(ms_journal_take(journal, NULL, &entry, &found, &err), &err);
    if (found) {
      if (write(out, &entry.sequence, sizeof entry.sequence) < 0)
        _exit(1);
      check_ok(ms_journal_remove(journal, entry.sequence, &err), &err);
      ms_journal_entry_free(&entry);
    }
    ms_journal_release(journal);
    check_ok(ms_journal_count(journal, TRACKER, USER, NULL, &waiting, &refused, &err), &err);
  }
  ms_journal_close(journal);
}

static void
two_deliverers_deliver_each_entry_once_in_order(void **state)
{
  int out[2];
  int64_t last = 0, sequence;
  struct ms_journal *journal = open_journal(*state);
  for (int step = 0; step < STEPS; step++)
    for (int job = 0; job < JOBS; job++) {
      char job_id[8];
      snprintf(job_id, sizeof job_id, "job%d", job);
      append(journal, job_id, "[]");
    }
  ms_journal_close(journal);
  assert_int_equal(pipe(out), 0);
  pid_t deliverers[2];
  for (int i = 0; i < 2; i++)
    deliverers[i] = start(deliver_all, *state, out[1]);
  close(out[1]);
  for (int i = 0; i < JOBS * STEPS; i++) {
    assert_int_equal(read(out[0], &sequence, sizeof sequence), sizeof sequence);
    assert_true(sequence > last);
    last = sequence;
  }
  assert_int_equal(read(out[0], &sequence, sizeof sequence), 0);
  close(out[0]);
  for (int i = 0; i < 2; i++) {
    int status;
    waitpid(deliverers[i], &status, 0);
    assert_int_equal(status, 0);
  }
}

static void
append_until_killed(const char *folder, int out)
{
  struct ms_journal *journal = open_journal(folder);
  for (;;) {
    int64_t sequence = append(journal, "job1", "[\"an operation of some size\"]");
    if (write(out, &sequence, sizeof sequence) < 0)
      _exit(1);
  }
}

static void
what_was_acknowledged_survives_a_kill(void **state)
{
  int out[2];
  int64_t sequence = 0, acknowledged = 0, waiting, refused;
  struct ms_error err;
  assert_int_equal(pipe(out), 0);
  pid_t pid = start(append_until_killed, *state, out[1]);
  close(out[1]);
  while (acknowledged < 20 && read(out[0], &sequence, sizeof sequence) == sizeof sequence)
    acknowledged++;
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
  while (read(out[0], &sequence, sizeof sequence) == sizeof sequence)
    acknowledged++;
  close(out[0]);
  struct ms_journal *journal = open_journal(*state);
  check_ok(ms_journal_count(journal, TRACKER, USER, NULL, &waiting, &refused, &err), &err);
  assert_in_range(waiting, acknowledged, acknowledged + 1);
  ms_journal_close(journal);
}

/* ---- files that are not as they should be ---- */

static size_t
count_files(const char *folder, const char *part)
{
  size_t count = 0;
  DIR *stream = opendir(folder);
  assert_non_null(stream);
  for (struct dirent *item; (item = readdir(stream));)
    if (strstr(item->d_name, part))
      count++;
  closedir(stream);
  return count;
}

static void
write_file(const char *folder, const void *data, size_t size_bytes)
{
  char path[256];
  struct ms_error err;
  snprintf(path, sizeof path, "%s/outbox.db", folder);
  check_ok(ms_path_write(path, data, size_bytes, 0600, &err), &err);
}

static void
expect_a_new_one(const char *folder)
{
  struct ms_journal *journal = open_journal(folder);
  expect_count(journal, NULL, 0, 0);
  append(journal, "job1", "[1]");
  ms_journal_close(journal);
  assert_int_equal(count_files(folder, "outbox.db.broken-"), 1);
  journal = open_journal(folder);
  expect_count(journal, NULL, 1, 0);
  ms_journal_close(journal);
  assert_int_equal(count_files(folder, "outbox.db.broken-"), 1);
}

static void
noise_is_moved_aside(void **state)
{
  char noise[4096];
  memset(noise, 'x', sizeof noise);
  write_file(*state, noise, sizeof noise);
  expect_a_new_one(*state);
}

static void
a_database_of_another_program_is_moved_aside(void **state)
{
  change_file(*state, "CREATE TABLE recipe (name TEXT)");
  expect_a_new_one(*state);
}

static void
fill(const char *folder)
{
  struct ms_journal *journal = open_journal(folder);
  char body[2000];
  memset(body, 'b', sizeof body);
  body[sizeof body - 1] = '\0';
  for (int i = 0; i < 30; i++)
    append(journal, "job1", body);
  ms_journal_close(journal);
}

static void
a_cut_file_is_moved_aside(void **state)
{
  char path[256];
  snprintf(path, sizeof path, "%s/outbox.db", (char *)*state);
  fill(*state);
  assert_int_equal(truncate(path, 4096 * 5 + 17), 0);
  expect_a_new_one(*state);
}

static void
a_damaged_file_is_moved_aside(void **state)
{
  char path[256], noise[4096 * 6];
  snprintf(path, sizeof path, "%s/outbox.db", (char *)*state);
  fill(*state);
  memset(noise, 'x', sizeof noise);
  int fd = open(path, O_WRONLY);
  assert_int_equal(pwrite(fd, noise, sizeof noise, 4096), sizeof noise);
  close(fd);
  expect_a_new_one(*state);
}

static void
an_empty_file_is_a_new_one(void **state)
{
  write_file(*state, "", 0);
  struct ms_journal *journal = open_journal(*state);
  append(journal, "job1", "[1]");
  ms_journal_close(journal);
  assert_int_equal(count_files(*state, "broken"), 0);
}

/* A write that a power cut left half done is as if it had not begun; what was before it stays. */
static void
a_log_cut_in_mid_write_loses_that_write_alone(void **state)
{
  int out[2];
  char path[256];
  struct stat info;
  int64_t sequence = 0, waiting, refused;
  struct ms_error err;
  assert_int_equal(pipe(out), 0);
  pid_t pid = start(append_until_killed, *state, out[1]);
  for (int i = 0; i < 5; i++)
    assert_int_equal(read(out[0], &sequence, sizeof sequence), sizeof sequence);
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
  close(out[0]);
  close(out[1]);
  snprintf(path, sizeof path, "%s/outbox.db-wal", (char *)*state);
  assert_int_equal(stat(path, &info), 0);
  assert_int_equal(truncate(path, info.st_size - 1000), 0);
  struct ms_journal *journal = open_journal(*state);
  check_ok(ms_journal_count(journal, TRACKER, USER, NULL, &waiting, &refused, &err), &err);
  assert_true(waiting >= sequence - 1);
  append(journal, "job1", "[1]");
  ms_journal_close(journal);
  assert_int_equal(count_files(*state, "broken"), 0);
}

static void
a_newer_version_keeps_its_own(void **state)
{
  struct ms_journal *journal = open_journal(*state);
  struct ms_error err;
  ms_journal_close(journal);
  change_file(*state, "PRAGMA user_version=99");
  check_error(ms_journal_open(*state, &journal, &err), &err, MS_PERMISSION, "newer version");
  assert_null(journal);
  assert_int_equal(count_files(*state, "broken"), 0);
}

static void
is_for_its_owner_alone(void **state)
{
  char path[256];
  struct stat info;
  ms_journal_close(open_journal(*state));
  snprintf(path, sizeof path, "%s/outbox.db", (char *)*state);
  assert_int_equal(stat(path, &info), 0);
  assert_int_equal(info.st_mode & 0777, 0600);
}

/* A small file system in the folder, with `flags`; skips the test where we may not mount one. */
static void
mount_in(const char *folder, unsigned long flags)
{
  if (mount("tmpfs", folder, "tmpfs", flags, "size=256k") != 0)
    skip();
}

static int
unmount_and_remove(void **state)
{
  umount2(*state, MNT_DETACH); /* a test that failed may hold files open */
  return remove_folder(state);
}

static void
a_full_disk_is_told_and_loses_nothing(void **state)
{
  struct ms_error err;
  int64_t sequence, kept = 0;
  enum ms_status status = MS_OK;
  mount_in(*state, 0);
  struct ms_journal *journal = open_journal(*state);
  char body[8000];
  memset(body, 'b', sizeof body);
  body[sizeof body - 1] = '\0';
  const struct ms_journal_entry entry = {.tracker = TRACKER,
                                         .user = USER,
                                         .job_id = "job1",
                                         .kind = "call",
                                         .title = "t",
                                         .body = body};
  for (; kept < 100 && status == MS_OK; kept += status == MS_OK)
    status = ms_journal_append(journal, &entry, &sequence, &err);
  check_error(status, &err, MS_FULL, "outbox.db");
  assert_true(kept > 0);
  expect_count(journal, NULL, kept, 0);
  ms_journal_close(journal);
  journal = open_journal(*state);
  expect_count(journal, NULL, kept, 0);
  ms_journal_close(journal);
}

static void
a_read_only_folder_is_told(void **state)
{
  struct ms_error err;
  struct ms_journal *journal = NULL;
  mount_in(*state, MS_RDONLY);
  enum ms_status status = ms_journal_open(*state, &journal, &err);
  assert_null(journal);
  check_error(status, &err, MS_IO, "outbox.db");
}

#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
#define IN_MOUNT(f) cmocka_unit_test_setup_teardown(f, make_folder, unmount_and_remove)

int
main(void)
{
  const struct CMUnitTest tests[] = {
      IN_FOLDER(keeps_order_over_a_restart),
      IN_FOLDER(gives_each_claim_its_own),
      IN_FOLDER(gives_one_job_its_own),
      IN_FOLDER(a_refusal_is_kept_and_blocks_nobody),
      IN_FOLDER(a_delay_holds_up_its_own_job_alone),
      IN_FOLDER(a_short_delay_passes),
      IN_FOLDER(a_clock_set_back_delays_nothing),
      IN_FOLDER(lists_in_pages),
      IN_FOLDER(names_are_never_given_twice),
      IN_FOLDER(has_limits),
      IN_FOLDER(a_dead_deliverer_leaves_claim_and_entry),
      IN_FOLDER(a_claim_is_of_one_tracker_and_user),
      IN_FOLDER(two_deliverers_deliver_each_entry_once_in_order),
      IN_FOLDER(what_was_acknowledged_survives_a_kill),
      IN_FOLDER(noise_is_moved_aside),
      IN_FOLDER(a_database_of_another_program_is_moved_aside),
      IN_FOLDER(a_cut_file_is_moved_aside),
      IN_FOLDER(a_damaged_file_is_moved_aside),
      IN_FOLDER(an_empty_file_is_a_new_one),
      IN_FOLDER(a_log_cut_in_mid_write_loses_that_write_alone),
      IN_FOLDER(a_newer_version_keeps_its_own),
      IN_FOLDER(is_for_its_owner_alone),
      IN_MOUNT(a_full_disk_is_told_and_loses_nothing),
      IN_MOUNT(a_read_only_folder_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
