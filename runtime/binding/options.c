/* Options tables: every key of the Lua table is looked up in the C table, so a misspelt one cannot pass. */
#include "binding/options.h"

#include <lauxlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/nearest.h"
#include "binding/raise.h"

static const char *const type_names[] = {
    [MS_OPTION_STRING] = "a string",
    [MS_OPTION_INTEGER] = "an integer",
    [MS_OPTION_NUMBER] = "a number",
    [MS_OPTION_BOOLEAN] = "a boolean",
    [MS_OPTION_DURATION] = "a duration: seconds, or text such as \"1h30m\"",
    [MS_OPTION_VALUE] = "a value",
};

/* The duration at `index`; MS_USAGE with the text for a bad one. */
static enum ms_status
read_duration(lua_State *L, int index, int64_t *duration_ms, struct ms_error *err)
{
  switch (lua_type(L, index)) {
  case LUA_TNUMBER:
    return ms_duration_from_seconds(lua_tonumber(L, index), duration_ms, err);
  case LUA_TSTRING:
    return ms_duration_parse(lua_tostring(L, index), duration_ms, err);
  default:
    return ms_fail(err, MS_USAGE, "%s is no duration: give seconds, or text such as \"1h30m\"",
                   luaL_typename(L, index));
  }
}

int64_t
ms_check_duration(lua_State *L, int index)
{
  struct ms_error err;
  int64_t duration_ms = 0;
  if (read_duration(L, index, &duration_ms, &err) != MS_OK) {
    ms_raise(L, &err);
  }
  return duration_ms;
}

/* Stores the value on top of the stack; false when its type is wrong. */
static bool
store(lua_State *L, const struct ms_option *option, void *options)
{
  void *field = (char *)options + option->offset;
  struct ms_error err;
  int is_integer = true;
  switch (option->type) {
  case MS_OPTION_STRING:
    if (lua_type(L, -1) != LUA_TSTRING) {
      return false;
    }
    *(const char **)field = lua_tostring(L, -1);
    return true;
  case MS_OPTION_INTEGER:
    if (lua_type(L, -1) != LUA_TNUMBER) {
      return false;
    }
    *(int64_t *)field = lua_tointegerx(L, -1, &is_integer);
    return is_integer;
  case MS_OPTION_NUMBER:
    *(double *)field = lua_tonumber(L, -1);
    return lua_type(L, -1) == LUA_TNUMBER;
  case MS_OPTION_BOOLEAN:
    *(bool *)field = lua_toboolean(L, -1);
    return lua_isboolean(L, -1);
  case MS_OPTION_DURATION:
    return read_duration(L, -1, field, &err) == MS_OK;
  case MS_OPTION_VALUE:
    return true; /* pushed by push_values, when no iteration is under way */
  }
  return false;
}

static const struct ms_option *
find(const struct ms_option *table, size_t count, const char *name)
{
  for (size_t i = 0; i < count; i++) {
    if (strcmp(table[i].name, name) == 0) {
      return &table[i];
    }
  }
  return NULL;
}

/* Pushes "a, b, c". */
static void
push_names(lua_State *L, const struct ms_option *table, size_t count)
{
  luaL_Buffer names;
  luaL_buffinit(L, &names);
  for (size_t i = 0; i < count; i++) {
    luaL_addstring(&names, i > 0 ? ", " : "");
    luaL_addstring(&names, table[i].name);
  }
  luaL_pushresult(&names);
}

static void
raise_unknown(lua_State *L, const char *function, const struct ms_option *table, size_t count)
{
  if (lua_type(L, -2) != LUA_TSTRING) {
    ms_raisef(L, MS_USAGE, "%s: an option's name is a string, not a %s", function,
              luaL_typename(L, -2));
  }
  struct ms_nearest nearest = {.word = lua_tostring(L, -2)};
  for (size_t i = 0; i < count; i++) {
    ms_nearest_offer(&nearest, table[i].name);
  }
  if (nearest.best != NULL) {
    ms_raisef(L, MS_USAGE, "%s: unknown option '%s'; did you mean '%s'?", function, nearest.word,
              nearest.best);
  }
  push_names(L, table, count);
  ms_raisef(L, MS_USAGE, "%s: unknown option '%s'; there are: %s", function, nearest.word,
            lua_tostring(L, -1));
}

/* Key and value are on top of the stack. */
static void
read_pair(lua_State *L, const char *function, const struct ms_option *table, size_t count,
          void *options)
{
  const struct ms_option *option =
      lua_type(L, -2) == LUA_TSTRING ? find(table, count, lua_tostring(L, -2)) : NULL;
  if (option == NULL) {
    raise_unknown(L, function, table, count);
  } else if (!store(L, option, options)) {
    /* a string's neighbour may be a secret: its value is not shown */
    const char *given =
        option->type == MS_OPTION_STRING ? luaL_typename(L, -1) : luaL_tolstring(L, -1, NULL);
    ms_raisef(L, MS_USAGE, "%s: option '%s' is %s, not %s", function, option->name,
              type_names[option->type], given);
  }
}

/* Checks the required ones and pushes those that are wanted as values. */
static void
finish(lua_State *L, int index, const char *function, const struct ms_option *table, size_t count,
       void *options)
{
  for (size_t i = 0; i < count; i++) {
    lua_pushstring(L, table[i].name);
    bool present = lua_rawget(L, index) != LUA_TNIL;
    if (!present && table[i].required) {
      ms_raisef(L, MS_USAGE, "%s: option '%s' is missing", function, table[i].name);
    }
    if (present && table[i].type == MS_OPTION_VALUE) {
      *(int *)((char *)options + table[i].offset) = lua_gettop(L);
    } else {
      lua_pop(L, 1);
    }
  }
}

void
ms_options_read(lua_State *L, int index, const char *function, const struct ms_option *table,
                size_t count, void *options)
{
  luaL_checkstack(L, (int)count + 4, "options");
  index = lua_absindex(L, index);
  if (lua_isnoneornil(L, index)) {
    lua_newtable(L);
    index = lua_gettop(L); /* stays, below the values */
  } else if (!lua_istable(L, index)) {
    ms_raisef(L, MS_USAGE, "%s: options are a table, not a %s", function, luaL_typename(L, index));
  }
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {
    read_pair(L, function, table, count, options);
    lua_pop(L, 1);
  }
  finish(L, index, function, table, count, options);
}
