/* Real children: what they print, how they end, and that nothing of them is left. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "loop/loop.h"
#include "loop/process.h"
#include "loop/process_tree.h"

struct run {
  uv_loop_t loop;
  struct ms_process *process;
  struct ms_process_result result;
  struct ms_buffer output[2];
  int ends;
};

static void
collect(void *user, int stream, const char *data, size_t size)
{
  struct run *run = user;
  ms_buffer_append(&run->output[stream - 1], data, size);
}

static void
ended(void *user, const struct ms_process_result *result)
{
  struct run *run = user;
  run->result = *result;
  run->ends++;
  uv_stop(&run->loop);
}

static enum ms_status
start(struct run *run, const char *const *arguments, enum ms_process_stream output,
      void (*on_output)(void *, int, const char *, size_t), const char *cwd, struct ms_error *err)
{
  memset(run, 0, sizeof *run);
  ms_buffer_init(&run->output[0], 64 << 20);
  ms_buffer_init(&run->output[1], 64 << 20);
  assert_int_equal(ms_loop_open(&run->loop, NULL), MS_OK);
  struct ms_process_options options = {.arguments = arguments,
                                       .cwd = cwd,
                                       .output = output,
                                       .error = output,
                                       .on_output = on_output,
                                       .on_end = ended,
                                       .user = run};
  return ms_process_spawn(&run->loop, &options, &run->process, err);
}

static void
finish(struct run *run)
{
  ms_process_free(run->process);
  ms_loop_close_handles(&run->loop);
  ms_loop_close(&run->loop);
  ms_buffer_free(&run->output[0]);
  ms_buffer_free(&run->output[1]);
}

#define SHELL(script) ((const char *const[]){"sh", "-c", (script), NULL})

static void
output_and_exit_code_arrive(void **state)
{
  struct run run;
  (void)state;
  assert_int_equal(
      start(&run, SHELL("echo out; echo err >&2; exit 7"), MS_PROCESS_PIPE, collect, NULL, NULL),
      MS_OK);
  uv_run(&run.loop, UV_RUN_DEFAULT);
  assert_int_equal(run.ends, 1);
  assert_int_equal(run.result.exit_code, 7);
  assert_int_equal(run.result.signal, 0);
  assert_string_equal(ms_buffer_string(&run.output[0]), "out\n");
  assert_string_equal(ms_buffer_string(&run.output[1]), "err\n");
  finish(&run);
}

static void
a_lot_of_output_is_whole(void **state)
{
  struct run run;
  (void)state;
  assert_int_equal(
      start(&run, SHELL("head -c 20000000 /dev/zero"), MS_PROCESS_PIPE, collect, NULL, NULL),
      MS_OK);
  uv_run(&run.loop, UV_RUN_DEFAULT);
  assert_int_equal(run.output[0].size_bytes, 20000000);
  finish(&run);
}

static void
a_terminal_is_seen_and_passes_bytes_as_they_are(void **state)
{
  struct run run;
  (void)state;
  assert_int_equal(start(&run, SHELL("test -t 1 && test -t 2 && echo yes; echo no >&2"),
                         MS_PROCESS_TERMINAL, collect, NULL, NULL),
                   MS_OK);
  uv_run(&run.loop, UV_RUN_DEFAULT);
  assert_string_equal(ms_buffer_string(&run.output[0]), "yes\nno\n");
  assert_string_equal(ms_buffer_string(&run.output[1]), "");
  finish(&run);
}

static void
what_cannot_start_says_why(void **state)
{
  static const struct {
    const char *command, *cwd;
    enum ms_status status;
    const char *text;
  } cases[] = {
      {"no-such-command-here", NULL, MS_NOT_FOUND,
       "'no-such-command-here' is in no folder of PATH"},
      {"/no/such/command", NULL, MS_NOT_FOUND, "'/no/such/command'"},
      {"/etc/passwd", NULL, MS_PERMISSION, "cannot execute '/etc/passwd'"},
      {"/tmp", NULL, MS_PERMISSION, "cannot execute '/tmp'"},
      {"true", "/no/such/folder", MS_IO, "cannot enter the folder '/no/such/folder'"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct run run;
    struct ms_error err = {0};
    const char *arguments[] = {cases[i].command, NULL};
    assert_int_equal(start(&run, arguments, MS_PROCESS_PIPE, collect, cases[i].cwd, &err),
                     cases[i].status);
    assert_non_null(strstr(err.message, cases[i].text));
    finish(&run);
  }
}

static void
a_signal_reaches_the_group(void **state)
{
  struct run run;
  (void)state;
  assert_int_equal(
      start(&run, SHELL("sleep 600 & sleep 600"), MS_PROCESS_PIPE, collect, NULL, NULL), MS_OK);
  ms_process_signal(run.process, SIGTERM);
  uv_run(&run.loop, UV_RUN_DEFAULT);
  assert_int_equal(run.result.exit_code, -1);
  assert_int_equal(run.result.signal, SIGTERM);
  finish(&run);
}

static void
stop_when_told(void *user, int stream, const char *data, size_t size)
{
  struct run *run = user;
  collect(user, stream, data, size);
  ms_process_signal_tree(run->process, SIGKILL);
}

static void
a_tree_signal_reaches_those_who_left_the_group(void **state)
{
  struct run run;
  (void)state;
  ms_process_become_subreaper();
  assert_int_equal(start(&run, SHELL("setsid sh -c 'echo $$; exec sleep 600' & wait"),
                         MS_PROCESS_PIPE, stop_when_told, NULL, NULL),
                   MS_OK);
  uv_run(&run.loop, UV_RUN_DEFAULT);
  assert_int_equal(run.result.signal, SIGKILL);
  pid_t grandchild = (pid_t)atoi(ms_buffer_string(&run.output[0]));
  int status = 0;
  assert_int_equal(waitpid(grandchild, &status, 0), grandchild);
  assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  prctl(PR_SET_CHILD_SUBREAPER, 0);
  finish(&run);
}

static void
kill_by_variable(void *user, int stream, const char *data, size_t size)
{
  collect(user, stream, data, size);
  assert_int_equal(ms_process_tree_signal_variable("MS_TEST_MARK=on", SIGKILL), 0);
  assert_true(ms_process_tree_signal_variable("MS_TEST_MARK=one", SIGKILL) >= 1);
}

static void
a_variable_names_those_who_were_started_with_it(void **state)
{
  struct run run;
  (void)state;
  const char *const arguments[] = {
      "env", "MS_TEST_MARK=one", "sh", "-c", "setsid env -i sh -c 'echo $$; exec sleep 600'", NULL};
  ms_process_become_subreaper();
  assert_int_equal(start(&run, arguments, MS_PROCESS_PIPE, kill_by_variable, NULL, NULL), MS_OK);
  uv_run(&run.loop, UV_RUN_DEFAULT);
  assert_int_equal(run.result.signal, SIGKILL);
  prctl(PR_SET_CHILD_SUBREAPER, 0);
  finish(&run);
}

static void
output_held_open_by_a_stranger_is_given_up(void **state)
{
  struct run run;
  (void)state;
  assert_int_equal(
      start(&run, SHELL("setsid sleep 600 & echo started"), MS_PROCESS_PIPE, collect, NULL, NULL),
      MS_OK);
  uint64_t before = uv_hrtime();
  uv_run(&run.loop, UV_RUN_DEFAULT);
  assert_int_equal(run.result.exit_code, 0);
  assert_true((uv_hrtime() - before) / 1000000 >= MS_PROCESS_DRAIN_MS - 100);
  assert_string_equal(ms_buffer_string(&run.output[0]), "started\n");
  ms_process_signal_tree(run.process, SIGKILL);
  finish(&run);
}

static void
freeing_ends_a_running_child(void **state)
{
  struct run run;
  (void)state;
  assert_int_equal(start(&run, SHELL("sleep 600"), MS_PROCESS_PIPE, collect, NULL, NULL), MS_OK);
  pid_t pid = ms_process_pid(run.process);
  finish(&run);
  assert_int_equal(run.ends, 0);
  assert_true(kill(pid, 0) != 0);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(output_and_exit_code_arrive),
      cmocka_unit_test(a_lot_of_output_is_whole),
      cmocka_unit_test(a_terminal_is_seen_and_passes_bytes_as_they_are),
      cmocka_unit_test(what_cannot_start_says_why),
      cmocka_unit_test(a_signal_reaches_the_group),
      cmocka_unit_test(a_tree_signal_reaches_those_who_left_the_group),
      cmocka_unit_test(a_variable_names_those_who_were_started_with_it),
      cmocka_unit_test(output_held_open_by_a_stranger_is_given_up),
      cmocka_unit_test(freeing_ends_a_running_child),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
