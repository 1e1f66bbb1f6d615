/* Which loaded values a batch made stale. */
#ifndef MS_SESSION_RELATIONS_H
#define MS_SESSION_RELATIONS_H

#include <lua.h>

/* The operations in flight took effect (call before ms_unit_settle): the collections of other
 * entities that gained or lost a member by them, and what the server computes of those, are fetched
 * again when they are next looked at. Nothing else is touched. */
void
ms_relations_expire(lua_State *L, int session_index);

#endif
