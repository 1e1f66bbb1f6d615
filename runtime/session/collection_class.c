/* The class of plain collections: an array of entities. */
#include <lauxlib.h>

#include "base/nearest.h"
#include "binding/raise.h"
#include "session/collection.h"
#include "session/entity.h"

#define COLLECTION_METATABLE "moonshift.collection"

/* The place of the entity at `value_index` among the items at `items_index`, or 0. */
static lua_Integer
place_of(lua_State *L, int items_index, int value_index)
{
  lua_Integer count = (lua_Integer)lua_rawlen(L, items_index);
  for (lua_Integer i = 1; i <= count; i++) {
    lua_rawgeti(L, items_index, i);
    bool same = lua_rawequal(L, -1, value_index);
    lua_pop(L, 1);
    if (same) {
      return i;
    }
  }
  return 0;
}

static int
finish_len(lua_State *L, int status, lua_KContext context)
{
  (void)status, (void)context;
  ms_collection_push_items(L, 1);
  lua_pushinteger(L, (lua_Integer)lua_rawlen(L, -1));
  return 1;
}

static int
collection_len(lua_State *L)
{
  lua_settop(L, 1);
  return ms_collection_with_items(L, finish_len);
}

static int
finish_index(lua_State *L, int status, lua_KContext context)
{
  (void)status, (void)context;
  ms_collection_push_items(L, 1);
  lua_rawgeti(L, -1, lua_tointeger(L, 2));
  return 1;
}

static int
raise_no_method(lua_State *L, const char *name, int methods_index)
{
  struct ms_nearest nearest = {.word = name};
  for (lua_pushnil(L); lua_next(L, methods_index); lua_pop(L, 1)) {
    ms_nearest_offer(&nearest, lua_tostring(L, -2));
  }
  if (nearest.best) {
    return ms_raisef(L, MS_NOT_FOUND, "a collection has no method '%s'; did you mean '%s'?", name,
                     nearest.best);
  }
  return ms_raisef(L, MS_NOT_FOUND, "a collection has no method '%s'; its entities are at 1 to #",
                   name);
}

/* Upvalue 1: the methods. */
static int
collection_index(lua_State *L)
{
  lua_settop(L, 2);
  if (lua_isinteger(L, 2)) {
    return ms_collection_with_items(L, finish_index);
  }
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) == LUA_TNIL) {
    return raise_no_method(L, luaL_tolstring(L, 2, NULL), lua_upvalueindex(1));
  }
  return 1;
}

/* A change sends the whole membership, so it has to be known. */
static void
require_items(lua_State *L)
{
  const struct ms_collection *collection = lua_touserdata(L, 1);
  if (!collection->is_loaded) {
    ms_raisef(L, MS_USAGE, "'%s' was not loaded, and auto-population is off: populate it first",
              collection->attribute->name);
  }
  ms_collection_push_items(L, 1);
}

static int
finish_add(lua_State *L, int status, lua_KContext context)
{
  (void)status, (void)context;
  require_items(L);
  int items = lua_gettop(L);
  if (place_of(L, items, 2) == 0) {
    ms_collection_begin_modification(L, 1);
    lua_pushvalue(L, 2);
    lua_rawseti(L, items, (lua_Integer)lua_rawlen(L, items) + 1);
    ms_collection_record(L, 1);
  }
  return 0;
}

/* collection:add(entity): puts it at the end unless it is there already. */
static int
collection_add(lua_State *L)
{
  lua_settop(L, 2);
  ms_collection_check(L, 1);
  ms_collection_check_writable(L, 1);
  ms_collection_check_item(L, 1, 2);
  return ms_collection_with_items(L, finish_add);
}

static int
finish_remove(lua_State *L, int status, lua_KContext context)
{
  (void)status, (void)context;
  require_items(L);
  int items = lua_gettop(L);
  lua_Integer place = place_of(L, items, 2), count = (lua_Integer)lua_rawlen(L, items);
  lua_pushboolean(L, place > 0);
  if (place == 0) {
    return 1;
  }
  ms_collection_begin_modification(L, 1);
  for (lua_Integer i = place; i < count; i++) {
    lua_rawgeti(L, items, i + 1);
    lua_rawseti(L, items, i);
  }
  lua_pushnil(L);
  lua_rawseti(L, items, count);
  ms_collection_record(L, 1);
  return 1;
}

/* collection:remove(entity): true when it was there. */
static int
collection_remove(lua_State *L)
{
  lua_settop(L, 2);
  ms_collection_check(L, 1);
  ms_collection_check_writable(L, 1);
  ms_entity_check(L, 2);
  return ms_collection_with_items(L, finish_remove);
}

static int
finish_contains(lua_State *L, int status, lua_KContext context)
{
  (void)status, (void)context;
  ms_collection_push_items(L, 1);
  lua_pushboolean(L, place_of(L, lua_gettop(L), 2) > 0);
  return 1;
}

static int
collection_contains(lua_State *L)
{
  lua_settop(L, 2);
  return ms_collection_with_items(L, finish_contains);
}

static int
finish_list(lua_State *L, int status, lua_KContext context)
{
  (void)status, (void)context;
  ms_collection_push_items(L, 1);
  ms_collection_copy_items(L, -1);
  return 1;
}

/* collection:list(): its entities as a plain table, which stays as it is. */
static int
collection_list(lua_State *L)
{
  lua_settop(L, 1);
  return ms_collection_with_items(L, finish_list);
}

static int
collection_newindex(lua_State *L)
{
  return ms_raisef(L, MS_USAGE,
                   "a collection is changed with add and remove, or by assigning a "
                   "list to the attribute");
}

static int
collection_tostring(lua_State *L)
{
  const struct ms_collection *collection = ms_collection_check(L, 1);
  char owner[MS_ENTITY_TEXT_SIZE];
  lua_getiuservalue(L, 1, MS_COLLECTION_OWNER);
  ms_entity_print(L, -1, owner);
  lua_pushfstring(L, "%s of %s", collection->attribute->name, owner);
  return 1;
}

static int
next_item(lua_State *L)
{
  lua_Integer place = lua_tointeger(L, 2) + 1;
  lua_pushinteger(L, place);
  return lua_rawgeti(L, 1, place) == LUA_TNIL ? 1 : 2;
}

static int
finish_pairs(lua_State *L, int status, lua_KContext context)
{
  finish_list(L, status, context);
  lua_pushcfunction(L, next_item);
  lua_insert(L, -2);
  lua_pushinteger(L, 0);
  return 3;
}

/* pairs(collection): as ipairs, over the entities as they are now, and fetches beforehand. */
static int
collection_pairs(lua_State *L)
{
  lua_settop(L, 1);
  return ms_collection_with_items(L, finish_pairs);
}

static const luaL_Reg METHODS[] = {
    {"add", collection_add},
    {"contains", collection_contains},
    {"list", collection_list},
    {"remove", collection_remove},
    {NULL, NULL},
};

static const luaL_Reg METAMETHODS[] = {
    {"__len", collection_len},
    {"__newindex", collection_newindex},
    {"__pairs", collection_pairs},
    {"__tostring", collection_tostring},
    {NULL, NULL},
};

void
ms_collection_push_metatable(lua_State *L)
{
  if (luaL_newmetatable(L, COLLECTION_METATABLE)) {
    luaL_setfuncs(L, METAMETHODS, 0);
    luaL_newlib(L, METHODS);
    lua_pushcclosure(L, collection_index, 1);
    lua_setfield(L, -2, "__index");
    lua_pushliteral(L, "collection");
    lua_setfield(L, -2, "__metatable");
  }
}
