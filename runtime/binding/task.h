/* Tasks: coroutines that wait on the loop.
 *
 * The main script and everything that is spawned runs as a task. A C function that waits embeds a
 * `struct ms_wait` in its operation, and:
 *
 *   if (!ms_wait_prepare(L, &operation->wait)) { … complete in place, return results … }
 *   … start the operation; its callback calls ms_wait_finish(&operation->wait) …
 *   return ms_wait_yield(L, &operation->wait, (lua_KContext)operation, continuation);
 *
 * The continuation runs in the task after the callback. It frees the operation, then raises with
 * ms_raise_cancelled when `wait.cancelled` was set, else pushes its results. Where Lua cannot yield (a
 * sort comparator, a C iterator, a metamethod called from C) ms_wait_prepare says so, and the function
 * completes the one operation in place instead.
 *
 * Waiting passes through coroutines that the script made itself (coroutine.wrap generators): resume and
 * wrap are replaced by versions that hand a wait on to the task. Tasks are resumed from a ready queue
 * between turns of the loop, never from inside a callback. */
#ifndef MS_BINDING_TASK_H
#define MS_BINDING_TASK_H

#include <lua.h>
#include <stdbool.h>
#include <uv.h>

#include "base/error.h"

struct ms_tasks;
struct ms_task;

enum { MS_TASKS_UNWIND_MS = 10000 /* for closing what tasks hold when the program ends */ };

/* One operation that a task waits for. Embed it in the operation's own struct, zeroed. */
struct ms_wait {
  struct ms_task *task; /* who waits; set by ms_wait_prepare */
  bool finished;
  bool yielded;
  bool cancelled; /* the task was cancelled: the operation's result does not count */
  /* Called when the task is cancelled while it waits: stop the operation, free nothing that the
   * continuation frees (it still runs). May be NULL when there is nothing to stop. */
  void (*cancel)(struct ms_wait *wait);
};

/* Makes the universe's tasks: call once per Lua state, with its main thread, before any script runs.
 * Replaces coroutine.* by versions that pass waits through, os.exit, pcall and xpcall (see exit.h), and
 * error (see raise.h). */
struct ms_tasks *
ms_tasks_new(lua_State *L, uv_loop_t *loop);

/* Cancels every task that is left and turns the loop until they have unwound, for MS_TASKS_UNWIND_MS at
 * most; what still waits then has its closing variables closed in place. */
void
ms_tasks_unwind(struct ms_tasks *tasks);

/* Unwinds and frees; the memory goes when the loop turns again. Before lua_close. */
void
ms_tasks_free(struct ms_tasks *tasks);

/* The universe of this state (kept in its registry); NULL after ms_tasks_free. */
struct ms_tasks *
ms_tasks_of(lua_State *L);

/* The loop that its waits are on. */
uv_loop_t *
ms_tasks_loop(struct ms_tasks *tasks);

/* Runs the function and arguments on top of L's stack (L is the main thread) as the main task and turns
 * the loop until it has ended: pushes its results (LUA_OK) or error object (else), like lua_pcall, with a
 * traceback taken inside the task. Other tasks go on only while some main task runs. */
int
ms_tasks_run(struct ms_tasks *tasks, lua_State *L, int argument_count, int result_count);

/* Runs the tasks that are ready, then turns the loop once, waiting for an event when no task is ready.
 * For the host's own waiting, e.g. for a line of input. Not from inside a callback. */
void
ms_tasks_turn(struct ms_tasks *tasks);

/* Cancels the main task with the error value on top of the main thread's stack, which is popped. Without a
 * main task nothing else happens. */
void
ms_tasks_cancel_main(struct ms_tasks *tasks);

/* Whether the code that runs just now belongs to the main task. */
bool
ms_tasks_main_runs(struct ms_tasks *tasks);

/* What tells the task whose code runs just now from all others that there are; NULL outside of tasks. */
const void *
ms_tasks_running_identity(struct ms_tasks *tasks);

/* The thread whose code runs just now. Safe to call from a signal handler on the loop's thread. */
lua_State *
ms_tasks_running_thread(struct ms_tasks *tasks);

/* True when the caller may yield: then `wait` is bound to the running task and ms_wait_yield must follow.
 * False: complete in place. */
bool
ms_wait_prepare(lua_State *L, struct ms_wait *wait);

/* Yields until ms_wait_finish, then continues in `k`; when it is finished already, calls `k` at once. The
 * C function returns its result. Stack slots 1…n of the C function survive. */
int
ms_wait_yield(lua_State *L, struct ms_wait *wait, lua_KContext context, lua_KFunction k);

/* The operation has ended: the task becomes ready. From the loop's thread only. Once finished, further
 * calls do nothing. */
void
ms_wait_finish(struct ms_wait *wait);

/* In a continuation, after freeing, when wait.cancelled: raises what the running task was cancelled
 * with, an error object with code "cancelled" unless the canceller gave another. */
int
ms_raise_cancelled(lua_State *L);

/* luaopen: the Lua module moonshift.core.task (spawn, sleep, await, cancel, …). */
int
luaopen_moonshift_core_task(lua_State *L);

#endif
