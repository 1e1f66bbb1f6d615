/* Tasks: coroutines that wait on the loop.
 *
 * The main script and everything that is spawned runs as a task. A C function that waits prepares a
 * `struct ms_wait`, starts its operation, and returns ms_wait_yield(…): the task is resumed, in its
 * continuation, after the operation's callback called ms_wait_finish. Where Lua cannot yield (a sort
 * comparator, a C iterator, a metamethod called from C) ms_wait_prepare says so, and the function
 * completes the one operation in place instead.
 *
 * Waiting passes through coroutines that the script made itself (coroutine.wrap generators): resume and
 * wrap are replaced by versions that hand a wait on to the task. Tasks are resumed from a ready queue
 * drained by the host between turns of the loop, never from inside a callback. */
#ifndef MS_BINDING_TASK_H
#define MS_BINDING_TASK_H

#include <lua.h>
#include <stdbool.h>
#include <uv.h>

#include "base/error.h"

struct ms_tasks;

/* One operation that a task waits for. Embed it in the operation's own struct, zeroed. */
struct ms_wait {
  struct ms_tasks *tasks;
  lua_State *thread;  /* the task's thread, resumed at the end */
  bool finished;
  bool yielded;
  /* Called when the task is cancelled while it waits: stop the operation, free nothing that the
   * continuation frees (the continuation still runs, see ms_wait_cancelled). May be NULL. */
  void (*cancel)(struct ms_wait *wait);
  bool cancelled;
  struct ms_wait *previous, *next; /* all that are waited for */
};

/* Makes the universe's tasks: call once per Lua state, before any script runs. Installs coroutine.resume
 * and coroutine.wrap that pass waits through. */
struct ms_tasks *
ms_tasks_new(lua_State *L, uv_loop_t *loop);

/* Cancels every task that is left, in the order that runs their __close, and frees. Before lua_close. */
void
ms_tasks_free(struct ms_tasks *tasks);

/* The universe of this state (kept in its registry). */
struct ms_tasks *
ms_tasks_of(lua_State *L);

/* The loop that its waits are on. */
uv_loop_t *
ms_tasks_loop(struct ms_tasks *tasks);

/* Runs the function and arguments on top of L's stack (n arguments) as the main task and turns the loop
 * until it has ended: pushes its results (LUA_OK) or error object (else), like lua_pcall, with a
 * traceback taken inside the task. Ends early when the loop is told to stop by a signal. */
int
ms_tasks_run(struct ms_tasks *tasks, lua_State *L, int argument_count, int result_count);

/* True when the caller may yield: then `wait` is bound to the running task and ms_wait_yield must follow.
 * False: complete in place. */
bool
ms_wait_prepare(lua_State *L, struct ms_wait *wait);

/* Yields until ms_wait_finish, then continues in `k`; when it is finished already, calls `k` at once. The
 * C function returns its result. Stack slots 1…n of the C function survive. */
int
ms_wait_yield(lua_State *L, struct ms_wait *wait, lua_KContext context, lua_KFunction k);

/* The operation has ended: the task becomes ready. From the loop's thread only. */
void
ms_wait_finish(struct ms_wait *wait);

/* luaopen: the Lua module moonshift.core.task (spawn, sleep, parallel's mechanism, timeout, cancel). */
int
luaopen_moonshift_core_task(lua_State *L);

#endif
