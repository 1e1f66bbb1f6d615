/* For each operation: whatever its entity belongs to, before and after, is looked up by foreign
 * key, by relation, or by parent_id and parent_type. There the collections of this family are
 * expired, and what the server computes. */
#include "session/relations.h"

#include <string.h>

#include "session/collection.h"
#include "session/entity.h"

/* The operation whose consequences are looked at. */
struct change {
  int session_index, member_index; /* stack indices; the member is the operation's entity */
  const struct ms_entity *member;
  bool is_creation, is_deletion;
};

/* ---- what is expired ---- */

/* Whether the collection on top has the member already: a new row of its own making. */
static bool
has_member(lua_State *L, const struct change *change)
{
  ms_collection_push_items(L, -1);
  lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
  bool found = false;
  for (lua_Integer i = 1; i <= count && !found; i++) {
    lua_rawgeti(L, -1, i);
    found = lua_rawequal(L, -1, change->member_index);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return found;
}

/* Expires the collections of the entity on top that may hold the member. */
static void
expire_collections(lua_State *L, const struct change *change)
{
  const struct ms_entity *parent = lua_touserdata(L, -1);
  const struct ms_class *class = parent->class;
  for (size_t slot = 0; slot < class->family->slot_count; slot++) {
    const struct ms_attribute *attribute = class->attributes[slot];
    if (!attribute || !attribute->target ||
        attribute->target->root != change->member->class->family->root ||
        (attribute->kind != MS_KIND_COLLECTION && attribute->kind != MS_KIND_MAPPED)) {
      continue;
    }
    if (ms_entity_push_remote(L, -1, (uint16_t)slot) == LUA_TUSERDATA) {
      const struct ms_collection *collection = lua_touserdata(L, -1);
      if (collection->is_loaded && !(change->is_creation && has_member(L, change))) {
        ms_collection_expire(L, -1);
      }
    }
    lua_pop(L, 1);
  }
}

/* Forgets what the server computes of the entity on top. */
static void
expire_computed(lua_State *L)
{
  const struct ms_entity *entity = lua_touserdata(L, -1);
  const struct ms_class *class = entity->class;
  for (size_t slot = 0; slot < class->family->slot_count; slot++) {
    const struct ms_attribute *attribute = class->attributes[slot];
    if (attribute && attribute->flags & MS_ATTRIBUTE_COMPUTED &&
        (attribute->kind == MS_KIND_SCALAR || attribute->kind == MS_KIND_REFERENCE)) {
      lua_pushnil(L);
      ms_entity_set_remote(L, -2, (uint16_t)slot);
    }
  }
}

/* Pops an entity that the member belongs to. From loaded collections a deleted member goes by
 * itself. */
static void
expire_parent(lua_State *L, const struct change *change)
{
  if (!change->is_deletion) {
    expire_collections(L, change);
  }
  expire_computed(L);
  lua_pop(L, 1);
}

/* ---- what an entity belongs to ---- */

/* Pops the value of a relation or a foreign key to `target`. */
static void
expire_by_value(lua_State *L, const struct change *change, const struct ms_entity_type *target)
{
  if (ms_entity_test(L, -1)) {
    expire_parent(L, change);
    return;
  }
  if (lua_type(L, -1) != LUA_TSTRING) {
    lua_pop(L, 1);
    return;
  }
  const struct ms_class *class = ms_schema_class(L, change->member->session->schema, target);
  if (ms_entity_find(L, change->session_index, class->family)) {
    expire_parent(L, change);
  }
}

/* The type that a slot's value leads to, when it is a relation to one or a foreign key; else
 * NULL. */
static const struct ms_entity_type *
target_of(const struct ms_class *class, size_t slot)
{
  const struct ms_attribute *attribute = class->attributes[slot];
  if (!attribute) {
    return NULL;
  }
  return attribute->kind == MS_KIND_REFERENCE ? attribute->target : attribute->foreign_key_type;
}

static void
expire_by_remote(lua_State *L, const struct change *change, size_t slot)
{
  const struct ms_entity_type *target = target_of(change->member->class, slot);
  if (target) {
    ms_entity_push_remote(L, change->member_index, (uint16_t)slot);
    expire_by_value(L, change, target);
  }
}

/* Pushes the string in the member's attribute `name`; false and nothing pushed when there is
 * none. */
static bool
push_text(lua_State *L, const struct change *change, const char *name)
{
  uint16_t slot = ms_class_slot(change->member->class, name, strlen(name));
  if (slot == MS_SLOT_NONE || !ms_entity_push_value(L, change->member_index, slot)) {
    return false;
  }
  if (lua_type(L, -1) != LUA_TSTRING) {
    lua_pop(L, 1);
    return false;
  }
  return true;
}

/* A parent of any type: parent_type names it. */
static void
expire_by_parent_type(lua_State *L, const struct change *change)
{
  if (!push_text(L, change, "parent_type")) {
    return;
  }
  const struct ms_class *class = ms_schema_class_find(L, change->member->session->schema,
                                                      lua_tostring(L, -1), lua_rawlen(L, -1));
  lua_pop(L, 1);
  if (class && push_text(L, change, "parent_id") &&
      ms_entity_find(L, change->session_index, class->family)) {
    expire_parent(L, change);
  }
}

/* ---- operations ---- */

/* The members of the collection on top, as they are and as they were, have new neighbours. */
static void
expire_members(lua_State *L, const struct change *change)
{
  static const int LISTS[] = {MS_COLLECTION_ITEMS, MS_COLLECTION_ORIGINAL};
  for (size_t i = 0; i < sizeof LISTS / sizeof *LISTS; i++) {
    if (lua_getiuservalue(L, -1, LISTS[i]) == LUA_TTABLE) {
      lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
      for (lua_Integer k = 1; k <= count; k++) {
        lua_rawgeti(L, -1, k);
        expire_parent(L, change);
      }
    }
    lua_pop(L, 1);
  }
}

static void
expire_for_update(lua_State *L, const struct change *change, uint16_t slot, uint32_t place)
{
  const struct ms_class *class = change->member->class;
  const struct ms_entity_type *target = target_of(class, slot);
  lua_pushvalue(L, change->member_index);
  expire_computed(L);
  lua_pop(L, 1);
  ms_unit_push_operand(L, change->session_index, place);
  if (ms_collection_test(L, -1)) {
    expire_members(L, change);
    lua_pop(L, 1);
  } else if (target) {
    expire_by_value(L, change, target);
    expire_by_remote(L, change, slot);
    if (class->counterparts[slot] != MS_SLOT_NONE) {
      expire_by_remote(L, change, class->counterparts[slot]);
    }
  } else {
    lua_pop(L, 1);
  }
}

static void
expire_for(lua_State *L, int session_index, uint32_t place)
{
  const struct ms_session *session = lua_touserdata(L, session_index);
  const struct ms_operation *operation = &session->unit.operations[place];
  const struct ms_class *class = operation->entity->class;
  ms_unit_push_entity(L, session_index, place);
  struct change change = {.session_index = session_index,
                          .member_index = lua_gettop(L),
                          .member = operation->entity,
                          .is_creation = operation->entity->state == MS_ENTITY_CREATED,
                          .is_deletion = operation->kind == MS_OPERATION_DELETE};
  switch ((enum ms_operation_kind)operation->kind) {
  case MS_OPERATION_DEAD:
    break;
  case MS_OPERATION_UPDATE:
    expire_for_update(L, &change, operation->slot, place);
    break;
  case MS_OPERATION_CREATE: /* has no remote values but its key */
    for (size_t i = 0; i < class->type->primary_key_count; i++) {
      expire_by_remote(L, &change, class->key_slots[i]);
    }
    expire_by_parent_type(L, &change);
    break;
  case MS_OPERATION_DELETE:
    for (size_t slot = 0; slot < class->family->slot_count; slot++) {
      expire_by_remote(L, &change, slot);
    }
    expire_by_parent_type(L, &change);
    break;
  }
  lua_pop(L, 1);
}

void
ms_relations_expire(lua_State *L, int session_index)
{
  session_index = lua_absindex(L, session_index);
  const struct ms_session *session = lua_touserdata(L, session_index);
  for (uint32_t place = 0; place < session->unit.in_flight; place++) {
    if (session->unit.operations[place].kind != MS_OPERATION_DEAD) {
      expire_for(L, session_index, place);
    }
  }
}
