/* Sending and waiting. The transport copies the body, so only the answer and the wait have to live
 * on. */
#include "session/request.h"

#include <assert.h>
#include <lauxlib.h>

#include "api/api.h"
#include "binding/raise.h"

#define REQUEST_METATABLE "moonshift.request"

/* ---- the session's list ---- */

static void
link_request(struct ms_request *request)
{
  request->next = request->session->requests;
  if (request->next) {
    request->next->previous = request;
  }
  request->session->requests = request;
}

static void
unlink_request(struct ms_request *request)
{
  if (request->previous) {
    request->previous->next = request->next;
  } else if (request->session->requests == request) {
    request->session->requests = request->next;
  }
  if (request->next) {
    request->next->previous = request->previous;
  }
  request->previous = request->next = NULL;
}

static void
stop(struct ms_request *request)
{
  if (request->call) {
    ms_transport_cancel(request->call);
    request->call = NULL;
    unlink_request(request);
  }
}

void
ms_requests_abandon(struct ms_session *session)
{
  while (session->requests) {
    struct ms_request *request = session->requests;
    request->call = NULL;
    unlink_request(request);
    request->status =
        ms_fail(&request->err, MS_CLOSED, "the session was closed while it waited for an answer");
    ms_wait_finish(&request->wait);
  }
}

/* ---- life ---- */

void
ms_request_release(struct ms_request *request)
{
  ms_buffer_free(&request->body);
  ms_buffer_free(&request->answer);
}

static int
request_gc(lua_State *L)
{
  struct ms_request *request = lua_touserdata(L, 1);
  stop(request);
  ms_request_release(request);
  return 0;
}

struct ms_request *
ms_request_push(lua_State *L, int session_index)
{
  session_index = lua_absindex(L, session_index);
  struct ms_request *request = lua_newuserdatauv(L, sizeof *request, 1);
  *request = (struct ms_request){.session = lua_touserdata(L, session_index)};
  ms_buffer_init(&request->body, MS_API_BODY_MAX_BYTES);
  ms_buffer_init(&request->answer, MS_API_ANSWER_MAX_BYTES);
  if (luaL_newmetatable(L, REQUEST_METATABLE)) {
    lua_pushcfunction(L, request_gc);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  lua_pushvalue(L, session_index);
  lua_setiuservalue(L, -2, 1);
  ms_json_writer_init(&request->writer, &request->body);
  ms_json_begin_array(&request->writer);
  return request;
}

/* ---- sending ---- */

static void
keep_answer(struct ms_request *request, struct ms_buffer *answer)
{
  size_t size_bytes = answer->size_bytes;
  request->answer.data = ms_buffer_take(answer);
  request->answer.size_bytes = request->answer.data ? size_bytes : 0;
  request->answer.capacity_bytes = request->answer.data ? size_bytes + 1 : 0;
}

static void
done(void *user, enum ms_status status, struct ms_buffer *answer, const struct ms_error *err)
{
  struct ms_request *request = user;
  request->status = status;
  if (status == MS_OK) {
    keep_answer(request, answer);
  } else {
    request->err = *err;
  }
  if (request->call) {
    request->call = NULL;
    unlink_request(request);
  }
  ms_wait_finish(&request->wait);
}

static void
cancel(struct ms_wait *wait)
{
  stop((struct ms_request *)((char *)wait - offsetof(struct ms_request, wait)));
}

static int
send_and_yield(lua_State *L, struct ms_request *request, bool retry, lua_KContext context,
               lua_KFunction k)
{
  struct ms_transport_call *call = NULL;
  request->wait.cancel = cancel;
  enum ms_status status =
      ms_transport_send(request->session->transport, request->body.data, request->body.size_bytes,
                        retry, done, request, &call, &request->err);
  if (status != MS_OK) {
    request->status = status;
    ms_wait_finish(&request->wait);
  } else if (!request->wait.finished) {
    request->call = call;
    link_request(request);
  }
  return ms_wait_yield(L, &request->wait, context, k);
}

int
ms_request_send(lua_State *L, bool retry, lua_KFunction k)
{
  struct ms_request *request = lua_touserdata(L, -1);
  lua_KContext context = lua_gettop(L);
  ms_json_end_array(&request->writer);
  request->status = ms_buffer_check(&request->body, "a batch of operations", &request->err);
  if (request->status != MS_OK) {
    return k(L, LUA_OK, context);
  }
  if (ms_wait_prepare(L, &request->wait)) {
    return send_and_yield(L, request, retry, context, k);
  }
  ms_buffer_free(&request->answer);
  request->status =
      ms_transport_perform(request->session->transport, request->body.data,
                           request->body.size_bytes, retry, &request->answer, &request->err);
  return k(L, LUA_OK, context);
}

struct ms_request *
ms_request_ended(lua_State *L, lua_KContext context)
{
  lua_settop(L, (int)context);
  struct ms_request *request = lua_touserdata(L, -1);
  ms_buffer_free(&request->body);
  if (request->wait.cancelled) {
    request->status = MS_CANCELLED;
  }
  return request;
}

int
ms_request_raise(lua_State *L, struct ms_request *request)
{
  struct ms_error err = request->err;
  ms_request_release(request);
  return request->wait.cancelled ? ms_raise_cancelled(L) : ms_raise(L, &err);
}

struct ms_request *
ms_request_finish(lua_State *L, lua_KContext context)
{
  struct ms_request *request = ms_request_ended(L, context);
  if (request->status != MS_OK) {
    ms_request_raise(L, request);
  }
  return request;
}
