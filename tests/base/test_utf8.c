#include "support/check.h"

#include "base/utf8.h"

static bool
is_scalar(uint32_t code_point)
{
  return code_point <= 0x10FFFF && !(code_point >= 0xD800 && code_point <= 0xDFFF);
}

static void
every_character_survives(void **state)
{
  (void)state;
  for (uint32_t code_point = 0; code_point <= 0x10FFFF; code_point++) {
    if (!is_scalar(code_point)) {
      continue;
    }
    char text[MS_UTF8_MAX];
    size_t length = ms_utf8_encode(code_point, text);
    size_t wanted = code_point < 0x80 ? 1 : code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
    uint32_t decoded = 0;
    if (length != wanted || ms_utf8_decode(text, length, &decoded) != length ||
        decoded != code_point) {
      fail_msg("U+%04X became %zu bytes and U+%04X", code_point, length, decoded);
    }
  }
}

static void
the_bytes_are_those_of_the_standard(void **state)
{
  (void)state;
  char text[MS_UTF8_MAX];
  assert_int_equal(ms_utf8_encode(0x20AC, text), 3);
  assert_memory_equal(text, "\xE2\x82\xAC", 3);
  assert_int_equal(ms_utf8_encode(0x1F680, text), 4);
  assert_memory_equal(text, "\xF0\x9F\x9A\x80", 4);
}

static void
bad_bytes_are_refused(void **state)
{
  (void)state;
  static const char *const rows[] = {
      "\x80",             /* a continuation alone */
      "\xBF\x80",         /* two of them */
      "\xC3",             /* cut */
      "\xC3(",            /* no continuation */
      "\xE2\x82",         /* cut */
      "\xE2\x28\xAC",     /* no continuation */
      "\xF0\x9F\x9A",     /* cut */
      "\xC0\x80",         /* overlong NUL */
      "\xC1\xBF",         /* overlong U+007F */
      "\xE0\x9F\xBF",     /* overlong U+07FF */
      "\xF0\x8F\xBF\xBF", /* overlong U+FFFF */
      "\xED\xA0\x80",     /* a surrogate, U+D800 */
      "\xED\xBF\xBF",     /* a surrogate, U+DFFF */
      "\xF4\x90\x80\x80", /* U+110000 */
      "\xF8\x88\x80\x80\x80",
      "\xFE",
      "\xFF",
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    uint32_t code_point;
    assert_int_equal(ms_utf8_decode(rows[i], strlen(rows[i]), &code_point), 0);
  }
}

static void
only_the_first_character_counts(void **state)
{
  (void)state;
  uint32_t code_point;
  assert_int_equal(ms_utf8_decode("\xC3\xA9\xFF", 3, &code_point), 2);
  assert_int_equal(code_point, 0xE9);
  assert_int_equal(ms_utf8_decode("a\xFF", 2, &code_point), 1);
  assert_int_equal(ms_utf8_decode("\xC3\xA9", 1, &code_point), 0); /* the second is not ours */
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_character_survives),
      cmocka_unit_test(the_bytes_are_those_of_the_standard),
      cmocka_unit_test(bad_bytes_are_refused),
      cmocka_unit_test(only_the_first_character_counts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
