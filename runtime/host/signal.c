/* A handler notes the signal, wakes the loop, and sets a hook on the thread that runs, so that a script
 * which never waits is stopped too. Whichever comes first, loop or hook, acts. */
#include "host/signal.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "binding/raise.h"
#include "host/host.h"

struct ms_signals {
  uv_async_t wake;
  struct ms_tasks *tasks;
  lua_State *L;
  pthread_t thread; /* the loop's */
  void (*taker)(void *user, int signal_number);
  void *taker_user;
  volatile sig_atomic_t received; /* since the start, or since forgiven */
};

static const struct {
  int number;
  const char *name;
} caught[] = {{SIGINT, "SIGINT"}, {SIGTERM, "SIGTERM"}, {SIGHUP, "SIGHUP"}};

enum { CAUGHT_COUNT = sizeof caught / sizeof caught[0] };

/* The handler has no argument of its own. */
static struct ms_signals *process_signals;
static volatile sig_atomic_t pending[CAUGHT_COUNT];

const char *
ms_signal_name(int signal_number)
{
  for (size_t i = 0; i < CAUGHT_COUNT; i++) {
    if (caught[i].number == signal_number) {
      return caught[i].name;
    }
  }
  return "a signal";
}

struct ms_signals *
ms_signals_of_process(void)
{
  return process_signals;
}

/* ---- acting ---- */

/* The next signal to act upon, or 0. */
static int
take_pending(void)
{
  for (size_t i = 0; i < CAUGHT_COUNT; i++) {
    if (pending[i]) {
      pending[i] = 0;
      return caught[i].number;
    }
  }
  return 0;
}

static void
push_stopped(lua_State *L, int signal_number)
{
  struct ms_error err;
  ms_fail(&err, MS_CANCELLED, "stopped by %s", ms_signal_name(signal_number));
  ms_push_error(L, &err);
  lua_pushinteger(L, signal_number);
  lua_setfield(L, -2, "signal");
}

/* The loop noticed first: nothing runs just now. */
static void
on_wake(uv_async_t *wake)
{
  struct ms_signals *signals = wake->data;
  for (int number = take_pending(); number != 0; number = take_pending()) {
    if (signals->taker != NULL) {
      signals->taker(signals->taker_user, number);
    } else {
      push_stopped(signals->L, number);
      ms_tasks_cancel_main(signals->tasks);
    }
  }
}

/* The running script noticed first. */
static void
on_hook(lua_State *L, lua_Debug *debug)
{
  (void)debug;
  lua_sethook(L, NULL, 0, 0);
  struct ms_signals *signals = process_signals;
  int number = signals != NULL && signals->taker == NULL ? take_pending() : 0;
  if (number == 0) {
    return;
  }
  if (!ms_tasks_main_runs(signals->tasks)) {
    push_stopped(signals->L, number);
    ms_tasks_cancel_main(signals->tasks);
  }
  push_stopped(L, number);
  lua_error(L);
}

int
ms_signal_of_error(lua_State *L, int index)
{
  index = lua_absindex(L, index);
  if (!ms_is_error(L, index)) {
    return 0;
  }
  lua_pushliteral(L, "signal");
  lua_rawget(L, index);
  int number = (int)lua_tointeger(L, -1);
  lua_pop(L, 1);
  return number;
}

/* ---- handlers ---- */

static void
note(int signal_number)
{
  for (size_t i = 0; i < CAUGHT_COUNT; i++) {
    if (caught[i].number == signal_number) {
      pending[i] = 1;
    }
  }
}

static void
on_signal(int signal_number)
{
  struct ms_signals *signals = process_signals;
  if (!pthread_equal(pthread_self(), signals->thread)) {
    pthread_kill(signals->thread,
                 signal_number); /* the hook is set from the thread that runs Lua */
    return;
  }
  note(signal_number);
  if (signals->taker == NULL) {
    signals->received++;
    if (signals->received > 1) {
      _exit(MS_EXIT_SIGNAL + signal_number);
    }
    lua_sethook(ms_tasks_running_thread(signals->tasks), on_hook,
                LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT, 1);
  }
  uv_async_send(&signals->wake);
}

/* A handler, not SIG_IGN: that would be inherited by the commands that a script starts. */
static void
on_broken_pipe(int signal_number)
{
  (void)signal_number;
}

static void
install(int signal_number, void (*handler)(int))
{
  struct sigaction old, action = {.sa_handler = handler};
  sigemptyset(&action.sa_mask);
  sigaction(signal_number, NULL, &old);
  if (old.sa_handler != SIG_IGN) {
    sigaction(signal_number, &action, NULL);
  }
}

static void
install_all(void (*handler)(int), void (*pipe_handler)(int))
{
  for (size_t i = 0; i < CAUGHT_COUNT; i++) {
    install(caught[i].number, handler);
  }
  install(SIGPIPE, pipe_handler);
}

/* ---- life ---- */

enum ms_status
ms_signals_open(uv_loop_t *loop, struct ms_tasks *tasks, lua_State *L, struct ms_signals **result,
                struct ms_error *err)
{
  struct ms_signals *signals = calloc(1, sizeof *signals);
  *result = NULL;
  if (signals == NULL) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  int failure = uv_async_init(loop, &signals->wake, on_wake);
  if (failure != 0) {
    free(signals);
    return ms_fail_errno(err, -failure, "cannot watch for signals");
  }
  uv_unref((uv_handle_t *)&signals->wake);
  signals->wake.data = signals;
  signals->tasks = tasks;
  signals->L = L;
  signals->thread = pthread_self();
  process_signals = signals;
  install_all(on_signal, on_broken_pipe);
  *result = signals;
  return MS_OK;
}

static void
on_closed(uv_handle_t *handle)
{
  free(handle->data);
}

void
ms_signals_close(struct ms_signals *signals)
{
  if (signals == NULL) {
    return;
  }
  install_all(SIG_DFL, SIG_DFL);
  process_signals = NULL;
  uv_close((uv_handle_t *)&signals->wake, on_closed);
}

void
ms_signals_forgive(struct ms_signals *signals)
{
  signals->received = 0;
}

void
ms_signals_take(struct ms_signals *signals, void (*taker)(void *user, int signal_number),
                void *user)
{
  signals->taker = taker;
  signals->taker_user = user;
  if (taker != NULL) {
    uv_ref((uv_handle_t *)&signals->wake);
  } else {
    uv_unref((uv_handle_t *)&signals->wake);
  }
}
