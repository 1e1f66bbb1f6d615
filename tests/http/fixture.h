/* A client on a loop, for a test each. */
#ifndef MS_TESTS_HTTP_FIXTURE_H
#define MS_TESTS_HTTP_FIXTURE_H

#include "doors.h"

struct fixture {
  uv_loop_t loop;
  struct ms_http *http;
};

/* Nothing takes as long, however busy the machine is: who wants to see a limit sets a shorter one. */
static const struct ms_http_options patient = {
    .connect_timeout_ms = 60000, .timeout_ms = 60000, .stall_timeout_s = 60, .backoff_ms = 10};

static inline int
set_up(void **state)
{
  static struct fixture fixture;
  *state = &fixture;
  return ms_loop_open(&fixture.loop, NULL) == MS_OK &&
                 ms_http_new(&fixture.loop, &patient, &fixture.http, NULL) == MS_OK
             ? 0
             : -1;
}

static inline int
tear_down(void **state)
{
  struct fixture *fixture = *state;
  ms_http_free(fixture->http);
  ms_loop_close(&fixture->loop);
  return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
