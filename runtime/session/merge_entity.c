/* From members to entities. Which slot a name means is guessed from what followed last time, so
 * that a row costs one comparison per attribute. */
#include <lauxlib.h>
#include <string.h>

#include "binding/raise.h"
#include "session/collection.h"
#include "session/datetime.h"
#include "session/merge_internal.h"

static void
find_slots(struct ms_class *class, struct ms_merge_member *members, size_t count)
{
  const struct ms_family *family = class->family;
  uint16_t last = (uint16_t)family->slot_count;
  for (size_t i = 0; i < count; i++) {
    struct ms_merge_member *member = &members[i];
    uint16_t guess = class->successors[last];
    if (family->slot_count > 0 && family->name_bytes[guess] == member->name_bytes &&
        memcmp(family->names[guess], member->name, member->name_bytes) == 0 &&
        class->attributes[guess]) {
      member->slot = guess;
    } else {
      member->slot = ms_class_slot(class, member->name, member->name_bytes);
      if (member->slot == MS_SLOT_NONE) {
        continue;
      }
      class->successors[last] = member->slot;
    }
    last = member->slot;
  }
}

/* Pushes the key made of the values behind stack index `base`; false and nothing pushed when a part
 * of it is missing. */
static bool
push_key(struct ms_merge *merge, const struct ms_class *class, int base, size_t first)
{
  lua_State *L = merge->L;
  const char separator = MS_KEY_SEPARATOR;
  int top = lua_gettop(L);
  for (size_t part = 0; part < class->type->primary_key_count; part++) {
    size_t i = first;
    while (i < merge->member_count && merge->members[i].slot != class->key_slots[part]) {
      i++;
    }
    int value = base + 1 + (int)(i - first);
    if (i == merge->member_count || !lua_isstring(L, value)) {
      lua_settop(L, top);
      return false;
    }
    if (part > 0) {
      lua_pushlstring(L, &separator, 1);
    }
    lua_pushvalue(L, value);
    lua_tostring(L, -1);
  }
  int count = lua_gettop(L) - top;
  if (count > 1) {
    lua_concat(L, count);
  }
  return count > 0;
}

/* Pushes the group of a family in this answer: an array with weak values. */
static void
push_group(lua_State *L, const struct ms_family *family)
{
  if (lua_rawgetp(L, MS_MERGE_GROUPS, family) == LUA_TTABLE) {
    return;
  }
  lua_pop(L, 1);
  lua_newtable(L);
  lua_createtable(L, 0, 1);
  lua_pushliteral(L, "v");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, MS_MERGE_GROUPS, family);
}

/* Puts the entity on top into the group of its family. One that was itself asked for stays, if so
 * wanted, with those that it came with before. */
static void
join_group(struct ms_merge *merge, const struct ms_entity *entity)
{
  lua_State *L = merge->L;
  bool is_asked_for = merge->nesting == 1;
  int had = lua_getiuservalue(L, -1, MS_ENTITY_GROUP); /* entity, its group */
  if (had == LUA_TTABLE && merge->options->keeps_groups && is_asked_for) {
    lua_pop(L, 1);
    return;
  }
  push_group(L, entity->class->family); /* entity, its group, group */
  if (!lua_rawequal(L, -1, -2)) {
    lua_pushvalue(L, -3);
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    lua_pushvalue(L, -1);
    lua_setiuservalue(L, -4, MS_ENTITY_GROUP);
  }
  lua_pop(L, 2);
}

/* Pops a key; pushes its entity, made when this session has not met it. */
static struct ms_entity *
push_entity(struct ms_merge *merge, struct ms_class *class)
{
  lua_State *L = merge->L;
  lua_pushvalue(L, -1);
  struct ms_entity *entity = ms_entity_find(L, MS_MERGE_SESSION, class->family); /* key, entity? */
  if (!entity) {
    entity = ms_entity_new(L, MS_MERGE_SESSION, class);
    ms_entity_push_map(L, MS_MERGE_SESSION, class->family); /* key, entity, map */
    lua_pushvalue(L, -3);
    lua_pushvalue(L, -3);
    lua_rawset(L, -3);
    lua_pop(L, 1);
  } else if (entity->class != class && !ms_type_is_a(entity->class->type, class->type)) {
    entity->class = class;
  }
  lua_remove(L, -2);
  return entity;
}

static void
raise_shape(struct ms_merge *merge, const struct ms_entity *entity, uint16_t slot)
{
  ms_raisef(merge->L, MS_PROTOCOL, "the server's answer has a value of the wrong kind for %s.%s",
            entity->class->type->name, entity->class->attributes[slot]->name);
}

/* Whether the relation in `slot` leads to the entity whose key is the value on top. */
static bool
agrees(lua_State *L, int index, uint16_t slot)
{
  ms_entity_push_remote(L, index, slot); /* value, relation */
  const struct ms_entity *target = ms_entity_test(L, -1);
  bool same = false;
  if (target) {
    ms_entity_push_remote(L, -1, target->class->key_slots[0]);
    same = lua_rawequal(L, -1, -3);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return same;
}

/* Pops a value and makes it the remote one of `slot`. A relation that changes takes its foreign key
 * with it and the other way round, unless they still agree. */
static void
set_value(lua_State *L, int index, const struct ms_entity *entity, uint16_t slot)
{
  uint16_t counterpart = entity->class->counterparts[slot];
  if (counterpart != MS_SLOT_NONE) {
    ms_entity_push_remote(L, index, slot);
    bool is_changed = !lua_rawequal(L, -1, -2);
    lua_pop(L, 1);
    if (is_changed && !agrees(L, index, counterpart)) {
      lua_pushnil(L);
      ms_entity_set_remote(L, index, counterpart);
    }
  }
  ms_entity_set_remote(L, index, slot);
}

static void
merge_collection(struct ms_merge *merge, int index, const struct ms_entity *entity, uint16_t slot,
                 int value)
{
  lua_State *L = merge->L;
  ms_collection_push(L, index, slot);
  if (lua_istable(L, value)) {
    lua_Integer count = (lua_Integer)lua_rawlen(L, value);
    for (lua_Integer i = 1; i <= count; i++) {
      lua_rawgeti(L, value, i);
      if (!ms_entity_test(L, -1)) {
        raise_shape(merge, entity, slot);
      }
      lua_pop(L, 1);
    }
    lua_pushvalue(L, value);
  } else if (lua_islightuserdata(L, value)) {
    lua_newtable(L);
  } else {
    raise_shape(merge, entity, slot);
  }
  ms_collection_load(L, -2);
  lua_pop(L, 1);
}

static void
merge_member(struct ms_merge *merge, int index, const struct ms_entity *entity, uint16_t slot,
             int value)
{
  lua_State *L = merge->L;
  const struct ms_attribute *attribute = entity->class->attributes[slot];
  struct ms_error err;
  switch (attribute->kind) {
  case MS_KIND_SCALAR:
    if (attribute->value_type != MS_VALUE_DATETIME || lua_type(L, value) != LUA_TSTRING ||
        ms_datetime_push_text(L, lua_tostring(L, value), lua_rawlen(L, value), &err) != MS_OK) {
      lua_pushvalue(L, value);
    }
    set_value(L, index, entity, slot);
    break;
  case MS_KIND_REFERENCE:
    if (ms_entity_test(L, value) || lua_islightuserdata(L, value)) {
      lua_pushvalue(L, value);
      set_value(L, index, entity, slot);
    } else if (!lua_istable(L, value)) { /* a table: of a type that the schema does not have */
      raise_shape(merge, entity, slot);
    }
    break;
  case MS_KIND_COLLECTION:
  case MS_KIND_MAPPED:
    merge_collection(merge, index, entity, slot, value);
    break;
  }
}

bool
ms_merge_finish_entity(struct ms_merge *merge, struct ms_class *class, int base, size_t first)
{
  lua_State *L = merge->L;
  find_slots(class, merge->members + first, merge->member_count - first);
  if (!push_key(merge, class, base, first)) {
    return false;
  }
  const struct ms_entity *entity = push_entity(merge, class);
  int index = lua_gettop(L);
  if (!lua_isnil(L, MS_MERGE_GROUPS)) {
    join_group(merge, entity);
  }
  for (size_t i = first; i < merge->member_count; i++) {
    uint16_t slot = merge->members[i].slot;
    if (slot != MS_SLOT_NONE && entity->class->attributes[slot]) {
      merge_member(merge, index, entity, slot, base + 1 + (int)(i - first));
    }
  }
  lua_replace(L, base + 1);
  lua_settop(L, base + 1);
  return true;
}
