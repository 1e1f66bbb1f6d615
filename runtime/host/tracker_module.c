/* The Lua module moonshift.core.tracker: what only whoever has the embedded tracker's data folder may do.
 *
 * Each function opens the folder, or joins the sessions of this process that have it open, and leaves it
 * again, whatever happens in between: results are put together in C before Lua gets them. */
#include <lauxlib.h>
#include <stdlib.h>

#include "base/path.h"
#include "binding/raise.h"
#include "host/host.h"
#include "query/query.h"
#include "transport/shared_api.h"

enum {
  USER_ID_SIZE = 64,
  KEYS_MAX_BYTES = 16 * 1024 * 1024, /* of the list of keys */
  EXPLANATION_MAX_BYTES = 64 * 1024 * 1024
};

/* What a function does with the tracker: its answer is appended to `out`. */
typedef enum ms_status (*tracker_action)(lua_State *L, struct ms_api *api, struct ms_buffer *out,
                                         struct ms_error *err);

/* Argument 1 is the data folder, nil for the usual one. Pushes the answer, or raises. */
static int
with_tracker(lua_State *L, tracker_action act, size_t max_bytes)
{
  const char *given = luaL_optstring(L, 1, NULL);
  struct ms_error err;
  struct ms_buffer out;
  struct ms_shared_api *shared = NULL;
  char *usual = NULL;
  ms_buffer_init(&out, max_bytes);
  enum ms_status status = given != NULL ? MS_OK : ms_path_xdg("data", &usual, &err);
  if (status == MS_OK) {
    status = ms_shared_api_enter(given != NULL ? given : usual, &shared, &err);
  }
  free(usual);
  if (status == MS_OK) {
    status = act(L, ms_shared_api_get(shared), &out, &err);
    ms_shared_api_leave(shared);
  }
  if (status == MS_OK) {
    lua_pushlstring(L, ms_buffer_string(&out), out.size_bytes);
  }
  ms_buffer_free(&out);
  return status == MS_OK ? 1 : ms_raise(L, &err);
}

/* ---- keys ---- */

static enum ms_status
list_keys(lua_State *L, struct ms_api *api, struct ms_buffer *out, struct ms_error *err)
{
  (void)L;
  return ms_api_list_keys(api, out, err);
}

/* Argument 2 is a user's name, nil for who runs this; argument 3 the label. */
static enum ms_status
create_key(lua_State *L, struct ms_api *api, struct ms_buffer *out, struct ms_error *err)
{
  const char *username = lua_tostring(L, 2), *label = lua_tostring(L, 3);
  char user_id[USER_ID_SIZE];
  char *key = NULL;
  enum ms_status status = username != NULL ? ms_api_find_user(api, username, user_id, err)
                                           : ms_api_local_user(api, user_id, err);
  if (status == MS_OK) {
    status = ms_api_create_key(api, user_id, label, &key, err);
  }
  if (status == MS_OK) {
    ms_buffer_append_string(out, key);
  }
  free(key);
  return status == MS_OK ? ms_buffer_check(out, "the key", err) : status;
}

static enum ms_status
revoke_key(lua_State *L, struct ms_api *api, struct ms_buffer *out, struct ms_error *err)
{
  (void)out;
  return ms_api_revoke_key(api, lua_tostring(L, 2), err);
}

/* keys(folder) -> JSON text */
static int
tracker_keys(lua_State *L)
{
  return with_tracker(L, list_keys, KEYS_MAX_BYTES);
}

/* create_key(folder, username or nil, label or nil) -> key */
static int
tracker_create_key(lua_State *L)
{
  luaL_optstring(L, 2, NULL);
  luaL_optstring(L, 3, NULL);
  lua_settop(L, 3);
  return with_tracker(L, create_key, KEYS_MAX_BYTES);
}

/* revoke_key(folder, id) */
static int
tracker_revoke_key(lua_State *L)
{
  luaL_checkstring(L, 2);
  with_tracker(L, revoke_key, KEYS_MAX_BYTES);
  return 0;
}

/* ---- queries ---- */

/* The statement's plan, for a text that can be compiled. */
static enum ms_status
explain_statement(struct ms_api *api, const struct ms_query_context *context, const char *text,
                  size_t text_bytes, struct ms_buffer *out, struct ms_error *err)
{
  struct ms_arena arena;
  struct ms_query_plan *plan = NULL;
  ms_arena_init(&arena, MS_QUERY_ARENA_MAX_BYTES);
  enum ms_status status = ms_query_compile(context, text, text_bytes, &arena, &plan, err);
  if (status == MS_OK) {
    ms_buffer_append_string(out, "\nPlan\n");
    status = ms_database_explain(ms_api_database(api), plan->sql, out, err);
  }
  ms_arena_free(&arena);
  return status;
}

/* A text that cannot be compiled is explained as far as that goes; what is wrong with it is pushed. */
static enum ms_status
explain(lua_State *L, struct ms_api *api, struct ms_buffer *out, struct ms_error *err)
{
  size_t text_bytes;
  const char *text = lua_tolstring(L, 2, &text_bytes);
  const struct ms_query_context context = {.model = ms_api_model(api), .base_url = ""};
  enum ms_status status = ms_query_explain(&context, text, text_bytes, out, err);
  if (status == MS_OK) {
    status = explain_statement(api, &context, text, text_bytes, out, err);
  }
  if (status == MS_PARSE) {
    lua_pushstring(L, err->message);
    status = MS_OK;
  }
  return status == MS_OK ? ms_buffer_check(out, "the explanation", err) : status;
}

/* explain(folder, expression) -> text, nil or what is wrong */
static int
tracker_explain(lua_State *L)
{
  luaL_checkstring(L, 2);
  lua_settop(L, 2);
  with_tracker(L, explain, EXPLANATION_MAX_BYTES); /* folder, expression, [wrong,] text */
  lua_insert(L, 3);
  lua_settop(L, 4);
  return 2;
}

static const luaL_Reg tracker_functions[] = {
    {"create_key", tracker_create_key},
    {"explain", tracker_explain},
    {"keys", tracker_keys},
    {"revoke_key", tracker_revoke_key},
    {NULL, NULL},
};

int
luaopen_moonshift_core_tracker(lua_State *L)
{
  luaL_newlib(L, tracker_functions); /* [tracker] */
  return 1;
}
