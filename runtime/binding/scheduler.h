/* The inside of tasks: what task.c, scheduler.c, wait.c, coroutine.c and task_module.c share. */
#ifndef MS_BINDING_SCHEDULER_H
#define MS_BINDING_SCHEDULER_H

#include "binding/task.h"

#define MS_TASK_METATABLE "moonshift.task"

enum ms_task_state {
  MS_TASK_READY,   /* in the ready queue */
  MS_TASK_RUNNING, /* its code runs just now */
  MS_TASK_WAITING, /* for task->wait */
  MS_TASK_DONE,    /* its results are on top of its thread's stack */
  MS_TASK_FAILED   /* its error value is */
};

/* One task: a full userdata. While it is alive the registry holds it under its own address. Its first
 * user value is its thread, the second what it is to be cancelled with. */
struct ms_task {
  struct ms_tasks *tasks;
  lua_State *thread;
  enum ms_task_state state;
  bool started;
  bool cancel_pending; /* the next wait raises */
  bool observed;       /* somebody has seen how it ended */
  int value_count;     /* results or argument values on the thread's stack */
  struct ms_wait *wait;
  struct ms_pause *joiners; /* who waits for its end */
  struct ms_task *next_ready;
  struct ms_task *previous, *next; /* all that are alive */
};

enum { MS_TASK_VALUE_THREAD = 1, MS_TASK_VALUE_REASON = 2, MS_TASK_VALUES = 2 };

/* Who resumed whom, innermost first, on the C stack. */
struct ms_link {
  lua_State *thread;
  struct ms_task *task; /* not NULL: the thread is this task's own */
  struct ms_link *outer;
};

struct ms_tasks {
  lua_State *L; /* the main thread */
  uv_loop_t *loop;
  struct ms_link *volatile link; /* read by signal handlers */
  struct ms_task *main;          /* NULL between main tasks */
  bool exiting;                  /* a spawned task or a callback called os.exit */
  int exit_code;
  struct ms_task *alive;
  struct ms_task *ready_first, *ready_last;
  uv_idle_t idle; /* active while a task is ready, which keeps the loop from waiting */
};

/* Sleeping and joining: a wait with a timer, and perhaps the task whose end also ends it. */
struct ms_pause {
  struct ms_wait wait;
  uv_timer_t timer;       /* frees the pause when it has closed */
  struct ms_task *target; /* NULL for sleeping */
  struct ms_pause *next;  /* of the same target */
};

/* Takes the function and `argument_count` arguments from the top of L's stack; pushes the task, which is
 * ready. */
struct ms_task *
ms_task_new(struct ms_tasks *tasks, lua_State *L, int argument_count);

/* Cancels with the value on top of L's stack, which is popped. A task that has ended stays as it is. */
void
ms_task_cancel(lua_State *L, struct ms_task *task);

/* Pushes the results or the error value of a task that has ended; how many. */
int
ms_push_values(lua_State *L, struct ms_task *task);

bool
ms_task_ended(const struct ms_task *task);

/* The task whose code runs just now, or NULL. */
struct ms_task *
ms_tasks_running(struct ms_tasks *tasks);

/* Puts a task at the end of the ready queue. Also in a callback: the loop then does not go on to wait. */
void
ms_task_make_ready(struct ms_task *task);

/* Whether this running thread is a task's own, not a coroutine that a script made. */
bool
ms_is_task_thread(struct ms_tasks *tasks, lua_State *thread);

/* Resumes `thread`, whose top `argument_count` values are the arguments, keeping the chain of links.
 * The number of values it yielded or returned in `*count`. */
int
ms_link_resume(struct ms_tasks *tasks, lua_State *thread, lua_State *from, struct ms_task *task,
               int argument_count, int *count);

/* Whether `thread` is suspended in a wait that was passed through, not in a yield of the script. */
bool
ms_thread_waits(lua_State *thread);

/* Yields the mark of a wait. */
int
ms_yield_wait(lua_State *L, lua_KContext context, lua_KFunction k);

/* Replaces the functions of the global table `coroutine`. */
void
ms_coroutine_install(lua_State *L);

#endif
