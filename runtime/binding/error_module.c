/* The Lua module moonshift.core.error: error objects made by Lua code. */
#include <lauxlib.h>

#include "binding/raise.h"

/* new(code, message) -> an error object with a traceback */
static int
error_new(lua_State *L)
{
  luaL_checkstring(L, 1);
  luaL_checkstring(L, 2);
  lua_createtable(L, 0, 3); /* [error] */
  lua_pushvalue(L, 1);
  lua_setfield(L, -2, "code");
  lua_pushvalue(L, 2);
  lua_setfield(L, -2, "message");
  luaL_traceback(L, L, NULL, 2);
  lua_setfield(L, -2, "traceback");
  ms_make_error(L);
  return 1;
}

static const luaL_Reg functions[] = {
    {"new", error_new},
    {NULL, NULL},
};

int
luaopen_moonshift_core_error(lua_State *L)
{
  luaL_newlib(L, functions);
  return 1;
}
