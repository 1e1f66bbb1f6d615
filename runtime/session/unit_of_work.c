/* The list, its chains, and the ledger that keeps what the list points to alive. */
#include "session/unit_internal.h"

#include <stdlib.h>

#include "binding/raise.h"
#include "session/entity.h"

enum { FIRST_CAPACITY = 64 };

/* ---- the ledger: places 2n + 1 and 2n + 2 ---- */

void
ms_unit_push_ledger(lua_State *L, int session_index)
{
  lua_getiuservalue(L, session_index, MS_SESSION_LEDGER);
}

lua_Integer
ms_unit_entity_place(uint32_t place)
{
  return 2 * (lua_Integer)place + 1;
}

lua_Integer
ms_unit_operand_place(uint32_t place)
{
  return 2 * (lua_Integer)place + 2;
}

void
ms_unit_push_entity(lua_State *L, int session_index, uint32_t place)
{
  ms_unit_push_ledger(L, session_index);
  lua_rawgeti(L, -1, ms_unit_entity_place(place));
  lua_remove(L, -2);
}

void
ms_unit_push_operand(lua_State *L, int session_index, uint32_t place)
{
  ms_unit_push_ledger(L, session_index);
  lua_rawgeti(L, -1, ms_unit_operand_place(place));
  lua_remove(L, -2);
}

void
ms_unit_make_gone(lua_State *L, int index)
{
  struct ms_entity *entity = lua_touserdata(L, index);
  entity->state = MS_ENTITY_GONE;
  entity->session->gone_count++;
  ms_entity_forget(L, index);
}

/* ---- recording ---- */

static void
make_room(lua_State *L, struct ms_unit_of_work *unit)
{
  if (unit->count < unit->capacity) {
    return;
  }
  if (unit->count >= MS_OPERATIONS_MAX) {
    ms_raisef(L, MS_LIMIT, "%d changes wait to be committed; commit before making more",
              MS_OPERATIONS_MAX);
  }
  uint32_t capacity = unit->capacity ? unit->capacity * 2 : FIRST_CAPACITY;
  struct ms_operation *operations = realloc(unit->operations, capacity * sizeof *operations);
  if (!operations) {
    ms_raisef(L, MS_MEMORY, "out of memory for recording a change");
  }
  unit->operations = operations;
  unit->capacity = capacity;
}

/* Pops the operand; appends an operation of the entity at `index`. */
static void
append(lua_State *L, int index, enum ms_operation_kind kind, uint16_t slot)
{
  index = lua_absindex(L, index);
  struct ms_entity *entity = lua_touserdata(L, index);
  struct ms_unit_of_work *unit = &entity->session->unit;
  make_room(L, unit);
  uint32_t place = unit->count;
  lua_getiuservalue(L, index, MS_ENTITY_SESSION);
  ms_unit_push_ledger(L, -1); /* operand, session, ledger */
  lua_pushvalue(L, index);
  lua_rawseti(L, -2, ms_unit_entity_place(place));
  lua_pushvalue(L, -3);
  lua_rawseti(L, -2, ms_unit_operand_place(place));
  lua_pop(L, 3);
  unit->operations[place] = (struct ms_operation){
      .entity = entity, .previous = entity->last_operation, .slot = slot, .kind = (uint8_t)kind};
  unit->count++;
  entity->last_operation = place;
}

uint32_t
ms_unit_find_update(const struct ms_entity *entity, uint16_t slot, uint32_t *later)
{
  const struct ms_operation *operations = entity->session->unit.operations;
  *later = MS_OPERATION_NONE;
  uint32_t place = entity->last_operation;
  while (place != MS_OPERATION_NONE) {
    if (operations[place].kind == MS_OPERATION_UPDATE && operations[place].slot == slot) {
      return place;
    }
    *later = place;
    place = operations[place].previous;
  }
  return MS_OPERATION_NONE;
}

/* Whether every live operation behind `place` belongs to its entity, so that its value can be
 * replaced without changing the order in which the server sees things. */
static bool
is_in_last_group(const struct ms_unit_of_work *unit, uint32_t place)
{
  const struct ms_entity *entity = unit->operations[place].entity;
  for (uint32_t i = unit->count - 1; i > place; i--) {
    const struct ms_operation *operation = &unit->operations[i];
    if (operation->kind != MS_OPERATION_DEAD && operation->entity != entity) {
      return false;
    }
  }
  return true;
}

/* Whether the assignment is one of those that came with the entity's creation: that stays whole. */
static bool
is_part_of_creation(const struct ms_unit_of_work *unit, uint32_t place)
{
  const struct ms_entity *entity = unit->operations[place].entity;
  while (place > unit->in_flight && unit->operations[place].entity == entity &&
         unit->operations[place].kind == MS_OPERATION_UPDATE) {
    place--;
  }
  return unit->operations[place].entity == entity &&
         unit->operations[place].kind == MS_OPERATION_CREATE;
}

void
ms_unit_strike(lua_State *L, int index, uint32_t place, uint32_t later)
{
  struct ms_entity *entity = lua_touserdata(L, index);
  struct ms_operation *operations = entity->session->unit.operations;
  if (later == MS_OPERATION_NONE) {
    entity->last_operation = operations[place].previous;
  } else {
    operations[later].previous = operations[place].previous;
  }
  operations[place].kind = MS_OPERATION_DEAD;
  lua_getiuservalue(L, index, MS_ENTITY_SESSION);
  ms_unit_push_ledger(L, -1);
  lua_pushboolean(L, false);
  lua_rawseti(L, -2, ms_unit_entity_place(place));
  lua_pushboolean(L, false);
  lua_rawseti(L, -2, ms_unit_operand_place(place));
  lua_pop(L, 2);
}

/* Pops the value and makes it the operand of `place`. */
static void
replace_operand(lua_State *L, int index, uint32_t place)
{
  lua_getiuservalue(L, index, MS_ENTITY_SESSION);
  ms_unit_push_ledger(L, -1); /* value, session, ledger */
  lua_pushvalue(L, -3);
  lua_rawseti(L, -2, ms_unit_operand_place(place));
  lua_pop(L, 3);
}

/* Makes room for a new value of a slot: an earlier one that was not sent goes, unless the creation
 * that it is part of has others' operations behind it. Returns the place of one that can be
 * overwritten, or MS_OPERATION_NONE. */
static uint32_t
overtake(lua_State *L, int index, uint16_t slot, bool may_overwrite)
{
  const struct ms_entity *entity = lua_touserdata(L, index);
  const struct ms_unit_of_work *unit = &entity->session->unit;
  uint32_t later;
  uint32_t place = ms_unit_find_update(entity, slot, &later);
  if (place == MS_OPERATION_NONE || place < unit->in_flight) {
    return MS_OPERATION_NONE;
  }
  bool is_last = is_in_last_group(unit, place);
  if (is_last && may_overwrite) {
    return place;
  }
  if (is_last || !is_part_of_creation(unit, place)) {
    ms_unit_strike(L, index, place, later);
  }
  return MS_OPERATION_NONE;
}

void
ms_unit_record_update(lua_State *L, int index, uint16_t slot)
{
  index = lua_absindex(L, index);
  const struct ms_entity *entity = lua_touserdata(L, index);
  uint16_t counterpart = entity->class->counterparts[slot];
  if (counterpart != MS_SLOT_NONE) {
    overtake(L, index, counterpart, false);
  }
  uint32_t place = overtake(L, index, slot, true);
  if (place != MS_OPERATION_NONE) {
    replace_operand(L, index, place);
  } else {
    append(L, index, MS_OPERATION_UPDATE, slot);
  }
}

void
ms_unit_record_create(lua_State *L, int index)
{
  index = lua_absindex(L, index);
  struct ms_entity *entity = lua_touserdata(L, index);
  entity->state = MS_ENTITY_CREATED;
  lua_pushboolean(L, true);
  append(L, index, MS_OPERATION_CREATE, MS_SLOT_NONE);
}

/* Forgets the entity's operations that are not in flight. */
static void
strike_chain(lua_State *L, int index)
{
  struct ms_entity *entity = lua_touserdata(L, index);
  struct ms_unit_of_work *unit = &entity->session->unit;
  while (entity->last_operation != MS_OPERATION_NONE && entity->last_operation >= unit->in_flight) {
    ms_unit_strike(L, index, entity->last_operation, MS_OPERATION_NONE);
  }
}

void
ms_unit_record_delete(lua_State *L, int index)
{
  index = lua_absindex(L, index);
  struct ms_entity *entity = lua_touserdata(L, index);
  bool unsent = entity->state == MS_ENTITY_CREATED;
  strike_chain(L, index);
  if (unsent && entity->last_operation == MS_OPERATION_NONE) {
    ms_unit_make_gone(L, index);
    return;
  }
  entity->state = MS_ENTITY_DELETED;
  lua_pushboolean(L, true);
  append(L, index, MS_OPERATION_DELETE, MS_SLOT_NONE);
}

bool
ms_unit_push_value(lua_State *L, int index, uint16_t slot, uint32_t *place)
{
  index = lua_absindex(L, index);
  uint32_t later;
  uint32_t found = ms_unit_find_update(lua_touserdata(L, index), slot, &later);
  if (found == MS_OPERATION_NONE) {
    return false;
  }
  if (place) {
    *place = found;
  }
  lua_getiuservalue(L, index, MS_ENTITY_SESSION);
  ms_unit_push_operand(L, -1, found);
  lua_remove(L, -2);
  return true;
}

void
ms_unit_free(struct ms_unit_of_work *unit)
{
  free(unit->operations);
  *unit = (struct ms_unit_of_work){.operations = NULL};
}
