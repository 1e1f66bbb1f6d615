/* Long work on libuv's worker threads, a step at a time: between two steps the loop can show how far it is, stop it,
 * and let other work have the thread. */
#ifndef MS_LOOP_WORK_H
#define MS_LOOP_WORK_H

#include <stdbool.h>
#include <uv.h>

#include "base/error.h"

struct ms_work;

struct ms_work_kind {
  bool (*step)(void *user);    /* on a worker, for some tens of milliseconds; false at the end */
  void (*on_step)(void *user); /* on the loop, between two steps; may cancel. NULL for none */
  void (*on_end)(void *user);  /* on the loop, after the last step; not when it is cancelled */
  void (*release)(
      void *user); /* on the loop, at last and in any case, when no worker has `user` any more */
};

/* Starts it. Nothing is called before this returns; on failure nothing at all. Closing the loop waits for `release`. */
enum ms_status
ms_work_start(uv_loop_t *loop, const struct ms_work_kind *kind, void *user, struct ms_work **work,
              struct ms_error *err);

/* No further step, and no callback but `release`, which comes from the loop when the step that runs is over. To be
 * called before on_end is. */
void
ms_work_cancel(struct ms_work *work);

#endif
