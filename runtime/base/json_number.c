/* Numbers of the pull reader: 64-bit integers exactly, everything else as the nearest double.
 *
 * The grammar is checked while the digits are gathered; what was gathered is enough to convert nearly
 * every number of a tracker. The C library gets the rest. */
#include <math.h>
#include <string.h>

#include "base/json_double.h"
#include "base/json_parts.h"

enum {
  COPY_BYTES = 64,       /* shorter numbers are converted without the scratch buffer */
  EXPONENT_MAX = 1000000 /* larger exponents are cut to this: far outside a double's range */
};

static bool
is_digit(const char *next, const char *end)
{
  return next < end && *next >= '0' && *next <= '9';
}

/* Adds the digits at `next` to the mantissa, as far as they fit; returns what follows them. */
static const char *
read_digits(const char *next, const char *end, struct ms_json_decimal *decimal)
{
  const char *start = next;
  uint64_t mantissa = decimal->mantissa;
  for (; is_digit(next, end); next++) {
    mantissa = mantissa * 10 + (uint64_t)(*next - '0'); /* wraps; then `digits` tells */
  }
  decimal->mantissa = mantissa;
  decimal->digits += next - start < EXPONENT_MAX ? (int)(next - start) : EXPONENT_MAX;
  return next;
}

/* Reads ".digits"; NULL when there are none. */
static const char *
read_fraction(const char *next, const char *end, struct ms_json_decimal *decimal)
{
  int digits_before = decimal->digits;
  if (!is_digit(next + 1, end)) {
    return NULL;
  }
  next = read_digits(next + 1, end, decimal);
  decimal->exponent -= decimal->digits - digits_before;
  return next;
}

/* Reads "e±digits"; NULL when there are no digits. */
static const char *
read_exponent(const char *next, const char *end, struct ms_json_decimal *decimal)
{
  next++;
  bool negative = next < end && *next == '-';
  if (next < end && (*next == '-' || *next == '+')) {
    next++;
  }
  if (!is_digit(next, end)) {
    return NULL;
  }
  int exponent = 0;
  for (; is_digit(next, end); next++) {
    exponent = exponent < EXPONENT_MAX ? exponent * 10 + (*next - '0') : EXPONENT_MAX;
  }
  decimal->exponent += negative ? -exponent : exponent;
  return next;
}

/* Converts the number [start, end) by the C library, which wants a NUL behind it. */
static enum ms_status
convert_number(struct ms_json_reader *reader, const char *start, const char *end,
               struct ms_error *err)
{
  size_t length = (size_t)(end - start);
  char copy[COPY_BYTES];
  if (length < sizeof copy) {
    memcpy(copy, start, length);
    copy[length] = '\0';
    reader->number = ms_json_double_parse(copy);
  } else {
    ms_buffer_clear(&reader->scratch);
    ms_buffer_append(&reader->scratch, start, length);
    if (ms_buffer_check(&reader->scratch, "a JSON number", err) != MS_OK) {
      return reader->scratch.status;
    }
    reader->number = ms_json_double_parse(ms_buffer_string(&reader->scratch));
  }
  if (isinf(reader->number)) {
    return ms_json_fail_at(reader, start, "the number is outside the range of a double", err);
  }
  return MS_OK;
}

/* Checks the grammar of the number at `start` and gathers its digits. A fraction or an exponent clears
 * `*integer`; `*behind` is what follows the number. */
static enum ms_status
scan_number(const struct ms_json_reader *reader, const char *start, struct ms_json_decimal *decimal,
            bool *integer, const char **behind, struct ms_error *err)
{
  const char *end = reader->text + reader->size_bytes;
  const char *first = start + decimal->negative;
  if (!is_digit(first, end)) {
    return ms_json_fail_at(reader, first, "a digit must follow the minus sign", err);
  }
  if (*first == '0' && is_digit(first + 1, end)) {
    return ms_json_fail_at(reader, first, "a number must not begin with a needless zero", err);
  }
  const char *next = read_digits(first, end, decimal);
  if (next < end && *next == '.') {
    *integer = false;
    next = read_fraction(next, end, decimal);
    if (!next) {
      return ms_json_fail_at(reader, start, "a digit must follow the number's point", err);
    }
  }
  if (next < end && (*next == 'e' || *next == 'E')) {
    *integer = false;
    next = read_exponent(next, end, decimal);
    if (!next) {
      return ms_json_fail_at(reader, start, "a digit must follow the number's exponent mark", err);
    }
  }
  *behind = next;
  return MS_OK;
}

static bool
fits_integer(const struct ms_json_decimal *decimal)
{
  return decimal->digits <= 19 && decimal->mantissa <= (uint64_t)INT64_MAX + decimal->negative;
}

static void
accept_integer(struct ms_json_reader *reader, const struct ms_json_decimal *decimal)
{
  uint64_t bits = decimal->negative ? 0 - decimal->mantissa : decimal->mantissa;
  reader->type = MS_JSON_INTEGER;
  reader->integer = (int64_t)bits;
  reader->number = (double)reader->integer;
}

enum ms_status
ms_json_read_number(struct ms_json_reader *reader, struct ms_error *err)
{
  const char *start = reader->text + reader->offset_bytes;
  struct ms_json_decimal decimal = {.negative = *start == '-'};
  bool integer = true;
  const char *behind = start;
  enum ms_status status = scan_number(reader, start, &decimal, &integer, &behind, err);
  if (status != MS_OK) {
    return status;
  }
  if (integer && fits_integer(&decimal)) {
    accept_integer(reader, &decimal);
  } else {
    reader->type = MS_JSON_NUMBER;
    if (!ms_json_double_exact(&decimal, &reader->number)) {
      status = convert_number(reader, start, behind, err);
    }
  }
  if (status == MS_OK) {
    reader->offset_bytes = (size_t)(behind - reader->text);
  }
  return status;
}
