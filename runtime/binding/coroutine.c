/* The coroutine library, with waits passing through.
 *
 * When a coroutine that a script made comes to wait, it yields the mark; resume and wrap then yield the
 * mark themselves, down to the task, and resume the coroutine when the wait is over. So a generator may
 * read lazy attributes, and its consumer never notices. */
#include "binding/scheduler.h"

#include <lauxlib.h>
#include <lualib.h>

#include "binding/exit.h"
#include "binding/raise.h"

enum { WAITING = -2, FAILED = -1 };

static lua_State *
check_coroutine(lua_State *L)
{
  lua_State *co = lua_tothread(L, 1);
  luaL_argexpected(L, co != NULL, 1, "coroutine");
  return co;
}

/* Resumes `co` with the arguments on its stack. The number of values moved to L; FAILED with the error
 * value moved to L; or WAITING. */
static int
advance(lua_State *L, lua_State *co, int argument_count)
{
  int count = 0;
  int status = ms_link_resume(ms_tasks_of(L), co, L, NULL, argument_count, &count);
  if (status != LUA_OK && status != LUA_YIELD) {
    lua_xmove(co, L, 1);
    return FAILED;
  }
  if (ms_thread_waits(co)) {
    return WAITING;
  }
  if (!lua_checkstack(L, count + 1)) {
    lua_pop(co, count);
    lua_pushliteral(L, "too many results to resume");
    return FAILED;
  }
  lua_xmove(co, L, count);
  return count;
}

/* As advance, after moving the arguments on top of L; refuses a coroutine that is in a wait. */
static int
start(lua_State *L, lua_State *co, int argument_count)
{
  if (ms_tasks_of(L) == NULL) {
    lua_pushliteral(L, "cannot resume a coroutine while the program ends");
    return FAILED;
  }
  if (ms_thread_waits(co)) {
    lua_pushliteral(L, "cannot resume a coroutine that waits in another task");
    return FAILED;
  }
  if (!lua_checkstack(co, argument_count)) {
    lua_pushliteral(L, "too many arguments to resume");
    return FAILED;
  }
  lua_xmove(L, co, argument_count);
  return advance(L, co, argument_count);
}

/* ---- resume ---- */

static int
resume_continue(lua_State *L, int status, lua_KContext context);

static int
resume_end(lua_State *L, int count)
{
  if (count == WAITING) {
    return ms_yield_wait(L, 0, resume_continue);
  }
  if (count == FAILED && ms_is_exit(L, -1)) {
    return lua_error(L);
  }
  lua_pushboolean(L, count != FAILED);
  count = count == FAILED ? 1 : count;
  lua_insert(L, -(count + 1));
  return count + 1;
}

static int
resume_continue(lua_State *L, int status, lua_KContext context)
{
  (void)status;
  (void)context;
  lua_State *co = lua_tothread(L, 1);
  lua_pop(co, 1); /* the mark */
  return resume_end(L, advance(L, co, 0));
}

static int
resume_function(lua_State *L)
{
  lua_State *co = check_coroutine(L);
  return resume_end(L, start(L, co, lua_gettop(L) - 1));
}

/* ---- wrap ---- */

static int
wrap_continue(lua_State *L, int status, lua_KContext context);

/* As Lua's: a failed coroutine is closed, and a message gets the position of the call. */
static int
wrap_fail(lua_State *L, lua_State *co)
{
  int status = lua_status(co);
  if (status != LUA_OK && status != LUA_YIELD && lua_resetthread(co) != LUA_OK) {
    lua_xmove(co, L, 1); /* an error while closing replaces the first */
  }
  if (status != LUA_ERRMEM && lua_type(L, -1) == LUA_TSTRING) {
    luaL_where(L, 1);
    lua_insert(L, -2);
    lua_concat(L, 2);
  }
  return lua_error(L);
}

static int
wrap_end(lua_State *L, lua_State *co, int count)
{
  if (count == WAITING) {
    return ms_yield_wait(L, 0, wrap_continue);
  }
  return count == FAILED ? wrap_fail(L, co) : count;
}

static int
wrap_continue(lua_State *L, int status, lua_KContext context)
{
  (void)status;
  (void)context;
  lua_State *co = lua_tothread(L, lua_upvalueindex(1));
  lua_pop(co, 1); /* the mark */
  return wrap_end(L, co, advance(L, co, 0));
}

static int
wrap_call(lua_State *L)
{
  lua_State *co = lua_tothread(L, lua_upvalueindex(1));
  return wrap_end(L, co, start(L, co, lua_gettop(L)));
}

static int
wrap_function(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_State *co = lua_newthread(L);
  lua_pushvalue(L, 1);
  lua_xmove(L, co, 1);
  lua_pushcclosure(L, wrap_call, 1);
  return 1;
}

/* ---- what a script can tell ---- */

/* A task's own thread counts as the main thread: it cannot yield to anybody. */
static bool
is_main(lua_State *L)
{
  struct ms_tasks *tasks = ms_tasks_of(L);
  return tasks == NULL || L == tasks->L || ms_is_task_thread(tasks, L);
}

static int
yield_function(lua_State *L)
{
  if (is_main(L)) {
    return luaL_error(L, "attempt to yield from outside a coroutine");
  }
  return lua_yield(L, lua_gettop(L));
}

static int
isyieldable_function(lua_State *L)
{
  lua_State *co = lua_isthread(L, 1) ? lua_tothread(L, 1) : L;
  lua_pushboolean(L, lua_isyieldable(co) && !(co == L && is_main(L)));
  return 1;
}

static int
running_function(lua_State *L)
{
  lua_pushthread(L);
  lua_pushboolean(L, is_main(L));
  return 2;
}

/* close and status go to Lua's own function (the upvalue) unless the coroutine is in a wait. */
static int
close_function(lua_State *L)
{
  if (ms_thread_waits(check_coroutine(L))) {
    return luaL_error(L, "cannot close a coroutine that waits in another task");
  }
  return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

static int
status_function(lua_State *L)
{
  if (ms_thread_waits(check_coroutine(L))) {
    lua_pushliteral(L, "normal");
    return 1;
  }
  return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

/* Puts `function` at coroutine.NAME, with what was there as its upvalue. */
static void
replace(lua_State *L, const char *name, lua_CFunction function)
{
  lua_getfield(L, -1, name);
  lua_pushcclosure(L, function, 1);
  lua_setfield(L, -2, name);
}

void
ms_coroutine_install(lua_State *L)
{
  lua_getglobal(L, LUA_COLIBNAME);
  replace(L, "resume", resume_function);
  replace(L, "wrap", wrap_function);
  replace(L, "yield", yield_function);
  replace(L, "isyieldable", isyieldable_function);
  replace(L, "running", running_function);
  replace(L, "close", close_function);
  replace(L, "status", status_function);
  lua_pop(L, 1);
}
