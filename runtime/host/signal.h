/* Signals that end a program: INT, TERM, HUP.
 *
 * The first one cancels the main task with an error object of code "cancelled" that has the field
 * `signal`, also out of a busy loop, so that closing variables run; the host then exits with 128 + n. A
 * second one exits at once. A script (or the host's own verb) may take them over instead. Signals that
 * were ignored when we started stay so. A broken pipe is an error of the write, never a signal. */
#ifndef MS_HOST_SIGNAL_H
#define MS_HOST_SIGNAL_H

#include <lua.h>
#include <uv.h>

#include "base/error.h"
#include "binding/task.h"

struct ms_signals;

/* Installs the handlers. One per process. */
enum ms_status
ms_signals_open(uv_loop_t *loop, struct ms_tasks *tasks, lua_State *L, struct ms_signals **signals,
                struct ms_error *err);

/* Removes them and frees when the loop has closed the handle. NULL is fine. */
void
ms_signals_close(struct ms_signals *signals);

/* Forgets that there was a first signal: the next one cancels again. For the line editor. */
void
ms_signals_forgive(struct ms_signals *signals);

/* From now on signals call `taker` from the loop instead of cancelling; NULL: as before. While there is a
 * taker, signals keep the loop alive. */
void
ms_signals_take(struct ms_signals *signals, void (*taker)(void *user, int signal_number),
                void *user);

/* The signal's name, "SIGINT". Static. */
const char *
ms_signal_name(int signal_number);

/* The number in the field `signal` of the error value at `index`, or 0. */
int
ms_signal_of_error(lua_State *L, int index);

/* The signals of this process, for the Lua module. */
struct ms_signals *
ms_signals_of_process(void);

#endif
