/* One request that is queued again after each step. */
#include "loop/work.h"

#include <stdlib.h>

struct ms_work {
  uv_work_t request;
  uv_loop_t *loop;
  const struct ms_work_kind *kind;
  void *user;
  bool has_more; /* the worker's answer */
  bool is_cancelled;
};

static void
on_worker(uv_work_t *request)
{
  struct ms_work *work = request->data;
  work->has_more = work->kind->step(work->user);
}

static void
end(struct ms_work *work)
{
  if (!work->is_cancelled) {
    work->kind->on_end(work->user);
  }
  work->kind->release(work->user);
  free(work);
}

static void
after_step(uv_work_t *request, int uv_status);

/* libuv refuses only a request without a function. */
static void
queue(struct ms_work *work)
{
  uv_queue_work(work->loop, &work->request, on_worker, after_step);
}

static void
after_step(uv_work_t *request, int uv_status)
{
  struct ms_work *work = request->data;
  (void)uv_status; /* cancelled before it began: then `is_cancelled` says so */
  if (!work->is_cancelled && work->has_more && work->kind->on_step) {
    work->kind->on_step(work->user);
  }
  if (work->is_cancelled || !work->has_more) {
    end(work);
  } else {
    queue(work);
  }
}

enum ms_status
ms_work_start(uv_loop_t *loop, const struct ms_work_kind *kind, void *user, struct ms_work **work,
              struct ms_error *err)
{
  struct ms_work *created = calloc(1, sizeof *created);
  if (!created) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  created->loop = loop;
  created->kind = kind;
  created->user = user;
  created->request.data = created;
  *work = created;
  queue(created);
  return MS_OK;
}

void
ms_work_cancel(struct ms_work *work)
{
  work->is_cancelled = true;
  uv_cancel((uv_req_t *)&work->request); /* where a worker has it already, its step ends first */
}
