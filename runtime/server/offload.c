/* The flag `running` says whether a worker may still be inside, which is what closing waits for;
 * libuv's own notice comes later, when the loop runs. */
#include "server/offload.h"

#include <assert.h>

static void
work(uv_work_t *request)
{
  struct ms_offload *offload = request->data;
  offload->run(offload);
  struct ms_server *server = offload->server;
  uv_mutex_lock(&server->lock);
  offload->running = false;
  uv_cond_signal(&server->finished);
  uv_mutex_unlock(&server->lock);
}

static void
after_work(uv_work_t *request, int uv_status)
{
  struct ms_offload *offload = request->data;
  struct ms_server *server = offload->server;
  LIST_REMOVE(offload, link);
  offload->done(offload, uv_status == UV_ECANCELED);
  ms_server_unreference(server);
}

enum ms_status
ms_offload_start(struct ms_server *server, struct ms_offload *offload,
                 void (*run)(struct ms_offload *offload),
                 void (*done)(struct ms_offload *offload, bool cancelled), struct ms_error *err)
{
  assert(!offload->running);
  offload->server = server;
  offload->run = run;
  offload->done = done;
  offload->running = true;
  offload->work.data = offload;
  int failure = uv_queue_work(server->loop, &offload->work, work, after_work);
  if (failure < 0) {
    offload->running = false;
    return ms_fail(err, MS_INTERNAL, "cannot queue file work: %s", uv_strerror(failure));
  }
  LIST_INSERT_HEAD(&server->offloads, offload, link);
  server->references++;
  return MS_OK;
}

void
ms_offload_drain(struct ms_server *server)
{
  uv_mutex_lock(&server->lock);
  struct ms_offload *offload;
  LIST_FOREACH(offload, &server->offloads, link)
  {
    if (offload->running && uv_cancel((uv_req_t *)&offload->work) == 0) {
      offload->running = false;
    }
    while (offload->running) {
      uv_cond_wait(&server->finished, &server->lock);
    }
  }
  uv_mutex_unlock(&server->lock);
}
