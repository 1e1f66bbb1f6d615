/* Events for scripts: the channel of a session's tracker as a class, and expressions that choose events.
 *
 * Nothing is called back: a task waits for the next event. What comes meanwhile is kept, up to
 * MS_EVENTS_WAITING_MAX_BYTES. Which subscriptions there are, and what becomes of an event, is decided in
 * lua/moonshift/event_hub.lua. */
#ifndef MS_SESSION_EVENT_CHANNEL_H
#define MS_SESSION_EVENT_CHANNEL_H

#include <lua.h>

enum { MS_EVENTS_WAITING_MAX_BYTES = 64 * 1024 * 1024 };

/* luaopen: the Lua module moonshift.core.events. See lua/meta/core_events.lua. */
int
luaopen_moonshift_core_events(lua_State *L);

/* Lua: moonshift.core.events.expression; its class is made at the first call. */
int
ms_event_expression_new(lua_State *L);

#endif
