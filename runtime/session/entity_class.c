/* What a script does with an entity: read and write attributes, call methods, print.
 *
 * Each family has one metatable whose __index and __newindex have the family's names as an upvalue,
 * so that finding a slot is one look into a table of interned strings. Methods of a type are Lua
 * tables in the registry that Lua modules fill (core.session.methods). */
#include "session/entity.h"

#include <lauxlib.h>
#include <string.h>

#include "binding/raise.h"
#include "session/collection.h"
#include "session/entity_class.h"
#include "session/values.h"

#define TYPE_NAME_KEY "__entity_type__" /* as on the wire; never an attribute */
#define COMMON_METHODS "Entity"         /* of every type */

static const char methods_key; /* registry: type name → methods */

/* ---- methods ---- */

void
ms_entity_push_methods(lua_State *L, const char *type_name)
{
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &methods_key) != LUA_TTABLE) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &methods_key);
  }
  if (lua_getfield(L, -1, type_name) != LUA_TTABLE) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, type_name);
  }
  lua_remove(L, -2);
}

/* The base of a type; where the server does not tell, the one that the type of this name has with
 * us. */
static const struct ms_entity_type *
base_of(const struct ms_entity_type *type)
{
  if (type->base) {
    return type->base;
  }
  const struct ms_entity_type *known = ms_model_type(ms_model_builtin(), type->name);
  return known && known != type ? known->base : NULL;
}

/* Pushes the method named by the string at 2, of the type or one of its bases; false and nothing
 * pushed when there is none. */
static bool
push_method(lua_State *L, const struct ms_entity_type *type)
{
  for (;;) {
    ms_entity_push_methods(L, type ? type->name : COMMON_METHODS);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, -2) != LUA_TNIL) {
      lua_remove(L, -2);
      return true;
    }
    lua_pop(L, 2);
    if (!type) {
      return false;
    }
    type = base_of(type);
  }
}

/* ---- reading ---- */

static struct ms_entity *
check_self(lua_State *L)
{
  return ms_entity_check(L, 1);
}

/* The slot of the name at 2 (upvalue 1 has the family's), or MS_SLOT_NONE. */
static uint16_t
slot_of_name(lua_State *L, const struct ms_entity *entity)
{
  lua_pushvalue(L, 2);
  lua_rawget(L, lua_upvalueindex(1));
  uint16_t slot = lua_isinteger(L, -1) ? (uint16_t)lua_tointeger(L, -1) : MS_SLOT_NONE;
  lua_pop(L, 1);
  return slot != MS_SLOT_NONE && entity->class->attributes[slot] ? slot : MS_SLOT_NONE;
}

static int
finish_read(lua_State *L, int status, lua_KContext context)
{
  (void)status;
  if (!ms_entity_push_value(L, 1, (uint16_t)context)) {
    lua_pushnil(L);
  }
  return 1;
}

/* A relation whose foreign key was assigned here to an entity that this session has not met: it is
 * asked for by that key. */
static bool
push_assigned_key(lua_State *L, const struct ms_entity *entity, uint16_t slot)
{
  uint16_t counterpart = entity->class->counterparts[slot];
  return entity->class->attributes[slot]->kind == MS_KIND_REFERENCE &&
         counterpart != MS_SLOT_NONE && ms_unit_push_value(L, 1, counterpart, NULL);
}

static int
return_fetched(lua_State *L, int status, lua_KContext context)
{
  (void)L, (void)status, (void)context;
  return 1;
}

static bool
auto_populates(lua_State *L)
{
  lua_getiuservalue(L, 1, MS_ENTITY_SESSION);
  bool populates = ms_session_auto_populates(L, lua_gettop(L));
  lua_pop(L, 1);
  return populates;
}

static int
fetch(lua_State *L, const struct ms_entity *entity, uint16_t slot)
{
  const struct ms_attribute *attribute = entity->class->attributes[slot];
  if (push_assigned_key(L, entity, slot)) { /* key */
    ms_session_push_hook(L, "get");
    lua_insert(L, -2);
    lua_getiuservalue(L, 1, MS_ENTITY_SESSION);
    lua_insert(L, -2);
    lua_pushstring(L, attribute->target->name);
    lua_insert(L, -2); /* get, session, type, key */
    lua_callk(L, 3, 1, slot, return_fetched);
    return 1;
  }
  if (entity->state == MS_ENTITY_CREATED || !auto_populates(L)) {
    lua_pushnil(L);
    return 1;
  }
  ms_session_push_hook(L, "populate");
  lua_pushvalue(L, 1);
  lua_pushstring(L, attribute->name);
  lua_callk(L, 2, 0, slot, finish_read);
  return finish_read(L, LUA_OK, slot);
}

static int
read_collection(lua_State *L, uint16_t slot)
{
  const struct ms_collection *collection = ms_collection_push(L, 1, slot);
  if (!collection->is_loaded && !auto_populates(L)) {
    lua_pushnil(L);
  }
  return 1;
}

static int
read_other(lua_State *L, const struct ms_entity *entity)
{
  const struct ms_entity_type *type = entity->class->type;
  if (lua_type(L, 2) != LUA_TSTRING) {
    return ms_raisef(L, MS_USAGE, "an attribute of %s is named by a string, not by a %s",
                     type->name, luaL_typename(L, 2));
  }
  const char *name = lua_tostring(L, 2);
  if (strcmp(name, TYPE_NAME_KEY) == 0) {
    lua_pushstring(L, type->name);
    return 1;
  }
  return push_method(L, type) ? 1 : ms_class_raise_unknown(L, entity->class, name);
}

static int
entity_index(lua_State *L)
{
  const struct ms_entity *entity = check_self(L);
  lua_settop(L, 2);
  uint16_t slot = slot_of_name(L, entity);
  if (slot == MS_SLOT_NONE) {
    return read_other(L, entity);
  }
  enum ms_attribute_kind kind = entity->class->attributes[slot]->kind;
  if (kind == MS_KIND_COLLECTION || kind == MS_KIND_MAPPED) {
    return read_collection(L, slot);
  }
  return ms_entity_push_value(L, 1, slot) ? 1 : fetch(L, entity, slot);
}

/* ---- writing ---- */

void
ms_entity_assign(lua_State *L, int index, uint16_t slot, int value_index)
{
  index = lua_absindex(L, index);
  value_index = lua_absindex(L, value_index);
  const struct ms_entity *entity = lua_touserdata(L, index);
  const struct ms_attribute *attribute = entity->class->attributes[slot];
  if (attribute->kind == MS_KIND_MAPPED) {
    ms_collection_push(L, index, slot);
    ms_mapped_assign(L, lua_gettop(L), value_index);
    lua_pop(L, 1);
  } else if (attribute->kind == MS_KIND_COLLECTION) {
    ms_collection_push(L, index, slot);
    ms_collection_assign_list(L, lua_gettop(L), value_index);
    lua_pop(L, 1);
  } else {
    ms_value_push_checked(L, index, attribute, value_index);
    ms_unit_record_update(L, index, slot);
  }
}

static int
entity_newindex(lua_State *L)
{
  const struct ms_entity *entity = check_self(L);
  uint16_t slot = slot_of_name(L, entity);
  if (slot == MS_SLOT_NONE) {
    return ms_class_raise_unknown(L, entity->class, luaL_tolstring(L, 2, NULL));
  }
  ms_value_check_assignable(L, 1, slot);
  ms_entity_assign(L, 1, slot, 3);
  return 0;
}

/* ---- the rest ---- */

static int
entity_tostring(lua_State *L)
{
  char text[MS_ENTITY_TEXT_SIZE];
  check_self(L);
  ms_entity_print(L, 1, text);
  lua_pushstring(L, text);
  return 1;
}

static const luaL_Reg METAMETHODS[] = {
    {"__tostring", entity_tostring},
    {NULL, NULL},
};

void
ms_entity_push_metatable(lua_State *L, struct ms_family *family)
{
  if (family->metatable != LUA_NOREF) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, family->metatable);
    return;
  }
  luaL_newlib(L, METAMETHODS);                    /* metatable */
  lua_createtable(L, 0, (int)family->slot_count); /* metatable, slots */
  for (size_t slot = 0; slot < family->slot_count; slot++) {
    lua_pushinteger(L, (lua_Integer)slot);
    lua_setfield(L, -2, family->names[slot]);
  }
  lua_pushvalue(L, -1);
  lua_pushcclosure(L, entity_index, 1);
  lua_setfield(L, -3, "__index");
  lua_pushcclosure(L, entity_newindex, 1);
  lua_setfield(L, -2, "__newindex");
  lua_pushliteral(L, "entity");
  lua_setfield(L, -2, "__metatable");
  lua_pushliteral(L, "entity");
  lua_setfield(L, -2, "__name");
  lua_pushvalue(L, -1);
  family->metatable = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* entity:keys(): the names of its attributes, sorted. */
static int
entity_keys(lua_State *L)
{
  const struct ms_entity *entity = check_self(L);
  const struct ms_entity_type *type = entity->class->type;
  lua_createtable(L, (int)type->attribute_count, 0);
  for (size_t i = 0; i < type->attribute_count; i++) {
    lua_pushstring(L, type->attributes[i]->name);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

/* entity:primary_key(): {name = value} of its key. */
static int
entity_primary_key(lua_State *L)
{
  const struct ms_entity *entity = check_self(L);
  const struct ms_entity_type *type = entity->class->type;
  lua_createtable(L, 0, (int)type->primary_key_count);
  for (size_t i = 0; i < type->primary_key_count; i++) {
    ms_entity_push_remote(L, 1, entity->class->key_slots[i]);
    lua_setfield(L, -2, type->primary_key[i]->name);
  }
  return 1;
}

static const luaL_Reg METHODS[] = {
    {"keys", entity_keys},
    {"primary_key", entity_primary_key},
    {NULL, NULL},
};

void
ms_entity_open(lua_State *L)
{
  ms_entity_push_methods(L, COMMON_METHODS);
  luaL_setfuncs(L, METHODS, 0);
  lua_pop(L, 1);
}
