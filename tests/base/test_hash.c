#include "support/check.h"

#include "base/hash.h"

static void
equal_bytes_have_equal_hashes(void **state)
{
  (void)state;
  char shifted[64];
  const char text[] = "SELECT id FROM Task WHERE name = ?1";
  for (size_t offset = 0; offset < 8; offset++) {
    memcpy(shifted + offset, text, sizeof text);
    assert_true(ms_hash(shifted + offset, sizeof text) == ms_hash(text, sizeof text));
  }
}

static void
every_byte_counts(void **state)
{
  (void)state;
  char text[40] = {0};
  for (size_t size = 0; size < sizeof text; size++) {
    assert_true(ms_hash(text, size) != ms_hash(text, size + 1));
    for (size_t i = 0; i < size; i++) {
      uint64_t before = ms_hash(text, size);
      text[i] ^= 1;
      assert_true(ms_hash(text, size) != before);
      text[i] ^= 1;
    }
  }
}

/* Texts that differ in a number fill the buckets of a small table evenly. */
static void
neighbours_are_scattered(void **state)
{
  (void)state;
  enum { BUCKETS = 256, TEXTS = 25600 };
  int counts[BUCKETS] = {0};
  for (int i = 0; i < TEXTS; i++) {
    char text[32];
    int size = snprintf(text, sizeof text, "query %d", i);
    counts[ms_hash(text, (size_t)size) % BUCKETS]++;
  }
  for (int i = 0; i < BUCKETS; i++)
    assert_in_range(counts[i], TEXTS / BUCKETS / 2, TEXTS / BUCKETS * 2);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equal_bytes_have_equal_hashes),
      cmocka_unit_test(every_byte_counts),
      cmocka_unit_test(neighbours_are_scattered),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
