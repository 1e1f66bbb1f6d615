#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/range.h"

static const struct {
  const char *header;
  uint64_t total_bytes;
  struct ms_range expected;
} rows[] = {
    {NULL, 10, {MS_RANGE_WHOLE, 0, 10}},
    {"bytes=0-0", 10, {MS_RANGE_PART, 0, 1}},
    {"bytes=0-9", 10, {MS_RANGE_PART, 0, 10}},
    {"bytes=0-99", 10, {MS_RANGE_PART, 0, 10}},
    {"bytes=4-", 10, {MS_RANGE_PART, 4, 6}},
    {"bytes=9-9", 10, {MS_RANGE_PART, 9, 1}},
    {"Bytes=1-2", 10, {MS_RANGE_PART, 1, 2}},
    {"bytes=-3", 10, {MS_RANGE_PART, 7, 3}},
    {"bytes=-99", 10, {MS_RANGE_PART, 0, 10}},
    {"bytes=-0", 10, {MS_RANGE_UNSATISFIABLE, 0, 0}},
    {"bytes=10-", 10, {MS_RANGE_UNSATISFIABLE, 0, 0}},
    {"bytes=0-", 0, {MS_RANGE_UNSATISFIABLE, 0, 0}},
    {"bytes=-1", 0, {MS_RANGE_UNSATISFIABLE, 0, 0}},
    {"bytes=99999999999999999999-", 10, {MS_RANGE_UNSATISFIABLE, 0, 0}},
    {"bytes=0-99999999999999999999", 10, {MS_RANGE_PART, 0, 10}},
    {"bytes=-99999999999999999999", 10, {MS_RANGE_PART, 0, 10}},
    {"bytes=5-4", 10, {MS_RANGE_WHOLE, 0, 10}},
    {"bytes=0-1,3-4", 10, {MS_RANGE_WHOLE, 0, 10}},
    {"bytes=-", 10, {MS_RANGE_WHOLE, 0, 10}},
    {"bytes=", 10, {MS_RANGE_WHOLE, 0, 10}},
    {"bytes=a-b", 10, {MS_RANGE_WHOLE, 0, 10}},
    {"bytes=1-2x", 10, {MS_RANGE_WHOLE, 0, 10}},
    {"bytes= 1-2", 10, {MS_RANGE_WHOLE, 0, 10}},
    {"lines=1-2", 10, {MS_RANGE_WHOLE, 0, 10}},
    {"", 10, {MS_RANGE_WHOLE, 0, 10}},
};

static void
test_parse(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct ms_range range = ms_range_parse(rows[i].header, rows[i].total_bytes);
    if (range.kind != rows[i].expected.kind || range.first != rows[i].expected.first ||
        range.size_bytes != rows[i].expected.size_bytes) {
      fail_msg("'%s' of %llu: kind %d, %llu + %llu", rows[i].header ? rows[i].header : "(none)",
               (unsigned long long)rows[i].total_bytes, range.kind, (unsigned long long)range.first,
               (unsigned long long)range.size_bytes);
    }
  }
}

int
main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_parse)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
