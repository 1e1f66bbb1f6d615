/* Creation happens in the order that the server needs: key, scalars, relations, collections; so
 * that the one operation that all of it becomes refers to nothing that comes later. */
#include "session/create.h"

#include <lauxlib.h>
#include <string.h>

#include "base/id.h"
#include "base/json.h"
#include "binding/raise.h"
#include "session/entity.h"
#include "session/entity_class.h"
#include "session/values.h"

#define NEW_UUID "\"{uid}\"" /* a default that means a new one */

/* ---- defaults ---- */

static void
push_default(lua_State *L, const struct ms_attribute *attribute)
{
  const char *text = attribute->default_json;
  if (!text) {
    lua_pushnil(L);
    return;
  }
  if (strcmp(text, NEW_UUID) == 0) {
    char id[MS_ID_SIZE];
    ms_id_new(id);
    lua_pushstring(L, id);
    return;
  }
  struct ms_json_reader reader;
  struct ms_error err;
  ms_json_reader_init(&reader, text, strlen(text));
  enum ms_json_type type = ms_json_next(&reader, &err) == MS_OK ? reader.type : MS_JSON_NULL;
  switch (type) {
  case MS_JSON_STRING:
    lua_pushlstring(L, reader.string, reader.string_bytes);
    break;
  case MS_JSON_INTEGER:
    lua_pushinteger(L, reader.integer);
    break;
  case MS_JSON_NUMBER:
    lua_pushnumber(L, reader.number);
    break;
  case MS_JSON_TRUE:
  case MS_JSON_FALSE:
    lua_pushboolean(L, type == MS_JSON_TRUE);
    break;
  default:
    lua_pushnil(L);
  }
  ms_json_reader_free(&reader);
}

/* Pushes what the data say of an attribute: nil when nothing. */
static void
push_given(lua_State *L, int data_index, const struct ms_attribute *attribute)
{
  if (lua_istable(L, data_index)) {
    lua_getfield(L, data_index, attribute->name);
  } else {
    lua_pushnil(L);
  }
}

/* ---- the primary key ---- */

/* Pushes the key of the entity that the data give for the relation whose foreign key `slot` is, or
 * nil. */
static void
push_key_of_relation(lua_State *L, const struct ms_class *class, uint16_t slot, int data_index)
{
  uint16_t relation = class->counterparts[slot];
  if (relation == MS_SLOT_NONE) {
    lua_pushnil(L);
    return;
  }
  push_given(L, data_index, class->attributes[relation]);
  const struct ms_entity *target = ms_entity_test(L, -1);
  if (target) {
    ms_entity_push_remote(L, -1, target->class->key_slots[0]);
  } else {
    lua_pushnil(L);
  }
  lua_remove(L, -2);
}

static void
set_key(lua_State *L, int index, const struct ms_class *class, int data_index)
{
  struct ms_entity *entity = lua_touserdata(L, index);
  for (size_t i = 0; i < class->type->primary_key_count; i++) {
    uint16_t slot = class->key_slots[i];
    const struct ms_attribute *attribute = class->attributes[slot];
    push_given(L, data_index, attribute);
    if (lua_isnil(L, -1)) {
      lua_pop(L, 1);
      push_key_of_relation(L, class, slot, data_index);
    }
    if (lua_isnil(L, -1)) {
      lua_pop(L, 1);
      push_default(L, attribute);
      entity->has_own_id = !lua_isnil(L, -1);
    }
    if (lua_isnil(L, -1)) {
      ms_raisef(L, MS_INVALID, "create %s: '%s' is part of the primary key; give it a value",
                class->type->name, attribute->name);
    }
    ms_value_push_checked(L, index, attribute, -1);
    ms_entity_set_remote(L, index, slot);
    lua_pop(L, 1);
  }
}

static void
check_unknown(lua_State *L, int session_index, int index)
{
  const struct ms_entity *entity = lua_touserdata(L, index);
  ms_entity_push_key(L, index);
  if (ms_entity_find(L, session_index, entity->class->family)) {
    char text[MS_ENTITY_TEXT_SIZE];
    ms_entity_print(L, -1, text);
    ms_raisef(L, MS_EXISTS, "create %s: there already is %s", entity->class->type->name, text);
  }
}

/* ---- the other attributes ---- */

static void
check_names(lua_State *L, const struct ms_class *class, int data_index)
{
  if (lua_isnoneornil(L, data_index)) {
    return;
  }
  if (!lua_istable(L, data_index)) {
    ms_raisef(L, MS_USAGE, "create %s: expected a table of attributes, found %s", class->type->name,
              luaL_typename(L, data_index));
  }
  for (lua_pushnil(L); lua_next(L, data_index); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING) {
      ms_raisef(L, MS_USAGE, "create %s: attributes are named by strings, not by a %s",
                class->type->name, luaL_typename(L, -2));
    }
    size_t name_bytes;
    const char *name = lua_tolstring(L, -2, &name_bytes);
    uint16_t slot = ms_class_slot(class, name, name_bytes);
    if (slot == MS_SLOT_NONE) {
      ms_class_raise_unknown(L, class, name);
    }
    if (class->attributes[slot]->flags & (MS_ATTRIBUTE_COMPUTED | MS_ATTRIBUTE_RESTRICTED)) {
      ms_raisef(L, MS_INVALID, "%s.%s is computed by the server and cannot be set",
                class->type->name, name);
    }
  }
}

static void
assign_kind(lua_State *L, int index, enum ms_attribute_kind kind, int data_index)
{
  const struct ms_entity *entity = lua_touserdata(L, index);
  const struct ms_class *class = entity->class;
  for (size_t slot = 0; slot < class->family->slot_count; slot++) {
    const struct ms_attribute *attribute = class->attributes[slot];
    if (!attribute || attribute->kind != kind || attribute->flags & MS_ATTRIBUTE_PRIMARY_KEY) {
      continue;
    }
    push_given(L, data_index, attribute);
    if (lua_isnil(L, -1) && kind == MS_KIND_SCALAR) {
      lua_pop(L, 1);
      push_default(L, attribute);
    }
    if (!lua_isnil(L, -1)) {
      ms_entity_assign(L, index, (uint16_t)slot, -1);
    }
    lua_pop(L, 1);
  }
}

void
ms_create_push(lua_State *L, int session_index, const struct ms_class *class, int data_index)
{
  static const enum ms_attribute_kind ORDER[] = {MS_KIND_SCALAR, MS_KIND_REFERENCE,
                                                 MS_KIND_COLLECTION, MS_KIND_MAPPED};
  session_index = lua_absindex(L, session_index);
  data_index = lua_absindex(L, data_index);
  luaL_checkstack(L, LUA_MINSTACK, "create");
  check_names(L, class, data_index);
  ms_entity_new(L, session_index, class);
  int index = lua_gettop(L);
  set_key(L, index, class, data_index);
  check_unknown(L, session_index, index);
  lua_settop(L, index);
  ms_unit_record_create(L, index);
  ms_entity_remember(L, index);
  for (size_t i = 0; i < sizeof ORDER / sizeof *ORDER; i++) {
    assign_kind(L, index, ORDER[i], data_index);
  }
}

/* ---- Lua ---- */

/* The rest of a creation, protected: stack is session, class, data. */
static int
create_protected(lua_State *L)
{
  ms_create_push(L, 1, lua_touserdata(L, 2), 3);
  return 1;
}

int
ms_session_create(lua_State *L)
{
  struct ms_session *session = ms_session_check_open(L, 1);
  const char *type = luaL_checkstring(L, 2);
  struct ms_class *class = ms_schema_class_named(L, ms_session_schema(L, session), type);
  lua_settop(L, 3);
  uint32_t before = session->unit.count;
  lua_pushcfunction(L, create_protected);
  lua_pushvalue(L, 1);
  lua_pushlightuserdata(L, class);
  lua_pushvalue(L, 3);
  if (lua_pcall(L, 3, 1, 0) != LUA_OK) {
    ms_unit_rollback_to(L, 1, before);
    return lua_error(L);
  }
  return 1;
}

int
ms_session_delete(lua_State *L)
{
  struct ms_session *session = ms_session_check_open(L, 1);
  struct ms_entity *entity = ms_entity_check(L, 2);
  if (entity->session != session) {
    char text[MS_ENTITY_TEXT_SIZE];
    ms_entity_print(L, 2, text);
    return ms_raisef(L, MS_INVALID, "%s belongs to another session", text);
  }
  if (entity->state != MS_ENTITY_DELETED && entity->state != MS_ENTITY_GONE) {
    ms_unit_record_delete(L, 2);
  }
  return 0;
}
