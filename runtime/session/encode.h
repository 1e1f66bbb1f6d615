/* Lua values to the JSON of the wire, without tables in between. */
#ifndef MS_SESSION_ENCODE_H
#define MS_SESSION_ENCODE_H

#include <lua.h>

#include "base/json.h"

enum { MS_ENCODE_DEPTH_MAX = 100 /* nested tables in a value */ };

/* Writes the value at `index`: entities as references, collections as lists of them, date-times as
 * typed objects, light NULL (cjson.null) as null, a table as a list when it has an element 1 or is
 * an empty list that was decoded, else as an object. Raises MS_INVALID for what JSON cannot hold.
 * The writer's buffer has to be owned by a value of Lua. */
void
ms_encode_value(lua_State *L, int index, struct ms_json_writer *writer);

/* Writes the entity at `index` as {"__entity_type__": …, key…}. */
void
ms_encode_reference(lua_State *L, int index, struct ms_json_writer *writer);

/* Writes the values of its primary key as a list of strings. */
void
ms_encode_key(lua_State *L, int index, struct ms_json_writer *writer);

/* Sets the metatable that tells a decoded list, on the table on top. */
void
ms_mark_list(lua_State *L);

#endif
