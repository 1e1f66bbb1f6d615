/* moonshift.core.component.rate: a budget of bytes a second that any number of transfers share. It is a block of
 * memory that stays on the stack of whoever transfers. */
#include <lauxlib.h>

#include "base/clock.h"
#include "binding/raise.h"
#include "component/component.h"
#include "http/rate.h"

#define CLASS "moonshift.Rate"

/* rate(bytes_per_second) -> budget */
static int
component_rate(lua_State *L)
{
  lua_Integer bytes_per_second = luaL_checkinteger(L, 1);
  if (bytes_per_second < MS_RATE_MIN_BYTES_PER_SECOND)
    return ms_raisef(L, MS_USAGE, "a rate is at least %d bytes a second",
                     MS_RATE_MIN_BYTES_PER_SECOND);
  struct ms_rate *rate = lua_newuserdatauv(L, sizeof *rate, 0);
  ms_rate_begin(rate, bytes_per_second, ms_clock_monotonic_us());
  luaL_setmetatable(L, CLASS);
  return 1;
}

struct ms_rate *
ms_component_rate(lua_State *L, int index)
{
  struct ms_rate *rate = luaL_testudata(L, index, CLASS);
  if (!rate)
    ms_raisef(L, MS_USAGE, "'rate' is what moonshift.core.component.rate returns");
  return rate;
}

static const luaL_Reg functions[] = {
    {"rate", component_rate},
    {NULL, NULL},
};

void
ms_component_open_rate(lua_State *L)
{
  luaL_newmetatable(L, CLASS);
  lua_pop(L, 1);
  luaL_setfuncs(L, functions, 0);
}
