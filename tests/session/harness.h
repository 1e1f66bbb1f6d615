/* A Lua state with moonshift.core.session on a transport that the test answers for.
 *
 * Each test is a piece of Lua. Its global `answer(body)` stands for the server: it gets the batch
 * and returns the answer's text, or nil, a status code and a message. `sent` lists the batches. */
#ifndef MS_TESTS_SESSION_HARNESS_H
#define MS_TESTS_SESSION_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <lauxlib.h>
#include <lualib.h>
#include <stdlib.h>
#include <string.h>

#include "binding/raise.h"
#include "binding/task.h"
#include "loop/loop.h"
#include "session/session.h"

/* ---- the transport ---- */

static lua_State *transport_state; /* whose `answer` is called */
static int transport_object;       /* what a session holds as its transport */

static struct ms_transport *
the_transport(void)
{
  return (struct ms_transport *)&transport_object;
}

enum ms_status
ms_transport_open(uv_loop_t *loop, const struct ms_transport_options *options,
                  struct ms_transport **transport, struct ms_error *err)
{
  (void)loop, (void)err;
  *transport = the_transport();
  transport_object = options->server_url == NULL;
  return MS_OK;
}

const char *
ms_transport_name(const struct ms_transport *transport)
{
  (void)transport;
  return "fake:";
}

bool
ms_transport_is_embedded(const struct ms_transport *transport)
{
  (void)transport;
  return transport_object;
}

const char *
ms_transport_user(struct ms_transport *transport)
{
  (void)transport;
  return "ada";
}

enum ms_status
ms_transport_perform(struct ms_transport *transport, const char *body, size_t body_bytes,
                     bool retry, struct ms_buffer *answer, struct ms_error *err)
{
  (void)transport, (void)retry;
  lua_State *L = transport_state;
  enum ms_status status = MS_OK;
  int top = lua_gettop(L);
  ms_buffer_init(answer, 1 << 26);
  lua_getglobal(L, "answer");
  lua_pushlstring(L, body, body_bytes);
  if (lua_pcall(L, 1, 3, 0) != LUA_OK) {
    status = ms_fail(err, MS_INTERNAL, "%s", lua_tostring(L, -1));
  } else if (lua_isnil(L, -3)) {
    status = ms_fail(err, ms_status_from_code(lua_tostring(L, -2)), "%s", lua_tostring(L, -1));
  } else {
    ms_buffer_append(answer, lua_tostring(L, -3), lua_rawlen(L, -3));
  }
  lua_settop(L, top);
  return status;
}

/* A batch on its way, when the test's global `delay_ms` is set. */
struct ms_transport_call {
  uv_timer_t timer;
  struct ms_transport_call *next;
  enum ms_status status;
  struct ms_buffer answer;
  struct ms_error err;
  ms_transport_done done;
  void *user;
};

static struct ms_transport_call *calls; /* under way */

static void
forget_call(struct ms_transport_call *call)
{
  struct ms_transport_call **link = &calls;
  while (*link && *link != call) {
    link = &(*link)->next;
  }
  if (*link) {
    *link = call->next;
  }
}

static void
free_call(uv_handle_t *timer)
{
  struct ms_transport_call *call = timer->data;
  ms_buffer_free(&call->answer);
  free(call);
}

static void
finish_call(uv_timer_t *timer)
{
  struct ms_transport_call *call = timer->data;
  forget_call(call);
  call->done(call->user, call->status, &call->answer, &call->err);
  uv_close((uv_handle_t *)timer, free_call);
}

void
ms_transport_cancel(struct ms_transport_call *call)
{
  forget_call(call);
  uv_close((uv_handle_t *)&call->timer, free_call);
}

void
ms_transport_close(struct ms_transport *transport)
{
  (void)transport;
  while (calls) {
    ms_transport_cancel(calls);
  }
}

enum ms_status
ms_transport_send(struct ms_transport *transport, const char *body, size_t body_bytes, bool retry,
                  ms_transport_done done, void *user, struct ms_transport_call **call,
                  struct ms_error *err)
{
  (void)err;
  lua_State *L = transport_state;
  struct ms_transport_call *made = calloc(1, sizeof *made);
  made->done = done;
  made->user = user;
  made->timer.data = made;
  uv_timer_init(ms_tasks_loop(ms_tasks_of(L)), &made->timer);
  made->status =
      ms_transport_perform(transport, body, body_bytes, retry, &made->answer, &made->err);
  lua_getglobal(L, "delay_ms");
  if (lua_isnil(L, -1)) {
    finish_call(&made->timer);
  } else {
    *call = made;
    made->next = calls;
    calls = made;
    uv_timer_start(&made->timer, finish_call, (uint64_t)lua_tointeger(L, -1), 0);
  }
  lua_pop(L, 1);
  return MS_OK;
}

/* ---- the state ---- */

struct harness {
  uv_loop_t loop;
  struct ms_tasks *tasks;
  lua_State *L;
};

/* What every test starts from: a session on the built-in schema, and answers from a list. */
static const char PRELUDE[] =
    "core = require 'moonshift.core.session'\n"
    "tasks = require 'moonshift.core.task'\n"
    "sent, answers = {}, {}\n"
    "function answer(body)\n"
    "  sent[#sent + 1] = body\n"
    "  local next = table.remove(answers, 1)\n"
    "  if type(next) == 'function' then return next(body) end\n"
    "  if type(next) == 'table' then return nil, next[1], next[2] end\n"
    "  return next or error('no answer for ' .. body)\n"
    "end\n"
    "function reply(...) table.move({...}, 1, select('#', ...), #answers + 1, answers) end\n"
    "function fails(code, pattern, f, ...)\n"
    "  local ok, problem = pcall(f, ...)\n"
    "  assert(not ok, 'no error')\n"
    "  assert(type(problem) == 'table' and problem.code == code, 'code ' .. tostring(problem))\n"
    "  assert(problem.message:find(pattern), problem.message)\n"
    "end\n"
    "function same(a, b)\n"
    "  if a ~= b then error(('%s is not %s'):format(tostring(a), tostring(b)), 2) end\n"
    "end\n"
    "session = core.open {}\n";

static int
setup_state(void **state)
{
  struct harness *harness = calloc(1, sizeof *harness);
  struct ms_error err;
  assert_int_equal(ms_loop_open(&harness->loop, &err), MS_OK);
  lua_State *L = luaL_newstate();
  harness->L = L;
  luaL_openlibs(L);
  harness->tasks = ms_tasks_new(L, &harness->loop);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, luaopen_moonshift_core_session);
  lua_setfield(L, -2, "moonshift.core.session");
  lua_pushcfunction(L, luaopen_moonshift_core_task);
  lua_setfield(L, -2, "moonshift.core.task");
  lua_settop(L, 0);
  transport_state = L;
  *state = harness;
  return 0;
}

static int
teardown_state(void **state)
{
  struct harness *harness = *state;
  ms_tasks_free(harness->tasks);
  lua_close(harness->L);
  ms_loop_close_handles(&harness->loop);
  ms_loop_close(&harness->loop);
  free(harness);
  return 0;
}

/* Runs Lua as the main task, behind the prelude. */
static void
run(void **state, const char *code)
{
  struct harness *harness = *state;
  lua_State *L = harness->L;
  if (luaL_dostring(L, PRELUDE) != LUA_OK || luaL_loadbuffer(L, code, strlen(code), "=test")) {
    fail_msg("%s", lua_tostring(L, -1));
  }
  if (ms_tasks_run(harness->tasks, L, 0, 0) != LUA_OK) {
    fail_msg("%s", ms_error_report(L, -1));
  }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup_state, teardown_state)

#endif
