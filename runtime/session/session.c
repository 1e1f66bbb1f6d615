/* The class session and the Lua module moonshift.core.session.
 *
 * What is here needs the loop, the transport or the inside of entities. Which queries are made of
 * it is decided in lua/moonshift/session.lua, populate.lua and query.lua, which register themselves
 * as hooks. */
#include "session/session.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/nearest.h"
#include "base/path.h"
#include "binding/options.h"
#include "binding/raise.h"
#include "session/commit.h"
#include "session/create.h"
#include "session/datetime.h"
#include "session/describe.h"
#include "session/encode.h"
#include "session/entity.h"
#include "session/entity_class.h"
#include "session/exchange.h"
#include "session/inspect.h"
#include "session/request.h"
#include "session/schema_fetch.h"

#define SESSION_METATABLE "moonshift.session"

static const char hooks_key; /* registry: hook name → function */

/* ---- checks ---- */

struct ms_session *
ms_session_check(lua_State *L, int index)
{
  struct ms_session *session = luaL_testudata(L, index, SESSION_METATABLE);
  if (!session) {
    ms_raisef(L, MS_USAGE, "expected a session, found %s (methods are called with a colon)",
              luaL_typename(L, index));
  }
  return session;
}

struct ms_session *
ms_session_check_open(lua_State *L, int index)
{
  struct ms_session *session = ms_session_check(L, index);
  if (!session->transport) {
    ms_raisef(L, MS_CLOSED, "the session is closed");
  }
  return session;
}

struct ms_transport *
ms_session_transport(lua_State *L, int index)
{
  return ms_session_check_open(L, index)->transport;
}

struct ms_schema *
ms_session_schema(lua_State *L, struct ms_session *session)
{
  if (!session->schema) {
    ms_raisef(L, MS_USAGE, "the session does not know the server's schema yet");
  }
  return session->schema;
}

void
ms_session_push_hook(lua_State *L, const char *name)
{
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &hooks_key) != LUA_TTABLE ||
      lua_getfield(L, -1, name) != LUA_TFUNCTION) {
    ms_raisef(L, MS_INTERNAL, "no hook '%s': require \"moonshift.session\" first", name);
  }
  lua_remove(L, -2);
}

/* ---- opening and closing ---- */

struct open_options {
  const char *server_url, *api_user, *api_key, *data;
  int64_t timeout_ms;
  bool auto_populate;
};

static const struct ms_option OPEN_OPTIONS[] = {
    {"server_url", MS_OPTION_STRING, offsetof(struct open_options, server_url), false},
    {"api_user", MS_OPTION_STRING, offsetof(struct open_options, api_user), false},
    {"api_key", MS_OPTION_STRING, offsetof(struct open_options, api_key), false},
    {"data", MS_OPTION_STRING, offsetof(struct open_options, data), false},
    {"timeout", MS_OPTION_DURATION, offsetof(struct open_options, timeout_ms), false},
    {"auto_populate", MS_OPTION_BOOLEAN, offsetof(struct open_options, auto_populate), false},
};

/* Pushes a session that is closed: whatever is opened next has an owner. */
static struct ms_session *
push_closed(lua_State *L)
{
  struct ms_session *session = lua_newuserdatauv(L, sizeof *session, MS_SESSION_USER_VALUES);
  *session = (struct ms_session){.transport = NULL};
  luaL_setmetatable(L, SESSION_METATABLE);
  for (int i = MS_SESSION_MAPS; i <= MS_SESSION_NOTES; i++) {
    lua_newtable(L);
    lua_setiuservalue(L, -2, i);
  }
  return session;
}

/* Pushes the data folder of the embedded server. */
static const char *
push_data_folder(lua_State *L)
{
  char *folder = NULL;
  struct ms_error err;
  if (ms_path_xdg("data", &folder, &err) != MS_OK) {
    ms_raise(L, &err);
  }
  lua_pushstring(L, folder);
  free(folder);
  return lua_tostring(L, -1);
}

/* open{server_url, api_user, api_key, data, timeout, auto_populate}: a session; without server_url
 * on the embedded server of the data folder. Nothing is sent. */
static int
session_open(lua_State *L)
{
  struct open_options options = {.auto_populate = true};
  ms_options_read(L, 1, "session", OPEN_OPTIONS, sizeof OPEN_OPTIONS / sizeof *OPEN_OPTIONS,
                  &options);
  struct ms_session *session = push_closed(L);
  int index = lua_gettop(L);
  session->auto_populate = options.auto_populate;
  if (!options.server_url && !options.data) {
    options.data = push_data_folder(L);
  }
  struct ms_transport_options transport = {.server_url = options.server_url,
                                           .user = options.api_user,
                                           .key = options.api_key,
                                           .data_folder = options.data,
                                           .timeout_ms = options.timeout_ms};
  struct ms_error err;
  struct ms_tasks *tasks = ms_tasks_of(L);
  if (!tasks) {
    return ms_raisef(L, MS_CLOSED, "the program is ending: no session can be opened any more");
  }
  if (ms_transport_open(ms_tasks_loop(tasks), &transport, &session->transport, &err) != MS_OK) {
    session->transport = NULL;
    return ms_raise(L, &err);
  }
  if (ms_transport_is_embedded(session->transport)) {
    ms_schema_push_builtin(L);
    ms_session_set_schema(L, index);
  }
  lua_settop(L, index);
  return 1;
}

static void
close_session(struct ms_session *session)
{
  if (session->transport) {
    struct ms_transport *transport = session->transport;
    session->transport = NULL;
    ms_transport_close(transport);
    ms_requests_abandon(session);
    ms_commit_wake_all(session);
  }
}

/* session:close(), also at the end of its <close> scope. Entities stay readable as far as they were
 * loaded. */
static int
session_close(lua_State *L)
{
  close_session(ms_session_check(L, 1));
  return 0;
}

static int
session_gc(lua_State *L)
{
  struct ms_session *session = ms_session_check(L, 1);
  close_session(session);
  ms_unit_free(&session->unit);
  return 0;
}

/* ---- the class ---- */

static int
return_property(lua_State *L, int status, lua_KContext context)
{
  (void)L, (void)status, (void)context;
  return 1;
}

static int
raise_no_member(lua_State *L, const char *name)
{
  struct ms_nearest nearest = {.word = name};
  for (int table = 1; table <= 2; table++) {
    for (lua_pushnil(L); lua_next(L, lua_upvalueindex(table)); lua_pop(L, 1)) {
      ms_nearest_offer(&nearest, lua_tostring(L, -2));
    }
  }
  if (nearest.best) {
    return ms_raisef(L, MS_NOT_FOUND, "a session has no '%s'; did you mean '%s'?", name,
                     nearest.best);
  }
  return ms_raisef(L, MS_NOT_FOUND, "a session has no '%s'", name);
}

/* Upvalues: methods, properties (name → function of the session). */
static int
session_index(lua_State *L)
{
  ms_session_check(L, 1);
  lua_settop(L, 2);
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) {
    return 1;
  }
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(2)) == LUA_TNIL) {
    return raise_no_member(L, luaL_tolstring(L, 2, NULL));
  }
  lua_pushvalue(L, 1);
  lua_callk(L, 1, 1, 0, return_property);
  return 1;
}

static int
session_newindex(lua_State *L)
{
  return ms_raisef(L, MS_USAGE, "'%s' of a session cannot be set", luaL_tolstring(L, 2, NULL));
}

static int
session_tostring(lua_State *L)
{
  const struct ms_session *session = ms_session_check(L, 1);
  if (session->transport) {
    lua_pushfstring(L, "session on %s", ms_transport_name(session->transport));
  } else {
    lua_pushliteral(L, "closed session");
  }
  return 1;
}

/* name(session): "http://host:port" or "embedded:FOLDER". */
static int
session_name(lua_State *L)
{
  lua_pushstring(L, ms_transport_name(ms_session_transport(L, 1)));
  return 1;
}

/* user(session): who acts. */
static int
session_user(lua_State *L)
{
  lua_pushstring(L, ms_transport_user(ms_session_transport(L, 1)));
  return 1;
}

static int
session_is_open(lua_State *L)
{
  lua_pushboolean(L, ms_session_check(L, 1)->transport != NULL);
  return 1;
}

/* has_schema(session): whether the server's schema is known. */
static int
session_has_schema(lua_State *L)
{
  lua_pushboolean(L, ms_session_check(L, 1)->schema != NULL);
  return 1;
}

/* notes(session): a table for the Lua side. */
static int
session_notes(lua_State *L)
{
  ms_session_check(L, 1);
  lua_getiuservalue(L, 1, MS_SESSION_NOTES);
  return 1;
}

static const void *
running_task(lua_State *L)
{
  struct ms_tasks *tasks = ms_tasks_of(L);
  return tasks ? ms_tasks_running_identity(tasks) : NULL;
}

bool
ms_session_auto_populates(lua_State *L, int session_index)
{
  const struct ms_session *session = lua_touserdata(L, session_index);
  lua_getiuservalue(L, session_index, MS_SESSION_SWITCHES);
  bool is_own = lua_rawgetp(L, -1, running_task(L)) == LUA_TBOOLEAN;
  bool populates = is_own ? lua_toboolean(L, -1) : session->auto_populate;
  lua_pop(L, 2);
  return populates;
}

/* set_auto_populate(session, on): for the task that runs, nil for as the session does; returns what
 * it was. */
static int
session_set_auto_populate(lua_State *L)
{
  ms_session_check(L, 1);
  lua_settop(L, 2);
  lua_getiuservalue(L, 1, MS_SESSION_SWITCHES);
  lua_rawgetp(L, 3, running_task(L));
  lua_pushvalue(L, 2);
  lua_rawsetp(L, 3, running_task(L));
  return 1;
}

/* ---- the module ---- */

static int
core_new_id(lua_State *L)
{
  char id[MS_ID_SIZE];
  ms_id_new(id);
  lua_pushstring(L, id);
  return 1;
}

/* id_of_name(space, name) -> UUID */
static int
core_id_of_name(lua_State *L)
{
  size_t name_bytes;
  char id[MS_ID_SIZE];
  const char *space = luaL_checkstring(L, 1), *name = luaL_checklstring(L, 2, &name_bytes);
  if (!ms_id_of_name(space, name, name_bytes, id))
    return ms_raisef(L, MS_USAGE, "'%s' is no UUID", space);
  lua_pushstring(L, id);
  return 1;
}

/* list(table): the table itself, which is sent as a list even when it is empty. */
static int
core_list(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  ms_mark_list(L);
  return 1;
}

/* methods(type): the table of the methods of its entities. */
static int
core_methods(lua_State *L)
{
  ms_entity_push_methods(L, luaL_checkstring(L, 1));
  return 1;
}

static const luaL_Reg METAMETHODS[] = {
    {"__close", session_close},       {"__gc", session_gc}, {"__newindex", session_newindex},
    {"__tostring", session_tostring}, {NULL, NULL},
};

/* Methods of sessions that are written in C; Lua adds the others. */
static const luaL_Reg METHODS[] = {
    {"close", session_close},
    {"create", ms_session_create},
    {"delete", ms_session_delete},
    {"rollback", ms_session_rollback},
    {NULL, NULL},
};

static const luaL_Reg FUNCTIONS[] = {
    {"adopt_schema", ms_session_adopt_schema},
    {"call", ms_session_call},
    {"check_query", ms_session_check_query},
    {"changes", ms_session_changes},
    {"commit", ms_session_commit},
    {"datetime", ms_datetime_new},
    {"describe", ms_session_describe},
    {"fetch", ms_session_fetch},
    {"fetch_schema", ms_session_fetch_schema},
    {"find", ms_session_find},
    {"forget", ms_session_forget},
    {"group", ms_session_group},
    {"has_schema", session_has_schema},
    {"is_open", session_is_open},
    {"is_entity", ms_session_is_entity},
    {"lacking", ms_session_lacking},
    {"list", core_list},
    {"load", ms_session_load},
    {"methods", core_methods},
    {"name", session_name},
    {"new_id", core_new_id},
    {"id_of_name", core_id_of_name},
    {"notes", session_notes},
    {"open", session_open},
    {"peek", ms_session_peek},
    {"session_of", ms_session_of},
    {"set_auto_populate", session_set_auto_populate},
    {"settle", ms_session_settle},
    {"state", ms_session_state},
    {"entity", ms_session_entity},
    {"thaw", ms_session_thaw},
    {"types", ms_session_types},
    {"uncertain", ms_session_uncertain},
    {"user", session_user},
    {NULL, NULL},
};

/* The class; the module on top gets its methods and properties. */
static void
open_class(lua_State *L)
{
  luaL_newmetatable(L, SESSION_METATABLE); /* module, metatable */
  luaL_setfuncs(L, METAMETHODS, 0);
  luaL_newlib(L, METHODS);
  lua_pushvalue(L, -1);
  lua_setfield(L, -4, "Session");
  lua_newtable(L); /* module, metatable, methods, properties */
  lua_pushvalue(L, -1);
  lua_setfield(L, -5, "properties");
  lua_pushcclosure(L, session_index, 2);
  lua_setfield(L, -2, "__index");
  lua_pushliteral(L, "session");
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
}

int
luaopen_moonshift_core_session(lua_State *L)
{
  luaL_newlib(L, FUNCTIONS);
  open_class(L);
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &hooks_key);
  lua_setfield(L, -2, "hooks");
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, -2, "null");
  ms_entity_open(L);
  return 1;
}
