/* Waiting as a C function does it: at once, later, in place, cancelled, and at the end of the program. */
#include <lauxlib.h>
#include <lualib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "binding/raise.h"
#include "binding/task.h"
#include "loop/loop.h"

struct fixture {
  uv_loop_t loop;
  lua_State *L;
  struct ms_tasks *tasks;
};

/* An operation that ends when the test says so. */
struct operation {
  struct ms_wait wait;
  bool cancelled;
};

static struct operation *pending; /* the one under way */
static int freed_count, in_place_count;

static void
cancel_operation(struct ms_wait *wait)
{
  ((struct operation *)wait)->cancelled = true;
}

static int
operation_end(lua_State *L, int status, lua_KContext context)
{
  (void)status;
  struct operation *operation = (struct operation *)context;
  bool cancelled = operation->wait.cancelled;
  lua_pushstring(L, operation->cancelled ? "cancelled" : "ended");
  free(operation);
  freed_count++;
  return cancelled ? ms_raise_cancelled(L) : 1;
}

/* operate(at_once) */
static int
operate(lua_State *L)
{
  struct operation *operation = calloc(1, sizeof *operation);
  operation->wait.cancel = cancel_operation;
  if (!ms_wait_prepare(L, &operation->wait)) {
    free(operation);
    in_place_count++;
    lua_pushliteral(L, "in place");
    return 1;
  }
  if (lua_toboolean(L, 1)) {
    ms_wait_finish(&operation->wait);
  } else {
    pending = operation;
  }
  return ms_wait_yield(L, &operation->wait, (lua_KContext)operation, operation_end);
}

/* finish(): ends the pending operation, from another task. */
static int
finish(lua_State *L)
{
  (void)L;
  ms_wait_finish(&pending->wait);
  ms_wait_finish(&pending->wait); /* once is enough, twice does no harm */
  pending = NULL;
  return 0;
}

static int
set_up(void **state)
{
  struct fixture *fixture = calloc(1, sizeof *fixture);
  assert_int_equal(ms_loop_open(&fixture->loop, NULL), MS_OK);
  fixture->L = luaL_newstate();
  luaL_openlibs(fixture->L);
  fixture->tasks = ms_tasks_new(fixture->L, &fixture->loop);
  luaL_requiref(fixture->L, "task", luaopen_moonshift_core_task, 1);
  lua_pop(fixture->L, 1);
  lua_register(fixture->L, "operate", operate);
  lua_register(fixture->L, "finish", finish);
  freed_count = in_place_count = 0;
  pending = NULL;
  *state = fixture;
  return 0;
}

static void
close_fixture(struct fixture *fixture)
{
  ms_tasks_free(fixture->tasks);
  ms_loop_close_handles(&fixture->loop);
  lua_close(fixture->L);
  ms_loop_close(&fixture->loop);
}

static int
tear_down(void **state)
{
  close_fixture(*state);
  free(*state);
  return 0;
}

/* Runs text as the main task; its one result, or the error's message. Borrowed from the stack. */
static const char *
run(struct fixture *fixture, const char *text)
{
  lua_State *L = fixture->L;
  lua_settop(L, 0);
  assert_int_equal(luaL_loadstring(L, text), LUA_OK);
  if (ms_tasks_run(fixture->tasks, L, 0, 1) != LUA_OK) {
    return ms_error_text(L, -1);
  }
  assert_int_equal(lua_gettop(L), 1);
  return lua_tostring(L, 1);
}

static void
test_at_once(void **state)
{
  assert_string_equal(run(*state, "return operate(true)"), "ended");
  assert_int_equal(freed_count, 1);
}

static void
test_later(void **state)
{
  assert_string_equal(run(*state, "task.spawn(finish) return operate()"), "ended");
  assert_int_equal(freed_count, 1);
}

static void
test_in_place(void **state)
{
  assert_string_equal(
      run(*state,
          "local r table.sort({2, 1}, function(a, b) r = operate() return a < b end) return r"),
      "in place");
  assert_true(in_place_count > 0);
  assert_int_equal(freed_count, 0);
}

static void
test_outside_of_tasks(void **state)
{
  struct fixture *fixture = *state;
  assert_int_equal(luaL_dostring(fixture->L, "return operate()"), LUA_OK);
  assert_string_equal(lua_tostring(fixture->L, -1), "in place");
}

static void
test_coroutine_of_another_library(void **state)
{
  struct fixture *fixture = *state;
  lua_State *co = lua_newthread(fixture->L);
  int count = 0;
  luaL_loadstring(co, "return operate()");
  assert_int_equal(lua_resume(co, fixture->L, 0, &count), LUA_OK);
  assert_string_equal(lua_tostring(co, -1), "in place");
}

static void
test_cancelled_while_waiting(void **state)
{
  assert_string_equal(run(*state, "local t = task.spawn(operate) task.sleep(0) t:cancel 'stop'"
                                  " local ok, err = pcall(t.wait, t) return err.message"),
                      "stop");
  assert_int_equal(freed_count, 1);
}

static void
test_cancelled_before_waiting(void **state)
{
  assert_string_equal(run(*state, "local t t = task.spawn(function() t:cancel 'self' operate() end)"
                                  " local ok, err = pcall(t.wait, t) return err.message"),
                      "self");
  assert_int_equal(freed_count, 1);
}

/* What is finished already gives its result; the cancelling comes with the next wait. */
static void
test_cancelled_when_finished(void **state)
{
  assert_string_equal(run(*state, "local first local t = task.spawn(function() first = operate()"
                                  " task.sleep(1) end)"
                                  " task.sleep(0) finish() t:cancel 'late' t:join()"
                                  " return first .. t:status()"),
                      "endedfailed");
}

static void
test_main_is_cancelled_from_outside(void **state)
{
  struct fixture *fixture = *state;
  ms_raise_install(fixture->L);
  lua_pushliteral(fixture->L, "nobody to cancel");
  ms_tasks_cancel_main(fixture->tasks); /* without a main task: nothing happens */
  assert_int_equal(lua_gettop(fixture->L), 0);
}

static void
test_stuck(void **state)
{
  const char *message = run(*state, "return operate()");
  assert_non_null(strstr(message, "cannot happen any more"));
  assert_int_equal(freed_count, 1);
}

/* A task that waits again and again while it is being cancelled does not keep the program from ending. */
static void
test_end_of_program(void **state)
{
  struct fixture *fixture = *state;
  run(fixture,
      "closed = 0"
      " task.spawn(function()"
      "   local held <close> = setmetatable({}, {__close = function() closed = closed + 1 end})"
      "   operate()"
      " end)"
      " task.spawn(function()"
      "   local held <close> = setmetatable({}, {__close = function() closed = closed + 1 end})"
      "   while true do pcall(task.sleep, 3600) pcall(operate) end"
      " end)"
      " task.sleep(0)");
  struct operation *abandoned = pending;
  ms_tasks_unwind(fixture->tasks);
  lua_getglobal(fixture->L, "closed");
  assert_int_equal(lua_tointeger(fixture->L, -1), 2);
  if (pending != abandoned) {
    free(pending); /* its continuation never came */
  }
}

static void
test_error_objects(void **state)
{
  assert_string_equal(run(*state, "local ok, err = pcall(error, 'x', 0) return type(err)"),
                      "string");
  struct fixture *fixture = *state;
  lua_State *L = fixture->L;
  lua_settop(L, 0);
  assert_int_equal(luaL_loadstring(L, "local function deep() error 'bad' end deep()"), LUA_OK);
  assert_int_not_equal(ms_tasks_run(fixture->tasks, L, 0, 0), LUA_OK);
  assert_true(ms_is_error(L, 1));
  lua_getfield(L, 1, "traceback");
  assert_non_null(strstr(lua_tostring(L, -1), "deep"));
  lua_getfield(L, 1, "code");
  assert_string_equal(lua_tostring(L, -1), "error");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
  const struct CMUnitTest tests[] = {
      CASE(test_at_once),
      CASE(test_later),
      CASE(test_in_place),
      CASE(test_outside_of_tasks),
      CASE(test_coroutine_of_another_library),
      CASE(test_cancelled_while_waiting),
      CASE(test_cancelled_before_waiting),
      CASE(test_cancelled_when_finished),
      CASE(test_main_is_cancelled_from_outside),
      CASE(test_stuck),
      CASE(test_end_of_program),
      CASE(test_error_objects),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
