/* One batch on its way: the session's side of waiting for the transport.
 *
 * A request is a userdata, so that no error and no cancelled task leaks its buffers. The task
 * yields while the answer is awaited; where Lua cannot yield, and on the embedded server, it
 * completes in place. */
#ifndef MS_SESSION_REQUEST_H
#define MS_SESSION_REQUEST_H

#include <lua.h>
#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/json.h"
#include "binding/task.h"
#include "session/state.h"

struct ms_request {
  struct ms_wait wait;
  struct ms_session *session;     /* kept alive by a user value */
  struct ms_transport_call *call; /* NULL unless under way */
  struct ms_buffer body;          /* JSON array of operations, to be filled by the caller */
  struct ms_json_writer writer;   /* into body */
  size_t operation_count;         /* operations in the body */
  struct ms_buffer answer;        /* after success */
  enum ms_status status;
  struct ms_error err;
  struct ms_request *previous, *next; /* of the session's */
};

/* Pushes a new request of the session at `session_index` with an open array in its body. */
struct ms_request *
ms_request_push(lua_State *L, int session_index);

/* Closes the body and sends it; the request is on top of the stack. `retry`: sending twice is safe.
 * Returns the C function's result; `k` goes on with the request's stack index as its context. */
int
ms_request_send(lua_State *L, bool retry, lua_KFunction k);

/* In `k`: cuts the stack to the request on top and returns it, whether it succeeded or not. */
struct ms_request *
ms_request_ended(lua_State *L, lua_KContext context);

/* Raises the error of a request that failed. */
int
ms_request_raise(lua_State *L, struct ms_request *request);

/* As ms_request_ended, but raises the error of a request that failed. */
struct ms_request *
ms_request_finish(lua_State *L, lua_KContext context);

/* Frees the buffers early; __gc would do it later. */
void
ms_request_release(struct ms_request *request);

/* Ends all requests of a session that is being closed: their tasks go on with MS_CLOSED. Call after
 * ms_transport_close. */
void
ms_requests_abandon(struct ms_session *session);

#endif
