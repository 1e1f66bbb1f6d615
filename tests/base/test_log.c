#include "support/check.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"

/* Standard error is a packet pipe during these tests: every read gives what one write(2) wrote. */
static int packets;
static int real_stderr;

static int
capture(void **state)
{
  (void)state;
  int ends[2];
  if (pipe2(ends, O_DIRECT | O_NONBLOCK | O_CLOEXEC) != 0) {
    return -1;
  }
  packets = ends[0];
  real_stderr = dup(STDERR_FILENO);
  dup2(ends[1], STDERR_FILENO);
  close(ends[1]);
  unsetenv("MOONSHIFT_LOG");
  unsetenv("MOONSHIFT_TRACE");
  ms_log_init();
  return 0;
}

static int
release(void **state)
{
  (void)state;
  dup2(real_stderr, STDERR_FILENO);
  close(real_stderr);
  close(packets);
  return 0;
}

/* What the next write(2) wrote, "" when there was none. */
static const char *
next_write(void)
{
  static char text[8192];
  ssize_t got = read(packets, text, sizeof text - 1);
  text[got > 0 ? got : 0] = '\0';
  return text;
}

static void
init_with(const char *level, const char *topics)
{
  level ? setenv("MOONSHIFT_LOG", level, 1) : unsetenv("MOONSHIFT_LOG");
  topics ? setenv("MOONSHIFT_TRACE", topics, 1) : unsetenv("MOONSHIFT_TRACE");
  ms_log_init();
}

static void
a_line_is_one_write(void **state)
{
  (void)state;
  ms_log(MS_LOG_WARNING, "%d attempts left", 3);
  ms_log(MS_LOG_ERROR, "none left");
  assert_string_equal(next_write(), "moonshift: warning: 3 attempts left\n");
  assert_string_equal(next_write(), "moonshift: error: none left\n");
  assert_string_equal(next_write(), "");
}

static void
the_level_decides(void **state)
{
  (void)state;
  static const struct {
    const char *level;
    enum ms_log_level most;
  } rows[] = {
      {NULL, MS_LOG_WARNING},      {"", MS_LOG_WARNING},  {"error", MS_LOG_ERROR},
      {"warning", MS_LOG_WARNING}, {"info", MS_LOG_INFO}, {"debug", MS_LOG_DEBUG},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    init_with(rows[i].level, NULL);
    for (int level = MS_LOG_ERROR; level <= MS_LOG_DEBUG; level++) {
      bool wanted = level <= (int)rows[i].most;
      assert_int_equal(ms_log_enabled((enum ms_log_level)level), wanted);
      ms_log((enum ms_log_level)level, "x");
      assert_int_equal(next_write()[0] != '\0', wanted);
    }
  }
}

static void
a_message_cannot_forge_a_line(void **state)
{
  (void)state;
  ms_log(MS_LOG_ERROR, "%s", "a\nmoonshift: error: b\r\x1b[2Jc\x7f");
  assert_string_equal(next_write(), "moonshift: error: a moonshift: error: b  [2Jc \n");
}

static void
long_lines_are_cut(void **state)
{
  (void)state;
  char text[6000];
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  ms_log(MS_LOG_ERROR, "%s", text);
  const char *line = next_write();
  assert_int_equal(strlen(line), 4096);
  assert_int_equal(line[4095], '\n');
  assert_string_equal(next_write(), "");
}

static void
unknown_words_are_reported(void **state)
{
  (void)state;
  init_with("debgu", NULL);
  assert_string_equal(
      next_write(),
      "moonshift: warning: MOONSHIFT_LOG: unknown word 'debgu', did you mean 'debug'?\n");
  assert_true(ms_log_enabled(MS_LOG_WARNING));
  assert_false(ms_log_enabled(MS_LOG_INFO));
  init_with("error", "colours,requests");
  assert_string_equal(next_write(), ""); /* the level says: errors only */
  assert_true(ms_log_traces("requests"));
  init_with(NULL, "request");
  assert_string_equal(
      next_write(),
      "moonshift: warning: MOONSHIFT_TRACE: unknown word 'request', did you mean 'requests'?\n");
  char long_word[300];
  memset(long_word, 'y', sizeof long_word - 1);
  long_word[sizeof long_word - 1] = '\0';
  init_with(long_word, NULL);
  assert_in_range(strlen(next_write()), 64, 200);
}

static void
traces_ignore_the_level(void **state)
{
  (void)state;
  init_with("error", NULL);
  assert_false(ms_log_traces("requests"));
  ms_log_trace("requests", "GET %s", "/");
  assert_string_equal(next_write(), "");
  init_with("error", "requests");
  assert_true(ms_log_traces("requests"));
  assert_false(ms_log_traces("request"));
  ms_log_trace("requests", "GET %s", "/");
  assert_string_equal(next_write(), "moonshift: requests: GET /\n");
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_line_is_one_write, capture, release),
      cmocka_unit_test_setup_teardown(the_level_decides, capture, release),
      cmocka_unit_test_setup_teardown(a_message_cannot_forge_a_line, capture, release),
      cmocka_unit_test_setup_teardown(long_lines_are_cut, capture, release),
      cmocka_unit_test_setup_teardown(unknown_words_are_reported, capture, release),
      cmocka_unit_test_setup_teardown(traces_ignore_the_level, capture, release),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
