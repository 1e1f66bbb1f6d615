/* Checks at the assignment: what may be stored in which attribute. */
#ifndef MS_SESSION_VALUES_H
#define MS_SESSION_VALUES_H

#include <lua.h>
#include <stdint.h>

#include "model/model.h"

struct ms_entity;

/* Raises unless the slot of the entity at `index` may be assigned: MS_INVALID for computed,
 * immutable and restricted attributes, MS_NOT_FOUND or MS_CLOSED for an entity that cannot be
 * changed any more. */
void
ms_value_check_assignable(lua_State *L, int index, uint16_t slot);

/* Pushes the value at `value_index` as `attribute` of the entity at `index` keeps it (light NULL
 * for nil, a date-time made of text, a whole float as integer). Raises MS_INVALID naming both when
 * the attribute cannot hold it. For scalars and single relations. */
void
ms_value_push_checked(lua_State *L, int index, const struct ms_attribute *attribute,
                      int value_index);

/* Raises MS_INVALID unless the value at `value_index` is a living entity of the same session and of
 * the type that the relation `attribute` of the entity at `index` leads to. */
void
ms_value_check_entity(lua_State *L, int index, const struct ms_attribute *attribute,
                      int value_index);

#endif
