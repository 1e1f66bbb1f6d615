/* What plain and mapped collections have in common: loading, modification, commit and rollback. */
#include "session/collection.h"

#include <lauxlib.h>

#include "binding/raise.h"
#include "session/entity.h"
#include "session/entity_class.h"
#include "session/values.h"

static const char collection_magic;

/* ---- the object ---- */

struct ms_collection *
ms_collection_test(lua_State *L, int index)
{
  if (lua_type(L, index) != LUA_TUSERDATA || lua_rawlen(L, index) != sizeof(struct ms_collection)) {
    return NULL;
  }
  struct ms_collection *collection = lua_touserdata(L, index);
  return collection->magic == &collection_magic ? collection : NULL;
}

struct ms_collection *
ms_collection_check(lua_State *L, int index)
{
  struct ms_collection *collection = ms_collection_test(L, index);
  if (!collection) {
    ms_raisef(L, MS_USAGE, "expected a collection, found %s", luaL_typename(L, index));
  }
  return collection;
}

static struct ms_collection *
push_new(lua_State *L, int index, uint16_t slot)
{
  const struct ms_entity *entity = lua_touserdata(L, index);
  const struct ms_attribute *attribute = entity->class->attributes[slot];
  struct ms_collection *collection =
      lua_newuserdatauv(L, sizeof *collection, MS_COLLECTION_ORIGINAL);
  *collection = (struct ms_collection){.magic = &collection_magic,
                                       .attribute = attribute,
                                       .slot = slot,
                                       .is_loaded = entity->state == MS_ENTITY_CREATED &&
                                                    !ms_mapped_is_custom(attribute)};
  lua_pushvalue(L, index);
  lua_setiuservalue(L, -2, MS_COLLECTION_OWNER);
  lua_newtable(L);
  lua_setiuservalue(L, -2, MS_COLLECTION_ITEMS);
  if (attribute->kind == MS_KIND_MAPPED) {
    ms_mapped_push_metatable(L);
  } else {
    ms_collection_push_metatable(L);
  }
  lua_setmetatable(L, -2);
  return collection;
}

struct ms_collection *
ms_collection_push(lua_State *L, int index, uint16_t slot)
{
  index = lua_absindex(L, index);
  if (ms_entity_push_remote(L, index, slot) == LUA_TUSERDATA) {
    return lua_touserdata(L, -1);
  }
  lua_pop(L, 1);
  struct ms_collection *collection = push_new(L, index, slot);
  lua_pushvalue(L, -1);
  ms_entity_set_remote(L, index, slot);
  return collection;
}

void
ms_collection_copy_items(lua_State *L, int index)
{
  index = lua_absindex(L, index);
  lua_Integer count = (lua_Integer)lua_rawlen(L, index);
  lua_createtable(L, (int)count, 0);
  for (lua_Integer i = 1; i <= count; i++) {
    lua_rawgeti(L, index, i);
    lua_rawseti(L, -2, i);
  }
}

void
ms_collection_begin_modification(lua_State *L, int index)
{
  struct ms_collection *collection = lua_touserdata(L, index);
  if (!collection->is_modified) {
    lua_getiuservalue(L, index, MS_COLLECTION_ITEMS);
    ms_collection_copy_items(L, -1);
    lua_setiuservalue(L, index, MS_COLLECTION_ORIGINAL);
    lua_pop(L, 1);
    collection->is_modified = true;
  }
}

void
ms_collection_record(lua_State *L, int index)
{
  struct ms_collection *collection = lua_touserdata(L, index);
  lua_getiuservalue(L, index, MS_COLLECTION_OWNER);
  lua_pushvalue(L, index);
  ms_unit_record_update(L, -2, collection->slot);
  lua_pop(L, 1);
}

/* Appends the rows that were created here and not yet committed to the new array on top. */
static void
keep_created(lua_State *L, int index)
{
  lua_getiuservalue(L, index, MS_COLLECTION_ITEMS); /* new, old */
  lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
  for (lua_Integer i = 1; i <= count; i++) {
    lua_rawgeti(L, -1, i);
    const struct ms_entity *row = lua_touserdata(L, -1);
    if (row->state == MS_ENTITY_CREATED) {
      lua_rawseti(L, -3, (lua_Integer)lua_rawlen(L, -3) + 1);
    } else {
      lua_pop(L, 1);
    }
  }
  lua_pop(L, 1);
}

void
ms_collection_load(lua_State *L, int index)
{
  index = lua_absindex(L, index);
  struct ms_collection *collection = lua_touserdata(L, index);
  if (collection->attribute->kind == MS_KIND_MAPPED) {
    keep_created(L, index);
  }
  lua_setiuservalue(L, index,
                    collection->is_modified ? MS_COLLECTION_ORIGINAL : MS_COLLECTION_ITEMS);
  collection->is_loaded = true;
}

void
ms_collection_expire(lua_State *L, int index)
{
  struct ms_collection *collection = lua_touserdata(L, index);
  if (!collection->is_modified) {
    collection->is_loaded = false;
  }
}

void
ms_collection_assign(lua_State *L, int index)
{
  index = lua_absindex(L, index);
  struct ms_collection *collection = lua_touserdata(L, index);
  if (collection->is_loaded) {
    ms_collection_begin_modification(L, index);
  }
  collection->is_modified = true;
  collection->is_loaded = true;
  lua_setiuservalue(L, index, MS_COLLECTION_ITEMS);
  ms_collection_record(L, index);
}

void
ms_collection_settle(lua_State *L, int index, bool is_changed_again)
{
  index = lua_absindex(L, index);
  struct ms_collection *collection = ms_collection_test(L, index);
  if (collection && collection->is_modified) {
    lua_pushnil(L);
    lua_setiuservalue(L, index, MS_COLLECTION_ORIGINAL);
    collection->is_modified = is_changed_again;
  }
}

void
ms_collection_revert(lua_State *L, int index)
{
  index = lua_absindex(L, index);
  struct ms_collection *collection = ms_collection_test(L, index);
  if (!collection || !collection->is_modified) {
    return;
  }
  collection->is_modified = false;
  collection->is_loaded = lua_getiuservalue(L, index, MS_COLLECTION_ORIGINAL) == LUA_TTABLE;
  if (!collection->is_loaded) {
    lua_pop(L, 1);
    lua_newtable(L);
  }
  lua_setiuservalue(L, index, MS_COLLECTION_ITEMS);
  lua_pushnil(L);
  lua_setiuservalue(L, index, MS_COLLECTION_ORIGINAL);
}

int
ms_collection_with_items(lua_State *L, lua_KFunction k)
{
  const struct ms_collection *collection = ms_collection_check(L, 1);
  if (!collection->is_loaded) {
    ms_session_push_hook(L, "populate");
    lua_getiuservalue(L, 1, MS_COLLECTION_OWNER);
    lua_pushstring(L, collection->attribute->name);
    lua_callk(L, 2, 0, 0, k);
  }
  return k(L, LUA_OK, 0);
}

/* Removes the entities that are gone from the array on top. */
static void
sweep(lua_State *L)
{
  lua_Integer count = (lua_Integer)lua_rawlen(L, -1), kept = 0;
  for (lua_Integer i = 1; i <= count; i++) {
    lua_rawgeti(L, -1, i);
    const struct ms_entity *item = lua_touserdata(L, -1);
    if (item->state == MS_ENTITY_GONE || ++kept == i) {
      lua_pop(L, 1);
    } else {
      lua_rawseti(L, -2, kept);
    }
  }
  for (lua_Integer i = kept + 1; i <= count; i++) {
    lua_pushnil(L);
    lua_rawseti(L, -2, i);
  }
}

void
ms_collection_push_items(lua_State *L, int index)
{
  index = lua_absindex(L, index);
  struct ms_collection *collection = lua_touserdata(L, index);
  lua_getiuservalue(L, index, MS_COLLECTION_OWNER);
  const struct ms_entity *owner = lua_touserdata(L, -1);
  lua_getiuservalue(L, index, MS_COLLECTION_ITEMS);
  lua_remove(L, -2);
  if (collection->gone_seen != owner->session->gone_count) {
    collection->gone_seen = owner->session->gone_count;
    sweep(L);
  }
}

void
ms_collection_check_writable(lua_State *L, int index)
{
  index = lua_absindex(L, index);
  const struct ms_collection *collection = lua_touserdata(L, index);
  lua_getiuservalue(L, index, MS_COLLECTION_OWNER);
  ms_value_check_assignable(L, -1, collection->slot);
  lua_pop(L, 1);
}

void
ms_collection_check_item(lua_State *L, int index, int value_index)
{
  index = lua_absindex(L, index);
  value_index = lua_absindex(L, value_index);
  const struct ms_collection *collection = lua_touserdata(L, index);
  lua_getiuservalue(L, index, MS_COLLECTION_OWNER);
  ms_value_check_entity(L, -1, collection->attribute, value_index);
  lua_pop(L, 1);
}

void
ms_collection_assign_list(lua_State *L, int index, int list_index)
{
  const struct ms_collection *collection = lua_touserdata(L, index);
  bool is_list = lua_istable(L, list_index) || ms_collection_test(L, list_index);
  if (!is_list && !lua_isnil(L, list_index)) {
    ms_raisef(L, MS_INVALID, "'%s' is a collection: assign a list of entities, not a %s",
              collection->attribute->name, luaL_typename(L, list_index));
  }
  lua_newtable(L);
  lua_Integer count = is_list ? luaL_len(L, list_index) : 0;
  for (lua_Integer i = 1; i <= count; i++) {
    lua_geti(L, list_index, i);
    ms_collection_check_item(L, index, -1);
    lua_rawseti(L, -2, i);
  }
  ms_collection_assign(L, index);
}
