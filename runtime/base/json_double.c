/* Digits come from the C library's exact conversions; the spelling is ours.
 *
 * strtod obeys the locale, so it is called with the C locale's handle. snprintf does, too, but only
 * in the mark between the digits, which is skipped. */
#include "base/json_double.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  EXACT_DIGITS = 19,  /* decimal digits that always fit a uint64_t */
  EXACT_EXPONENT = 22 /* 10^22 is the largest power of ten that a double holds exactly */
};

enum { MILLIONTHS_DIGITS = 6 };

static const double MILLION = 1e6;
static const double MILLIONTHS_MAX = 1e9; /* 15 digits with the millionths */

static const double powers_of_ten[EXACT_EXPONENT + 1] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
};

static locale_t c_locale; /* never freed; NULL when out of memory */
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

static void
make_c_locale(void)
{
  c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

bool
ms_json_double_exact(const struct ms_json_decimal *decimal, double *number)
{
  if (FLT_EVAL_METHOD != 0 || decimal->digits > EXACT_DIGITS ||
      decimal->mantissa > UINT64_C(1) << DBL_MANT_DIG || abs(decimal->exponent) > EXACT_EXPONENT) {
    return false;
  }
  double magnitude = (double)decimal->mantissa;
  if (decimal->exponent < 0) {
    magnitude /= powers_of_ten[-decimal->exponent];
  } else {
    magnitude *= powers_of_ten[decimal->exponent];
  }
  *number = decimal->negative ? -magnitude : magnitude;
  return true;
}

double
ms_json_double_parse(const char *text)
{
  pthread_once(&c_locale_once, make_c_locale);
  return c_locale ? strtod_l(text, NULL, c_locale) : strtod(text, NULL);
}

/* The significant digits of `number` and the power of ten of the first one. */
struct digits {
  char text[18];
  int count; /* without trailing zeros, at least 1 */
  int exponent;
};

/* Takes "d.ddde±dd" apart. */
static void
split_digits(const char *printed, struct digits *digits)
{
  digits->count = 0;
  const char *next = printed;
  for (; *next != 'e'; next++) {
    if (*next >= '0' && *next <= '9') {
      digits->text[digits->count++] = *next;
    }
  }
  while (digits->count > 1 && digits->text[digits->count - 1] == '0') {
    digits->count--;
  }
  digits->exponent = atoi(next + 1);
}

/* Splits 1234500000, which stands for 1234.5. */
static void
split_millionths(uint64_t millionths, struct digits *digits)
{
  char reversed[EXACT_DIGITS + 1];
  int count = 0;
  do {
    reversed[count++] = (char)('0' + millionths % 10);
    millionths /= 10;
  } while (millionths > 0);
  int zeros = 0;
  while (zeros < count - 1 && reversed[zeros] == '0') {
    zeros++;
  }
  digits->count = count - zeros;
  digits->exponent = reversed[count - 1] == '0' ? 0 : count - 1 - MILLIONTHS_DIGITS;
  for (int i = 0; i < digits->count; i++) {
    digits->text[i] = reversed[count - 1 - i];
  }
}

/* Most numbers have few digits. Up to 15 of them survive a double, so if this many millionths give the same
 * double back (both operands are exact, and division rounds as reading does), they are its shortest text. */
static bool
few_digits(double magnitude, struct digits *digits)
{
  if (FLT_EVAL_METHOD != 0 || magnitude >= MILLIONTHS_MAX) {
    return false;
  }
  uint64_t millionths = (uint64_t)(magnitude * MILLION + 0.5);
  if ((double)millionths / MILLION != magnitude) {
    return false;
  }
  split_millionths(millionths, digits);
  return true;
}

static void
shortest_digits(double magnitude, struct digits *digits)
{
  if (few_digits(magnitude, digits)) {
    return;
  }
  char printed[40];
  for (int precision = 15; precision <= 17; precision++) {
    snprintf(printed, sizeof printed, "%.*e", precision - 1, magnitude);
    if (strtod(printed, NULL) == magnitude) {
      break;
    }
  }
  split_digits(printed, digits);
}

static char *
put_text(char *out, const char *text, int count)
{
  memcpy(out, text, (size_t)count);
  return out + count;
}

static char *
put_zeros(char *out, int count)
{
  memset(out, '0', (size_t)count);
  return out + count;
}

/* 1234.5, 1200.0 or 0.0012 */
static char *
put_fixed(char *out, const struct digits *digits)
{
  int whole = digits->exponent + 1; /* digits before the point */
  if (whole <= 0) {
    out = put_text(out, "0.", 2);
    out = put_zeros(out, -whole);
    return put_text(out, digits->text, digits->count);
  }
  if (whole >= digits->count) {
    out = put_text(out, digits->text, digits->count);
    out = put_zeros(out, whole - digits->count);
    return put_text(out, ".0", 2);
  }
  out = put_text(out, digits->text, whole);
  *out++ = '.';
  return put_text(out, digits->text + whole, digits->count - whole);
}

/* 1e+16 or 1.25e-07 */
static char *
put_scientific(char *out, const struct digits *digits)
{
  *out++ = digits->text[0];
  if (digits->count > 1) {
    *out++ = '.';
    out = put_text(out, digits->text + 1, digits->count - 1);
  }
  return out + sprintf(out, "e%+03d", digits->exponent);
}

void
ms_json_double_format(double number, char text[MS_JSON_DOUBLE_SIZE])
{
  if (signbit(number)) {
    *text++ = '-';
    number = -number;
  }
  struct digits digits;
  shortest_digits(number, &digits);
  bool fixed = digits.exponent >= -4 && digits.exponent < 16;
  *(fixed ? put_fixed(text, &digits) : put_scientific(text, &digits)) = '\0';
}
