/* Leases between real processes: held by the living, taken from the dead, by one taker only. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "job/lease.h"
#include "support/folder.h"

static char folder[FOLDER_BYTES];

static int
make_folder(void **state)
{
  (void)state;
  return folder_make(folder);
}

static int
remove_folder(void **state)
{
  (void)state;
  return rmdir(folder); /* fails when a lease was left there */
}

/* A process that holds the lease `name` until it is killed. */
static pid_t
holder(const char *name)
{
  int ready[2];
  assert_int_equal(pipe(ready), 0);
  pid_t pid = fork();
  if (pid == 0) {
    struct ms_lease *lease;
    char ok = ms_lease_acquire(folder, name, "{\"by\":\"child\"}", 14, &lease, NULL) == MS_OK;
    ssize_t size = write(ready[1], &ok, 1);
    pause();
    _exit(size == 1 ? 0 : 1);
  }
  char ok = 0;
  assert_int_equal(read(ready[0], &ok, 1), 1);
  assert_int_equal(ok, 1);
  close(ready[0]);
  close(ready[1]);
  return pid;
}

static size_t
take(struct ms_lease **leases)
{
  size_t count;
  assert_int_equal(ms_lease_take_abandoned(folder, leases, 8, &count, NULL), MS_OK);
  return count;
}

static void
the_living_keep_theirs_and_the_dead_lose_them(void **state)
{
  struct ms_lease *leases[8], *again[8];
  size_t bytes;
  (void)state;
  pid_t living = holder("living");
  pid_t dead = holder("dead");
  assert_int_equal(take(leases), 0);
  kill(dead, SIGKILL);
  waitpid(dead, NULL, 0);
  assert_int_equal(take(leases), 1);
  assert_string_equal(ms_lease_name(leases[0]), "dead");
  assert_string_equal(ms_lease_text(leases[0], &bytes), "{\"by\":\"child\"}");
  assert_int_equal(take(again), 0); /* ours now */
  ms_lease_abandon(leases[0]);
  assert_int_equal(take(again), 1); /* and nobody's again */
  ms_lease_release(again[0]);
  assert_int_equal(take(again), 0);
  kill(living, SIGKILL);
  waitpid(living, NULL, 0);
  assert_int_equal(take(leases), 1);
  ms_lease_release(leases[0]);
}

static void
a_name_is_given_once(void **state)
{
  struct ms_lease *first, *second;
  struct ms_error err;
  (void)state;
  assert_int_equal(ms_lease_acquire(folder, "job", "one", 3, &first, NULL), MS_OK);
  assert_int_equal(ms_lease_acquire(folder, "job", "two", 3, &second, &err), MS_EXISTS);
  assert_int_equal(ms_lease_update(first, "a longer text", 13, NULL), MS_OK);
  assert_int_equal(ms_lease_update(first, "short", 5, NULL), MS_OK);
  ms_lease_abandon(first);
  assert_int_equal(take(&first), 1);
  size_t bytes;
  assert_string_equal(ms_lease_text(first, &bytes), "short");
  ms_lease_release(first);
}

static void
two_takers_get_each_lease_once(void **state)
{
  enum { LEASES = 7 };
  (void)state;
  for (int i = 0; i < LEASES; i++) {
    char name[16];
    struct ms_lease *lease;
    snprintf(name, sizeof name, "job%d", i);
    assert_int_equal(ms_lease_acquire(folder, name, "{}", 2, &lease, NULL), MS_OK);
    ms_lease_abandon(lease);
  }
  int total = 0, results[2];
  assert_int_equal(pipe(results), 0);
  for (int i = 0; i < 2; i++)
    if (fork() == 0) {
      struct ms_lease *leases[8];
      size_t count;
      ms_lease_take_abandoned(folder, leases, 8, &count, NULL);
      char found = (char)count;
      usleep(200000); /* both hold theirs for a while */
      for (size_t j = 0; j < count; j++)
        ms_lease_release(leases[j]);
      _exit(write(results[1], &found, 1) == 1 ? 0 : 1);
    }
  for (int i = 0; i < 2; i++) {
    char found;
    assert_int_equal(read(results[0], &found, 1), 1);
    total += found;
    wait(NULL);
  }
  assert_int_equal(total, LEASES);
}

static void
make_hidden(const char *name, int *fd)
{
  char path[FOLDER_PATH_BYTES];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  assert_true(*fd >= 0);
}

/* Of those who died while they created one. Those who are still at it keep theirs. */
static void
beginnings_of_leases_go_away(void **state)
{
  int dead, alive;
  struct ms_lease *none[8];
  char path[FOLDER_PATH_BYTES];
  (void)state;
  make_hidden(".lease-dead", &dead);
  close(dead);
  make_hidden(".lease-alive", &alive);
  assert_int_equal(flock(alive, LOCK_EX), 0);
  assert_int_equal(take(none), 0);
  snprintf(path, sizeof path, "%s/.lease-dead", folder);
  assert_int_equal(access(path, F_OK), -1);
  snprintf(path, sizeof path, "%s/.lease-alive", folder);
  assert_int_equal(access(path, F_OK), 0);
  close(alive);
  assert_int_equal(take(none), 0);
}

static void
looking_for_the_abandoned_disturbs_nobody(void **state)
{
  enum { LEASES = 300 };
  (void)state;
  pid_t looker = fork();
  if (looker == 0) {
    struct ms_lease *none[8];
    for (;;)
      if (take(none) != 0)
        _exit(1); /* took one that is held */
  }
  for (int i = 0; i < LEASES; i++) {
    struct ms_lease *lease;
    struct ms_error err = {0};
    if (ms_lease_acquire(folder, "job", "{}", 2, &lease, &err) != MS_OK)
      fail_msg("%s", err.message);
    ms_lease_release(lease);
  }
  int status;
  assert_int_equal(kill(looker, SIGKILL), 0);
  assert_int_equal(waitpid(looker, &status, 0), looker);
  assert_true(WIFSIGNALED(status));
}

static void
a_folder_that_is_not_there_has_none(void **state)
{
  struct ms_lease *leases[8];
  size_t count = 9;
  (void)state;
  assert_int_equal(ms_lease_take_abandoned("/no/such/folder", leases, 8, &count, NULL), MS_OK);
  assert_int_equal(count, 0);
  count = 9;
  assert_int_equal(ms_lease_take_abandoned("/dev/null/folder", leases, 8, &count, NULL), MS_OK);
  assert_int_equal(count, 0);
}

#define LEASE_TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int
main(void)
{
  const struct CMUnitTest tests[] = {
      LEASE_TEST(the_living_keep_theirs_and_the_dead_lose_them),
      LEASE_TEST(a_name_is_given_once),
      LEASE_TEST(two_takers_get_each_lease_once),
      LEASE_TEST(beginnings_of_leases_go_away),
      LEASE_TEST(looking_for_the_abandoned_disturbs_nobody),
      LEASE_TEST(a_folder_that_is_not_there_has_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
