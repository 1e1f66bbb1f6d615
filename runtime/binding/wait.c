/* Waiting: a yield of a mark that no script sees, passed from coroutine to coroutine down to the task.
 *
 * The mark stays on the suspended thread's stack until it is resumed, which tells a wait from a yield
 * of the script's own. */
#include "binding/scheduler.h"

#include <assert.h>
#include <lauxlib.h>

#include "binding/raise.h"

static const char wait_mark;

bool
ms_thread_waits(lua_State *thread)
{
  return lua_status(thread) == LUA_YIELD && lua_gettop(thread) > 0 &&
         lua_touserdata(thread, -1) == (const void *)&wait_mark;
}

int
ms_yield_wait(lua_State *L, lua_KContext context, lua_KFunction k)
{
  lua_pushlightuserdata(L, (void *)&wait_mark);
  return lua_yieldk(L, 1, context, k);
}

bool
ms_wait_prepare(lua_State *L, struct ms_wait *wait)
{
  struct ms_tasks *tasks = ms_tasks_of(L);
  if (tasks == NULL || tasks->link == NULL || tasks->link->thread != L) {
    return false;
  }
  for (struct ms_link *link = tasks->link; link != NULL; link = link->outer) {
    if (!lua_isyieldable(link->thread)) {
      return false;
    }
    if (link->task != NULL) {
      wait->task = link->task;
      return true;
    }
  }
  return false;
}

/* The task was cancelled before it came to wait: it does not wait at all. */
static void
deliver_cancel(struct ms_task *task, struct ms_wait *wait)
{
  task->cancel_pending = false;
  wait->cancelled = true;
  if (wait->cancel != NULL) {
    wait->cancel(wait);
  }
  wait->finished = true;
}

int
ms_wait_yield(lua_State *L, struct ms_wait *wait, lua_KContext context, lua_KFunction k)
{
  struct ms_task *task = wait->task;
  assert(task != NULL);
  if (task->cancel_pending && !wait->finished) {
    deliver_cancel(task, wait);
  }
  if (wait->finished) {
    return k(L, LUA_YIELD, context);
  }
  wait->yielded = true;
  task->wait = wait;
  return ms_yield_wait(L, context, k);
}

void
ms_wait_finish(struct ms_wait *wait)
{
  if (wait->finished) {
    return;
  }
  wait->finished = true;
  if (wait->yielded) {
    ms_task_make_ready(wait->task);
  }
}

int
ms_raise_cancelled(lua_State *L)
{
  struct ms_task *task = ms_tasks_running(ms_tasks_of(L));
  assert(task != NULL);
  lua_rawgetp(L, LUA_REGISTRYINDEX, task); /* task */
  lua_getiuservalue(L, -1, MS_TASK_VALUE_REASON);
  return lua_error(L);
}
