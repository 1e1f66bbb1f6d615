/* What unit_of_work.c (recording) and unit_settle.c (ending) share. */
#ifndef MS_SESSION_UNIT_INTERNAL_H
#define MS_SESSION_UNIT_INTERNAL_H

#include "session/entity.h"
#include "session/unit_of_work.h"

/* Pushes the ledger; an operation's entity and operand are at these places of it. */
void
ms_unit_push_ledger(lua_State *L, int session_index);
lua_Integer
ms_unit_entity_place(uint32_t place);
lua_Integer
ms_unit_operand_place(uint32_t place);

/* The entity's operation that assigned `slot` last, or MS_OPERATION_NONE. `later` gets the one
 * after it in the chain, or MS_OPERATION_NONE when it is the entity's last. */
uint32_t
ms_unit_find_update(const struct ms_entity *entity, uint16_t slot, uint32_t *later);

/* Takes an operation out of the chain of the entity at `index` and makes it dead; `later` is the
 * one after it in the chain, or MS_OPERATION_NONE. */
void
ms_unit_strike(lua_State *L, int index, uint32_t place, uint32_t later);

/* The entity at `index` does not exist any more. */
void
ms_unit_make_gone(lua_State *L, int index);

#endif
