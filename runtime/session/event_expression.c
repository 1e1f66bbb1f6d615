/* An expression over a Lua table: what would be a member of the JSON object is a field of the table. */
#include <lauxlib.h>
#include <string.h>

#include "binding/raise.h"
#include "events/expression.h"
#include "session/event_channel.h"

#define EXPRESSION_METATABLE "moonshift.expression"

/* The object is on top of the stack, and stays there. */
static enum ms_field
find(void *context, const char *names, size_t parts, const char **text)
{
  lua_State *L = context;
  int top = lua_gettop(L);
  lua_pushvalue(L, -1);
  for (size_t i = 0; i < parts && lua_istable(L, -1); i++, names += strlen(names) + 1) {
    lua_pushstring(L, names);
    lua_rawget(L, -2);
    lua_replace(L, -2);
    if (i + 1 == parts && !lua_isnil(L, -1)) {
      bool is_text = lua_type(L, -1) == LUA_TSTRING;
      *text = is_text ? lua_tostring(L, -1) : NULL; /* the table keeps it */
      lua_settop(L, top);
      return is_text ? MS_FIELD_TEXT : MS_FIELD_OTHER;
    }
  }
  lua_settop(L, top);
  return MS_FIELD_MISSING;
}

/* expression:matches(table) */
static int
matches(lua_State *L)
{
  struct ms_expression *const *expression = luaL_checkudata(L, 1, EXPRESSION_METATABLE);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  lua_pushboolean(L, ms_expression_matches_by(*expression, find, L));
  return 1;
}

static int
collect(lua_State *L)
{
  struct ms_expression **expression = luaL_checkudata(L, 1, EXPRESSION_METATABLE);
  ms_expression_free(*expression);
  *expression = NULL;
  return 0;
}

static const luaL_Reg METHODS[] = {
    {"__gc", collect},
    {"matches", matches},
    {NULL, NULL},
};

/* expression(text): compiled. Raises `parse` with the position. */
int
ms_event_expression_new(lua_State *L)
{
  size_t text_bytes;
  struct ms_error err;
  const char *text = luaL_checklstring(L, 1, &text_bytes);
  struct ms_expression **expression = lua_newuserdatauv(L, sizeof *expression, 0);
  *expression = NULL;
  if (luaL_newmetatable(L, EXPRESSION_METATABLE)) {
    luaL_setfuncs(L, METHODS, 0);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
  }
  lua_setmetatable(L, -2);
  if (ms_expression_compile(text, text_bytes, expression, &err) != MS_OK) {
    return ms_raise(L, &err);
  }
  return 1;
}
