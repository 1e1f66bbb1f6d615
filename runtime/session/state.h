/* A session's state, shared by the files of this folder alone. */
#ifndef MS_SESSION_STATE_H
#define MS_SESSION_STATE_H

#include <lua.h>
#include <stdbool.h>

#include "session/schema.h"
#include "session/unit_of_work.h"
#include "transport/transport.h"

struct ms_request;

struct ms_session {
  struct ms_transport *transport; /* owned; NULL once closed */
  struct ms_schema *schema; /* NULL until the server's schema is known; kept by a user value */
  struct ms_unit_of_work unit;
  struct ms_request *requests;  /* all under way, linked */
  struct ms_commit_turn *turns; /* tasks that wait to commit, first come first served */
  uint32_t gone_count;          /* entities that were deleted or whose creation was undone */
  bool committing;              /* a batch is on its way */
  bool auto_populate;           /* whether reading a missing attribute asks the server; see below */
};

/* User values of a session. */
enum {
  MS_SESSION_SCHEMA = 1, /* the schema */
  MS_SESSION_MAPS,       /* identity maps: family (light userdata) → {key → entity}, weak */
  MS_SESSION_LEDGER,     /* operations' entities and values, see unit_of_work.h */
  MS_SESSION_SWITCHES,   /* task (light userdata) → auto_populate of it alone */
  MS_SESSION_NOTES,      /* a table for the Lua side of the session */
  MS_SESSION_USER_VALUES = MS_SESSION_NOTES
};

/* The session at `index`, open or closed; raises MS_USAGE for another value. */
struct ms_session *
ms_session_check(lua_State *L, int index);

/* As above, but raises MS_CLOSED for a closed one. */
struct ms_session *
ms_session_check_open(lua_State *L, int index);

/* The schema; raises MS_USAGE while it is unknown. */
struct ms_schema *
ms_session_schema(lua_State *L, struct ms_session *session);

/* Whether reading a missing attribute asks the server in the task that runs just now. */
bool
ms_session_auto_populates(lua_State *L, int session_index);

/* Pushes the function that Lua registered under `name` (core.hooks.NAME); raises MS_INTERNAL when
 * there is none. */
void
ms_session_push_hook(lua_State *L, const char *name);

#endif
