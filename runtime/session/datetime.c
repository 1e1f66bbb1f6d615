/* The class datetime. Calendar fields come from the C library's gmtime_r on the shifted instant, never
 * from the process's zone. */
#include "session/datetime.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/nearest.h"
#include "binding/options.h"
#include "binding/raise.h"
#include "session/datetime_internal.h"

#define DATETIME_METATABLE "moonshift.datetime"

enum { FORMAT_MAX_BYTES = 256 };

/* 0001-01-01T00:00:00Z and 9999-12-31T23:59:59.999999Z */
static const int64_t TIME_MIN_US = INT64_C(-62135596800) * MS_US_PER_SECOND;
static const int64_t TIME_MAX_US = INT64_C(253402300800) * MS_US_PER_SECOND - 1;

/* ---- making ---- */

void
ms_datetime_push(lua_State *L, struct ms_datetime value)
{
  if (value.time_us < TIME_MIN_US || value.time_us > TIME_MAX_US) {
    ms_raisef(L, MS_INVALID, "a date-time outside the years 1 to 9999");
  }
  bool is_named = value.zone == MS_ZONE_NAMED;
  struct ms_datetime *datetime = lua_newuserdatauv(L, sizeof *datetime, is_named);
  *datetime = value;
  luaL_setmetatable(L, DATETIME_METATABLE);
  if (is_named) {
    lua_insert(L, -2);
    lua_setiuservalue(L, -2, MS_DATETIME_ZONE_NAME);
  }
}

/* "2022-10-10" and nothing more? */
static bool
is_bare_date(const char *text, size_t text_bytes)
{
  return text_bytes == sizeof "YYYY-MM-DD" - 1 && memchr(text, ':', text_bytes) == NULL;
}

static void
make_class(lua_State *L);

enum ms_status
ms_datetime_push_text(lua_State *L, const char *text, size_t text_bytes, struct ms_error *err)
{
  struct ms_datetime value = {.is_date = is_bare_date(text, text_bytes)};
  enum ms_status status = ms_time_parse(text, text_bytes, &value.time_us, err);
  if (status == MS_OK) {
    make_class(L);
    ms_datetime_push(L, value);
  }
  return status;
}

const struct ms_datetime *
ms_datetime_test(lua_State *L, int index)
{
  return luaL_testudata(L, index, DATETIME_METATABLE);
}

const struct ms_datetime *
ms_datetime_check(lua_State *L, int index)
{
  const struct ms_datetime *datetime = ms_datetime_test(L, index);
  if (!datetime) {
    ms_raisef(L, MS_USAGE, "expected a date-time, found %s", luaL_typename(L, index));
  }
  return datetime;
}

/* Seconds as a number to microseconds; the double's own precision is the limit. */
static int64_t
check_seconds_us(lua_State *L, int index)
{
  int is_integer;
  lua_Integer whole = lua_tointegerx(L, index, &is_integer);
  double seconds = is_integer ? (double)whole : luaL_checknumber(L, index);
  if (!(fabs(seconds) < 1e12)) {
    ms_raisef(L, MS_INVALID, "%g seconds are out of range for a date-time", seconds);
  }
  return is_integer ? whole * MS_US_PER_SECOND : (int64_t)llround(seconds * 1e6);
}

/* Pushes what a table as os.time takes it stands for, in its zone or UTC. */
static void
push_fields(lua_State *L, int index)
{
  struct fields {
    int64_t year, month, day, hour, minute;
    double second;
    const char *zone;
  } fields = {.month = 1, .day = 1, .zone = "utc"};
  static const struct ms_option options[] = {
      {"year", MS_OPTION_INTEGER, offsetof(struct fields, year), true},
      {"month", MS_OPTION_INTEGER, offsetof(struct fields, month), false},
      {"day", MS_OPTION_INTEGER, offsetof(struct fields, day), false},
      {"hour", MS_OPTION_INTEGER, offsetof(struct fields, hour), false},
      {"minute", MS_OPTION_INTEGER, offsetof(struct fields, minute), false},
      {"second", MS_OPTION_NUMBER, offsetof(struct fields, second), false},
      {"zone", MS_OPTION_STRING, offsetof(struct fields, zone), false},
  };
  ms_options_read(L, index, "datetime", options, sizeof options / sizeof *options, &fields);
  if (fields.year < 1 || fields.year > 9999 || fields.month < 1 || fields.month > 12 ||
      fields.day < 1 || fields.day > 31 || fields.hour < 0 || fields.hour > 23 ||
      fields.minute < 0 || fields.minute > 59 || !(fields.second >= 0 && fields.second < 60)) {
    ms_raisef(L, MS_INVALID, "datetime: a field is out of its range");
  }
  struct tm calendar = {.tm_year = (int)fields.year - 1900,
                        .tm_mon = (int)fields.month - 1,
                        .tm_mday = (int)fields.day,
                        .tm_hour = (int)fields.hour,
                        .tm_min = (int)fields.minute};
  int64_t whole_s = timegm(&calendar);
  if (calendar.tm_mday != fields.day) {
    ms_raisef(L, MS_INVALID, "datetime: month %d has no day %d", (int)fields.month,
              (int)fields.day);
  }
  struct ms_datetime value = {0};
  ms_datetime_set_zone(L, &value, fields.zone);
  ms_datetime_set_wall(L, &value,
                       whole_s * MS_US_PER_SECOND + (int64_t)llround(fields.second * 1e6));
  ms_datetime_push(L, value);
}

int
ms_datetime_new(lua_State *L)
{
  make_class(L);
  switch (lua_type(L, 1)) {
  case LUA_TNONE:
  case LUA_TNIL:
    ms_datetime_push(L, (struct ms_datetime){.time_us = ms_clock_now_us()});
    return 1;
  case LUA_TNUMBER:
    ms_datetime_push(L, (struct ms_datetime){.time_us = check_seconds_us(L, 1)});
    return 1;
  case LUA_TTABLE:
    push_fields(L, 1);
    return 1;
  case LUA_TSTRING: {
    struct ms_error err;
    size_t text_bytes;
    const char *text = lua_tolstring(L, 1, &text_bytes);
    return ms_datetime_push_text(L, text, text_bytes, &err) == MS_OK ? 1 : ms_raise(L, &err);
  }
  default:
    ms_datetime_push_like(L, 1, *ms_datetime_check(L, 1));
    return 1;
  }
}

/* ---- text ---- */

void
ms_datetime_calendar(const struct ms_datetime *datetime, struct tm *calendar, int *fraction_us)
{
  int64_t shifted_us = datetime->time_us + datetime->offset_s * MS_US_PER_SECOND;
  int64_t fraction = ((shifted_us % MS_US_PER_SECOND) + MS_US_PER_SECOND) % MS_US_PER_SECOND;
  time_t seconds = (time_t)((shifted_us - fraction) / MS_US_PER_SECOND);
  gmtime_r(&seconds, calendar);
  *fraction_us = (int)fraction;
}

void
ms_datetime_print(const struct ms_datetime *datetime, char text[MS_DATETIME_TEXT_SIZE])
{
  char naive[MS_TIME_TEXT_SIZE];
  ms_time_format(datetime->time_us + datetime->offset_s * MS_US_PER_SECOND, naive);
  int minutes = datetime->offset_s / 60;
  if (datetime->is_date) {
    snprintf(text, MS_DATETIME_TEXT_SIZE, "%.10s", naive);
  } else if (minutes == 0) {
    snprintf(text, MS_DATETIME_TEXT_SIZE, "%sZ", naive);
  } else {
    int size = minutes < 0 ? -minutes : minutes;
    snprintf(text, MS_DATETIME_TEXT_SIZE, "%s%c%02d:%02d", naive, minutes < 0 ? '-' : '+',
             size / 60 % 24, size % 60);
  }
}

static int
datetime_tostring(lua_State *L)
{
  char text[MS_DATETIME_TEXT_SIZE];
  ms_datetime_print(ms_datetime_check(L, 1), text);
  lua_pushstring(L, text);
  return 1;
}

static int
datetime_concat(lua_State *L)
{
  luaL_tolstring(L, 1, NULL);
  luaL_tolstring(L, 2, NULL);
  lua_concat(L, 2);
  return 1;
}

/* datetime:format(format): as strftime(3), in its own offset. */
static int
datetime_format(lua_State *L)
{
  const struct ms_datetime *datetime = ms_datetime_check(L, 1);
  size_t format_bytes;
  const char *format = luaL_checklstring(L, 2, &format_bytes);
  if (format_bytes > FORMAT_MAX_BYTES) {
    return ms_raisef(L, MS_LIMIT, "a date format of %zu bytes; the limit is %d", format_bytes,
                     FORMAT_MAX_BYTES);
  }
  struct tm calendar;
  int fraction_us;
  ms_datetime_calendar(datetime, &calendar, &fraction_us);
  calendar.tm_gmtoff = datetime->offset_s;
  char text[FORMAT_MAX_BYTES * 8];
  size_t text_bytes = strftime(text, sizeof text, format, &calendar);
  lua_pushlstring(L, text, text_bytes);
  return 1;
}

/* ---- fields ---- */

static void
push_timestamp(lua_State *L, const struct ms_datetime *datetime)
{
  if (datetime->time_us % MS_US_PER_SECOND == 0) {
    lua_pushinteger(L, datetime->time_us / MS_US_PER_SECOND);
  } else {
    lua_pushnumber(L, (double)datetime->time_us / 1e6);
  }
}

enum field { YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, MICROSECOND, WEEKDAY, YEARDAY, OFFSET, STAMP };

static const char *const FIELDS[] = {
    [YEAR] = "year",
    [MONTH] = "month",
    [DAY] = "day",
    [HOUR] = "hour",
    [MINUTE] = "minute",
    [SECOND] = "second",
    [MICROSECOND] = "microsecond",
    [WEEKDAY] = "weekday", /* 1 is Monday */
    [YEARDAY] = "yearday", /* 1 is the first of January */
    [OFFSET] = "offset",   /* seconds east of UTC */
    [STAMP] = "timestamp", /* seconds since 1970 */
};

enum { FIELD_COUNT = sizeof FIELDS / sizeof *FIELDS };

static void
push_field(lua_State *L, const struct ms_datetime *datetime, enum field field)
{
  struct tm calendar;
  int fraction_us;
  ms_datetime_calendar(datetime, &calendar, &fraction_us);
  const int values[] = {
      [YEAR] = calendar.tm_year + 1900, [MONTH] = calendar.tm_mon + 1,
      [DAY] = calendar.tm_mday,         [HOUR] = calendar.tm_hour,
      [MINUTE] = calendar.tm_min,       [SECOND] = calendar.tm_sec,
      [MICROSECOND] = fraction_us,      [WEEKDAY] = calendar.tm_wday == 0 ? 7 : calendar.tm_wday,
      [YEARDAY] = calendar.tm_yday + 1, [OFFSET] = datetime->offset_s,
  };
  if (field == STAMP) {
    push_timestamp(L, datetime);
  } else {
    lua_pushinteger(L, values[field]);
  }
}

static int
raise_no_field(lua_State *L, const char *name)
{
  struct ms_nearest nearest = {.word = name};
  for (int i = 0; i < FIELD_COUNT; i++) {
    ms_nearest_offer(&nearest, FIELDS[i]);
  }
  if (nearest.best) {
    return ms_raisef(L, MS_NOT_FOUND, "a date-time has no field '%s'; did you mean '%s'?", name,
                     nearest.best);
  }
  return ms_raisef(L, MS_NOT_FOUND, "a date-time has no field '%s'", name);
}

/* Upvalue 1: the methods. */
static int
datetime_index(lua_State *L)
{
  const struct ms_datetime *datetime = ms_datetime_check(L, 1);
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) {
    return 1;
  }
  const char *name = luaL_tolstring(L, 2, NULL);
  for (int i = 0; i < FIELD_COUNT; i++) {
    if (strcmp(name, FIELDS[i]) == 0) {
      push_field(L, datetime, (enum field)i);
      return 1;
    }
  }
  return raise_no_field(L, name);
}

static int
datetime_newindex(lua_State *L)
{
  return ms_raisef(L, MS_USAGE, "a date-time cannot be changed; make a new one by adding seconds");
}

/* ---- arithmetic ---- */

static int
compare(lua_State *L)
{
  int64_t left = ms_datetime_check(L, 1)->time_us, right = ms_datetime_check(L, 2)->time_us;
  return left < right ? -1 : left > right;
}

static int
datetime_eq(lua_State *L)
{
  lua_pushboolean(L, compare(L) == 0);
  return 1;
}

static int
datetime_lt(lua_State *L)
{
  lua_pushboolean(L, compare(L) < 0);
  return 1;
}

static int
datetime_le(lua_State *L)
{
  lua_pushboolean(L, compare(L) <= 0);
  return 1;
}

/* Pushes the date-time at `index` moved by `by_us`. */
static int
push_shifted(lua_State *L, int index, int64_t by_us)
{
  struct ms_datetime value = *ms_datetime_check(L, index);
  value.time_us += by_us;
  value.is_date = value.is_date && by_us % (86400 * MS_US_PER_SECOND) == 0;
  ms_datetime_push_like(L, index, value);
  return 1;
}

/* datetime + seconds, in either order. */
static int
datetime_add(lua_State *L)
{
  int which = ms_datetime_test(L, 1) ? 1 : 2;
  return push_shifted(L, which, check_seconds_us(L, 3 - which));
}

/* datetime - datetime: seconds; datetime - seconds: the date-time before. */
static int
datetime_sub(lua_State *L)
{
  const struct ms_datetime *right = ms_datetime_test(L, 2);
  if (!right) {
    return push_shifted(L, 1, -check_seconds_us(L, 2));
  }
  int64_t difference_us = ms_datetime_check(L, 1)->time_us - right->time_us;
  if (difference_us % MS_US_PER_SECOND == 0) {
    lua_pushinteger(L, difference_us / MS_US_PER_SECOND);
  } else {
    lua_pushnumber(L, (double)difference_us / 1e6);
  }
  return 1;
}

static const luaL_Reg METHODS[] = {
    {"format", datetime_format},
    {"shift", ms_datetime_shift},
    {"to", ms_datetime_to},
    {NULL, NULL},
};

static const luaL_Reg METAMETHODS[] = {
    {"__add", datetime_add},
    {"__concat", datetime_concat},
    {"__eq", datetime_eq},
    {"__le", datetime_le},
    {"__lt", datetime_lt},
    {"__newindex", datetime_newindex},
    {"__sub", datetime_sub},
    {"__tostring", datetime_tostring},
    {NULL, NULL},
};

static void
make_class(lua_State *L)
{
  if (luaL_newmetatable(L, DATETIME_METATABLE)) {
    luaL_setfuncs(L, METAMETHODS, 0);
    luaL_newlib(L, METHODS);
    lua_pushcclosure(L, datetime_index, 1);
    lua_setfield(L, -2, "__index");
    lua_pushliteral(L, "datetime");
    lua_setfield(L, -2, "__metatable");
  }
  lua_pop(L, 1);
}
