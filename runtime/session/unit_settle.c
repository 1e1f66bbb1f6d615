/* How a unit of work ends: taken by the server, or forgotten. */
#include "session/collection.h"
#include "session/unit_internal.h"

/* The value of `place` took effect: it is the remote one now, and its counterpart follows from
 * it. */
static void
settle_update(lua_State *L, int session_index, const struct ms_operation *operation, uint32_t place)
{
  struct ms_entity *entity = operation->entity;
  uint32_t later;
  ms_unit_push_entity(L, session_index, place);
  ms_unit_push_operand(L, session_index, place);
  ms_collection_settle(L, -1, ms_unit_find_update(entity, operation->slot, &later) != place);
  ms_entity_set_remote(L, -2, operation->slot);
  uint16_t counterpart = entity->class->counterparts[operation->slot];
  if (counterpart != MS_SLOT_NONE) {
    lua_pushnil(L);
    ms_entity_set_remote(L, -2, counterpart);
  }
  lua_pop(L, 1);
}

static void
settle_one(lua_State *L, int session_index, uint32_t place)
{
  struct ms_session *session = lua_touserdata(L, session_index);
  const struct ms_operation *operation = &session->unit.operations[place];
  switch ((enum ms_operation_kind)operation->kind) {
  case MS_OPERATION_DEAD:
    break;
  case MS_OPERATION_CREATE:
    if (operation->entity->state == MS_ENTITY_CREATED) {
      operation->entity->state = MS_ENTITY_PERSISTED;
    }
    break;
  case MS_OPERATION_UPDATE:
    settle_update(L, session_index, operation, place);
    break;
  case MS_OPERATION_DELETE:
    ms_unit_push_entity(L, session_index, place);
    ms_unit_make_gone(L, -1);
    lua_pop(L, 1);
    break;
  }
}

/* Renumbers what remains after the first `gone` operations left. */
static void
shift(lua_State *L, int session_index, uint32_t gone)
{
  struct ms_session *session = lua_touserdata(L, session_index);
  struct ms_unit_of_work *unit = &session->unit;
  for (uint32_t i = 0; i < unit->count; i++) {
    struct ms_operation *operation = &unit->operations[i];
    if (i < gone && operation->kind != MS_OPERATION_DEAD &&
        operation->entity->last_operation < gone) {
      operation->entity->last_operation = MS_OPERATION_NONE;
    }
  }
  ms_unit_push_ledger(L, session_index);
  lua_createtable(L, (int)(2 * (unit->count - gone)), 0); /* old, new */
  for (uint32_t i = gone; i < unit->count; i++) {
    struct ms_operation operation = unit->operations[i];
    uint32_t place = i - gone;
    if (operation.kind != MS_OPERATION_DEAD) {
      uint32_t previous = operation.previous;
      operation.previous =
          previous == MS_OPERATION_NONE || previous < gone ? MS_OPERATION_NONE : previous - gone;
      if (operation.entity->last_operation == i) {
        operation.entity->last_operation = place;
      }
    }
    unit->operations[place] = operation;
    lua_rawgeti(L, -2, ms_unit_entity_place(i));
    lua_rawseti(L, -2, ms_unit_entity_place(place));
    lua_rawgeti(L, -2, ms_unit_operand_place(i));
    lua_rawseti(L, -2, ms_unit_operand_place(place));
  }
  unit->count -= gone;
  lua_setiuservalue(L, session_index, MS_SESSION_LEDGER);
  lua_pop(L, 1);
}

void
ms_unit_settle(lua_State *L, int session_index)
{
  session_index = lua_absindex(L, session_index);
  struct ms_session *session = lua_touserdata(L, session_index);
  uint32_t gone = session->unit.in_flight;
  for (uint32_t place = 0; place < gone; place++) {
    settle_one(L, session_index, place);
  }
  session->unit.in_flight = 0;
  shift(L, session_index, gone);
}

/* What an entity is again once its deletion was taken back: created, where that is still on its
 * way. */
static enum ms_entity_state
state_before_deletion(const struct ms_entity *entity, uint32_t deletion)
{
  const struct ms_operation *operations = entity->session->unit.operations;
  uint32_t place = operations[deletion].previous;
  while (place != MS_OPERATION_NONE) {
    if (operations[place].kind == MS_OPERATION_CREATE) {
      return MS_ENTITY_CREATED;
    }
    place = operations[place].previous;
  }
  return MS_ENTITY_PERSISTED;
}

static void
undo(lua_State *L, int session_index, uint32_t place)
{
  struct ms_session *session = lua_touserdata(L, session_index);
  const struct ms_operation operation = session->unit.operations[place];
  struct ms_entity *entity = operation.entity;
  ms_unit_push_entity(L, session_index, place);
  switch ((enum ms_operation_kind)operation.kind) {
  case MS_OPERATION_DEAD:
    break;
  case MS_OPERATION_CREATE:
    ms_unit_make_gone(L, -1);
    break;
  case MS_OPERATION_UPDATE:
    ms_unit_push_operand(L, session_index, place);
    ms_collection_revert(L, -1);
    lua_pop(L, 1);
    break;
  case MS_OPERATION_DELETE:
    entity->state = state_before_deletion(entity, place);
    break;
  }
  if (operation.kind != MS_OPERATION_DEAD) {
    ms_unit_strike(L, lua_gettop(L), place, MS_OPERATION_NONE);
  }
  lua_pop(L, 1);
}

void
ms_unit_rollback_to(lua_State *L, int session_index, uint32_t place)
{
  session_index = lua_absindex(L, session_index);
  struct ms_session *session = lua_touserdata(L, session_index);
  struct ms_unit_of_work *unit = &session->unit;
  while (unit->count > place) {
    undo(L, session_index, unit->count - 1);
    unit->count--;
  }
}

void
ms_unit_rollback(lua_State *L, int session_index)
{
  const struct ms_session *session = lua_touserdata(L, session_index);
  ms_unit_rollback_to(L, session_index, session->unit.in_flight);
}
