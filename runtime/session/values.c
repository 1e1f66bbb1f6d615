/* One check per kind of value; every message names type, attribute and what was found. */
#include "session/values.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "binding/raise.h"
#include "session/datetime.h"
#include "session/entity.h"

enum { FOUND_SIZE = 96 /* bytes of a value's text in a message */ };

/* What the value is, for a message: 'the string "12"', "nil", "a table". */
static const char *
print_value(lua_State *L, int index, char text[FOUND_SIZE])
{
  const struct ms_entity *entity = ms_entity_test(L, index);
  if (entity) {
    snprintf(text, FOUND_SIZE, "an entity of type %.60s", entity->class->type->name);
  } else if (ms_datetime_test(L, index)) {
    snprintf(text, FOUND_SIZE, "a date-time");
  } else if (lua_type(L, index) == LUA_TSTRING) {
    snprintf(text, FOUND_SIZE, "the string \"%.60s\"", lua_tostring(L, index));
  } else if (lua_isinteger(L, index)) {
    snprintf(text, FOUND_SIZE, "the number %lld", (long long)lua_tointeger(L, index));
  } else if (lua_type(L, index) == LUA_TNUMBER) {
    snprintf(text, FOUND_SIZE, "the number %.14g", lua_tonumber(L, index));
  } else if (lua_isboolean(L, index)) {
    snprintf(text, FOUND_SIZE, "%s", lua_toboolean(L, index) ? "true" : "false");
  } else {
    snprintf(text, FOUND_SIZE, "a %s", luaL_typename(L, index));
  }
  return text;
}

static void
raise_wrong(lua_State *L, int index, const struct ms_attribute *attribute, const char *expected,
            int value_index)
{
  char found[FOUND_SIZE];
  const struct ms_entity *entity = lua_touserdata(L, index);
  ms_raisef(L, MS_INVALID, "%s.%s holds %s, not %s", entity->class->type->name, attribute->name,
            expected, print_value(L, value_index, found));
}

/* ---- may it be assigned ---- */

/* Whether an immutable attribute still has no value, so that it may be given one. */
static bool
is_known_empty(lua_State *L, int index, uint16_t slot)
{
  bool empty = ms_entity_push_value(L, index, slot) && lua_isnil(L, -1);
  const struct ms_entity *entity = lua_touserdata(L, index);
  return empty || entity->state == MS_ENTITY_CREATED;
}

void
ms_value_check_assignable(lua_State *L, int index, uint16_t slot)
{
  index = lua_absindex(L, index);
  int top = lua_gettop(L);
  const struct ms_entity *entity = lua_touserdata(L, index);
  const struct ms_attribute *attribute = entity->class->attributes[slot];
  char text[MS_ENTITY_TEXT_SIZE];
  const char *type = entity->class->type->name;
  if (!entity->session->transport) {
    ms_raisef(L, MS_CLOSED, "the session is closed: %s.%s cannot be changed", type,
              attribute->name);
  }
  if (entity->state == MS_ENTITY_DELETED || entity->state == MS_ENTITY_GONE) {
    ms_entity_print(L, index, text);
    ms_raisef(L, MS_NOT_FOUND, "%s was deleted: '%s' cannot be changed", text, attribute->name);
  }
  if (attribute->flags & (MS_ATTRIBUTE_COMPUTED | MS_ATTRIBUTE_RESTRICTED)) {
    ms_raisef(L, MS_INVALID, "%s.%s is computed by the server and cannot be set", type,
              attribute->name);
  }
  if (attribute->flags & MS_ATTRIBUTE_PRIMARY_KEY) {
    ms_raisef(L, MS_INVALID, "%s.%s is part of the primary key and cannot be changed", type,
              attribute->name);
  }
  if (attribute->flags & MS_ATTRIBUTE_IMMUTABLE && !is_known_empty(L, index, slot)) {
    ms_raisef(L, MS_INVALID, "%s.%s is immutable: it can be set on creation alone", type,
              attribute->name);
  }
  lua_settop(L, top);
}

/* ---- does it fit ---- */

/* nil, or the null of cjson. */
static bool
is_null(lua_State *L, int index)
{
  return lua_isnoneornil(L, index) ||
         (lua_islightuserdata(L, index) && lua_touserdata(L, index) == NULL);
}

/* Whether entities of `type` may be in the relation. Servers declare some collections too narrowly,
 * so there the family counts; a server that does not tell how types inherit is taken to agree with
 * ours. */
static bool
fits_relation(const struct ms_entity_type *type, const struct ms_attribute *attribute)
{
  const struct ms_entity_type *target = attribute->target;
  if (ms_type_is_a(type, target) ||
      (attribute->kind == MS_KIND_COLLECTION && type->root == target->root)) {
    return true;
  }
  const struct ms_entity_type *known = ms_model_type(ms_model_builtin(), type->name);
  const struct ms_entity_type *known_target = ms_model_type(ms_model_builtin(), target->name);
  return type->root == type && known && known_target && ms_type_is_a(known, known_target);
}

void
ms_value_check_entity(lua_State *L, int index, const struct ms_attribute *attribute,
                      int value_index)
{
  const struct ms_entity *entity = lua_touserdata(L, index);
  const struct ms_entity *value = ms_entity_test(L, value_index);
  char expected[FOUND_SIZE], text[MS_ENTITY_TEXT_SIZE];
  const struct ms_entity_type *target = attribute->target;
  snprintf(expected, sizeof expected, "entities of type %.60s", target->name);
  if (!value || !fits_relation(value->class->type, attribute)) {
    raise_wrong(L, index, attribute, expected, value_index);
  } else if (value->session != entity->session) {
    ms_entity_print(L, value_index, text);
    ms_raisef(L, MS_INVALID, "%s belongs to another session", text);
  } else if (value->state == MS_ENTITY_DELETED || value->state == MS_ENTITY_GONE) {
    ms_entity_print(L, value_index, text);
    ms_raisef(L, MS_INVALID, "%s was deleted and cannot be assigned to %s.%s", text,
              entity->class->type->name, attribute->name);
  }
}

static void
push_string(lua_State *L, int index, const struct ms_attribute *attribute, int value_index)
{
  if (lua_type(L, value_index) != LUA_TSTRING) {
    raise_wrong(L, index, attribute, "a string", value_index);
  }
  const char *value = lua_tostring(L, value_index);
  struct ms_nearest nearest = {.word = value};
  for (size_t i = 0; i < attribute->enum_count; i++) {
    if (strcmp(attribute->enum_values[i], value) == 0) {
      lua_pushvalue(L, value_index);
      return;
    }
    ms_nearest_offer(&nearest, attribute->enum_values[i]);
  }
  if (attribute->enum_count > 0) {
    const struct ms_entity *entity = lua_touserdata(L, index);
    ms_raisef(L, MS_INVALID, "%s.%s cannot be \"%.60s\"%s%s%s", entity->class->type->name,
              attribute->name, value, nearest.best ? "; did you mean \"" : "",
              nearest.best ? nearest.best : "", nearest.best ? "\"?" : "");
  }
  lua_pushvalue(L, value_index);
}

static void
push_integer(lua_State *L, int index, const struct ms_attribute *attribute, int value_index)
{
  int is_integer = 0;
  lua_Integer integer = 0;
  if (lua_type(L, value_index) == LUA_TNUMBER) {
    integer = lua_tointegerx(L, value_index, &is_integer);
  }
  if (!is_integer) {
    raise_wrong(L, index, attribute, "an integer", value_index);
  }
  lua_pushinteger(L, integer);
}

static void
push_number(lua_State *L, int index, const struct ms_attribute *attribute, int value_index)
{
  lua_Number number = lua_tonumber(L, value_index);
  if (lua_type(L, value_index) != LUA_TNUMBER || number - number != 0) {
    raise_wrong(L, index, attribute, "a finite number", value_index);
  }
  lua_pushvalue(L, value_index);
}

static void
push_datetime(lua_State *L, int index, const struct ms_attribute *attribute, int value_index)
{
  struct ms_error err;
  if (ms_datetime_test(L, value_index)) {
    lua_pushvalue(L, value_index);
    return;
  }
  size_t text_bytes;
  const char *text =
      lua_type(L, value_index) == LUA_TSTRING ? lua_tolstring(L, value_index, &text_bytes) : NULL;
  if (!text || ms_datetime_push_text(L, text, text_bytes, &err) != MS_OK) {
    raise_wrong(L, index, attribute, "a date-time or text such as \"2024-01-31T12:00:00Z\"",
                value_index);
  }
}

void
ms_value_push_checked(lua_State *L, int index, const struct ms_attribute *attribute,
                      int value_index)
{
  value_index = lua_absindex(L, value_index);
  index = lua_absindex(L, index);
  if (is_null(L, value_index)) {
    lua_pushlightuserdata(L, NULL);
    return;
  }
  if (attribute->kind == MS_KIND_REFERENCE) {
    ms_value_check_entity(L, index, attribute, value_index);
    lua_pushvalue(L, value_index);
    return;
  }
  switch (attribute->value_type) {
  case MS_VALUE_STRING:
  case MS_VALUE_JSON:
    push_string(L, index, attribute, value_index);
    break;
  case MS_VALUE_BOOLEAN:
    if (!lua_isboolean(L, value_index)) {
      raise_wrong(L, index, attribute, "true or false", value_index);
    }
    lua_pushvalue(L, value_index);
    break;
  case MS_VALUE_INTEGER:
    push_integer(L, index, attribute, value_index);
    break;
  case MS_VALUE_NUMBER:
    push_number(L, index, attribute, value_index);
    break;
  case MS_VALUE_DATETIME:
    push_datetime(L, index, attribute, value_index);
    break;
  case MS_VALUE_OBJECT:
  case MS_VALUE_VARIABLE:
  case MS_VALUE_NONE:
    lua_pushvalue(L, value_index);
    break;
  }
}
