/* The budget of bytes a second, with a clock of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/rate.h"

enum { SECOND_US = 1000000, RATE = 100 * 1024, PIECE = 16 * 1024 };

/* Bytes that pass in ten seconds when `count` transfers take pieces whenever they may. */
static int64_t
move_for_ten_seconds(int count)
{
  struct ms_rate rate;
  int64_t moved_bytes = 0, now_us = 0;
  ms_rate_begin(&rate, RATE, now_us);
  while (now_us < 10 * SECOND_US) {
    for (int i = 0; i < count; i++) {
      if (ms_rate_may(&rate, now_us)) {
        ms_rate_spend(&rate, PIECE);
        moved_bytes += PIECE;
      }
    }
    now_us += ms_rate_wait_ms(&rate, now_us) * 1000;
  }
  return moved_bytes;
}

static void
holds_for_all_together(void **state)
{
  (void)state;
  const int counts[] = {1, 2, 6, 32};
  for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
    int64_t moved_bytes = move_for_ten_seconds(counts[i]);
    assert_in_range(moved_bytes, 10 * RATE - 3 * PIECE, 10 * RATE + 3 * PIECE);
  }
}

static void
what_was_not_used_is_lost(void **state)
{
  (void)state;
  struct ms_rate rate;
  ms_rate_begin(&rate, RATE, 0);
  assert_true(ms_rate_may(&rate, 3600LL * SECOND_US));
  ms_rate_spend(&rate, RATE / 10);
  assert_false(ms_rate_may(&rate, 3600LL * SECOND_US));
}

static void
debts_are_waited_for(void **state)
{
  (void)state;
  struct ms_rate rate;
  ms_rate_begin(&rate, RATE, 0);
  ms_rate_spend(&rate, 2 * RATE);
  assert_in_range(ms_rate_wait_ms(&rate, 0), 2000, 2020);
  assert_false(ms_rate_may(&rate, 2 * SECOND_US - 1000));
  assert_true(ms_rate_may(&rate, 2 * SECOND_US + 1000));
}

static void
time_that_is_less_than_a_byte_is_not_lost(void **state)
{
  (void)state;
  struct ms_rate rate;
  ms_rate_begin(&rate, 1, 0); /* becomes the least there is */
  assert_int_equal(rate.bytes_per_second, MS_RATE_MIN_BYTES_PER_SECOND);
  int64_t now_us = 0;
  while (!ms_rate_may(&rate, now_us)) {
    now_us += 10;
    assert_in_range(now_us, 0, SECOND_US);
  }
}

static void
pieces_are_small_beside_the_rate(void **state)
{
  (void)state;
  struct ms_rate rate;
  ms_rate_begin(&rate, 1024, 0);
  assert_int_equal(ms_rate_piece_bytes(&rate), 1024);
  ms_rate_begin(&rate, 1 << 20, 0);
  assert_in_range(ms_rate_piece_bytes(&rate), 1024, (1 << 20) / 20);
  ms_rate_begin(&rate, INT64_C(1) << 40, 0);
  assert_int_equal(ms_rate_piece_bytes(&rate), 256 * 1024);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(holds_for_all_together),
      cmocka_unit_test(what_was_not_used_is_lost),
      cmocka_unit_test(debts_are_waited_for),
      cmocka_unit_test(time_that_is_less_than_a_byte_is_not_lost),
      cmocka_unit_test(pieces_are_small_beside_the_rate),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
