/* Durations as people write them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/duration.h"

static void
test_reads(void **state)
{
  static const struct {
    const char *text;
    int64_t duration_ms;
  } cases[] = {
      {"0", 0},          {"90", 90000},        {"1.5", 1500},      {".5", 500},
      {"500ms", 500},    {"2m10s", 130000},    {"1h30m", 5400000}, {"1d12h", 129600000},
      {"1.5h", 5400000}, {"1h500ms", 3600500}, {"0.0004", 0},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    int64_t duration_ms = -1;
    assert_int_equal(ms_duration_parse(cases[i].text, &duration_ms, NULL), MS_OK);
    assert_int_equal(duration_ms, cases[i].duration_ms);
  }
}

static void
test_refuses(void **state)
{
  static const char *const cases[] = {"",
                                      "soon",
                                      "-1",
                                      "1 h",
                                      "1h 30m",
                                      "30m1h",
                                      "1h1h",
                                      "1hh",
                                      "h",
                                      "1.2.3",
                                      "1e3",
                                      "0x10",
                                      ".",
                                      "1w",
                                      "1h30",
                                      "1ms2",
                                      "1S",
                                      "37000d",
                                      "9999999999999999999999"};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    int64_t duration_ms = -1;
    struct ms_error err;
    assert_int_equal(ms_duration_parse(cases[i], &duration_ms, &err), MS_USAGE);
    assert_int_equal(duration_ms, -1);
  }
}

static void
test_seconds(void **state)
{
  int64_t duration_ms = -1;
  (void)state;
  assert_int_equal(ms_duration_from_seconds(0.25, &duration_ms, NULL), MS_OK);
  assert_int_equal(duration_ms, 250);
  assert_int_equal(ms_duration_from_seconds(-0.1, &duration_ms, NULL), MS_USAGE);
  assert_int_equal(ms_duration_from_seconds(NAN, &duration_ms, NULL), MS_USAGE);
  assert_int_equal(ms_duration_from_seconds(INFINITY, &duration_ms, NULL), MS_USAGE);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_reads),
      cmocka_unit_test(test_refuses),
      cmocka_unit_test(test_seconds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
