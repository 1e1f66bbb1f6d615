/* Which schema a session has: built in, used before, cached on disk, or fetched from the server. */
#include "session/schema_fetch.h"

#include <lauxlib.h>
#include <string.h>

#include "binding/raise.h"
#include "session/merge.h"
#include "session/request.h"
#include "session/schema_cache.h"

void
ms_session_set_schema(lua_State *L, int session_index)
{
  struct ms_session *session = lua_touserdata(L, session_index);
  session->schema = lua_touserdata(L, -1);
  lua_setiuservalue(L, session_index, MS_SESSION_SCHEMA);
}

/* adopt_schema(session, hash): true when the schema of that hash is the built-in one, was used in
 * this process before, or is cached. */
int
ms_session_adopt_schema(lua_State *L)
{
  ms_session_check_open(L, 1);
  const char *hash = luaL_checkstring(L, 2);
  char builtin[33];
  struct ms_error err;
  if (ms_model_schema_hash(ms_model_builtin(), builtin, &err) != MS_OK) {
    return ms_raise(L, &err);
  }
  if (strcmp(hash, builtin) == 0) {
    ms_schema_push_builtin(L);
  } else if (!ms_schema_find(L, hash)) {
    struct ms_model *model = ms_schema_cache_read(hash);
    if (!model) {
      lua_pushboolean(L, false);
      return 1;
    }
    ms_schema_push(L, hash, model);
  }
  ms_session_set_schema(L, 1);
  lua_pushboolean(L, true);
  return 1;
}

/* Session, hash, request: the first result of the answer is the document. */
static int
finish_fetch_schema(lua_State *L, int status, lua_KContext context)
{
  (void)status;
  struct ms_request *request = ms_request_finish(L, context);
  const char *text = request->answer.data;
  size_t bytes = request->answer.size_bytes;
  struct ms_merge_options options = {.session_index = 1, .result_count = 1};
  struct ms_model *model = NULL;
  struct ms_error err;
  ms_merge_check(L, text, bytes, &options);
  const char *begin = memchr(text, '[', bytes);
  const char *end = memrchr(text, ']', bytes);
  if (ms_model_parse(begin + 1, (size_t)(end - begin - 1), &model, &err) != MS_OK) {
    ms_request_release(request);
    return ms_raise(L, &err);
  }
  const char *hash = lua_tostring(L, 2);
  if (hash) {
    ms_schema_cache_write(hash, begin + 1, (size_t)(end - begin - 1));
  }
  ms_schema_push(L, hash ? hash : ms_transport_name(request->session->transport), model);
  ms_session_set_schema(L, 1);
  ms_request_release(request);
  return 0;
}

/* fetch_schema(session, hash): asks the server for its schema document. */
int
ms_session_fetch_schema(lua_State *L)
{
  ms_session_check_open(L, 1);
  lua_settop(L, 2);
  struct ms_request *request = ms_request_push(L, 1);
  ms_json_begin_object(&request->writer);
  ms_json_member_string(&request->writer, "action", "query_schemas");
  ms_json_end_object(&request->writer);
  return ms_request_send(L, true, finish_fetch_schema);
}
