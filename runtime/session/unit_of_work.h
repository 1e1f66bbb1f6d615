/* The unit of work: what a script changed and has not committed.
 *
 * One list of operations in the order in which they were made. An uncommitted value lives in its
 * operation and nowhere else: every entity knows its last operation and every operation the one
 * before it on the same entity, so that reading is a short walk, rolling back forgets the list, and
 * nothing ever walks the identity map. Of several assignments to one attribute the last is kept.
 * Entities and values are held by the ledger, a Lua table with two places per operation. */
#ifndef MS_SESSION_UNIT_OF_WORK_H
#define MS_SESSION_UNIT_OF_WORK_H

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

struct ms_entity;
struct ms_session;

enum {
  MS_OPERATION_NONE = UINT32_MAX,
  MS_OPERATIONS_MAX = 4 * 1000 * 1000 /* recorded before a commit */
};

enum ms_operation_kind {
  MS_OPERATION_DEAD, /* overtaken by a later one */
  MS_OPERATION_CREATE,
  MS_OPERATION_UPDATE,
  MS_OPERATION_DELETE
};

struct ms_operation {
  struct ms_entity *entity; /* kept alive by the ledger */
  uint32_t previous;        /* the entity's operation before this one, or MS_OPERATION_NONE */
  uint16_t slot;            /* UPDATE */
  uint8_t kind;             /* enum ms_operation_kind */
};

struct ms_unit_of_work {
  struct ms_operation *operations; /* owned */
  uint32_t count, capacity;
  uint32_t in_flight; /* the first this many are on their way to the server: left as they are */
};

/* Records the creation or deletion of the entity at `index`. Deleting what was created in the same
 * unit of work forgets both. */
void
ms_unit_record_create(lua_State *L, int index);
void
ms_unit_record_delete(lua_State *L, int index);

/* Pops a value and records its assignment to a slot of the entity at `index`. */
void
ms_unit_record_update(lua_State *L, int index, uint16_t slot);

/* Pushes the uncommitted value of a slot, light NULL for null; false and nothing pushed when there
 * is none. `place`, when not NULL, gets the operation's place. */
bool
ms_unit_push_value(lua_State *L, int index, uint16_t slot, uint32_t *place);

/* Pushes the entity, or the value, of operation `place`. */
void
ms_unit_push_entity(lua_State *L, int session_index, uint32_t place);
void
ms_unit_push_operand(lua_State *L, int session_index, uint32_t place);

/* The operations in flight took effect: their values become remote, their entities persisted or
 * gone, and they leave the list. */
void
ms_unit_settle(lua_State *L, int session_index);

/* Forgets every operation that is not in flight. */
void
ms_unit_rollback(lua_State *L, int session_index);

/* Forgets the operations from `place` on, when a step that recorded several fails half-way. */
void
ms_unit_rollback_to(lua_State *L, int session_index, uint32_t place);

/* Frees the list. */
void
ms_unit_free(struct ms_unit_of_work *unit);

#endif
