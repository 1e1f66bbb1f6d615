/* For each operation: every foreign key of its entity, old value and new, leads to an entity whose
 * collections of this family are expired. */
#include "session/relations.h"

#include <string.h>

#include "session/collection.h"
#include "session/entity.h"

/* Expires the loaded collections and mapped collections of the entity on top that may hold entities
 * of `family`. */
static void
expire_collections(lua_State *L, const struct ms_family *family)
{
  const struct ms_entity *entity = lua_touserdata(L, -1);
  const struct ms_class *class = entity->class;
  for (size_t slot = 0; slot < class->family->slot_count; slot++) {
    const struct ms_attribute *attribute = class->attributes[slot];
    if (!attribute || attribute->kind != MS_KIND_COLLECTION ||
        attribute->target->root != family->root) {
      continue;
    }
    if (ms_entity_push_remote(L, -1, (uint16_t)slot) == LUA_TUSERDATA) {
      ms_collection_expire(L, -1);
    }
    lua_pop(L, 1);
  }
}

/* Pops the value of a foreign key to `target`, or of a relation, and expires the collections of the
 * entity that it names, if this session knows it. */
static void
expire_parent(lua_State *L, int session_index, const struct ms_entity *member,
              const struct ms_entity_type *target)
{
  if (ms_entity_test(L, -1)) {
    expire_collections(L, member->class->family);
    lua_pop(L, 1);
    return;
  }
  if (!target || lua_type(L, -1) != LUA_TSTRING) {
    lua_pop(L, 1);
    return;
  }
  const struct ms_class *class = ms_schema_class(L, member->session->schema, target);
  if (ms_entity_find(L, session_index, class->family)) {
    expire_collections(L, member->class->family);
    lua_pop(L, 1);
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

/* What the entity on top belongs to according to its remote value in `slot`. */
static void
expire_remote(lua_State *L, int session_index, size_t slot)
{
  const struct ms_entity *entity = lua_touserdata(L, -1);
  const struct ms_entity_type *target = target_of(entity->class, slot);
  if (target) {
    ms_entity_push_remote(L, -1, (uint16_t)slot);
    expire_parent(L, session_index, entity, target);
  }
}

static void
expire_for(lua_State *L, int session_index, uint32_t place)
{
  const struct ms_session *session = lua_touserdata(L, session_index);
  const struct ms_operation *operation = &session->unit.operations[place];
  const struct ms_class *class = operation->entity->class;
  ms_unit_push_entity(L, session_index, place);
  if (operation->kind == MS_OPERATION_UPDATE) {
    const struct ms_entity_type *target = target_of(class, operation->slot);
    if (target) {
      uint16_t counterpart = class->counterparts[operation->slot];
      expire_remote(L, session_index, operation->slot);
      if (counterpart != MS_SLOT_NONE) {
        expire_remote(L, session_index, counterpart);
      }
      ms_unit_push_operand(L, session_index, place);
      expire_parent(L, session_index, operation->entity, target);
    }
  } else if (operation->kind == MS_OPERATION_CREATE) { /* has no remote values but its key */
    for (size_t i = 0; i < class->type->primary_key_count; i++) {
      expire_remote(L, session_index, class->key_slots[i]);
    }
  } else {
    for (size_t slot = 0; slot < class->family->slot_count; slot++) {
      expire_remote(L, session_index, slot);
    }
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
