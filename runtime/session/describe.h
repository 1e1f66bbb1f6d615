/* The model as Lua tables, for policy in Lua, editors' annotations and people. */
#ifndef MS_SESSION_DESCRIBE_H
#define MS_SESSION_DESCRIBE_H

#include <lua.h>

/* Lua: moonshift.core.session.types, describe and check_query. */
int
ms_session_types(lua_State *L);
int
ms_session_describe(lua_State *L);
int
ms_session_check_query(lua_State *L);

#endif
