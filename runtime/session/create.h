/* Making entities: session:create and the rows behind mapped collections. */
#ifndef MS_SESSION_CREATE_H
#define MS_SESSION_CREATE_H

#include <lua.h>

#include "session/schema.h"

/* Pushes a new entity of `class` with the attributes of the table at `data_index` and the schema's
 * defaults, and records its creation. The primary key comes from the data, from a default (a new
 * UUID), or from the relation that it is the foreign key of. Raises for unknown attributes, wrong
 * values, a missing key, and MS_EXISTS for a key that this session knows already. */
void
ms_create_push(lua_State *L, int session_index, const struct ms_class *class, int data_index);

/* Lua: session:create(type, data) and session:delete(entity). */
int
ms_session_create(lua_State *L);
int
ms_session_delete(lua_State *L);

#endif
