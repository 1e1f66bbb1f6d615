/* The session: a script's view of a tracker. Entities by identity, changes as a unit of work.
 *
 * This header is what other folders of primitives need of it (component/, job/). The parts, one
 * file each: schema (types as slots), entity (one object per identity), merge (JSON answer →
 * entities), unit_of_work and commit (changes → one batch), collection, mapped, datetime, values
 * (checks at the assignment), encode (Lua values → JSON), request (waiting for the transport),
 * schema_cache. Policy (query texts, paging, which attributes to fetch together) is
 * lua/moonshift/session.lua and its neighbours. */
#ifndef MS_SESSION_SESSION_H
#define MS_SESSION_SESSION_H

#include <lua.h>

#include "transport/transport.h"

/* The transport of the session at `index`; raises MS_USAGE for another value and MS_CLOSED for a
 * closed session. Borrowed: valid until the session is closed. */
struct ms_transport *
ms_session_transport(lua_State *L, int index);

/* luaopen: the Lua module moonshift.core.session. See lua/meta/core_session.lua. */
int
luaopen_moonshift_core_session(lua_State *L);

#endif
