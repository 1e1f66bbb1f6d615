/* Commits: the unit of work as one batch, one at a time per session. */
#ifndef MS_SESSION_COMMIT_H
#define MS_SESSION_COMMIT_H

#include <lua.h>

struct ms_session;

/* Lua: moonshift.core.session.commit, uncertain, settle, thaw; Session:rollback. */
int
ms_session_commit(lua_State *L);
int
ms_session_uncertain(lua_State *L);
int
ms_session_settle(lua_State *L);
int
ms_session_thaw(lua_State *L);
int
ms_session_rollback(lua_State *L);

/* Wakes the tasks that wait for their turn to commit; for a session that is being closed. */
void
ms_commit_wake_all(struct ms_session *session);

#endif
