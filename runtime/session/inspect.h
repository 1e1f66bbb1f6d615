/* The inside of entities for policy in Lua. */
#ifndef MS_SESSION_INSPECT_H
#define MS_SESSION_INSPECT_H

#include <lua.h>

/* Lua: functions of moonshift.core.session, see lua/meta/core_session.lua. */
int
ms_session_changes(lua_State *L);
int
ms_session_find(lua_State *L);
int
ms_session_forget(lua_State *L);
int
ms_session_group(lua_State *L);
int
ms_session_is_entity(lua_State *L);
int
ms_session_lacking(lua_State *L);
int
ms_session_load(lua_State *L);
int
ms_session_of(lua_State *L);
int
ms_session_peek(lua_State *L);
int
ms_session_state(lua_State *L);
int
ms_session_entity(lua_State *L);

#endif
