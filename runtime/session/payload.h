/* Payloads: what operations become on their way to the server.
 *
 * Consecutive operations on one entity are one payload, so that a creation and the assignments behind it are a
 * single create. A payload is named by the place of its first operation. */
#ifndef MS_SESSION_PAYLOAD_H
#define MS_SESSION_PAYLOAD_H

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "session/unit_of_work.h"

/* The first payload of the batch at or behind `place`, or MS_OPERATION_NONE. The batch is what is in
 * flight, else all that is recorded. */
uint32_t
ms_payload_find(const struct ms_unit_of_work *unit, uint32_t place);

/* The place behind a payload's last operation. */
uint32_t
ms_payload_end(const struct ms_unit_of_work *unit, uint32_t payload);

/* The end of the batch. */
uint32_t
ms_payload_batch_end(const struct ms_unit_of_work *unit);

/* "create", "update" or "delete". */
const char *
ms_payload_action(const struct ms_unit_of_work *unit, uint32_t payload);

/* Whether a later operation of its payload assigns the same attribute as the one at `place`. */
bool
ms_payload_is_overtaken(const struct ms_unit_of_work *unit, uint32_t place, uint32_t end);

/* Writes the operation that the server gets: {"action": …, "entity_type": …, …}. */
void
ms_payload_write(lua_State *L, int session_index, uint32_t payload, struct ms_json_writer *writer);

#endif
