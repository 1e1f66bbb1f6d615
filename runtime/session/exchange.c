/* One request each; the answer is merged, or handed over as it is. */
#include "session/exchange.h"

#include <lauxlib.h>
#include <string.h>

#include "binding/raise.h"
#include "session/encode.h"
#include "session/merge.h"
#include "session/request.h"

/* ---- fetch ---- */

/* Session, groups, keeps_groups, expressions…, request. */
static int
finish_fetch(lua_State *L, int status, lua_KContext context)
{
  (void)status;
  struct ms_request *request = ms_request_finish(L, context);
  struct ms_merge_options options = {.session_index = 1,
                                     .groups_index = lua_istable(L, 2) ? 2 : 0,
                                     .keeps_groups = lua_toboolean(L, 3),
                                     .result_count = request->operation_count};
  int top = lua_gettop(L);
  ms_merge_push_data(L, request->answer.data, request->answer.size_bytes, &options);
  ms_request_release(request);
  return lua_gettop(L) - top;
}

/* fetch(session, groups, keeps_groups, expression, …): for each expression the list of its entities
 * and the offset of the next page, or nil. `groups`: a table that groups what belongs to one
 * result, or nil; `keeps_groups`: entities asked for stay in the group that they have. */
int
ms_session_fetch(lua_State *L)
{
  ms_session_check_open(L, 1);
  int count = lua_gettop(L);
  luaL_checkstack(L, LUA_MINSTACK, "queries");
  struct ms_request *request = ms_request_push(L, 1);
  struct ms_json_writer *writer = &request->writer;
  for (int i = 4; i <= count; i++) {
    size_t bytes;
    const char *expression = luaL_checklstring(L, i, &bytes);
    ms_json_begin_object(writer);
    ms_json_member_string(writer, "action", "query");
    ms_json_key(writer, "expression");
    ms_json_string_n(writer, expression, bytes);
    ms_json_end_object(writer);
    request->operation_count++;
  }
  return ms_request_send(L, true, finish_fetch);
}

/* ---- call ---- */

static int
finish_call(lua_State *L, int status, lua_KContext context)
{
  (void)status;
  struct ms_request *request = ms_request_finish(L, context);
  struct ms_merge_options options = {.session_index = 1, .result_count = request->operation_count};
  ms_merge_push_raw(L, request->answer.data, request->answer.size_bytes, &options);
  ms_request_release(request);
  return 1;
}

/* Whether an operation only asks, so that sending it twice is safe. */
static bool
only_asks(lua_State *L, int index)
{
  static const char *const ASKING[] = {"query",
                                       "search",
                                       "query_server_information",
                                       "query_schemas",
                                       "get_upload_metadata",
                                       "get_widget_url",
                                       "permissions"};
  bool asks = false;
  lua_getfield(L, index, "action");
  const char *action = lua_tostring(L, -1);
  for (size_t i = 0; action && i < sizeof ASKING / sizeof *ASKING; i++) {
    asks = asks || strcmp(action, ASKING[i]) == 0;
  }
  lua_pop(L, 1);
  return asks;
}

/* call(session, operations): sends them as they are and returns the list of results. */
int
ms_session_call(lua_State *L)
{
  ms_session_check_open(L, 1);
  if (!lua_istable(L, 2)) {
    return ms_raisef(L, MS_USAGE, "call: expected a list of operations, found %s",
                     luaL_typename(L, 2));
  }
  lua_settop(L, 2);
  struct ms_request *request = ms_request_push(L, 1);
  lua_Integer count = luaL_len(L, 2);
  bool retry = true;
  for (lua_Integer i = 1; i <= count; i++) {
    if (lua_geti(L, 2, i) != LUA_TTABLE) {
      return ms_raisef(L, MS_USAGE, "call: operation %d is a %s, not a table", (int)i,
                       luaL_typename(L, -1));
    }
    ms_encode_value(L, -1, &request->writer);
    retry = retry && only_asks(L, lua_gettop(L));
    request->operation_count++;
    lua_pop(L, 1);
  }
  return ms_request_send(L, retry, finish_call);
}
