/* Durations: a table of units, each smaller than the one before. */
#include "base/duration.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  const char *name;
  double milliseconds;
} units[] = {
    {"d", 24 * 60 * 60 * 1000.0},
    {"h", 60 * 60 * 1000.0},
    {"m", 60 * 1000.0},
    {"s", 1000.0},
    {"ms", 1.0},
};

enum { UNIT_COUNT = sizeof units / sizeof units[0] };

static enum ms_status
fail(struct ms_error *err, const char *text)
{
  return ms_fail(err, MS_USAGE,
                 "'%s' is no duration: write seconds (90, 1.5) or units (1h30m, 2m10s, 500ms)",
                 text);
}

/* Digits with at most one point; `*end` is behind them. False when there is no digit. */
static bool
read_number(const char *text, const char **end, double *number)
{
  size_t digits = strspn(text, "0123456789");
  size_t length = digits;
  if (text[length] == '.') {
    size_t fraction = strspn(text + length + 1, "0123456789");
    digits += fraction;
    length += 1 + fraction;
  }
  if (digits == 0) {
    return false;
  }
  *number = strtod(text, NULL);
  *end = text + length;
  return true;
}

/* The index of the unit at the start of `text`, or UNIT_COUNT. */
static size_t
read_unit(const char *text, const char **end)
{
  size_t length = 0;
  while (isalpha((unsigned char)text[length])) {
    length++;
  }
  *end = text + length;
  for (size_t i = 0; i < UNIT_COUNT; i++) {
    if (strlen(units[i].name) == length && strncmp(units[i].name, text, length) == 0) {
      return i;
    }
  }
  return UNIT_COUNT;
}

static enum ms_status
store(double milliseconds, int64_t *duration_ms, struct ms_error *err)
{
  if (!(milliseconds >= 0 && milliseconds <= (double)MS_DURATION_MAX_MS)) {
    return ms_fail(err, MS_USAGE, "a duration is between 0 and 100 years, not %g s",
                   milliseconds / 1000);
  }
  *duration_ms = (int64_t)milliseconds;
  return MS_OK;
}

enum ms_status
ms_duration_from_seconds(double seconds, int64_t *duration_ms, struct ms_error *err)
{
  return store(seconds * 1000, duration_ms, err);
}

enum ms_status
ms_duration_parse(const char *text, int64_t *duration_ms, struct ms_error *err)
{
  double total = 0, number = 0;
  const char *next = text;
  if (!read_number(next, &next, &number)) {
    return fail(err, text);
  }
  if (*next == '\0') {
    return ms_duration_from_seconds(number, duration_ms, err);
  }
  for (size_t previous = 0, first = 1;; first = 0) {
    size_t unit = read_unit(next, &next);
    if (unit == UNIT_COUNT || (!first && unit <= previous)) {
      return fail(err, text);
    }
    total += number * units[unit].milliseconds;
    previous = unit;
    if (*next == '\0') {
      return store(total, duration_ms, err);
    }
    if (!read_number(next, &next, &number)) {
      return fail(err, text);
    }
  }
}
