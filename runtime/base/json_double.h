/* Doubles as JSON text, in both directions and in any locale: a script may call os.setlocale. */
#ifndef MS_BASE_JSON_DOUBLE_H
#define MS_BASE_JSON_DOUBLE_H

#include <stdbool.h>
#include <stdint.h>

enum { MS_JSON_DOUBLE_SIZE = 32 /* bytes of a double's text with its NUL */ };

/* A decimal number that was read digit by digit: mantissa × 10^exponent. */
struct ms_json_decimal {
  uint64_t mantissa; /* exact when digits <= 19 */
  int digits;        /* that went into the mantissa, leading zeros included */
  int exponent;
  bool negative;
};

/* The double nearest to `decimal`, if two exact doubles and one rounding suffice to find it. */
bool
ms_json_double_exact(const struct ms_json_decimal *decimal, double *number);

/* The double nearest to the NUL-terminated JSON number `text`; infinite when out of range. */
double
ms_json_double_parse(const char *text);

/* The shortest of 15, 16 or 17 digits that reads back the same, spelled as Python's repr does: with
 * ".0" when nothing else says that it is a double, with an exponent below 1e-4 and from 1e16 on.
 * `number` is finite. */
void
ms_json_double_format(double number, char text[MS_JSON_DOUBLE_SIZE]);

#endif
