/* Date-times as Lua values: they compare, subtract, print; they are never changed.
 *
 * A value is an instant in microseconds, the zone that it is shown in, and whether it is a bare
 * date. Years 1 to 9999. See lua/meta/datetime.lua for what scripts can do with them. */
#ifndef MS_SESSION_DATETIME_H
#define MS_SESSION_DATETIME_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum ms_zone {
  MS_ZONE_FIXED, /* an offset for good */
  MS_ZONE_LOCAL, /* this machine's */
  MS_ZONE_NAMED  /* "Europe/Berlin"; the Lua value knows the name */
};

struct ms_datetime {
  int64_t time_us; /* since 1970-01-01T00:00:00Z */
  int32_t
      offset_s; /* east of UTC at that instant, for its fields and text; not part of comparisons */
  enum ms_zone zone; /* where the offset is from */
  bool is_date;      /* prints without a time */
};

enum { MS_DATETIME_TEXT_SIZE = 48 /* bytes of its text with the NUL */ };

/* Pushes the value of a text as the wire and people write it (see ms_time_parse). Pushes nothing on
 * failure. */
enum ms_status
ms_datetime_push_text(lua_State *L, const char *text, size_t text_bytes, struct ms_error *err);

/* The date-time at `index`, or NULL for any other value. Borrowed. */
const struct ms_datetime *
ms_datetime_test(lua_State *L, int index);

/* Its text: "2022-10-10T10:12:09Z", "2022-10-10T12:12:09+02:00" or "2022-10-10". */
void
ms_datetime_print(const struct ms_datetime *datetime, char text[MS_DATETIME_TEXT_SIZE]);

/* Lua: moonshift.core.session.datetime(value). */
int
ms_datetime_new(lua_State *L);

#endif
