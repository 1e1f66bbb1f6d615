/* How a session gets its schema. */
#ifndef MS_SESSION_SCHEMA_FETCH_H
#define MS_SESSION_SCHEMA_FETCH_H

#include <lua.h>

/* Pops a schema and makes it that of the session at `session_index`. */
void
ms_session_set_schema(lua_State *L, int session_index);

/* Lua: moonshift.core.session.adopt_schema and fetch_schema. */
int
ms_session_adopt_schema(lua_State *L);
int
ms_session_fetch_schema(lua_State *L);

#endif
