/* Calendar arithmetic without the C library's: no time zone database, no locale, no tables.
 *
 * Days are counted in years that begin on 1 March, so that the leap day comes last and the months'
 * lengths follow one formula; 400 years have 146,097 days. Divisions round down, which makes times
 * before 1970 ordinary. */
#include "base/clock.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#define US_PER_SECOND INT64_C(1000000)
#define SECONDS_PER_DAY INT64_C(86400)

enum {
  DAYS_PER_ERA = 146097,      /* 400 years */
  DAYS_BEFORE_EPOCH = 719468, /* 0000-03-01 to 1970-01-01 */
  YEAR_MIN = 1,               /* what the clients' calendars can hold */
  YEAR_MAX = 9999,
  QUOTED_MAX_BYTES = 64 /* of a bad text in the message */
};

struct civil_date {
  int64_t year;
  unsigned month; /* 1 … 12 */
  unsigned day;   /* 1 … 31 */
};

static int64_t
read_clock_us(clockid_t clock)
{
  struct timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * US_PER_SECOND + now.tv_nsec / 1000;
}

int64_t
ms_clock_now_us(void)
{
  return read_clock_us(CLOCK_REALTIME);
}

int64_t
ms_clock_monotonic_us(void)
{
  return read_clock_us(CLOCK_MONOTONIC);
}

int64_t
ms_clock_monotonic_ms(void)
{
  return ms_clock_monotonic_us() / 1000;
}

static int64_t
divide_down(int64_t dividend, int64_t divisor)
{
  return dividend / divisor - (dividend % divisor < 0);
}

static struct civil_date
date_of_days(int64_t days)
{
  days += DAYS_BEFORE_EPOCH;
  int64_t era = divide_down(days, DAYS_PER_ERA);
  unsigned day_of_era = (unsigned)(days - era * DAYS_PER_ERA);
  unsigned year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  unsigned march_month = (5 * day_of_year + 2) / 153; /* 0 is March */
  unsigned month = march_month < 10 ? march_month + 3 : march_month - 9;
  return (struct civil_date){
      .year = era * 400 + year_of_era + (month <= 2),
      .month = month,
      .day = day_of_year - (153 * march_month + 2) / 5 + 1,
  };
}

static int64_t
days_of_date(struct civil_date date)
{
  int64_t year = date.year - (date.month <= 2);
  int64_t era = divide_down(year, 400);
  unsigned year_of_era = (unsigned)(year - era * 400);
  unsigned march_month = date.month > 2 ? date.month - 3 : date.month + 9;
  unsigned day_of_year = (153 * march_month + 2) / 5 + date.day - 1;
  unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * DAYS_PER_ERA + day_of_era - DAYS_BEFORE_EPOCH;
}

/* ---- to text ---- */

/* Writes exactly `width` digits and returns what follows them. */
static char *
put_digits(char *text, uint64_t value, int width)
{
  for (int i = width - 1; i >= 0; i--) {
    text[i] = (char)('0' + value % 10);
    value /= 10;
  }
  return text + width;
}

/* Years outside 0 … 9999 get a sign and six digits, as ISO 8601 writes them. */
static char *
put_year(char *text, int64_t year)
{
  if (year >= 0 && year <= 9999) {
    return put_digits(text, (uint64_t)year, 4);
  }
  *text++ = year < 0 ? '-' : '+';
  return put_digits(text, (uint64_t)(year < 0 ? -year : year), 6);
}

void
ms_time_format(int64_t time_us, char text[MS_TIME_TEXT_SIZE])
{
  int64_t seconds = divide_down(time_us, US_PER_SECOND);
  unsigned fraction_us = (unsigned)(time_us - seconds * US_PER_SECOND);
  int64_t days = divide_down(seconds, SECONDS_PER_DAY);
  unsigned second_of_day = (unsigned)(seconds - days * SECONDS_PER_DAY);
  struct civil_date date = date_of_days(days);

  text = put_year(text, date.year);
  *text++ = '-';
  text = put_digits(text, date.month, 2);
  *text++ = '-';
  text = put_digits(text, date.day, 2);
  *text++ = 'T';
  text = put_digits(text, second_of_day / 3600, 2);
  *text++ = ':';
  text = put_digits(text, second_of_day / 60 % 60, 2);
  *text++ = ':';
  text = put_digits(text, second_of_day % 60, 2);
  if (fraction_us > 0) {
    *text++ = '.';
    text = put_digits(text, fraction_us, 6);
  }
  *text = '\0';
}

/* ---- from text ---- */

struct time_text {
  const char *next;
  const char *end;
};

static bool
take_byte(struct time_text *text, char byte)
{
  if (text->next == text->end || *text->next != byte) {
    return false;
  }
  text->next++;
  return true;
}

/* Exactly `width` digits, between `minimum` and `maximum`. */
static bool
take_number(struct time_text *text, int width, unsigned minimum, unsigned maximum, unsigned *value)
{
  if (text->end - text->next < width) {
    return false;
  }
  *value = 0;
  for (int i = 0; i < width; i++) {
    unsigned digit = (unsigned)(*text->next++ - '0');
    if (digit > 9) {
      return false;
    }
    *value = *value * 10 + digit;
  }
  return *value >= minimum && *value <= maximum;
}

static unsigned
days_in_month(unsigned year, unsigned month)
{
  if (month == 2) {
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return leap ? 29 : 28;
  }
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

static bool
take_date(struct time_text *text, int64_t *days)
{
  unsigned year, month, day;
  if (!take_number(text, 4, YEAR_MIN, YEAR_MAX, &year) || !take_byte(text, '-') ||
      !take_number(text, 2, 1, 12, &month) || !take_byte(text, '-') ||
      !take_number(text, 2, 1, days_in_month(year, month), &day)) {
    return false;
  }
  *days = days_of_date((struct civil_date){.year = year, .month = month, .day = day});
  return true;
}

/* At least one digit; those below a microsecond are dropped. */
static bool
take_fraction(struct time_text *text, int64_t *fraction_us)
{
  int64_t unit_us = US_PER_SECOND;
  const char *start = text->next;
  while (text->next < text->end && *text->next >= '0' && *text->next <= '9') {
    unit_us /= 10;
    *fraction_us += (*text->next++ - '0') * unit_us;
  }
  return text->next > start;
}

/* hh:mm[:ss[.fraction]] */
static bool
take_time(struct time_text *text, int64_t *time_us)
{
  unsigned hour, minute, second = 0;
  int64_t fraction_us = 0;
  if (!take_number(text, 2, 0, 23, &hour) || !take_byte(text, ':') ||
      !take_number(text, 2, 0, 59, &minute)) {
    return false;
  }
  if (take_byte(text, ':')) {
    if (!take_number(text, 2, 0, 59, &second)) {
      return false;
    }
    if (take_byte(text, '.') && !take_fraction(text, &fraction_us)) {
      return false;
    }
  }
  *time_us = (hour * 3600 + minute * 60 + second) * US_PER_SECOND + fraction_us;
  return true;
}

/* Nothing, Z, ±hh:mm or ±hhmm. */
static bool
take_zone(struct time_text *text, int64_t *east_us)
{
  *east_us = 0;
  if (text->next == text->end || take_byte(text, 'Z')) {
    return true;
  }
  bool west = take_byte(text, '-');
  unsigned hour, minute;
  if ((!west && !take_byte(text, '+')) || !take_number(text, 2, 0, 23, &hour)) {
    return false;
  }
  take_byte(text, ':');
  if (!take_number(text, 2, 0, 59, &minute)) {
    return false;
  }
  *east_us = (hour * 3600 + minute * 60) * US_PER_SECOND * (west ? -1 : 1);
  return true;
}

static bool
parse_time(const char *string, size_t size_bytes, int64_t *time_us)
{
  struct time_text text = {string, string + size_bytes};
  int64_t days, in_day_us = 0, east_us;
  if (!take_date(&text, &days)) {
    return false;
  }
  if ((take_byte(&text, 'T') || take_byte(&text, ' ')) && !take_time(&text, &in_day_us)) {
    return false;
  }
  if (!take_zone(&text, &east_us) || text.next != text.end) {
    return false;
  }
  int64_t result_us = days * SECONDS_PER_DAY * US_PER_SECOND + in_day_us - east_us;
  int64_t year = date_of_days(divide_down(result_us, SECONDS_PER_DAY * US_PER_SECOND)).year;
  if (year < YEAR_MIN || year > YEAR_MAX) {
    return false;
  }
  *time_us = result_us;
  return true;
}

enum ms_status
ms_time_parse(const char *text, size_t size_bytes, int64_t *time_us, struct ms_error *err)
{
  if (parse_time(text, size_bytes, time_us)) {
    return MS_OK;
  }
  int quoted = (int)(size_bytes < QUOTED_MAX_BYTES ? size_bytes : QUOTED_MAX_BYTES);
  return ms_fail(err, MS_INVALID,
                 "'%.*s' is no date-time; write it like 2022-10-10, 2022-10-10T10:12:09 or "
                 "2022-10-10T10:12:09+02:00",
                 quoted, text);
}
