/* Which loaded collections a batch made stale. */
#ifndef MS_SESSION_RELATIONS_H
#define MS_SESSION_RELATIONS_H

#include <lua.h>

/* The operations in flight took effect (call before ms_unit_settle): the collections of other
 * entities that gained or lost a member by them are fetched again when they are next looked at.
 * Found by the foreign keys of the created, deleted and re-parented entities, so no other
 * collection is touched. */
void
ms_relations_expire(lua_State *L, int session_index);

#endif
