#include "support/check.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"

static const int64_t second_us = 1000000;

static int64_t
parse(const char *text)
{
  struct ms_error err;
  int64_t time_us = 0;
  check_ok(ms_time_parse(text, strlen(text), &time_us, &err), &err);
  return time_us;
}

static void
times_print(void **state)
{
  (void)state;
  static const struct {
    int64_t time_us;
    const char *text;
  } rows[] = {
      {0, "1970-01-01T00:00:00"},
      {INT64_C(1665396729000000), "2022-10-10T10:12:09"},
      {INT64_C(1665396729250000), "2022-10-10T10:12:09.250000"},
      {INT64_C(1665396729000001), "2022-10-10T10:12:09.000001"},
      {-1, "1969-12-31T23:59:59.999999"},
      {-1000000, "1969-12-31T23:59:59"},
      {INT64_C(951782400000000), "2000-02-29T00:00:00"},
      {INT64_C(253402300799999999), "9999-12-31T23:59:59.999999"},
      {INT64_C(253402300800000000), "+010000-01-01T00:00:00"},
      {INT64_C(-62167219200000000), "0000-01-01T00:00:00"},
      {INT64_C(-62167219200000001), "-000001-12-31T23:59:59.999999"},
      {INT64_MAX, "+294247-01-10T04:00:54.775807"},
      {INT64_MIN, "-290308-12-21T19:59:05.224192"},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    char text[MS_TIME_TEXT_SIZE];
    ms_time_format(rows[i].time_us, text);
    assert_string_equal(text, rows[i].text);
  }
}

static void
every_day_agrees_with_the_c_library(void **state)
{
  (void)state;
  /* Nearly every day of 1600 … 2400, at a different second each. */
  for (int64_t seconds = INT64_C(-11676096000); seconds < INT64_C(13569465600); seconds += 86399) {
    struct tm broken;
    time_t time = seconds;
    gmtime_r(&time, &broken);
    char wanted[64];
    strftime(wanted, sizeof wanted, "%Y-%m-%dT%H:%M:%S", &broken);
    char text[MS_TIME_TEXT_SIZE];
    ms_time_format(seconds * second_us, text);
    assert_string_equal(text, wanted);
    assert_int_equal(parse(text), seconds * second_us);
  }
}

static void
every_accepted_form_is_read(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    const char *utc;
  } rows[] = {
      {"2022-10-10", "2022-10-10T00:00:00"},
      {"2022-10-10T10:12", "2022-10-10T10:12:00"},
      {"2022-10-10 10:12:09", "2022-10-10T10:12:09"},
      {"2022-10-10T10:12:09Z", "2022-10-10T10:12:09"},
      {"2022-10-10T10:12:09.25", "2022-10-10T10:12:09.250000"},
      {"2022-10-10T10:12:09.123456789Z", "2022-10-10T10:12:09.123456"},
      {"2022-10-10T10:12:09+02:00", "2022-10-10T08:12:09"},
      {"2022-10-10T10:12:09-0530", "2022-10-10T15:42:09"},
      {"2022-10-10T10:12+00:00", "2022-10-10T10:12:00"},
      {"2023-01-01T00:30:00+01:00", "2022-12-31T23:30:00"},
      {"2024-02-29", "2024-02-29T00:00:00"},
      {"0001-01-01", "0001-01-01T00:00:00"},
      {"9999-12-31T23:59:59.999999", "9999-12-31T23:59:59.999999"},
      {"1969-12-31T23:59:59.5", "1969-12-31T23:59:59.500000"},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    char text[MS_TIME_TEXT_SIZE];
    ms_time_format(parse(rows[i].text), text);
    assert_string_equal(text, rows[i].utc);
  }
}

static void
anything_else_is_refused(void **state)
{
  (void)state;
  static const char *const rows[] = {
      "",
      "yesterday",
      "2022",
      "2022-10",
      "2022-13-01",
      "2022-00-01",
      "2022-10-00",
      "2022-10-32",
      "2022-04-31",
      "2023-02-29",
      "1900-02-29",
      "0000-01-01",
      "22-10-10",
      "2022-1-10",
      "+2022-10-10",
      "2022-10-10T",
      "2022-10-10 ",
      "2022-10-10T10",
      "2022-10-10T24:00",
      "2022-10-10T10:60",
      "2022-10-10T10:12:60",
      "2022-10-10T10:12:",
      "2022-10-10T10:12:09.",
      "2022-10-10T10:12:09,5",
      "2022-10-10T10:12:09+",
      "2022-10-10T10:12:09+2",
      "2022-10-10T10:12:09+02",
      "2022-10-10T10:12:09+02:60",
      "2022-10-10T10:12:09+24:00",
      "2022-10-10T10:12:09ZZ",
      "2022-10-10T10:12:09Z ",
      "2022-10-10x",
      "0001-01-01T00:00:00+00:01",
      "9999-12-31T23:59:59-00:01",
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct ms_error err;
    int64_t time_us = 77;
    char quoted[64];
    snprintf(quoted, sizeof quoted, "'%s'", rows[i]);
    check_error(ms_time_parse(rows[i], strlen(rows[i]), &time_us, &err), &err, MS_INVALID, quoted);
    assert_int_equal(time_us, 77);
  }
}

static void
the_text_needs_no_nul_and_is_quoted_in_part(void **state)
{
  (void)state;
  struct ms_error err;
  int64_t time_us;
  check_ok(ms_time_parse("2022-10-10T99", 10, &time_us, &err), &err);
  char *text = malloc(100000);
  memset(text, '2', 100000);
  assert_int_equal(ms_time_parse(text, 100000, &time_us, &err), MS_INVALID);
  assert_in_range(strlen(err.message), 64, 300);
  free(text);
}

static void
clocks_advance(void **state)
{
  (void)state;
  time_t before_s = time(NULL);
  int64_t now_us = ms_clock_now_us();
  assert_in_range(now_us / second_us, before_s - 1, time(NULL) + 1);
  int64_t before_us = ms_clock_monotonic_us();
  struct timespec pause = {.tv_nsec = 2000000};
  nanosleep(&pause, NULL);
  int64_t after_us = ms_clock_monotonic_us();
  assert_true(after_us - before_us >= 2000);
  int64_t after_ms = ms_clock_monotonic_ms();
  assert_in_range(after_ms, after_us / 1000, ms_clock_monotonic_us() / 1000);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(times_print),
      cmocka_unit_test(every_day_agrees_with_the_c_library),
      cmocka_unit_test(every_accepted_form_is_read),
      cmocka_unit_test(anything_else_is_refused),
      cmocka_unit_test(the_text_needs_no_nul_and_is_quoted_in_part),
      cmocka_unit_test(clocks_advance),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
