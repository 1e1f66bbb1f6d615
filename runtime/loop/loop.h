/* The one libuv loop of the process: birth, death and stepping.
 *
 * Timers, signals and wake-ups are libuv's own handles (`uv_timer_t`, `uv_signal_t`, `uv_async_t`); this
 * module keeps the order of teardown that is clean under valgrind: close every handle, run the
 * loop until the close callbacks are done, close the loop. A module whose handles live inside bigger
 * objects joins the loop as a member and is told first, so that nobody closes its handles beneath it.
 *
 * `uv_loop_t.data` belongs to this module. */
#ifndef MS_LOOP_LOOP_H
#define MS_LOOP_LOOP_H

#include <uv.h>

#include "base/error.h"

/* Embedded in an object that owns handles. */
struct ms_loop_member {
  struct ms_loop_member *next, *previous;
  uv_loop_t *loop; /* NULL: has not joined, or has left */
  /* Called by ms_loop_close_handles, at most once and after the member has left: closes the object's
   * handles with its own close callbacks. */
  void (*close)(struct ms_loop_member *member);
};

/* Initialises `loop`. */
enum ms_status
ms_loop_open(uv_loop_t *loop, struct ms_error *err);

/* From now on `close` is called before the loop's handles are closed. `member` is borrowed until
 * ms_loop_leave. */
void
ms_loop_join(uv_loop_t *loop, struct ms_loop_member *member,
             void (*close)(struct ms_loop_member *member));

/* Fine for one that has left already. */
void
ms_loop_leave(struct ms_loop_member *member);

/* Closes the members, then every handle that is still open, and runs the close callbacks. The loop
 * itself stays usable, so that a Lua state that owns handles can be closed next. */
void
ms_loop_close_handles(uv_loop_t *loop);

/* Runs what is left and closes the loop. Afterwards `loop` may go away. */
void
ms_loop_close(uv_loop_t *loop);

#endif
