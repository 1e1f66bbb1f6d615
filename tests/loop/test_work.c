/* Steps on a worker: their order, and a cancel at each moment. */
#include "support/check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "loop/loop.h"
#include "loop/work.h"

struct job {
  uv_loop_t loop;
  struct ms_work *work;
  atomic_int steps;
  int steps_wanted, shown, ended, released;
  int cancel_at; /* of on_step; 0: never */
  atomic_bool may_go_on, was_on_loop;
  pthread_t loop_thread;
};

static bool
step(void *user)
{
  struct job *job = user;
  if (pthread_equal(pthread_self(), job->loop_thread)) {
    atomic_store(&job->was_on_loop, true);
  }
  int number = atomic_fetch_add(&job->steps, 1) + 1;
  while (!atomic_load(&job->may_go_on)) {
    usleep(1000);
  }
  return number < job->steps_wanted;
}

static void
on_step(void *user)
{
  struct job *job = user;
  assert_true(pthread_equal(pthread_self(), job->loop_thread));
  job->shown++;
  if (job->shown == job->cancel_at) {
    ms_work_cancel(job->work);
  }
}

static void
on_end(void *user)
{
  struct job *job = user;
  assert_int_equal(job->released, 0);
  job->ended++;
}

static void
release(void *user)
{
  struct job *job = user;
  job->released++;
}

static const struct ms_work_kind kind = {
    .step = step, .on_step = on_step, .on_end = on_end, .release = release};

static void
start(struct job *job, int steps_wanted, bool may_go_on)
{
  struct ms_error err;
  *job = (struct job){.steps_wanted = steps_wanted, .loop_thread = pthread_self()};
  atomic_store(&job->may_go_on, may_go_on);
  check_ok(ms_loop_open(&job->loop, &err), &err);
  check_ok(ms_work_start(&job->loop, &kind, job, &job->work, &err), &err);
}

static void
steps_come_one_after_another(void **state)
{
  (void)state;
  struct job job;
  start(&job, 5, true);
  uv_run(&job.loop, UV_RUN_DEFAULT);
  assert_int_equal(job.steps, 5);
  assert_false(job.was_on_loop);
  assert_int_equal(job.shown, 4);
  assert_int_equal(job.ended, 1);
  assert_int_equal(job.released, 1);
  ms_loop_close(&job.loop);
}

static void
cancel_between_steps(void **state)
{
  (void)state;
  struct job job;
  start(&job, 5, true);
  job.cancel_at = 2;
  uv_run(&job.loop, UV_RUN_DEFAULT);
  assert_int_equal(job.steps, 2);
  assert_int_equal(job.ended, 0);
  assert_int_equal(job.released, 1);
  ms_loop_close(&job.loop);
}

static void
cancel_during_a_step(void **state)
{
  (void)state;
  struct job job;
  start(&job, 5, false);
  while (atomic_load(&job.steps) == 0) {
    usleep(1000);
  }
  ms_work_cancel(job.work);
  assert_int_equal(job.released, 0); /* the worker has it */
  atomic_store(&job.may_go_on, true);
  ms_loop_close(&job.loop); /* waits */
  assert_int_equal(job.steps, 1);
  assert_int_equal(job.ended, 0);
  assert_int_equal(job.released, 1);
}

/* Other work has all threads. */
static void
cancel_before_the_first_step(void **state)
{
  (void)state;
  enum { THREADS_MAX = 16 };
  struct job job, others[THREADS_MAX];
  for (int i = 0; i < THREADS_MAX; i++) {
    start(&others[i], 1, false);
  }
  start(&job, 1, true);
  ms_work_cancel(job.work);
  for (int i = 0; i < THREADS_MAX; i++) {
    atomic_store(&others[i].may_go_on, true);
  }
  ms_loop_close(&job.loop);
  assert_int_equal(job.steps, 0);
  assert_int_equal(job.ended, 0);
  assert_int_equal(job.released, 1);
  for (int i = 0; i < THREADS_MAX; i++) {
    ms_loop_close(&others[i].loop);
    assert_int_equal(others[i].ended, 1);
  }
}

int
main(void)
{
  setenv("UV_THREADPOOL_SIZE", "4", 1);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(steps_come_one_after_another),
      cmocka_unit_test(cancel_between_steps),
      cmocka_unit_test(cancel_during_a_step),
      cmocka_unit_test(cancel_before_the_first_step),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
