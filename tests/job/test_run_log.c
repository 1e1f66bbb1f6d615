/* Real files: time stamps, masks, the cut in the middle, and a full disk. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/path.h"
#include "job/run_log.h"
#include "support/folder.h"

static char path[FOLDER_PATH_BYTES];

static int
make_folder(void **state)
{
  static char folder[FOLDER_BYTES];
  if (folder_make(folder) != 0)
    return -1;
  snprintf(path, sizeof path, "%s/run.log", folder);
  *state = folder;
  return 0;
}

static int
remove_folder(void **state)
{
  unlink(path);
  return rmdir(*state); /* fails when anything else was left there */
}

static struct ms_run_log *
open_log(int64_t limit_bytes)
{
  static const char *const secrets[] = {"hunter22", "abc", "hunter22-long"};
  struct ms_run_log_options options = {
      .limit_bytes = limit_bytes, .secrets = secrets, .secret_count = 3};
  struct ms_run_log *log;
  assert_int_equal(ms_run_log_open(path, &options, &log, NULL), MS_OK);
  return log;
}

static char *
read_back(void)
{
  char *text;
  size_t size;
  assert_int_equal(ms_path_read(path, 1 << 24, &text, &size, NULL), MS_OK);
  return text;
}

static void
append(struct ms_run_log *log, const char *text)
{
  ms_run_log_append(log, text, strlen(text));
}

static void
lines_have_times_and_no_secrets(void **state)
{
  (void)state;
  struct ms_run_log *log = open_log(0);
  append(log, "key=hunt");
  append(log, "er22 and hunter22-long; abc is too short\nun\x1b[1mfinished");
  size_t tail_bytes;
  const char *tail = ms_run_log_tail(log, &tail_bytes);
  assert_non_null(strstr(tail, "key=*** and ***; abc is too short\nunfinished"));
  int64_t size;
  assert_int_equal(ms_run_log_finish(log, &size, NULL), MS_OK);
  ms_run_log_free(log);
  char *text = read_back();
  assert_int_equal(strlen(text), size);
  int year, day, n = 0;
  assert_int_equal(sscanf(text, "%4d-%*2d-%2dT%*2d:%*2d:%*2dZ key=%n", &year, &day, &n), 2);
  assert_true(year >= 2024 && n == 25);
  assert_non_null(strstr(text, "Z unfinished\n"));
  assert_null(strstr(text, "hunter"));
  free(text);
}

static void
a_second_attempt_goes_on_in_the_same_file(void **state)
{
  (void)state;
  int64_t size;
  for (int attempt = 1; attempt <= 2; attempt++) {
    struct ms_run_log_options options = {.append = attempt > 1};
    struct ms_run_log *log;
    assert_int_equal(ms_run_log_open(path, &options, &log, NULL), MS_OK);
    append(log, "unfinished");
    ms_run_log_note(log, attempt == 1 ? "first" : "second");
    assert_int_equal(ms_run_log_finish(log, &size, NULL), MS_OK);
    ms_run_log_free(log);
  }
  char *text = read_back();
  assert_int_equal(strlen(text), size);
  const char *first = strstr(text, "Z unfinished\n"), *second = strstr(text, "Z second\n");
  assert_true(first && second && first < second);
  assert_non_null(strstr(text, "Z first\n"));
  free(text);
}

static void
the_middle_is_cut_never_the_ends(void **state)
{
  enum { LINES = 20000, LIMIT = 64 * 1024 };
  (void)state;
  struct ms_run_log *log = open_log(LIMIT);
  char line[64];
  for (int i = 0; i < LINES; i++) {
    snprintf(line, sizeof line, "line %d of many\n", i);
    append(log, line);
  }
  int64_t size;
  assert_int_equal(ms_run_log_finish(log, &size, NULL), MS_OK);
  ms_run_log_free(log);
  char *text = read_back();
  assert_true(size <= LIMIT + 100);
  assert_true(size > LIMIT / 2);
  assert_non_null(strstr(text, "Z line 0 of many\n"));
  assert_non_null(strstr(text, "Z line 19999 of many\n"));
  assert_non_null(strstr(text, "Z line 19800 of many\n"));
  assert_non_null(strstr(text, " bytes are left out here]\n"));
  assert_null(strstr(text, "line 9000 of"));
  free(text);
}

/* Writes a log in a process that dies in the middle. */
static void
write_and_die(int64_t limit, int line_count)
{
  pid_t pid = fork();
  if (pid == 0) {
    struct ms_run_log *log = open_log(limit);
    char line[64];
    for (int i = 0; i < line_count; i++) {
      snprintf(line, sizeof line, "line %d of many\n", i);
      append(log, line);
    }
    kill(getpid(), SIGKILL);
  }
  assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void
assert_no_temporary_files(void)
{
  char ring[600];
  snprintf(ring, sizeof ring, "%s.tail", path);
  assert_int_not_equal(access(ring, F_OK), 0);
}

static void
what_a_dead_process_left_becomes_whole(void **state)
{
  enum { LIMIT = 64 * 1024 };
  static const struct {
    int line_count; /* in the head alone; with a ring not yet full; with a ring that went round */
    bool is_cut;
    const char *last;
  } cases[] = {{100, false, "Z line 99 of many\n"},
               {1000, false, "Z line 999 of many\n"},
               {20000, true, "Z line 19999 of many\n"}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    write_and_die(LIMIT, cases[i].line_count);
    assert_int_equal(ms_run_log_recover(path, NULL), MS_OK);
    char *text = read_back();
    assert_non_null(strstr(text, "Z line 0 of many\n"));
    assert_string_equal(text + strlen(text) - strlen(cases[i].last), cases[i].last);
    assert_true(!strstr(text, " bytes are left out here]\n") == !cases[i].is_cut);
    assert_no_temporary_files();
    free(text);
    remove(path);
  }
  fclose(fopen(path, "w"));
}

/* However much comes at once, and however long its lines are. */
static void
the_limit_holds_for_large_pieces(void **state)
{
  enum { LIMIT = 8192, PIECE = 200 * 1024 };
  static const int line_lengths[] = {80, 5000};
  (void)state;
  char *piece = malloc(PIECE + 1);
  for (size_t i = 0; i < sizeof line_lengths / sizeof *line_lengths; i++) {
    struct ms_run_log *log = open_log(LIMIT);
    memset(piece, 'x', PIECE);
    piece[PIECE] = '\0';
    for (int at = line_lengths[i]; at < PIECE; at += line_lengths[i])
      piece[at] = '\n';
    append(log, piece);
    append(log, "\nlast\n");
    int64_t size;
    assert_int_equal(ms_run_log_finish(log, &size, NULL), MS_OK);
    ms_run_log_free(log);
    char *text = read_back();
    assert_true(size > LIMIT / 4 && size <= LIMIT + 100);
    assert_string_equal(text + strlen(text) - strlen("Z last\n"), "Z last\n");
    free(text);
  }
  free(piece);
}

static void
a_full_disk_stops_the_log_not_the_run(void **state)
{
  (void)state;
  struct ms_run_log_options options = {0};
  struct ms_run_log *log;
  struct ms_error err;
  assert_int_equal(ms_run_log_open("/dev/full", &options, &log, NULL), MS_OK);
  append(log, "this cannot be written\n");
  size_t tail_bytes;
  assert_non_null(strstr(ms_run_log_tail(log, &tail_bytes), "this cannot be written"));
  int64_t size;
  assert_int_equal(ms_run_log_finish(log, &size, &err), MS_FULL);
  assert_non_null(strstr(err.message, "'/dev/full': No space left on device"));
  ms_run_log_free(log);
  fclose(fopen(path, "w"));
}

static void
bad_places_and_limits_are_refused(void **state)
{
  (void)state;
  struct ms_run_log_options options = {.limit_bytes = 10};
  struct ms_run_log *log;
  assert_int_equal(ms_run_log_open(path, &options, &log, NULL), MS_USAGE);
  options.limit_bytes = 0;
  assert_int_equal(ms_run_log_open("/no/such/folder/run.log", &options, &log, NULL), MS_NOT_FOUND);
  fclose(fopen(path, "w"));
}

#define LOG_TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int
main(void)
{
  const struct CMUnitTest tests[] = {
      LOG_TEST(lines_have_times_and_no_secrets),
      LOG_TEST(a_second_attempt_goes_on_in_the_same_file),
      LOG_TEST(the_middle_is_cut_never_the_ends),
      LOG_TEST(the_limit_holds_for_large_pieces),
      LOG_TEST(what_a_dead_process_left_becomes_whole),
      LOG_TEST(a_full_disk_stops_the_log_not_the_run),
      LOG_TEST(bad_places_and_limits_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
