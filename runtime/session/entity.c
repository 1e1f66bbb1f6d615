/* Entities as values: slots, identity, and the rule by which a relation and its foreign key speak
 * for each other: whichever of the two was assigned last counts, and where only one is known the
 * other follows from it without a request. */
#include "session/entity.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "binding/raise.h"

static const char entity_magic;

/* ---- making and telling ---- */

struct ms_entity *
ms_entity_new(lua_State *L, int session_index, const struct ms_class *class)
{
  session_index = lua_absindex(L, session_index);
  int values = MS_ENTITY_SLOTS + (int)class->family->slot_count;
  struct ms_entity *entity = lua_newuserdatauv(L, sizeof *entity, values);
  *entity = (struct ms_entity){.magic = &entity_magic,
                               .session = lua_touserdata(L, session_index),
                               .class = class,
                               .last_operation = MS_OPERATION_NONE};
  lua_pushvalue(L, session_index);
  lua_setiuservalue(L, -2, MS_ENTITY_SESSION);
  ms_entity_push_metatable(L, class->family);
  lua_setmetatable(L, -2);
  return entity;
}

struct ms_entity *
ms_entity_test(lua_State *L, int index)
{
  if (lua_type(L, index) != LUA_TUSERDATA || lua_rawlen(L, index) != sizeof(struct ms_entity)) {
    return NULL;
  }
  struct ms_entity *entity = lua_touserdata(L, index);
  return entity->magic == &entity_magic ? entity : NULL;
}

struct ms_entity *
ms_entity_check(lua_State *L, int index)
{
  struct ms_entity *entity = ms_entity_test(L, index);
  if (!entity) {
    ms_raisef(L, MS_USAGE, "expected an entity, found %s", luaL_typename(L, index));
  }
  return entity;
}

/* ---- values ---- */

int
ms_entity_push_remote(lua_State *L, int index, uint16_t slot)
{
  return lua_getiuservalue(L, index, MS_ENTITY_SLOTS + slot);
}

void
ms_entity_set_remote(lua_State *L, int index, uint16_t slot)
{
  lua_setiuservalue(L, index, MS_ENTITY_SLOTS + slot);
}

/* Replaces the value on top, a relation's entity, by the id that its foreign key holds. */
static void
relation_to_key(lua_State *L)
{
  const struct ms_entity *target = ms_entity_test(L, -1);
  if (target) {
    ms_entity_push_remote(L, -1, target->class->key_slots[0]);
    lua_remove(L, -2);
  }
}

/* Replaces the id on top by the entity of `target`'s family that has it; false and popped when this
 * session has not met it. */
static bool
key_to_relation(lua_State *L, int index, const struct ms_entity *entity,
                const struct ms_entity_type *target)
{
  if (lua_type(L, -1) == LUA_TLIGHTUSERDATA) {
    return true;
  }
  const struct ms_class *class = ms_schema_class(L, entity->session->schema, target);
  luaL_tolstring(L, -1, NULL);
  lua_getiuservalue(L, index, MS_ENTITY_SESSION);
  lua_insert(L, -2); /* id, session, key */
  bool found = ms_entity_find(L, -2, class->family) != NULL;
  if (found) {
    lua_replace(L, -3);
    lua_pop(L, 1);
  } else {
    lua_pop(L, 2);
  }
  return found;
}

/* Turns the counterpart's value on top into this slot's. */
static bool
translate(lua_State *L, int index, const struct ms_entity *entity, uint16_t slot)
{
  const struct ms_attribute *attribute = entity->class->attributes[slot];
  if (attribute->kind == MS_KIND_REFERENCE) {
    return key_to_relation(L, index, entity, attribute->target);
  }
  relation_to_key(L);
  return true;
}

/* Pushes the uncommitted value, the slot's own or its counterpart's, whichever is the later.
 * *decided tells that there is one, though it may not be known here (false and nothing pushed). */
static bool
push_uncommitted(lua_State *L, int index, const struct ms_entity *entity, uint16_t slot,
                 bool *decided)
{
  uint32_t place = 0, counterpart_place = 0;
  uint16_t counterpart = entity->class->counterparts[slot];
  bool own = ms_unit_push_value(L, index, slot, &place);
  bool other =
      counterpart != MS_SLOT_NONE && ms_unit_push_value(L, index, counterpart, &counterpart_place);
  *decided = own || other;
  if (own && other) {
    bool own_is_later = place > counterpart_place;
    lua_remove(L, own_is_later ? -1 : -2);
    own = own_is_later;
  }
  return own || (other && translate(L, index, entity, slot));
}

static bool
push_known_remote(lua_State *L, int index, const struct ms_entity *entity, uint16_t slot)
{
  if (ms_entity_push_remote(L, index, slot) != LUA_TNIL) {
    return true;
  }
  lua_pop(L, 1);
  uint16_t counterpart = entity->class->counterparts[slot];
  if (counterpart == MS_SLOT_NONE) {
    return false;
  }
  if (ms_entity_push_remote(L, index, counterpart) != LUA_TNIL) {
    return translate(L, index, entity, slot);
  }
  lua_pop(L, 1);
  return false;
}

bool
ms_entity_push_value(lua_State *L, int index, uint16_t slot)
{
  index = lua_absindex(L, index);
  const struct ms_entity *entity = lua_touserdata(L, index);
  bool decided = false;
  bool pushed = entity->last_operation != MS_OPERATION_NONE &&
                push_uncommitted(L, index, entity, slot, &decided);
  if (!pushed && !decided) {
    pushed = push_known_remote(L, index, entity, slot);
  }
  if (pushed && lua_type(L, -1) == LUA_TLIGHTUSERDATA) {
    lua_pop(L, 1);
    lua_pushnil(L);
  }
  return pushed;
}

/* ---- identity ---- */

bool
ms_entity_push_key(lua_State *L, int index)
{
  index = lua_absindex(L, index);
  const struct ms_entity *entity = lua_touserdata(L, index);
  const char separator = MS_KEY_SEPARATOR;
  size_t count = entity->class->type->primary_key_count;
  for (size_t i = 0; i < count; i++) {
    if (i > 0) {
      lua_pushlstring(L, &separator, 1);
    }
    ms_entity_push_remote(L, index, entity->class->key_slots[i]);
    if (!lua_tostring(L, -1)) {
      lua_pop(L, i > 0 ? 3 : 1);
      return false;
    }
    if (i > 0) {
      lua_concat(L, 3);
    }
  }
  return count > 0;
}

void
ms_entity_push_map(lua_State *L, int session_index, const struct ms_family *family)
{
  lua_getiuservalue(L, session_index, MS_SESSION_MAPS);
  if (lua_rawgetp(L, -1, family) != LUA_TTABLE) {
    lua_pop(L, 1);
    lua_newtable(L);          /* maps, map */
    lua_createtable(L, 0, 1); /* maps, map, metatable */
    lua_pushliteral(L, "v");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, -3, family);
  }
  lua_remove(L, -2);
}

/* Sets map[key of the entity at `index`] to the value on top, which is popped. */
static void
put_in_map(lua_State *L, int index)
{
  index = lua_absindex(L, index);
  const struct ms_entity *entity = lua_touserdata(L, index);
  lua_getiuservalue(L, index, MS_ENTITY_SESSION);
  ms_entity_push_map(L, -1, entity->class->family);
  if (ms_entity_push_key(L, index)) { /* value, session, map, key */
    lua_pushvalue(L, -4);
    lua_rawset(L, -3);
  }
  lua_pop(L, 3);
}

void
ms_entity_remember(lua_State *L, int index)
{
  index = lua_absindex(L, index);
  lua_pushvalue(L, index);
  put_in_map(L, index);
}

void
ms_entity_forget(lua_State *L, int index)
{
  index = lua_absindex(L, index);
  lua_pushnil(L);
  put_in_map(L, index);
}

struct ms_entity *
ms_entity_find(lua_State *L, int session_index, const struct ms_family *family)
{
  session_index = lua_absindex(L, session_index);
  ms_entity_push_map(L, session_index, family);
  lua_insert(L, -2); /* map, key */
  lua_rawget(L, -2);
  lua_remove(L, -2);
  struct ms_entity *entity = lua_touserdata(L, -1);
  if (!entity) {
    lua_pop(L, 1);
  }
  return entity;
}

void
ms_entity_print(lua_State *L, int index, char text[MS_ENTITY_TEXT_SIZE])
{
  index = lua_absindex(L, index);
  int top = lua_gettop(L);
  const struct ms_entity *entity = lua_touserdata(L, index);
  const char *name = NULL, *key = NULL;
  uint16_t slot = ms_class_slot(entity->class, "name", sizeof "name" - 1);
  if (slot != MS_SLOT_NONE && ms_entity_push_value(L, index, slot) &&
      lua_type(L, -1) == LUA_TSTRING) {
    name = lua_tostring(L, -1);
  }
  if (ms_entity_push_key(L, index)) {
    key = luaL_gsub(L, lua_tostring(L, -1), "\x1F", ", ");
  }
  const char *type = entity->class->type->name;
  if (name) {
    snprintf(text, MS_ENTITY_TEXT_SIZE, "%s \"%.80s\" (%.120s)", type, name, key ? key : "?");
  } else {
    snprintf(text, MS_ENTITY_TEXT_SIZE, "%s (%.200s)", type, key ? key : "?");
  }
  lua_settop(L, top);
}
