/* Cancelling, freeing and closing at every moment. The sanitizers are half of each test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "doors.h"

struct fixture {
  uv_loop_t loop;
  struct ms_http *http;
  struct peer *peer;
  struct ms_http_transfer *transfers[8];
  int done, progressed;
  enum ms_status status; /* of the last one that was done */
};

static const struct ms_http_options patient = {.timeout_ms = 60000, .backoff_ms = 50};

static void
set_up(struct fixture *fixture, const struct peer_step *steps, size_t count)
{
  *fixture = (struct fixture){0};
  assert_int_equal(ms_loop_open(&fixture->loop, NULL), MS_OK);
  assert_int_equal(ms_http_new(&fixture->loop, &patient, &fixture->http, NULL), MS_OK);
  fixture->peer = peer_start(steps, count);
}

static void
tear_down(struct fixture *fixture)
{
  ms_http_free(fixture->http);
  ms_loop_close(&fixture->loop);
  peer_stop(fixture->peer);
}

static void
count_done(void *user, enum ms_status status, struct ms_http_answer *answer,
           const struct ms_error *err)
{
  (void)answer;
  (void)err;
  struct fixture *fixture = user;
  fixture->done++;
  fixture->status = status;
}

static struct ms_http_request
request_of(struct fixture *fixture)
{
  struct ms_http_request request = get(peer_url(fixture->peer), "/");
  request.user = fixture;
  return request;
}

static struct ms_http_transfer *
start(struct fixture *fixture, ms_http_done done)
{
  struct ms_http_request request = request_of(fixture);
  struct ms_http_transfer *transfer = NULL;
  assert_int_equal(ms_http_send(fixture->http, &request, done, &transfer, NULL), MS_OK);
  assert_non_null(transfer);
  return transfer;
}

/* Runs the loop until the peer has read `count` requests. */
static void
run_until_received(struct fixture *fixture, int count)
{
  while (peer_requests(fixture->peer) < count) {
    uv_run(&fixture->loop, UV_RUN_NOWAIT);
  }
}

static const struct peer_step hangs[] = {{PEER_HANG}};
static const struct peer_step resets[] = {{PEER_RESET}};

static const struct peer_step *
answers(void)
{
  static struct peer_step steps[1];
  steps[0] = (struct peer_step){PEER_ANSWER, peer_text("200 OK", "", "hello")};
  return steps;
}

static void
test_free_without_a_request(void **state)
{
  (void)state;
  struct fixture fixture;
  set_up(&fixture, hangs, 1);
  tear_down(&fixture);
  ms_http_free(NULL);
}

static void
test_free_at_every_stage(void **state)
{
  (void)state;
  struct fixture fixture;
  for (int turns = 0; turns < 6; turns++) {
    set_up(&fixture, hangs, 1);
    start(&fixture, count_done);
    for (int i = 0; i < turns; i++) {
      uv_run(&fixture.loop, UV_RUN_NOWAIT);
    }
    if (turns == 5) {
      run_until_received(&fixture, 1);
    }
    tear_down(&fixture);
    assert_int_equal(fixture.done, 0);
  }
}

static void
test_free_while_waiting_to_try_again(void **state)
{
  (void)state;
  struct fixture fixture;
  set_up(&fixture, resets, 1);
  start(&fixture, count_done);
  run_until_received(&fixture, 2);
  tear_down(&fixture);
  assert_int_equal(fixture.done, 0);
}

static void
test_cancel(void **state)
{
  (void)state;
  struct fixture fixture;
  set_up(&fixture, hangs, 1);
  struct ms_http_transfer *early = start(&fixture, count_done);
  struct ms_http_transfer *late = start(&fixture, count_done);
  ms_http_cancel(early);
  run_until_received(&fixture, 1);
  ms_http_cancel(late);
  uv_run(&fixture.loop, UV_RUN_DEFAULT);
  assert_int_equal(fixture.done, 0);
  tear_down(&fixture);
}

static void
free_in_done(void *user, enum ms_status status, struct ms_http_answer *answer,
             const struct ms_error *err)
{
  count_done(user, status, answer, err);
  struct fixture *fixture = user;
  ms_http_free(fixture->http);
  fixture->http = NULL;
  assert_string_equal(ms_buffer_string(&answer->body), "hello"); /* still there */
  assert_int_equal(err->status, MS_OK);
}

static void
test_free_in_done(void **state)
{
  (void)state;
  struct fixture fixture;
  set_up(&fixture, answers(), 1);
  start(&fixture, free_in_done);
  start(&fixture, free_in_done);
  uv_run(&fixture.loop, UV_RUN_DEFAULT);
  assert_int_equal(fixture.done, 1);
  tear_down(&fixture);
}

static void
cancel_all_in_done(void *user, enum ms_status status, struct ms_http_answer *answer,
                   const struct ms_error *err)
{
  count_done(user, status, answer, err);
  struct fixture *fixture = user;
  for (int i = 0; i < 3; i++) {
    ms_http_cancel(fixture->transfers[i]);
  }
}

static void
test_cancel_in_done(void **state)
{
  (void)state;
  struct fixture fixture;
  set_up(&fixture, answers(), 1);
  for (int i = 0; i < 3; i++) {
    fixture.transfers[i] = start(&fixture, cancel_all_in_done);
  }
  uv_run(&fixture.loop, UV_RUN_DEFAULT);
  assert_int_equal(fixture.done, 1);
  tear_down(&fixture);
}

static void
send_in_done(void *user, enum ms_status status, struct ms_http_answer *answer,
             const struct ms_error *err)
{
  count_done(user, status, answer, err);
  struct fixture *fixture = user;
  if (fixture->done < 5) {
    start(fixture, send_in_done);
  }
}

static void
test_send_in_done(void **state)
{
  (void)state;
  struct fixture fixture;
  set_up(&fixture, answers(), 1);
  start(&fixture, send_in_done);
  uv_run(&fixture.loop, UV_RUN_DEFAULT);
  assert_int_equal(fixture.done, 5);
  assert_int_equal(peer_connections(fixture.peer), 1);
  tear_down(&fixture);
}

static void
perform_in_done(void *user, enum ms_status status, struct ms_http_answer *answer,
                const struct ms_error *err)
{
  count_done(user, status, answer, err);
  struct fixture *fixture = user;
  struct ms_http_request request = request_of(fixture);
  struct ms_http_answer second;
  assert_int_equal(ms_http_perform(fixture->http, &request, &second, NULL), MS_OK);
  assert_int_equal(second.status, 200);
  ms_http_answer_free(&second);
}

static void
test_perform_in_done(void **state)
{
  (void)state;
  struct fixture fixture;
  set_up(&fixture, answers(), 1);
  start(&fixture, perform_in_done);
  start(&fixture, perform_in_done);
  uv_run(&fixture.loop, UV_RUN_DEFAULT);
  assert_int_equal(fixture.done, 2);
  tear_down(&fixture);
}

static void
free_in_progress(void *user, int64_t done_bytes, int64_t total_bytes)
{
  (void)done_bytes;
  (void)total_bytes;
  struct fixture *fixture = user;
  fixture->progressed++;
  ms_http_free(fixture->http);
  fixture->http = NULL;
}

static void
cancel_in_progress(void *user, int64_t done_bytes, int64_t total_bytes)
{
  (void)done_bytes;
  (void)total_bytes;
  struct fixture *fixture = user;
  fixture->progressed++;
  ms_http_cancel(fixture->transfers[0]);
}

static void
test_end_in_progress(void **state)
{
  (void)state;
  void (*const endings[])(void *, int64_t, int64_t) = {free_in_progress, cancel_in_progress};
  for (int i = 0; i < 2; i++) {
    struct fixture fixture;
    const struct peer_step drips[] = {{PEER_DRIP, peer_text("200 OK", "", "hello"), 5}};
    set_up(&fixture, drips, 1);
    struct ms_http_request request = request_of(&fixture);
    request.progress = endings[i];
    assert_int_equal(ms_http_send(fixture.http, &request, count_done, &fixture.transfers[0], NULL),
                     MS_OK);
    uv_run(&fixture.loop, UV_RUN_DEFAULT);
    assert_int_equal(fixture.progressed, 1);
    assert_int_equal(fixture.done, 0);
    tear_down(&fixture);
  }
}

static void
test_free_in_progress_in_place(void **state)
{
  (void)state;
  struct fixture fixture;
  const struct peer_step drips[] = {{PEER_DRIP, peer_text("200 OK", "", "hello"), 5}};
  set_up(&fixture, drips, 1);
  struct ms_http_request request = request_of(&fixture);
  request.progress = free_in_progress;
  struct ms_http_answer answer;
  struct ms_error err;
  assert_int_equal(ms_http_perform(fixture.http, &request, &answer, &err), MS_CLOSED);
  ms_http_answer_free(&answer);
  assert_int_equal(fixture.progressed, 1);
  tear_down(&fixture);
}

static void
perform_in_progress(void *user, int64_t done_bytes, int64_t total_bytes)
{
  (void)done_bytes;
  (void)total_bytes;
  struct fixture *fixture = user;
  if (fixture->progressed++ > 0) {
    return;
  }
  struct ms_http_request request = request_of(fixture);
  struct ms_http_answer answer;
  assert_int_equal(ms_http_perform(fixture->http, &request, &answer, NULL), MS_OK);
  assert_string_equal(ms_buffer_string(&answer.body), "hello");
  ms_http_answer_free(&answer);
}

/* The outer request is over before the inner one is, and must still be seen. */
static void
test_perform_within_perform(void **state)
{
  (void)state;
  struct fixture fixture;
  const struct peer_step steps[] = {{PEER_DRIP, peer_text("200 OK", "", "hello"), 2},
                                    {PEER_ANSWER, peer_text("200 OK", "", "hello"), 400}};
  set_up(&fixture, steps, 2);
  struct ms_http_request request = request_of(&fixture);
  request.progress = perform_in_progress;
  struct ms_http_answer answer;
  assert_int_equal(ms_http_perform(fixture.http, &request, &answer, NULL), MS_OK);
  assert_string_equal(ms_buffer_string(&answer.body), "hello");
  assert_true(fixture.progressed > 0);
  ms_http_answer_free(&answer);
  tear_down(&fixture);
}

/* The order of the host's end: handles first, then the Lua state, whose sessions free their clients. */
static void
test_loop_closes_before_the_client_is_freed(void **state)
{
  (void)state;
  struct fixture fixture;
  set_up(&fixture, hangs, 1);
  start(&fixture, count_done);
  run_until_received(&fixture, 1);
  ms_loop_close_handles(&fixture.loop);
  assert_int_equal(fixture.done, 0);
  struct ms_http_request request = request_of(&fixture);
  struct ms_error err;
  struct ms_http_answer answer;
  assert_int_equal(ms_http_send(fixture.http, &request, count_done, NULL, &err), MS_CLOSED);
  assert_int_equal(ms_http_perform(fixture.http, &request, &answer, &err), MS_CLOSED);
  tear_down(&fixture);
}

static void
test_clients_are_independent(void **state)
{
  (void)state;
  struct fixture a, b;
  set_up(&a, answers(), 1);
  set_up(&b, hangs, 1);
  start(&b, count_done);
  run_until_received(&b, 1);
  tear_down(&b);
  start(&a, count_done);
  uv_run(&a.loop, UV_RUN_DEFAULT);
  assert_int_equal(a.done, 1);
  assert_int_equal(a.status, MS_OK);
  tear_down(&a);
}

int
main(void)
{
  forget_proxies();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_free_without_a_request),
      cmocka_unit_test(test_free_at_every_stage),
      cmocka_unit_test(test_free_while_waiting_to_try_again),
      cmocka_unit_test(test_cancel),
      cmocka_unit_test(test_free_in_done),
      cmocka_unit_test(test_cancel_in_done),
      cmocka_unit_test(test_send_in_done),
      cmocka_unit_test(test_perform_in_done),
      cmocka_unit_test(test_end_in_progress),
      cmocka_unit_test(test_free_in_progress_in_place),
      cmocka_unit_test(test_perform_within_perform),
      cmocka_unit_test(test_loop_closes_before_the_client_is_freed),
      cmocka_unit_test(test_clients_are_independent),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
