/* The scheduler: the ready queue, turns of the loop, the end of tasks.
 *
 * Tasks are resumed from here alone, one after the other, never out of a callback of the loop. */
#include "binding/scheduler.h"

#include <assert.h>
#include <lauxlib.h>
#include <stdlib.h>

#include "base/log.h"
#include "binding/exit.h"
#include "binding/raise.h"

static const char registry_key;

/* ---- birth ---- */

/* A task that failed while nobody waited for it must not fail silently. */
static int
task_gc(lua_State *L)
{
  struct ms_task *task = luaL_checkudata(L, 1, MS_TASK_METATABLE);
  if (task->state != MS_TASK_FAILED || task->observed) {
    return 0;
  }
  ms_push_values(L, task);
  if (!ms_is_cancelled(L, -1) && !ms_is_exit(L, -1)) {
    ms_log(MS_LOG_ERROR, "a task that nobody waited for failed: %s", ms_error_text(L, -1));
  }
  return 0;
}

struct ms_tasks *
ms_tasks_new(lua_State *L, uv_loop_t *loop)
{
  struct ms_tasks *tasks = calloc(1, sizeof *tasks);
  if (tasks == NULL) {
    ms_raisef(L, MS_MEMORY, "out of memory");
  }
  tasks->L = L;
  tasks->loop = loop;
  uv_idle_init(loop, &tasks->idle);
  uv_unref((uv_handle_t *)&tasks->idle);
  tasks->idle.data = tasks;
  lua_pushlightuserdata(L, tasks);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &registry_key);
  luaL_newmetatable(L, MS_TASK_METATABLE); /* metatable */
  lua_pushcfunction(L, task_gc);
  lua_setfield(L, -2, "__gc");
  lua_pop(L, 1);
  ms_coroutine_install(L);
  ms_exit_install(L);
  ms_raise_install(L);
  return tasks;
}

struct ms_tasks *
ms_tasks_of(lua_State *L)
{
  lua_rawgetp(L, LUA_REGISTRYINDEX, &registry_key);
  struct ms_tasks *tasks = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return tasks;
}

uv_loop_t *
ms_tasks_loop(struct ms_tasks *tasks)
{
  return tasks->loop;
}

/* ---- one step of a task ---- */

static void
remove_alive(struct ms_task *task)
{
  struct ms_tasks *tasks = task->tasks;
  if (task->next != NULL) {
    task->next->previous = task->previous;
  }
  if (task->previous != NULL) {
    task->previous->next = task->next;
  } else {
    tasks->alive = task->next;
  }
  task->previous = task->next = NULL;
}

/* The task has ended; its last values are on top of its thread's stack. */
static void
end_task(struct ms_task *task, int value_count)
{
  lua_State *L = task->tasks->L;
  task->value_count = value_count;
  task->wait = NULL;
  remove_alive(task);
  for (struct ms_pause *joiner = task->joiners; joiner != NULL; joiner = joiner->next) {
    ms_wait_finish(&joiner->wait);
  }
  if (task->state == MS_TASK_FAILED) {
    lua_pushvalue(task->thread, -1);
    lua_xmove(task->thread, L, 1);
    ms_exit_notice(task->tasks, L);
  }
  lua_pushnil(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, task);
}

/* The task fails with the value on top of its thread's stack. */
static void
fail_task(struct ms_task *task)
{
  task->state = MS_TASK_FAILED;
  end_task(task, 1);
}

/* Cancelled before its first step: the function is never called. */
static void
end_unstarted(struct ms_task *task)
{
  lua_State *thread = task->thread;
  lua_settop(thread, 0);
  lua_rawgetp(thread, LUA_REGISTRYINDEX, task); /* task */
  lua_getiuservalue(thread, -1, MS_TASK_VALUE_REASON);
  lua_remove(thread, -2);
  fail_task(task);
}

/* Sorts out how the task's thread left lua_resume. */
static void
settle(struct ms_task *task, int status, int count)
{
  if (status == LUA_OK) {
    end_task(task, count);
  } else if (status != LUA_YIELD) {
    fail_task(task);
  } else if (ms_thread_waits(task->thread)) {
    task->state = MS_TASK_WAITING;
  } else {
    lua_pop(task->thread, count);
    lua_resetthread(task->thread);
    lua_pushliteral(task->thread, "a C library yielded from outside a coroutine");
    fail_task(task);
  }
}

static void
step(struct ms_task *task)
{
  int argument_count = 0;
  if (task->started) {
    lua_pop(task->thread, 1); /* the mark of the wait */
  } else if (task->cancel_pending) {
    end_unstarted(task);
    return;
  } else {
    argument_count = task->value_count;
  }
  task->started = true;
  task->state = MS_TASK_RUNNING;
  task->wait = NULL;
  int count = 0;
  int status =
      ms_link_resume(task->tasks, task->thread, task->tasks->L, task, argument_count, &count);
  settle(task, status, count);
}

/* Runs those that are ready now; those that become ready meanwhile come after the loop's next turn. */
static void
run_ready(struct ms_tasks *tasks)
{
  struct ms_task *task = tasks->ready_first;
  tasks->ready_first = tasks->ready_last = NULL;
  uv_idle_stop(&tasks->idle);
  while (task != NULL) {
    struct ms_task *next = task->next_ready;
    step(task);
    task = next;
  }
}

/* ---- turns ---- */

/* Nothing is left that could wake a task. */
static bool
is_stuck(struct ms_tasks *tasks)
{
  return tasks->ready_first == NULL && !uv_loop_alive(tasks->loop);
}

void
ms_tasks_turn(struct ms_tasks *tasks)
{
  run_ready(tasks);
  uv_run(tasks->loop, UV_RUN_ONCE);
}

static void
push_cancelled(lua_State *L, const char *message)
{
  struct ms_error err;
  ms_fail(&err, MS_CANCELLED, "%s", message);
  ms_push_error(L, &err);
}

int
ms_tasks_run(struct ms_tasks *tasks, lua_State *L, int argument_count, int result_count)
{
  assert(L == tasks->L && tasks->main == NULL);
  struct ms_task *task = ms_task_new(tasks, L, argument_count); /* task */
  tasks->main = task;
  for (run_ready(tasks); !ms_task_ended(task); run_ready(tasks)) {
    if (is_stuck(tasks)) {
      push_cancelled(L, "the script waits for something that cannot happen any more: no timer, "
                        "process, file or connection is left that could wake it");
      ms_tasks_cancel_main(tasks);
    }
    uv_run(tasks->loop, UV_RUN_ONCE);
  }
  tasks->main = NULL;
  int status = task->state == MS_TASK_DONE ? LUA_OK : LUA_ERRRUN;
  int base = lua_gettop(L); /* the task */
  ms_push_values(L, task);
  lua_remove(L, base);
  if (status == LUA_OK && result_count != LUA_MULTRET) {
    lua_settop(L, base - 1 + result_count);
  }
  return status;
}

/* ---- the end ---- */

static void
stop_waiting(uv_timer_t *timer)
{
  *(bool *)timer->data = true;
}

/* Turns the loop until all tasks have ended, for MS_TASKS_UNWIND_MS at most. */
static void
turn_until_ended(struct ms_tasks *tasks)
{
  uv_timer_t timer;
  bool expired = false;
  uv_timer_init(tasks->loop, &timer);
  timer.data = &expired;
  uv_timer_start(&timer, stop_waiting, MS_TASKS_UNWIND_MS, 0);
  uv_unref((uv_handle_t *)&timer);
  for (run_ready(tasks); tasks->alive != NULL && !expired; run_ready(tasks)) {
    if (is_stuck(tasks)) {
      break;
    }
    uv_run(tasks->loop, UV_RUN_ONCE);
  }
  uv_close((uv_handle_t *)&timer, NULL);
  uv_run(tasks->loop, UV_RUN_NOWAIT);
}

/* Closes what a task holds without letting it wait any more. */
static void
close_in_place(struct ms_task *task)
{
  struct ms_wait *wait = task->wait;
  if (wait != NULL && !wait->finished) {
    wait->cancelled = wait->finished = true;
    if (wait->cancel != NULL) {
      wait->cancel(wait);
    }
  }
  lua_resetthread(task->thread);
  lua_settop(task->thread, 0);
  push_cancelled(task->thread, "the program ends");
  fail_task(task);
}

void
ms_tasks_unwind(struct ms_tasks *tasks)
{
  if (tasks->alive == NULL) {
    return;
  }
  for (struct ms_task *task = tasks->alive; task != NULL; task = task->next) {
    push_cancelled(tasks->L, "the program ends");
    ms_task_cancel(tasks->L, task);
  }
  turn_until_ended(tasks);
  while (tasks->alive != NULL) {
    close_in_place(tasks->alive);
  }
}

static void
on_closed(uv_handle_t *idle)
{
  free(idle->data);
}

void
ms_tasks_free(struct ms_tasks *tasks)
{
  ms_tasks_unwind(tasks);
  lua_pushnil(tasks->L);
  lua_rawsetp(tasks->L, LUA_REGISTRYINDEX, &registry_key);
  uv_close((uv_handle_t *)&tasks->idle, on_closed);
}
