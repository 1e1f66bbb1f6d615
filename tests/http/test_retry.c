/* The retry policy as a table. */
#include "http/retry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/http.h"

/* A safe request after its first attempt, with all the time in the world and no jitter. */
static const struct ms_http_retry base = {
    .outcome = MS_HTTP_BROKEN,
    .safe = true,
    .attempts = 1,
    .retries = MS_HTTP_RETRIES,
    .remaining_ms = INT64_MAX,
    .backoff_ms = MS_HTTP_BACKOFF_MS,
};

static struct ms_http_retry
answered(long status)
{
  struct ms_http_retry retry = base;
  retry.outcome = MS_HTTP_ANSWERED;
  retry.status = status;
  return retry;
}

static void
test_which_outcomes(void **state)
{
  (void)state;
  static const struct {
    enum ms_http_outcome outcome;
    bool safe, retried;
  } cases[] = {
      {MS_HTTP_UNREACHED, true, true},  {MS_HTTP_UNREACHED, false, true},
      {MS_HTTP_BROKEN, true, true},     {MS_HTTP_BROKEN, false, false},
      {MS_HTTP_TIMED_OUT, true, false}, {MS_HTTP_HOPELESS, true, false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct ms_http_retry retry = base;
    retry.outcome = cases[i].outcome;
    retry.safe = cases[i].safe;
    assert_int_equal(ms_http_retry_delay_ms(&retry) >= 0, cases[i].retried);
  }
}

static void
test_which_statuses(void **state)
{
  (void)state;
  static const struct {
    long status;
    bool retried;
  } cases[] = {{200, false}, {301, false}, {400, false}, {401, false}, {404, false}, {408, false},
               {429, true},  {500, false}, {501, false}, {502, true},  {503, true},  {504, true}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct ms_http_retry retry = answered(cases[i].status);
    assert_int_equal(ms_http_retry_delay_ms(&retry) >= 0, cases[i].retried);
    retry.safe = false;
    assert_int_equal(ms_http_retry_delay_ms(&retry), -1);
  }
}

static void
test_pause_doubles_up_to_its_maximum(void **state)
{
  (void)state;
  struct ms_http_retry retry = base;
  retry.retries = 100;
  int64_t expected_ms = MS_HTTP_BACKOFF_MS;
  for (retry.attempts = 1; retry.attempts <= 10; retry.attempts++) {
    retry.jitter = 0;
    assert_int_equal(ms_http_retry_delay_ms(&retry), expected_ms);
    retry.jitter = 1;
    assert_int_equal(ms_http_retry_delay_ms(&retry), 2 * expected_ms);
    expected_ms =
        expected_ms * 2 < MS_HTTP_BACKOFF_MAX_MS ? expected_ms * 2 : MS_HTTP_BACKOFF_MAX_MS;
  }
}

static void
test_attempts_are_bounded(void **state)
{
  (void)state;
  struct ms_http_retry retry = base;
  retry.attempts = MS_HTTP_RETRIES;
  assert_true(ms_http_retry_delay_ms(&retry) >= 0);
  retry.attempts = MS_HTTP_RETRIES + 1;
  assert_int_equal(ms_http_retry_delay_ms(&retry), -1);
  retry.retries = 0;
  retry.attempts = 1;
  assert_int_equal(ms_http_retry_delay_ms(&retry), -1);
  retry = base;
  retry.outcome = MS_HTTP_UNREACHED;
  retry.attempts = MS_HTTP_UNREACHED_RETRIES;
  assert_true(ms_http_retry_delay_ms(&retry) >= 0);
  retry.attempts++;
  assert_int_equal(ms_http_retry_delay_ms(&retry), -1);
}

static void
test_retry_after(void **state)
{
  (void)state;
  struct ms_http_retry retry = answered(503);
  retry.retry_after_ms = 3000;
  assert_int_equal(ms_http_retry_delay_ms(&retry), 3000);
  retry.retry_after_ms = 1;
  assert_int_equal(ms_http_retry_delay_ms(&retry), MS_HTTP_BACKOFF_MS);
  retry.retry_after_ms = MS_HTTP_RETRY_AFTER_MAX_MS + 1;
  assert_int_equal(ms_http_retry_delay_ms(&retry), -1);
}

static void
test_no_retry_beyond_the_deadline(void **state)
{
  (void)state;
  struct ms_http_retry retry = base;
  retry.remaining_ms = MS_HTTP_BACKOFF_MS;
  assert_int_equal(ms_http_retry_delay_ms(&retry), -1);
  retry.remaining_ms = MS_HTTP_BACKOFF_MS + 1;
  assert_int_equal(ms_http_retry_delay_ms(&retry), MS_HTTP_BACKOFF_MS);
  retry.remaining_ms = -5;
  assert_int_equal(ms_http_retry_delay_ms(&retry), -1);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_which_outcomes),
      cmocka_unit_test(test_which_statuses),
      cmocka_unit_test(test_pause_doubles_up_to_its_maximum),
      cmocka_unit_test(test_attempts_are_bounded),
      cmocka_unit_test(test_retry_after),
      cmocka_unit_test(test_no_retry_beyond_the_deadline),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
