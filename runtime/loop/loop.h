/* The one libuv loop of the process: birth, death and stepping.
 *
 * Timers, signals and wake-ups are libuv's own handles (`uv_timer_t`, `uv_signal_t`, `uv_async_t`); this
 * module keeps the order of teardown that is clean under valgrind: close every handle, run the
 * loop until the close callbacks are done, close the loop. */
#ifndef MS_LOOP_LOOP_H
#define MS_LOOP_LOOP_H

#include <uv.h>

#include "base/error.h"

/* Initialises `loop`. */
enum ms_status
ms_loop_open(uv_loop_t *loop, struct ms_error *err);

/* Closes every handle that is still open and runs their close callbacks. The loop itself stays usable,
 * so that a Lua state that owns handles can be closed next. */
void
ms_loop_close_handles(uv_loop_t *loop);

/* Runs what is left and closes the loop. Afterwards `loop` may go away. */
void
ms_loop_close(uv_loop_t *loop);

#endif
