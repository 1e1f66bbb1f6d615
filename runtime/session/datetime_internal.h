/* What datetime.c (the class) and datetime_zone.c (zones and the calendar) share. */
#ifndef MS_SESSION_DATETIME_INTERNAL_H
#define MS_SESSION_DATETIME_INTERNAL_H

#include <time.h>

#include "session/datetime.h"

#define MS_US_PER_SECOND INT64_C(1000000)

enum { MS_DATETIME_ZONE_NAME = 1 /* user value of a date-time in a named zone */ };

/* The date-time at `index`; raises MS_USAGE for another value. */
const struct ms_datetime *
ms_datetime_check(lua_State *L, int index);

/* Pushes a new value; raises MS_INVALID outside the years 1 to 9999. One in a named zone takes that zone's name
 * from the stack's top, and pops it. */
void
ms_datetime_push(lua_State *L, struct ms_datetime value);

/* Pushes `value`, derived from the date-time at `index`, in that one's zone: with the offset that the zone has
 * then. */
void
ms_datetime_push_like(lua_State *L, int index, struct ms_datetime value);

/* Its calendar fields in its own offset. */
void
ms_datetime_calendar(const struct ms_datetime *datetime, struct tm *calendar, int *fraction_us);

/* Makes the instant that `wall_us` (microseconds since 1970 on a clock in the zone) stands for. The zone is
 * `value`'s; the name of a named one is on the stack's top and stays. A time that the zone leaves out
 * is moved behind the gap; of two the first is taken. */
void
ms_datetime_set_wall(lua_State *L, struct ms_datetime *value, int64_t wall_us);

/* Puts `value` into the zone ("utc", "local", "+02:00", "Europe/Berlin"), without an offset yet; pushes the name
 * of a named one. Raises MS_USAGE for no zone. */
void
ms_datetime_set_zone(lua_State *L, struct ms_datetime *value, const char *zone);

/* Lua: datetime:to(zone), datetime:shift(fields). */
int
ms_datetime_to(lua_State *L);
int
ms_datetime_shift(lua_State *L);

#endif
