/* Small functions that look at, or set, what a script does not see. */
#include "session/inspect.h"

#include <lauxlib.h>
#include <string.h>

#include "binding/raise.h"
#include "session/collection.h"
#include "session/entity.h"

/* The slot that the name at `index` means for the entity; raises for an unknown one. */
static uint16_t
check_slot(lua_State *L, const struct ms_entity *entity, int index)
{
  size_t bytes;
  const char *name = luaL_checklstring(L, index, &bytes);
  uint16_t slot = ms_class_slot(entity->class, name, bytes);
  if (slot == MS_SLOT_NONE) {
    ms_class_raise_unknown(L, entity->class, name);
  }
  return slot;
}

/* session_of(entity) */
int
ms_session_of(lua_State *L)
{
  ms_entity_check(L, 1);
  lua_getiuservalue(L, 1, MS_ENTITY_SESSION);
  return 1;
}

/* group(entity): what stands for those that it came with, or nil. */
int
ms_session_group(lua_State *L)
{
  ms_entity_check(L, 1);
  lua_getiuservalue(L, 1, MS_ENTITY_GROUP);
  return 1;
}

/* is_entity(value) */
int
ms_session_is_entity(lua_State *L)
{
  lua_pushboolean(L, ms_entity_test(L, 1) != NULL);
  return 1;
}

/* state(entity): "created", "modified", "deleted", "gone", or nil when there is nothing to
 * commit. */
int
ms_session_state(lua_State *L)
{
  const struct ms_entity *entity = ms_entity_check(L, 1);
  switch (entity->state) {
  case MS_ENTITY_CREATED:
    lua_pushliteral(L, "created");
    break;
  case MS_ENTITY_DELETED:
    lua_pushliteral(L, "deleted");
    break;
  case MS_ENTITY_GONE:
    lua_pushliteral(L, "gone");
    break;
  case MS_ENTITY_PERSISTED:
    if (entity->last_operation == MS_OPERATION_NONE) {
      lua_pushnil(L);
    } else {
      lua_pushliteral(L, "modified");
    }
    break;
  }
  return 1;
}

/* peek(entity, attribute): what a script would read, if that is known without a request; else nil. */
int
ms_session_peek(lua_State *L)
{
  const struct ms_entity *entity = ms_entity_check(L, 1);
  size_t size;
  const char *name = luaL_checklstring(L, 2, &size);
  uint16_t slot = ms_class_slot(entity->class, name, size);
  bool is_single = slot != MS_SLOT_NONE &&
                   entity->class->attributes[slot]->kind != MS_KIND_MAPPED &&
                   entity->class->attributes[slot]->kind != MS_KIND_COLLECTION;
  if (!is_single || !ms_entity_push_value(L, 1, slot)) {
    lua_pushnil(L);
  }
  return 1;
}

/* find(session, type, key, …): the entity of that primary key, if the session has met it; else
 * nil. */
int
ms_session_find(lua_State *L)
{
  struct ms_session *session = ms_session_check(L, 1);
  const char separator = MS_KEY_SEPARATOR;
  const struct ms_class *class =
      ms_schema_class_named(L, ms_session_schema(L, session), luaL_checkstring(L, 2));
  int top = lua_gettop(L);
  luaL_Buffer key;
  luaL_buffinit(L, &key);
  for (int i = 3; i <= top; i++) {
    if (i > 3) {
      luaL_addchar(&key, separator);
    }
    luaL_addstring(&key, luaL_checkstring(L, i));
  }
  luaL_pushresult(&key);
  const struct ms_entity *entity = ms_entity_find(L, 1, class->family);
  if (!entity || !ms_type_is_a(entity->class->type, class->type)) {
    lua_pushnil(L);
  }
  return 1;
}

/* Whether the attribute of the entity at `index` would have to be asked for. */
static bool
lacks(lua_State *L, int index, uint16_t slot)
{
  const struct ms_entity *entity = lua_touserdata(L, index);
  const struct ms_attribute *attribute = entity->class->attributes[slot];
  if (!attribute || entity->state != MS_ENTITY_PERSISTED) {
    return false;
  }
  bool lacking = true;
  if (attribute->kind == MS_KIND_COLLECTION || attribute->kind == MS_KIND_MAPPED) {
    if (ms_entity_push_remote(L, index, slot) == LUA_TUSERDATA) {
      const struct ms_collection *collection = lua_touserdata(L, -1);
      lacking = !collection->is_loaded;
    }
    lua_pop(L, 1);
  } else if (ms_entity_push_value(L, index, slot)) {
    lua_pop(L, 1);
    lacking = false;
  }
  return lacking;
}

/* lacking(entity, attribute, maximum): a list of the entity, when it lacks the attribute, and of at
 * most `maximum` of those that came with it and lack it, too. */
int
ms_session_lacking(lua_State *L)
{
  const struct ms_entity *entity = ms_entity_check(L, 1);
  uint16_t slot = check_slot(L, entity, 2);
  lua_Integer maximum = luaL_checkinteger(L, 3), found = 0;
  lua_settop(L, 3);
  lua_newtable(L); /* 4 */
  if (!lacks(L, 1, slot)) {
    return 1;
  }
  lua_pushvalue(L, 1);
  lua_rawseti(L, 4, ++found);
  if (lua_getiuservalue(L, 1, MS_ENTITY_GROUP) != LUA_TTABLE) {
    lua_settop(L, 4);
    return 1;
  }
  for (lua_pushnil(L); lua_next(L, 5) && found < maximum;) { /* group 5, key 6, value 7 */
    if (!lua_rawequal(L, 7, 1) && lacks(L, 7, slot)) {
      lua_pushvalue(L, 7);
      lua_rawseti(L, 4, ++found);
    }
    lua_settop(L, 6);
  }
  lua_settop(L, 4);
  return 1;
}

/* load(entity, attribute, value): sets what the server is known to have: null for nil, the rows of
 * a collection for a list. */
int
ms_session_load(lua_State *L)
{
  const struct ms_entity *entity = ms_entity_check(L, 1);
  uint16_t slot = check_slot(L, entity, 2);
  const struct ms_attribute *attribute = entity->class->attributes[slot];
  lua_settop(L, 3);
  if (attribute->kind == MS_KIND_COLLECTION || attribute->kind == MS_KIND_MAPPED) {
    if (lua_isnil(L, 3)) {
      lua_newtable(L);
      lua_replace(L, 3);
    }
    luaL_checktype(L, 3, LUA_TTABLE);
    ms_collection_push(L, 1, slot);
    lua_insert(L, 3);
    ms_collection_load(L, 3);
    return 0;
  }
  if (lua_isnil(L, 3)) {
    lua_pushlightuserdata(L, NULL);
    lua_replace(L, 3);
  }
  ms_entity_set_remote(L, 1, slot);
  return 0;
}

/* entity(session, type, values): the entity with the primary key in `values`, made when the session
 * has not met it: it exists on the server. */
int
ms_session_entity(lua_State *L)
{
  struct ms_session *session = ms_session_check(L, 1);
  const struct ms_class *class =
      ms_schema_class_named(L, ms_session_schema(L, session), luaL_checkstring(L, 2));
  luaL_checktype(L, 3, LUA_TTABLE);
  lua_settop(L, 3);
  ms_entity_new(L, 1, class); /* 4 */
  for (size_t slot = 0; slot < class->family->slot_count; slot++) {
    if (class->attributes[slot] && lua_getfield(L, 3, class->attributes[slot]->name) != LUA_TNIL) {
      ms_entity_set_remote(L, 4, (uint16_t)slot);
    }
    lua_settop(L, 4);
  }
  if (!ms_entity_push_key(L, 4)) {
    return ms_raisef(L, MS_USAGE, "entity %s: the primary key is not complete", class->type->name);
  }
  if (!ms_entity_find(L, 1, class->family)) {
    ms_entity_remember(L, 4);
  }
  return 1;
}

/* changes(session): three lists: created, modified and deleted entities that wait to be
 * committed. */
int
ms_session_changes(lua_State *L)
{
  const struct ms_session *session = ms_session_check(L, 1);
  static const int LISTS[] = {
      [MS_ENTITY_CREATED] = 2, [MS_ENTITY_PERSISTED] = 3, [MS_ENTITY_DELETED] = 4};
  lua_settop(L, 1);
  for (int i = 2; i <= 4; i++) {
    lua_newtable(L);
  }
  lua_newtable(L); /* 5: entities that are listed */
  for (uint32_t place = 0; place < session->unit.count; place++) {
    const struct ms_operation *operation = &session->unit.operations[place];
    if (operation->kind == MS_OPERATION_DEAD || operation->entity->state == MS_ENTITY_GONE) {
      continue;
    }
    ms_unit_push_entity(L, 1, place);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, 5) == LUA_TNIL) {
      int list = LISTS[operation->entity->state];
      lua_pushvalue(L, 6);
      lua_rawseti(L, list, (lua_Integer)lua_rawlen(L, list) + 1);
      lua_pushvalue(L, 6);
      lua_pushboolean(L, true);
      lua_rawset(L, 5);
    }
    lua_settop(L, 5);
  }
  lua_settop(L, 4);
  return 3;
}

/* forget(session): empties the identity maps and the unit of work. */
int
ms_session_forget(lua_State *L)
{
  struct ms_session *session = ms_session_check(L, 1);
  if (session->committing) {
    return ms_raisef(L, MS_BUSY, "the session cannot be reset while it is committing");
  }
  session->unit.in_flight = 0;
  ms_unit_rollback(L, 1);
  lua_newtable(L);
  lua_setiuservalue(L, 1, MS_SESSION_MAPS);
  return 0;
}
