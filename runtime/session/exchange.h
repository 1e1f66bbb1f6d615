/* Batches that Lua makes: queries whose answers are merged, and raw calls. */
#ifndef MS_SESSION_EXCHANGE_H
#define MS_SESSION_EXCHANGE_H

#include <lua.h>

/* Lua: moonshift.core.session.fetch and call. */
int
ms_session_fetch(lua_State *L);
int
ms_session_call(lua_State *L);

#endif
