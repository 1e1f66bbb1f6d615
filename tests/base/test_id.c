#include "support/check.h"

#include "base/id.h"

static void
an_id_is_a_version_4_uuid(void **state)
{
  (void)state;
  for (int round = 0; round < 200; round++) {
    char id[MS_ID_SIZE];
    ms_id_new(id);
    assert_int_equal(strlen(id), 36);
    for (int i = 0; i < 36; i++) {
      if (i == 8 || i == 13 || i == 18 || i == 23) {
        assert_int_equal(id[i], '-');
      } else {
        assert_non_null(strchr("0123456789abcdef", id[i]));
      }
    }
    assert_int_equal(id[14], '4');
    assert_non_null(strchr("89ab", id[19]));
  }
}

/* The value is that of Python's uuid.uuid3(uuid.NAMESPACE_DNS, "python.org"). */
static void
an_id_of_a_name_is_a_version_3_uuid(void **state)
{
  (void)state;
  char id[MS_ID_SIZE], other[MS_ID_SIZE];
  assert_true(ms_id_of_name("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "python.org", 10, id));
  assert_string_equal(id, "6fa459ea-ee8a-3ca4-894e-db77e160355e");
  assert_true(ms_id_of_name("6BA7B810-9DAD-11D1-80B4-00C04FD430C8", "python.org", 10, other));
  assert_string_equal(id, other);
  assert_true(ms_id_of_name("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "python.or", 9, other));
  assert_string_not_equal(id, other);
  static const char *const no_spaces[] = {"",
                                          "6ba7b810",
                                          "6ba7b810-9dad-11d1-80b4-00c04fd430c",
                                          "6ba7b810-9dad-11d1-80b4-00c04fd430c88",
                                          "6ba7b810-9dad-11d1-80b4-00c04fd430cg",
                                          "6ba7b810+9dad-11d1-80b4-00c04fd430c8"};
  for (size_t i = 0; i < COUNT(no_spaces); i++)
    assert_false(ms_id_of_name(no_spaces[i], "name", 4, other));
}

static int
compare_ids(const void *a, const void *b)
{
  return memcmp(a, b, MS_ID_SIZE);
}

static void
ids_do_not_repeat(void **state)
{
  (void)state;
  static char ids[5000][MS_ID_SIZE];
  for (size_t i = 0; i < COUNT(ids); i++) {
    ms_id_new(ids[i]);
  }
  qsort(ids, COUNT(ids), sizeof ids[0], compare_ids);
  for (size_t i = 1; i < COUNT(ids); i++) {
    assert_string_not_equal(ids[i - 1], ids[i]);
  }
}

static void
random_bytes_fill_everything(void **state)
{
  (void)state;
  static uint8_t bytes[100000]; /* more than getrandom gives at once when it is interrupted */
  ms_random_bytes(bytes, sizeof bytes);
  size_t counts[256] = {0};
  for (size_t i = 0; i < sizeof bytes; i++) {
    counts[bytes[i]]++;
  }
  for (size_t value = 0; value < 256; value++) { /* 390 expected; 200 is ten deviations away */
    assert_in_range(counts[value], 200, 600);
  }
}

static void
hex_is_lower_case_with_a_nul(void **state)
{
  (void)state;
  char hex[9];
  ms_hex("\x00\x0F\xA0\xFF", 4, hex);
  assert_string_equal(hex, "000fa0ff");
  ms_hex("", 0, hex);
  assert_string_equal(hex, "");
}

static void
secrets_compare(void **state)
{
  (void)state;
  assert_true(ms_secret_equal("key", 3, "key", 3));
  assert_true(ms_secret_equal("", 0, "", 0));
  assert_false(ms_secret_equal("key", 3, "kez", 3));
  assert_false(ms_secret_equal("key", 3, "Key", 3));
  assert_false(ms_secret_equal("key", 3, "keys", 4));
  assert_false(ms_secret_equal("key", 3, "", 0));
  assert_false(ms_secret_equal("a\0b", 3, "a\0c", 3));
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_id_is_a_version_4_uuid),
      cmocka_unit_test(an_id_of_a_name_is_a_version_3_uuid),
      cmocka_unit_test(ids_do_not_repeat),
      cmocka_unit_test(random_bytes_fill_everything),
      cmocka_unit_test(hex_is_lower_case_with_a_nul),
      cmocka_unit_test(secrets_compare),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
