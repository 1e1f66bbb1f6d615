/* Mapped collections: task.metadata.key, task.custom_attributes.fstart.
 *
 * The rows are entities of a type of their own, and every change is a change of a row: a new key
 * creates one, nil deletes it. Custom attributes have a row for each configuration whether it was
 * ever set or not, so there keys are never new, and a configuration says what a value may be
 * (core.hooks.fit_custom). Rows that are deleted, or whose creation was undone, do not show; so a
 * rollback needs nothing here. */
#include <lauxlib.h>
#include <string.h>

#include "base/nearest.h"
#include "binding/raise.h"
#include "session/collection.h"
#include "session/create.h"
#include "session/entity.h"
#include "session/entity_class.h"
#include "session/values.h"

#define MAPPED_METATABLE "moonshift.mapped"
#define CUSTOM_VALUE_SUFFIX "CustomAttributeValue"

bool
ms_mapped_is_custom(const struct ms_attribute *attribute)
{
  const char *name = attribute->target->name;
  size_t bytes = strlen(name), suffix_bytes = sizeof CUSTOM_VALUE_SUFFIX - 1;
  return attribute->kind == MS_KIND_MAPPED && bytes >= suffix_bytes &&
         strcmp(name + bytes - suffix_bytes, CUSTOM_VALUE_SUFFIX) == 0;
}

static struct ms_collection *
check(lua_State *L, int index)
{
  struct ms_collection *mapped = ms_collection_test(L, index);
  if (!mapped || mapped->attribute->kind != MS_KIND_MAPPED) {
    ms_raisef(L, MS_USAGE, "expected a mapped collection, found %s", luaL_typename(L, index));
  }
  return mapped;
}

/* ---- rows ---- */

static bool
is_visible(const struct ms_entity *row)
{
  return row->state != MS_ENTITY_DELETED && row->state != MS_ENTITY_GONE;
}

/* Pushes an attribute of the row at `index`, by way of its own __index (which may ask the
 * server). */
static void
push_field(lua_State *L, int index, const char *name)
{
  lua_getfield(L, index, name);
}

/* Pushes the visible row of the key at `key_index` among the items at `items_index`; false and
 * nothing pushed when there is none. `nearest` is offered every key. */
static bool
push_row(lua_State *L, const struct ms_collection *mapped, int items_index, int key_index,
         struct ms_nearest *nearest)
{
  lua_Integer count = (lua_Integer)lua_rawlen(L, items_index);
  for (lua_Integer i = 1; i <= count; i++) {
    lua_rawgeti(L, items_index, i);
    if (is_visible(lua_touserdata(L, -1))) {
      push_field(L, -1, mapped->attribute->key_attribute);
      bool same = lua_rawequal(L, -1, key_index);
      if (lua_type(L, -1) == LUA_TSTRING) {
        ms_nearest_offer(nearest, lua_tostring(L, -1));
      }
      lua_pop(L, 1);
      if (same) {
        return true;
      }
    }
    lua_pop(L, 1);
  }
  return false;
}

/* Pushes a new row of the collection at `index`, for the owner at `owner_index`. */
static void
push_new_row(lua_State *L, int index, int owner_index, int key_index, int value_index)
{
  const struct ms_collection *mapped = lua_touserdata(L, index);
  const struct ms_entity *owner = lua_touserdata(L, owner_index);
  const struct ms_entity_type *type = mapped->attribute->target;
  struct ms_class *class = ms_schema_class(L, owner->session->schema, type);
  lua_newtable(L);
  lua_pushvalue(L, key_index);
  lua_setfield(L, -2, mapped->attribute->key_attribute);
  lua_pushvalue(L, value_index);
  lua_setfield(L, -2, mapped->attribute->value_attribute);
  if (ms_type_attribute(type, "parent_id")) {
    ms_entity_push_remote(L, owner_index, owner->class->key_slots[0]);
    lua_setfield(L, -2, "parent_id");
  }
  if (ms_type_attribute(type, "parent_type")) {
    lua_pushstring(L, owner->class->type->name);
    lua_setfield(L, -2, "parent_type");
  }
  lua_getiuservalue(L, owner_index, MS_ENTITY_SESSION);
  ms_create_push(L, -1, class, lua_gettop(L) - 1);
  lua_replace(L, -3);
  lua_pop(L, 1);
}

/* `nearest` was offered every key there is. */
static int
raise_no_custom(lua_State *L, const struct ms_entity *owner, const struct ms_nearest *nearest)
{
  const char *type_name = owner->class->type->name;
  if (nearest->best) {
    return ms_raisef(L, MS_NOT_FOUND, "%s has no custom attribute '%s'; did you mean '%s'?",
                     type_name, nearest->word, nearest->best);
  }
  return ms_raisef(L, MS_NOT_FOUND, "%s has no custom attribute '%s'", type_name, nearest->word);
}

/* Sets one key of the loaded collection at `index`, which is not of custom attributes. */
static void
set_key(lua_State *L, int index, int key_index, int value_index)
{
  const struct ms_collection *mapped = lua_touserdata(L, index);
  int top = lua_gettop(L);
  struct ms_nearest nearest = {.word = luaL_checkstring(L, key_index)};
  lua_getiuservalue(L, index, MS_COLLECTION_OWNER);
  ms_collection_push_items(L, index);
  bool found = push_row(L, mapped, top + 2, key_index, &nearest); /* owner, items, row */
  if (found && lua_isnil(L, value_index)) {
    ms_unit_record_delete(L, -1);
  } else if (found) {
    lua_pushvalue(L, value_index);
    lua_setfield(L, -2, mapped->attribute->value_attribute);
  } else if (!lua_isnil(L, value_index)) {
    push_new_row(L, index, top + 1, key_index, value_index);
    lua_rawseti(L, top + 2, (lua_Integer)lua_rawlen(L, top + 2) + 1);
  }
  lua_settop(L, top);
}

/* Pushes the row of a custom attribute of the loaded collection at `index`, and the call that makes
 * its value fit: the hook, the owner, the row, the value. */
static void
push_custom(lua_State *L, int index, int key_index, int value_index)
{
  const struct ms_collection *mapped = lua_touserdata(L, index);
  int top = lua_gettop(L);
  struct ms_nearest nearest = {.word = luaL_checkstring(L, key_index)};
  lua_getiuservalue(L, index, MS_COLLECTION_OWNER);
  ms_collection_push_items(L, index);
  if (!push_row(L, mapped, top + 2, key_index, &nearest)) {
    raise_no_custom(L, lua_touserdata(L, top + 1), &nearest);
  }
  ms_session_push_hook(L, "fit_custom");
  lua_pushvalue(L, top + 1);
  lua_pushvalue(L, top + 3);
  lua_pushvalue(L, value_index);
  lua_rotate(L, top + 1, -2); /* row, hook, owner, row, value, owner, items */
  lua_pop(L, 2);
}

/* The same for a whole table: `fit_custom` may ask the server, in place. */
static void
set_custom(lua_State *L, int index, int key_index, int value_index)
{
  const struct ms_collection *mapped = lua_touserdata(L, index);
  int top = lua_gettop(L);
  push_custom(L, index, key_index, value_index);
  lua_call(L, 3, 1);
  lua_setfield(L, top + 1, mapped->attribute->value_attribute);
  lua_settop(L, top);
}

/* Pushes a table of the visible keys and values. */
static void
push_table(lua_State *L, int index)
{
  const struct ms_collection *mapped = lua_touserdata(L, index);
  lua_newtable(L);
  int table = lua_gettop(L);
  ms_collection_push_items(L, index);
  lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
  for (lua_Integer i = 1; i <= count; i++) {
    lua_rawgeti(L, table + 1, i);
    push_field(L, table + 2, mapped->attribute->key_attribute);
    if (is_visible(lua_touserdata(L, table + 2)) && !lua_isnil(L, -1)) {
      push_field(L, table + 2, mapped->attribute->value_attribute);
      lua_rawset(L, table);
    }
    lua_settop(L, table + 1);
  }
  lua_settop(L, table);
}

/* ---- the class ---- */

static int
finish_index(lua_State *L, int status, lua_KContext context)
{
  (void)status, (void)context;
  const struct ms_collection *mapped = lua_touserdata(L, 1);
  struct ms_nearest nearest = {.word = lua_tostring(L, 2)};
  ms_collection_push_items(L, 1);
  if (push_row(L, mapped, lua_gettop(L), 2, &nearest)) {
    push_field(L, -1, mapped->attribute->value_attribute);
    return 1;
  }
  if (ms_mapped_is_custom(mapped->attribute)) {
    lua_getiuservalue(L, 1, MS_COLLECTION_OWNER);
    return raise_no_custom(L, lua_touserdata(L, -1), &nearest);
  }
  lua_pushnil(L);
  return 1;
}

static int
raise_no_key(lua_State *L, const struct ms_collection *mapped)
{
  return ms_raisef(L, MS_USAGE, "a key of '%s' is a string, not a %s", mapped->attribute->name,
                   luaL_typename(L, 2));
}

static int
mapped_index(lua_State *L)
{
  const struct ms_collection *mapped = check(L, 1);
  if (lua_type(L, 2) != LUA_TSTRING) {
    return raise_no_key(L, mapped);
  }
  lua_settop(L, 2);
  return ms_collection_with_items(L, finish_index);
}

/* Stack: the collection, key, value, row, the value that fits. */
static int
finish_custom(lua_State *L, int status, lua_KContext context)
{
  (void)status, (void)context;
  const struct ms_collection *mapped = lua_touserdata(L, 1);
  lua_setfield(L, 4, mapped->attribute->value_attribute);
  return 0;
}

static int
finish_newindex(lua_State *L, int status, lua_KContext context)
{
  (void)status, (void)context;
  const struct ms_collection *mapped = lua_touserdata(L, 1);
  if (!ms_mapped_is_custom(mapped->attribute)) {
    set_key(L, 1, 2, 3);
    return 0;
  }
  push_custom(L, 1, 2, 3);
  lua_callk(L, 3, 1, 0, finish_custom);
  return finish_custom(L, LUA_OK, 0);
}

static int
mapped_newindex(lua_State *L)
{
  const struct ms_collection *mapped = check(L, 1);
  if (lua_type(L, 2) != LUA_TSTRING) {
    return raise_no_key(L, mapped);
  }
  ms_collection_check_writable(L, 1);
  lua_settop(L, 3);
  return ms_collection_with_items(L, finish_newindex);
}

static int
next_key(lua_State *L)
{
  lua_settop(L, 2);
  if (lua_next(L, 1)) {
    return 2;
  }
  lua_pushnil(L);
  return 1;
}

static int
finish_pairs(lua_State *L, int status, lua_KContext context)
{
  (void)status, (void)context;
  lua_pushcfunction(L, next_key);
  push_table(L, 1);
  lua_pushnil(L);
  return 3;
}

/* pairs(mapped): over keys and values as they are now. */
static int
mapped_pairs(lua_State *L)
{
  check(L, 1);
  lua_settop(L, 1);
  return ms_collection_with_items(L, finish_pairs);
}

static int
finish_len(lua_State *L, int status, lua_KContext context)
{
  (void)status, (void)context;
  ms_collection_push_items(L, 1);
  lua_Integer count = (lua_Integer)lua_rawlen(L, -1), visible = 0;
  for (lua_Integer i = 1; i <= count; i++) {
    lua_rawgeti(L, -1, i);
    visible += is_visible(lua_touserdata(L, -1));
    lua_pop(L, 1);
  }
  lua_pushinteger(L, visible);
  return 1;
}

/* #mapped: the number of keys. */
static int
mapped_len(lua_State *L)
{
  check(L, 1);
  lua_settop(L, 1);
  return ms_collection_with_items(L, finish_len);
}

static int
mapped_tostring(lua_State *L)
{
  const struct ms_collection *mapped = check(L, 1);
  char owner[MS_ENTITY_TEXT_SIZE];
  lua_getiuservalue(L, 1, MS_COLLECTION_OWNER);
  ms_entity_print(L, -1, owner);
  lua_pushfstring(L, "%s of %s", mapped->attribute->name, owner);
  return 1;
}

static const luaL_Reg METAMETHODS[] = {
    {"__index", mapped_index}, {"__len", mapped_len},           {"__newindex", mapped_newindex},
    {"__pairs", mapped_pairs}, {"__tostring", mapped_tostring}, {NULL, NULL},
};

void
ms_mapped_push_metatable(lua_State *L)
{
  if (luaL_newmetatable(L, MAPPED_METATABLE)) {
    luaL_setfuncs(L, METAMETHODS, 0);
    lua_pushliteral(L, "mapped collection");
    lua_setfield(L, -2, "__metatable");
  }
}

/* ---- assignment of a whole table ---- */

/* Assigns nil to every visible key of the collection that the table lacks. */
static void
remove_others(lua_State *L, int index, int table_index)
{
  push_table(L, index);
  lua_pushnil(L); /* what is assigned */
  int present = lua_gettop(L) - 1;
  for (lua_pushnil(L); lua_next(L, present); lua_pop(L, 1)) {
    bool is_kept = false;
    if (lua_istable(L, table_index)) {
      lua_pushvalue(L, -2);
      is_kept = lua_rawget(L, table_index) != LUA_TNIL;
      lua_pop(L, 1);
    }
    if (!is_kept) {
      set_key(L, index, present + 2, present + 1);
    }
  }
  lua_settop(L, present - 1);
}

void
ms_mapped_assign(lua_State *L, int index, int table_index)
{
  const struct ms_collection *mapped = lua_touserdata(L, index);
  if (!lua_istable(L, table_index) && !lua_isnil(L, table_index)) {
    ms_raisef(L, MS_INVALID, "'%s' maps keys to values: assign a table, not a %s",
              mapped->attribute->name, luaL_typename(L, table_index));
  }
  bool is_custom = ms_mapped_is_custom(mapped->attribute);
  if (is_custom && lua_isnil(L, table_index)) {
    ms_raisef(L, MS_INVALID, "'%s' cannot be removed: assign a table of those to set",
              mapped->attribute->name);
  }
  if (!mapped->is_loaded) {
    lua_pushcfunction(L, mapped_len); /* loads */
    lua_pushvalue(L, index);
    lua_call(L, 1, 0);
  }
  if (!is_custom) {
    remove_others(L, index, table_index);
  }
  if (!lua_istable(L, table_index)) {
    return;
  }
  for (lua_pushnil(L); lua_next(L, table_index); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING) {
      ms_raisef(L, MS_USAGE, "a key of '%s' is a string, not a %s", mapped->attribute->name,
                luaL_typename(L, -2));
    }
    int top = lua_gettop(L);
    (is_custom ? set_custom : set_key)(L, index, top - 1, top);
  }
}
