/* Error objects: one metatable in the registry, everything else is a plain table. */
#include "binding/raise.h"

#include <lauxlib.h>
#include <stdarg.h>
#include <stdlib.h>

#define ERROR_METATABLE "moonshift.error"
#define PLAIN_CODE "error" /* of errors that are not ours */

static int
error_tostring(lua_State *L)
{
  ms_error_text(L, 1);
  return 1;
}

void
ms_make_error(lua_State *L)
{
  if (luaL_newmetatable(L, ERROR_METATABLE)) {
    lua_pushcfunction(L, error_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_pushliteral(L, "error");
    lua_setfield(L, -2, "__name");
  }
  lua_setmetatable(L, -2);
}

bool
ms_is_error(lua_State *L, int index)
{
  if (!lua_istable(L, index) || !lua_getmetatable(L, index)) {
    return false;
  }
  luaL_getmetatable(L, ERROR_METATABLE);
  bool same = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return same;
}

void
ms_push_error(lua_State *L, const struct ms_error *err)
{
  luaL_checkstack(L, 4, "error object");
  lua_createtable(L, 0, 3); /* error */
  lua_pushstring(L, ms_status_code(err->status));
  lua_setfield(L, -2, "code");
  lua_pushstring(L, err->message);
  lua_setfield(L, -2, "message");
  luaL_traceback(L, L, NULL, 0);
  lua_setfield(L, -2, "traceback");
  ms_make_error(L);
}

int
ms_raise(lua_State *L, const struct ms_error *err)
{
  ms_push_error(L, err);
  lua_error(L);
  abort(); /* lua_error does not return, but does not say so */
}

int
ms_raisef(lua_State *L, enum ms_status status, const char *format, ...)
{
  struct ms_error err;
  va_list arguments;
  va_start(arguments, format);
  ms_fail_v(&err, status, format, arguments);
  va_end(arguments);
  ms_raise(L, &err);
}

/* Pushes the error object that holds the plain value at `index`. */
static void
push_wrapped(lua_State *L, int index)
{
  lua_createtable(L, 0, 4); /* error */
  lua_pushliteral(L, PLAIN_CODE);
  lua_setfield(L, -2, "code");
  ms_error_text(L, index);
  lua_setfield(L, -2, "message");
  if (lua_type(L, index) != LUA_TSTRING) {
    lua_pushvalue(L, index);
    lua_setfield(L, -2, "value");
  }
  ms_make_error(L);
}

int
ms_message_handler(lua_State *L)
{
  if (ms_is_error(L, 1)) {
    lua_pushvalue(L, 1);
  } else {
    push_wrapped(L, 1);
  }
  lua_pushliteral(L, "traceback");
  if (lua_rawget(L, -2) == LUA_TNIL) {
    luaL_traceback(L, L, NULL, 1);
    lua_setfield(L, -3, "traceback");
  }
  lua_pop(L, 1);
  return 1;
}

const char *
ms_error_text(lua_State *L, int index)
{
  index = lua_absindex(L, index);
  if (ms_is_error(L, index)) {
    lua_pushliteral(L, "message");
    if (lua_rawget(L, index) == LUA_TSTRING) {
      return lua_tostring(L, -1);
    }
    lua_pop(L, 1);
    return lua_pushliteral(L, "an error object without a message");
  }
  if (lua_isnil(L, index)) {
    return lua_pushliteral(L, "error without a message");
  }
  if (lua_istable(L, index)) {
    if (luaL_getmetafield(L, index, "__tostring") == LUA_TNIL) {
      return lua_pushliteral(L, "(error object is a table value)");
    }
    lua_pop(L, 1);
  }
  return luaL_tolstring(L, index, NULL);
}

const char *
ms_error_report(lua_State *L, int index)
{
  index = lua_absindex(L, index);
  ms_error_text(L, index); /* text */
  if (ms_is_error(L, index)) {
    lua_pushliteral(L, "traceback");
    if (lua_rawget(L, index) == LUA_TSTRING) { /* text, traceback */
      lua_pushfstring(L, "%s\n%s", lua_tostring(L, -2), lua_tostring(L, -1));
      lua_replace(L, -3);
    }
    lua_pop(L, 1);
  }
  return lua_tostring(L, -1);
}

/* error(message [, level]) as Lua's, except that nil is refused. */
static int
error_function(lua_State *L)
{
  int level = (int)luaL_optinteger(L, 2, 1);
  lua_settop(L, 1);
  if (lua_isnil(L, 1)) {
    lua_pushliteral(L, "error was called with nil: give it a message or an error object");
    lua_replace(L, 1);
  }
  if (lua_type(L, 1) == LUA_TSTRING && level > 0) {
    luaL_where(L, level);
    lua_pushvalue(L, 1);
    lua_concat(L, 2);
  }
  return lua_error(L);
}

void
ms_raise_install(lua_State *L)
{
  lua_register(L, "error", error_function);
}
