/* A strict _G: a misspelt name is an error in our own chunks and in the scripts that we run, while
 * libraries from elsewhere may test for globals as they like. */
#include "host/host.h"

#include <lauxlib.h>
#include <string.h>

#include "base/nearest.h"

/* Registry: table from the source of a strict chunk to true. */
static const char sources_key;

/* Fills in who runs at `level` 1, the code that touched _G; whether its chunk is strict. */
static bool
caller_is_strict(lua_State *L, lua_Debug *caller)
{
  if (!lua_getstack(L, 1, caller)) {
    return false;
  }
  lua_getinfo(L, "Sl", caller);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &sources_key);
  lua_pushstring(L, caller->source);
  bool strict = lua_rawget(L, -2) == LUA_TBOOLEAN;
  lua_pop(L, 2);
  return strict;
}

/* The global that `word` may have been meant to be, or NULL. */
static const char *
find_nearest_global(lua_State *L, const char *word)
{
  struct ms_nearest nearest = {.word = word};
  lua_pushnil(L);
  while (lua_next(L, 1) != 0) {
    if (lua_type(L, -2) == LUA_TSTRING) {
      ms_nearest_offer(&nearest, lua_tostring(L, -2));
    }
    lua_pop(L, 1);
  }
  return nearest.best;
}

/* __index of _G: (globals, name) */
static int
read_undeclared(lua_State *L)
{
  lua_Debug caller;
  if (lua_type(L, 2) != LUA_TSTRING || !caller_is_strict(L, &caller)) {
    return 0;
  }
  const char *name = lua_tostring(L, 2);
  const char *nearest = find_nearest_global(L, name);
  if (nearest != NULL) {
    return luaL_error(L, "undeclared variable '%s'; did you mean '%s'?", name, nearest);
  }
  return luaL_error(L, "undeclared variable '%s'", name);
}

/* __newindex of _G: (globals, name, value) */
static int
write_undeclared(lua_State *L)
{
  lua_Debug caller;
  if (caller_is_strict(L, &caller) && strcmp(caller.what, "main") != 0) {
    return luaL_error(L, "assignment to the undeclared variable '%s': declare it with 'local'",
                      luaL_tolstring(L, 2, NULL));
  }
  lua_rawset(L, 1);
  return 0;
}

static const luaL_Reg strict_metamethods[] = {
    {"__index", read_undeclared},
    {"__newindex", write_undeclared},
    {NULL, NULL},
};

void
ms_strict_install(lua_State *L)
{
  lua_newtable(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &sources_key);
  lua_pushglobaltable(L);
  luaL_newlib(L, strict_metamethods);
  lua_setmetatable(L, -2);
  lua_pop(L, 1);
}

void
ms_strict_add(lua_State *L, const char *chunk_name)
{
  lua_rawgetp(L, LUA_REGISTRYINDEX, &sources_key);
  lua_pushboolean(L, true);
  lua_setfield(L, -2, chunk_name);
  lua_pop(L, 1);
}
