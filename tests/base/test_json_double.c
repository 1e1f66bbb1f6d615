#include "support/check.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>

#include "base/json.h"
#include "base/json_double.h"

enum { ROUNDS = 100000 };

/* The same numbers in every run (a linear congruential generator, Knuth's constants). */
static uint64_t
next_random(void)
{
  static uint64_t seed = 20221010;
  seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return seed ^ seed >> 29;
}

static double
read_number(const char *text)
{
  struct ms_json_reader reader;
  struct ms_error err;
  ms_json_reader_init(&reader, text, strlen(text));
  check_ok(ms_json_next(&reader, &err), &err);
  assert_int_equal(reader.type, MS_JSON_NUMBER);
  double number = reader.number;
  ms_json_reader_free(&reader);
  return number;
}

static void
check_survives(double number)
{
  char text[MS_JSON_DOUBLE_SIZE];
  ms_json_double_format(number, text);
  double back = read_number(text);
  if (memcmp(&back, &number, sizeof back) != 0) {
    fail_msg("%a became '%s', which is %a", number, text, back);
  }
}

/* "%.6f" without the zeros behind, but with one digit after the point. */
static void
print_plainly(double number, char *text, size_t size_bytes)
{
  snprintf(text, size_bytes, "%.6f", number);
  for (char *last = text + strlen(text) - 1; *last == '0' && last[-1] != '.'; last--)
    *last = '\0';
}

static void
few_digits_stay_few(void **state)
{
  (void)state;
  for (int round = 0; round < ROUNDS; round++) {
    char text[MS_JSON_DOUBLE_SIZE], plain[64];
    uint64_t places = 1;
    for (int i = round % 7; i > 0; i--)
      places *= 10;
    double number = (double)(next_random() % (places * 1000000) + 200) / (double)places;
    if (number < 0.0001)
      continue;
    print_plainly(number, plain, sizeof plain);
    ms_json_double_format(number, text);
    assert_string_equal(text, plain);
    check_survives(number);
  }
}

static void
random_bits_survive(void **state)
{
  (void)state;
  for (int round = 0; round < ROUNDS; round++) {
    uint64_t bits = next_random();
    double number;
    memcpy(&number, &bits, sizeof number);
    if (isfinite(number)) {
      check_survives(number);
    }
  }
}

static void
everyday_numbers_survive_and_are_short(void **state)
{
  (void)state;
  for (int round = 0; round < ROUNDS; round++) {
    double number = (double)(next_random() % 100000000) / 1000.0;
    check_survives(number);
    char text[MS_JSON_DOUBLE_SIZE];
    ms_json_double_format(number, text);
    assert_in_range(strlen(text), 3, 9); /* 99999.999 */
  }
}

static void
the_extremes_survive(void **state)
{
  (void)state;
  static const double rows[] = {DBL_MAX,
                                -DBL_MAX,
                                DBL_MIN,
                                4.9406564584124654e-324,
                                DBL_EPSILON,
                                0x1p53,
                                0x1p63,
                                0x1p-44,
                                -0x1p-1022,
                                0x1.8p-1074,
                                1e15,
                                1e16,
                                999999999999999.9,
                                0.00099999999999999};
  for (size_t i = 0; i < COUNT(rows); i++) {
    check_survives(rows[i]);
  }
}

/* The shortcut agrees with the C library on every number of up to 19 digits. */
static void
the_shortcut_is_exact(void **state)
{
  (void)state;
  for (int round = 0; round < ROUNDS; round++) {
    uint64_t mantissa = next_random() >> (next_random() % 60);
    int exponent = (int)(next_random() % 60) - 30;
    char text[64];
    snprintf(text, sizeof text, "%s%llue%d", round % 2 ? "-" : "", (unsigned long long)mantissa,
             exponent);
    double wanted = strtod(text, NULL);
    double number = read_number(text);
    if (number != wanted) {
      fail_msg("%s was read as %a, not as %a", text, number, wanted);
    }
  }
}

/* Whichever of these the machine has writes 1,5. */
static const char *const comma_locales[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE",     "fr_FR.UTF-8",
                                            "fr_FR.utf8",  "sv_SE.utf8", "ru_RU.utf8"};

static void
a_locale_with_commas_changes_nothing(void **state)
{
  (void)state;
  const char *found = NULL;
  for (size_t i = 0; !found && i < COUNT(comma_locales); i++) {
    found = setlocale(LC_NUMERIC, comma_locales[i]);
  }
  if (!found) {
    print_message("no locale with a decimal comma on this machine\n");
    skip();
  }
  char text[MS_JSON_DOUBLE_SIZE];
  ms_json_double_format(1234.5678901234567, text);
  double number = read_number("0.30000000000000004");
  setlocale(LC_NUMERIC, "C");
  assert_string_equal(text, "1234.5678901234567");
  assert_true(number == 0.1 + 0.2);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(few_digits_stay_few),
      cmocka_unit_test(random_bits_survive),
      cmocka_unit_test(everyday_numbers_survive_and_are_short),
      cmocka_unit_test(the_extremes_survive),
      cmocka_unit_test(the_shortcut_is_exact),
      cmocka_unit_test(a_locale_with_commas_changes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
