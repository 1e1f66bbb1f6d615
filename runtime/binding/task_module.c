/* The Lua module moonshift.core.task: spawning, sleeping, joining, awaiting a callback.
 *
 * Conveniences made of these (parallel, timeout) are in lua/moonshift/task.lua. */
#include "binding/scheduler.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <time.h>

#include "base/duration.h"
#include "binding/options.h"
#include "binding/raise.h"

static struct ms_task *
check_task(lua_State *L)
{
  return luaL_checkudata(L, 1, MS_TASK_METATABLE);
}

/* ---- pauses: sleeping and joining ---- */

static void
pause_closed(uv_handle_t *handle)
{
  free(handle->data);
}

static void
pause_expired(uv_timer_t *timer)
{
  struct ms_pause *pause = timer->data;
  ms_wait_finish(&pause->wait);
}

static void
pause_free(struct ms_pause *pause)
{
  if (pause->target != NULL) {
    struct ms_pause **place = &pause->target->joiners;
    while (*place != pause) {
      place = &(*place)->next;
    }
    *place = pause->next;
  }
  uv_close((uv_handle_t *)&pause->timer, pause_closed);
}

static struct ms_pause *
pause_new(lua_State *L, struct ms_task *target)
{
  struct ms_pause *pause = calloc(1, sizeof *pause);
  if (pause == NULL) {
    ms_raisef(L, MS_MEMORY, "out of memory");
  }
  if (!ms_wait_prepare(L, &pause->wait)) {
    free(pause);
    return NULL;
  }
  uv_timer_init(ms_tasks_loop(ms_tasks_of(L)), &pause->timer);
  pause->timer.data = pause;
  if (target != NULL) {
    pause->target = target;
    pause->next = target->joiners;
    target->joiners = pause;
  }
  return pause;
}

/* Frees the pause, raises when it was cancelled. */
static void
pause_end(lua_State *L, struct ms_pause *pause)
{
  bool cancelled = pause->wait.cancelled;
  pause_free(pause);
  if (cancelled) {
    ms_raise_cancelled(L);
  }
}

static int
sleep_end(lua_State *L, int status, lua_KContext context)
{
  (void)status;
  pause_end(L, (struct ms_pause *)context);
  return 0;
}

/* Where Lua cannot yield. A signal ends it early, so that it can be acted upon. */
static void
sleep_in_place(int64_t duration_ms)
{
  struct timespec rest = {.tv_sec = duration_ms / 1000, .tv_nsec = duration_ms % 1000 * 1000000};
  nanosleep(&rest, NULL);
}

/* sleep(duration) */
static int
task_sleep(lua_State *L)
{
  int64_t duration_ms = ms_check_duration(L, 1);
  struct ms_pause *pause = pause_new(L, NULL);
  if (pause == NULL) {
    sleep_in_place(duration_ms);
    return 0;
  }
  uv_timer_start(&pause->timer, pause_expired, (uint64_t)duration_ms, 0);
  return ms_wait_yield(L, &pause->wait, (lua_KContext)pause, sleep_end);
}

/* Starts to wait for the end of `task`; `k` follows with the pause as its context, NULL when the task has
 * ended already. A negative duration has no limit. */
static int
join(lua_State *L, struct ms_task *task, int64_t duration_ms, lua_KFunction k)
{
  struct ms_tasks *tasks = ms_tasks_of(L);
  if (ms_task_ended(task)) {
    return k(L, LUA_YIELD, 0);
  }
  if (tasks != NULL && ms_tasks_running(tasks) == task) {
    return ms_raisef(L, MS_USAGE, "a task cannot wait for its own end");
  }
  struct ms_pause *pause = pause_new(L, task);
  if (pause == NULL) {
    return ms_raisef(L, MS_USAGE,
                     "cannot wait for a task here: Lua cannot yield inside a sort comparator, a "
                     "gsub callback, a finalizer or a callback of the loop");
  }
  if (duration_ms >= 0) {
    uv_timer_start(&pause->timer, pause_expired, (uint64_t)duration_ms, 0);
  }
  return ms_wait_yield(L, &pause->wait, (lua_KContext)pause, k);
}

static void
join_end(lua_State *L, lua_KContext context)
{
  if (context != 0) {
    pause_end(L, (struct ms_pause *)context);
  }
}

/* ---- methods of a task ---- */

static int
wait_end(lua_State *L, int status, lua_KContext context)
{
  (void)status;
  join_end(L, context);
  struct ms_task *task = check_task(L);
  int count = ms_push_values(L, task);
  return task->state == MS_TASK_DONE ? count : lua_error(L);
}

/* task:wait() -> results */
static int
task_wait(lua_State *L)
{
  struct ms_task *task = check_task(L);
  lua_settop(L, 1);
  return join(L, task, -1, wait_end);
}

static int
join_ended(lua_State *L, int status, lua_KContext context)
{
  (void)status;
  join_end(L, context);
  lua_pushboolean(L, ms_task_ended(check_task(L)));
  return 1;
}

/* task:join([duration]) -> whether it has ended */
static int
task_join(lua_State *L)
{
  struct ms_task *task = check_task(L);
  int64_t duration_ms = lua_isnoneornil(L, 2) ? -1 : ms_check_duration(L, 2);
  lua_settop(L, 1);
  return join(L, task, duration_ms, join_ended);
}

/* Pushes what a task is cancelled with: the argument at `index`, else an error object; text becomes one. */
static void
push_reason(lua_State *L, int index)
{
  if (!lua_isnoneornil(L, index) && lua_type(L, index) != LUA_TSTRING) {
    lua_pushvalue(L, index);
    return;
  }
  struct ms_error err;
  ms_fail(&err, MS_CANCELLED, "%s", luaL_optstring(L, index, "the task was cancelled"));
  ms_push_error(L, &err);
}

/* task:cancel([reason]) */
static int
task_cancel(lua_State *L)
{
  struct ms_task *task = check_task(L);
  push_reason(L, 2);
  task->observed = true;
  ms_task_cancel(L, task);
  return 0;
}

static int
close_end(lua_State *L, int status, lua_KContext context)
{
  (void)status;
  join_end(L, context);
  return 0;
}

/* Leaving the scope of a <close> variable cancels the task and waits for its end. */
static int
task_close(lua_State *L)
{
  struct ms_task *task = check_task(L);
  lua_settop(L, 1);
  task->observed = true;
  if (ms_task_ended(task)) {
    return 0;
  }
  push_reason(L, 2); /* none given: the default */
  ms_task_cancel(L, task);
  struct ms_wait probe = {0};
  return ms_wait_prepare(L, &probe) ? join(L, task, -1, close_end) : 0;
}

/* task:status() -> "ready", "running", "waiting", "done" or "failed" */
static int
task_status(lua_State *L)
{
  static const char *const names[] = {
      [MS_TASK_READY] = "ready", [MS_TASK_RUNNING] = "running", [MS_TASK_WAITING] = "waiting",
      [MS_TASK_DONE] = "done",   [MS_TASK_FAILED] = "failed",
  };
  lua_pushstring(L, names[check_task(L)->state]);
  return 1;
}

static int
task_tostring(lua_State *L)
{
  struct ms_task *task = check_task(L);
  task_status(L);
  lua_pushfstring(L, "task %p (%s)", (void *)task, lua_tostring(L, -1));
  return 1;
}

/* ---- functions ---- */

/* spawn(f, ...) -> task */
static int
task_spawn(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TFUNCTION);
  struct ms_tasks *tasks = ms_tasks_of(L);
  if (tasks == NULL) {
    return ms_raisef(L, MS_CLOSED, "cannot spawn a task while the program ends");
  }
  ms_task_new(tasks, L, lua_gettop(L) - 1);
  return 1;
}

/* What await waits for: a userdata whose user value is the packed arguments of the callback. */
static int
await_resume(lua_State *L)
{
  struct ms_wait *wait = lua_touserdata(L, lua_upvalueindex(1));
  bool first = !wait->finished;
  if (first) {
    int count = lua_gettop(L);
    lua_createtable(L, count, 1); /* arguments…, values */
    lua_insert(L, 1);
    for (int i = count; i > 0; i--) {
      lua_rawseti(L, 1, i);
    }
    lua_pushinteger(L, count);
    lua_setfield(L, 1, "n");
    lua_setiuservalue(L, lua_upvalueindex(1), 1);
    ms_wait_finish(wait);
  }
  lua_pushboolean(L, first);
  return 1;
}

static int
await_end(lua_State *L, int status, lua_KContext context)
{
  (void)status;
  struct ms_wait *wait = (struct ms_wait *)context;
  if (wait->cancelled) {
    return ms_raise_cancelled(L);
  }
  lua_getiuservalue(L, 2, 1); /* values */
  lua_getfield(L, -1, "n");
  int count = (int)lua_tointeger(L, -1);
  luaL_checkstack(L, count, "values of a callback");
  for (int i = 1; i <= count; i++) {
    lua_rawgeti(L, 3, i);
  }
  return count;
}

static int
await_started(lua_State *L, int status, lua_KContext context)
{
  (void)status;
  lua_settop(L, 2);
  return ms_wait_yield(L, (struct ms_wait *)context, context, await_end);
}

/* await(start) -> what start's argument, a function, is called with */
static int
task_await(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_settop(L, 1);
  struct ms_wait *wait = lua_newuserdatauv(L, sizeof *wait, 1); /* start, wait */
  *wait = (struct ms_wait){0};
  if (!ms_wait_prepare(L, wait)) {
    return ms_raisef(L, MS_USAGE,
                     "cannot await a callback here: Lua cannot yield inside a sort comparator, a "
                     "gsub callback, a finalizer or a callback of the loop");
  }
  lua_pushvalue(L, 1);
  lua_pushvalue(L, 2);
  lua_pushcclosure(L, await_resume, 1); /* start, wait, start, resume */
  lua_callk(L, 1, 0, (lua_KContext)wait, await_started);
  return await_started(L, LUA_OK, (lua_KContext)wait);
}

static const luaL_Reg task_methods[] = {
    {"cancel", task_cancel}, {"join", task_join}, {"status", task_status},
    {"wait", task_wait},     {NULL, NULL},
};

static const luaL_Reg task_metamethods[] = {
    {"__close", task_close},
    {"__tostring", task_tostring},
    {NULL, NULL},
};

/* can_wait() -> whether whatever waits lets the other tasks go on here */
static int
task_can_wait(lua_State *L)
{
  struct ms_wait wait = {0};
  lua_pushboolean(L, ms_wait_prepare(L, &wait));
  return 1;
}

static const luaL_Reg task_functions[] = {
    {"await", task_await}, {"can_wait", task_can_wait},
    {"sleep", task_sleep}, {"spawn", task_spawn},
    {NULL, NULL},
};

int
luaopen_moonshift_core_task(lua_State *L)
{
  luaL_newmetatable(L, MS_TASK_METATABLE); /* metatable, made by ms_tasks_new */
  luaL_setfuncs(L, task_metamethods, 0);
  luaL_newlib(L, task_methods);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  luaL_newlib(L, task_functions);
  return 1;
}
