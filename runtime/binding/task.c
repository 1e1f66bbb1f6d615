/* One task: birth, cancelling, the chain of who resumed whom.
 *
 * A task's body runs under lua_pcallk inside its own coroutine, so that closing variables may wait while
 * an error unwinds and the traceback is taken before anything is unwound. */
#include "binding/scheduler.h"

#include <lauxlib.h>

#include "binding/raise.h"

bool
ms_task_ended(const struct ms_task *task)
{
  return task->state == MS_TASK_DONE || task->state == MS_TASK_FAILED;
}

static void
idle(uv_idle_t *handle)
{
  (void)handle;
}

void
ms_task_make_ready(struct ms_task *task)
{
  struct ms_tasks *tasks = task->tasks;
  uv_idle_start(&tasks->idle, idle);
  task->state = MS_TASK_READY;
  task->next_ready = NULL;
  if (tasks->ready_last != NULL) {
    tasks->ready_last->next_ready = task;
  } else {
    tasks->ready_first = task;
  }
  tasks->ready_last = task;
}

/* ---- birth ---- */

/* The end of a task's body: what stays on the thread's stack is its results or its error value. */
static int
body_end(lua_State *L, int status, lua_KContext context)
{
  struct ms_task *task = (struct ms_task *)context;
  bool succeeded = status == LUA_OK || status == LUA_YIELD;
  task->state = succeeded ? MS_TASK_DONE : MS_TASK_FAILED;
  return lua_gettop(L) - 1; /* without the message handler */
}

/* The body: function and arguments are on the stack. */
static int
body(lua_State *L)
{
  struct ms_task *task = ms_tasks_running(ms_tasks_of(L));
  lua_pushcfunction(L, ms_message_handler);
  lua_insert(L, 1);
  int status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 1, (lua_KContext)task, body_end);
  return body_end(L, status, (lua_KContext)task);
}

static void
add_alive(struct ms_task *task)
{
  struct ms_tasks *tasks = task->tasks;
  task->next = tasks->alive;
  if (tasks->alive != NULL) {
    tasks->alive->previous = task;
  }
  tasks->alive = task;
}

struct ms_task *
ms_task_new(struct ms_tasks *tasks, lua_State *L, int argument_count)
{
  struct ms_task *task = lua_newuserdatauv(L, sizeof *task, MS_TASK_VALUES);
  *task = (struct ms_task){.tasks = tasks, .value_count = argument_count + 1};
  luaL_setmetatable(L, MS_TASK_METATABLE);
  task->thread = lua_newthread(L); /* function, arguments…, task, thread */
  if (!lua_checkstack(task->thread, argument_count + 3)) {
    ms_raisef(L, MS_LIMIT, "%d arguments are too many for a task", argument_count);
  }
  lua_setiuservalue(L, -2, MS_TASK_VALUE_THREAD);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, task);
  lua_insert(L, -(argument_count + 2)); /* task, function, arguments… */
  lua_pushcfunction(task->thread, body);
  lua_xmove(L, task->thread, argument_count + 1);
  add_alive(task);
  ms_task_make_ready(task);
  return task;
}

/* ---- cancelling ---- */

void
ms_task_cancel(lua_State *L, struct ms_task *task)
{
  if (ms_task_ended(task)) {
    lua_pop(L, 1);
    return;
  }
  lua_rawgetp(L, LUA_REGISTRYINDEX, task); /* reason, task */
  lua_insert(L, -2);
  lua_setiuservalue(L, -2, MS_TASK_VALUE_REASON);
  lua_pop(L, 1);
  struct ms_wait *wait = task->wait;
  if (task->state != MS_TASK_WAITING || wait->finished) {
    task->cancel_pending = true;
    return;
  }
  wait->cancelled = true;
  if (wait->cancel != NULL) {
    wait->cancel(wait);
  }
  ms_wait_finish(wait);
}

void
ms_tasks_cancel_main(struct ms_tasks *tasks)
{
  if (tasks->main == NULL) {
    lua_pop(tasks->L, 1);
    return;
  }
  ms_task_cancel(tasks->L, tasks->main);
}

/* ---- running ---- */

int
ms_link_resume(struct ms_tasks *tasks, lua_State *thread, lua_State *from, struct ms_task *task,
               int argument_count, int *count)
{
  struct ms_link link = {.thread = thread, .task = task, .outer = tasks->link};
  tasks->link = &link;
  int status = lua_resume(thread, from, argument_count, count);
  tasks->link = link.outer;
  return status;
}

struct ms_task *
ms_tasks_running(struct ms_tasks *tasks)
{
  struct ms_link *link = tasks->link;
  while (link != NULL && link->task == NULL) {
    link = link->outer;
  }
  return link != NULL ? link->task : NULL;
}

const void *
ms_tasks_running_identity(struct ms_tasks *tasks)
{
  return ms_tasks_running(tasks);
}

bool
ms_tasks_main_runs(struct ms_tasks *tasks)
{
  return tasks->main != NULL && ms_tasks_running(tasks) == tasks->main;
}

lua_State *
ms_tasks_running_thread(struct ms_tasks *tasks)
{
  struct ms_link *link = tasks->link;
  return link != NULL ? link->thread : tasks->L;
}

bool
ms_is_task_thread(struct ms_tasks *tasks, lua_State *thread)
{
  struct ms_link *link = tasks->link;
  return link != NULL && link->thread == thread && link->task != NULL;
}

int
ms_push_values(lua_State *L, struct ms_task *task)
{
  int count = task->value_count;
  luaL_checkstack(L, count, "results of a task");
  luaL_checkstack(task->thread, count, "results of a task");
  int first = lua_gettop(task->thread) - count + 1;
  for (int i = 0; i < count; i++) {
    lua_pushvalue(task->thread, first + i);
  }
  lua_xmove(task->thread, L, count);
  task->observed = true;
  return count;
}
