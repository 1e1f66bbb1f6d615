/* From operations to payloads. */
#include "session/payload.h"

#include "session/encode.h"
#include "session/entity.h"

static const char *const ACTIONS[] = {[MS_OPERATION_CREATE] = "create",
                                      [MS_OPERATION_UPDATE] = "update",
                                      [MS_OPERATION_DELETE] = "delete"};

uint32_t
ms_payload_batch_end(const struct ms_unit_of_work *unit)
{
  return unit->in_flight > 0 ? unit->in_flight : unit->count;
}

uint32_t
ms_payload_find(const struct ms_unit_of_work *unit, uint32_t place)
{
  while (place < ms_payload_batch_end(unit)) {
    if (unit->operations[place].kind != MS_OPERATION_DEAD) {
      return place;
    }
    place++;
  }
  return MS_OPERATION_NONE;
}

uint32_t
ms_payload_end(const struct ms_unit_of_work *unit, uint32_t payload)
{
  const struct ms_operation *first = &unit->operations[payload];
  uint32_t end = payload + 1;
  while (first->kind != MS_OPERATION_DELETE && end < ms_payload_batch_end(unit)) {
    const struct ms_operation *operation = &unit->operations[end];
    bool joins = operation->kind == MS_OPERATION_DEAD ||
                 (operation->kind == MS_OPERATION_UPDATE && operation->entity == first->entity);
    if (!joins) {
      break;
    }
    end++;
  }
  return end;
}

const char *
ms_payload_action(const struct ms_unit_of_work *unit, uint32_t payload)
{
  return ACTIONS[unit->operations[payload].kind];
}

bool
ms_payload_is_overtaken(const struct ms_unit_of_work *unit, uint32_t place, uint32_t end)
{
  for (uint32_t i = place + 1; i < end; i++) {
    if (unit->operations[i].kind == MS_OPERATION_UPDATE &&
        unit->operations[i].slot == unit->operations[place].slot) {
      return true;
    }
  }
  return false;
}

/* Writes entity_data; the entity is on top of the stack. */
static void
write_data(lua_State *L, int session_index, struct ms_json_writer *writer, uint32_t place,
           uint32_t end)
{
  const struct ms_session *session = lua_touserdata(L, session_index);
  const struct ms_unit_of_work *unit = &session->unit;
  const struct ms_class *class = unit->operations[place].entity->class;
  ms_json_begin_object(writer);
  ms_json_member_string(writer, "__entity_type__", class->type->name);
  if (unit->operations[place].kind == MS_OPERATION_CREATE) {
    for (size_t i = 0; i < class->type->primary_key_count; i++) {
      ms_json_key(writer, class->type->primary_key[i]->name);
      ms_entity_push_remote(L, -1, class->key_slots[i]);
      ms_encode_value(L, -1, writer);
      lua_pop(L, 1);
    }
  }
  for (uint32_t i = place; i < end; i++) {
    if (unit->operations[i].kind == MS_OPERATION_UPDATE && !ms_payload_is_overtaken(unit, i, end)) {
      ms_json_key(writer, class->attributes[unit->operations[i].slot]->name);
      ms_unit_push_operand(L, session_index, i);
      ms_encode_value(L, -1, writer);
      lua_pop(L, 1);
    }
  }
  ms_json_end_object(writer);
}

void
ms_payload_write(lua_State *L, int session_index, uint32_t payload, struct ms_json_writer *writer)
{
  const struct ms_session *session = lua_touserdata(L, session_index);
  const struct ms_unit_of_work *unit = &session->unit;
  const struct ms_operation *operation = &unit->operations[payload];
  ms_unit_push_entity(L, session_index, payload);
  ms_json_begin_object(writer);
  ms_json_member_string(writer, "action", ms_payload_action(unit, payload));
  ms_json_member_string(writer, "entity_type", operation->entity->class->type->name);
  ms_json_key(writer, "entity_key");
  ms_encode_key(L, lua_gettop(L), writer);
  if (operation->kind != MS_OPERATION_DELETE) {
    ms_json_key(writer, "entity_data");
    write_data(L, session_index, writer, payload, ms_payload_end(unit, payload));
  }
  ms_json_end_object(writer);
  lua_pop(L, 1);
}
