/* First what came in and was given up; then one folder of 256 at a time, some milliseconds each, with pauses; through all of them once a day. */
#include "server/orphans.h"

#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "server/daemon.h"

enum {
  AGE_S = 7 * 24 * 60 * 60, /* the URLs for uploads are good for a day */
  FIRST_MS = 60 * 1000,
  PAUSE_MS = 1000,
  ROUND_MS = 24 * 60 * 60 * 1000
};

struct ms_orphans {
  struct ms_server *server; /* borrowed */
  uv_timer_t timer;
  char folder[MS_BLOB_FOLDER_SIZE]; /* the last one that was looked at; "" before the first */
};

static void
on_time(uv_timer_t *timer)
{
  struct ms_orphans *orphans = timer->data;
  struct ms_api *api = orphans->server->api;
  if (!orphans->folder[0]) {
    ms_blobs_sweep(ms_api_blobs(api));
  }
  bool has_more = ms_blobs_next_folder(ms_api_blobs(api), orphans->folder);
  if (has_more) {
    unsigned removed = ms_api_sweep_orphans(api, orphans->folder, time(NULL) - AGE_S);
    if (removed > 0) {
      ms_log(MS_LOG_INFO, "removed %u uploads of which no component was made", removed);
    }
  }
  uv_timer_start(timer, on_time, has_more ? PAUSE_MS : ROUND_MS, 0);
}

enum ms_status
ms_orphans_open(struct ms_server *server, struct ms_orphans **result, struct ms_error *err)
{
  struct ms_orphans *orphans = calloc(1, sizeof *orphans);
  if (!orphans) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  orphans->server = server;
  uv_timer_init(server->loop, &orphans->timer);
  orphans->timer.data = orphans;
  uv_timer_start(&orphans->timer, on_time, FIRST_MS, 0);
  uv_unref((uv_handle_t *)&orphans->timer);
  *result = orphans;
  return MS_OK;
}

static void
on_closed(uv_handle_t *handle)
{
  free(handle->data);
}

void
ms_orphans_close(struct ms_orphans *orphans)
{
  if (orphans) {
    uv_close((uv_handle_t *)&orphans->timer, on_closed);
  }
}
