/* Zones: a date-time remembers the one that it is shown in, and what is made of it has the offset of its own
 * moment. The C library is asked for the local zone alone; named ones are read by Lua
 * (moonshift.zone). */
#include <lauxlib.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "binding/options.h"
#include "binding/raise.h"
#include "session/datetime_internal.h"

enum { OFFSET_MAX_S = 24 * 60 * 60 };

/* What a shift may be at most, in each of its units: 10,000 years. */
static const int64_t YEARS_MAX = 10000, DAYS_MAX = INT64_C(3660000), SECONDS_MAX = 316224000000;

/* ---- offsets ---- */

static int64_t
floor_seconds(int64_t time_us)
{
  int64_t fraction_us = (time_us % MS_US_PER_SECOND + MS_US_PER_SECOND) % MS_US_PER_SECOND;
  return (time_us - fraction_us) / MS_US_PER_SECOND;
}

static int32_t
local_offset_s(int64_t time_us)
{
  time_t seconds = (time_t)floor_seconds(time_us);
  struct tm calendar;
  localtime_r(&seconds, &calendar);
  return (int32_t)calendar.tm_gmtoff;
}

/* The offset of the zone whose name is on top. */
static int32_t
named_offset_s(lua_State *L, int64_t time_us)
{
  lua_getglobal(L, "require");
  lua_pushliteral(L, "moonshift.zone");
  lua_call(L, 1, 1);
  lua_getfield(L, -1, "offset");
  lua_pushvalue(L, -3);
  lua_pushinteger(L, floor_seconds(time_us));
  lua_call(L, 2, 1); /* name, module, offset */
  lua_Integer offset_s = luaL_checkinteger(L, -1);
  if (offset_s <= -OFFSET_MAX_S || offset_s >= OFFSET_MAX_S) {
    ms_raisef(L, MS_INVALID, "time zone '%s': its file tells an offset of more than a day",
              lua_tostring(L, -3));
  }
  lua_pop(L, 2);
  return (int32_t)offset_s;
}

/* The offset of `value`'s zone at a moment. */
static int32_t
offset_at(lua_State *L, const struct ms_datetime *value, int64_t time_us)
{
  switch (value->zone) {
  case MS_ZONE_LOCAL:
    return local_offset_s(time_us);
  case MS_ZONE_NAMED:
    return named_offset_s(L, time_us);
  default:
    return value->offset_s;
  }
}

void
ms_datetime_push_like(lua_State *L, int index, struct ms_datetime value)
{
  if (value.zone == MS_ZONE_NAMED) {
    lua_getiuservalue(L, index, MS_DATETIME_ZONE_NAME);
  }
  value.offset_s = offset_at(L, &value, value.time_us);
  ms_datetime_push(L, value);
}

void
ms_datetime_set_wall(lua_State *L, struct ms_datetime *value, int64_t wall_us)
{
  int32_t guess_s = offset_at(L, value, wall_us - value->offset_s * MS_US_PER_SECOND);
  int32_t before_s = offset_at(L, value, wall_us - OFFSET_MAX_S * MS_US_PER_SECOND);
  int64_t early_us = wall_us - before_s * MS_US_PER_SECOND;
  int64_t guess_us = wall_us - guess_s * MS_US_PER_SECOND;
  bool is_early = offset_at(L, value, early_us) == before_s;
  bool is_guess = offset_at(L, value, guess_us) == guess_s;
  value->time_us = is_early || !is_guess ? early_us : guess_us;
  value->offset_s = offset_at(L, value, value->time_us);
}

/* ---- zones ---- */

/* Reads "+02:00". */
static bool
read_offset(const char *text, int32_t *offset_s)
{
  int hours, minutes;
  char sign, rest;
  if (sscanf(text, "%c%2d:%2d%c", &sign, &hours, &minutes, &rest) != 3 ||
      (sign != '+' && sign != '-') || hours < 0 || minutes < 0 || minutes >= 60 ||
      hours * 3600 >= OFFSET_MAX_S) {
    return false;
  }
  *offset_s = (hours * 3600 + minutes * 60) * (sign == '-' ? -1 : 1);
  return true;
}

void
ms_datetime_set_zone(lua_State *L, struct ms_datetime *value, const char *zone)
{
  value->zone = MS_ZONE_FIXED;
  value->offset_s = 0;
  if (strcmp(zone, "local") == 0) {
    value->zone = MS_ZONE_LOCAL;
  } else if (strcmp(zone, "utc") != 0 && !read_offset(zone, &value->offset_s)) {
    value->zone = MS_ZONE_NAMED;
    lua_pushstring(L, zone);
  }
}

/* datetime:to(zone): the same instant shown as "utc", "local", at an offset such as "+02:00" or as
 * in a zone such as "Europe/Berlin". */
int
ms_datetime_to(lua_State *L)
{
  struct ms_datetime value = *ms_datetime_check(L, 1);
  ms_datetime_set_zone(L, &value, luaL_checkstring(L, 2));
  value.offset_s = offset_at(L, &value, value.time_us);
  ms_datetime_push(L, value);
  return 1;
}

/* ---- the calendar ---- */

struct shift {
  int64_t years, months, weeks, days, hours, minutes;
  double seconds;
};

static bool
is_within(int64_t number, int64_t maximum)
{
  return number >= -maximum && number <= maximum;
}

static struct shift
read_shift(lua_State *L, int index)
{
  struct shift shift = {0};
  static const struct ms_option options[] = {
      {"years", MS_OPTION_INTEGER, offsetof(struct shift, years), false},
      {"months", MS_OPTION_INTEGER, offsetof(struct shift, months), false},
      {"weeks", MS_OPTION_INTEGER, offsetof(struct shift, weeks), false},
      {"days", MS_OPTION_INTEGER, offsetof(struct shift, days), false},
      {"hours", MS_OPTION_INTEGER, offsetof(struct shift, hours), false},
      {"minutes", MS_OPTION_INTEGER, offsetof(struct shift, minutes), false},
      {"seconds", MS_OPTION_NUMBER, offsetof(struct shift, seconds), false},
  };
  ms_options_read(L, index, "shift", options, sizeof options / sizeof *options, &shift);
  bool is_in_range = is_within(shift.years, YEARS_MAX) && is_within(shift.months, YEARS_MAX * 12) &&
                     is_within(shift.weeks, DAYS_MAX / 7) && is_within(shift.days, DAYS_MAX) &&
                     is_within(shift.hours, SECONDS_MAX / 3600) &&
                     is_within(shift.minutes, SECONDS_MAX / 60) &&
                     fabs(shift.seconds) <= (double)SECONDS_MAX;
  if (!is_in_range) {
    ms_raisef(L, MS_INVALID, "shift: a number is out of its range");
  }
  return shift;
}

static int
days_in_month(int64_t year, int month)
{
  static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return days[month] + (month == 1 && is_leap);
}

/* What the zone's clock and calendar show after years, months, weeks and days. The last of a month stays in its
 * month: a month behind January 31 is February 28 or 29. */
static int64_t
shift_calendar(lua_State *L, const struct ms_datetime *value, const struct shift *shift)
{
  struct tm calendar;
  int fraction_us;
  ms_datetime_calendar(value, &calendar, &fraction_us);
  int64_t months = (calendar.tm_year + shift->years) * 12 + calendar.tm_mon + shift->months;
  int64_t year = 1900 + (months - (months % 12 + 12) % 12) / 12;
  if (year < 1 || year > 9999) {
    ms_raisef(L, MS_INVALID, "a date-time outside the years 1 to 9999");
  }
  calendar.tm_year = (int)year - 1900;
  calendar.tm_mon = (int)((months % 12 + 12) % 12);
  int last = days_in_month(year, calendar.tm_mon);
  calendar.tm_mday = calendar.tm_mday < last ? calendar.tm_mday : last;
  int64_t days = shift->weeks * 7 + shift->days;
  return ((int64_t)timegm(&calendar) + days * 86400) * MS_US_PER_SECOND + fraction_us;
}

/* datetime:shift{months=, days=, hours=, …}: by the calendar of its zone as far as days, by elapsed time
 * below. */
int
ms_datetime_shift(lua_State *L)
{
  struct ms_datetime value = *ms_datetime_check(L, 1);
  struct shift shift = read_shift(L, 2);
  int64_t by_us = (shift.hours * 3600 + shift.minutes * 60) * MS_US_PER_SECOND +
                  (int64_t)llround(shift.seconds * 1e6);
  if (value.zone == MS_ZONE_NAMED) {
    lua_getiuservalue(L, 1, MS_DATETIME_ZONE_NAME);
  }
  if (shift.years != 0 || shift.months != 0 || shift.weeks != 0 || shift.days != 0) {
    ms_datetime_set_wall(L, &value, shift_calendar(L, &value, &shift));
  }
  value.time_us += by_us;
  value.is_date = value.is_date && by_us == 0;
  ms_datetime_push_like(L, 1, value);
  return 1;
}
