/* Two queues: those whom the sync that runs will serve, and those who came since. */
#include "server/durable.h"

#include <stdlib.h>

#include "server/offload.h"
#include "server/request.h"

LIST_HEAD(waits, ms_durable_wait);

struct ms_durable {
  struct ms_offload offload;
  struct ms_server *server;           /* borrowed */
  const struct ms_database *database; /* borrowed */
  struct waits *syncing, *next;       /* of `queues` */
  struct waits queues[2];
  enum ms_status status; /* of the sync that runs */
  struct ms_error error;
  bool busy;
  bool closed; /* freed when the sync is done */
};

static void
sync_log(struct ms_offload *offload)
{
  struct ms_durable *durable = (struct ms_durable *)offload;
  durable->status = ms_database_sync(durable->database, &durable->error);
}

/* Each is taken off before it resumes: it may be gone afterwards, and others may have come. */
static void
resume_all(struct waits *queue, enum ms_status status, const struct ms_error *error)
{
  while (!LIST_EMPTY(queue)) {
    struct ms_durable_wait *wait = LIST_FIRST(queue);
    struct ms_request *request = wait->request;
    LIST_REMOVE(wait, link);
    wait->request = NULL;
    wait->status = status;
    wait->error = *error;
    ms_request_resume(request);
  }
}

static void
start(struct ms_durable *durable);

static void
on_synced(struct ms_offload *offload, bool cancelled)
{
  struct ms_durable *durable = (struct ms_durable *)offload;
  if (durable->closed) {
    free(durable);
    return;
  }
  if (cancelled) {
    durable->status = ms_fail(&durable->error, MS_CLOSED, "the server stops");
  }
  resume_all(durable->syncing, durable->status, &durable->error);
  durable->busy = false;
  if (!LIST_EMPTY(durable->next)) {
    start(durable);
  }
}

static void
start(struct ms_durable *durable)
{
  struct waits *served = durable->next;
  durable->next = durable->syncing;
  durable->syncing = served;
  durable->status = MS_OK;
  durable->busy = true;
  if (ms_offload_start(durable->server, &durable->offload, sync_log, on_synced, &durable->error) !=
      MS_OK) {
    durable->busy = false;
    resume_all(served, durable->error.status, &durable->error);
  }
}

enum ms_status
ms_durable_open(struct ms_server *server, struct ms_durable **result, struct ms_error *err)
{
  struct ms_durable *durable = calloc(1, sizeof *durable);
  if (!durable) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  durable->server = server;
  durable->database = ms_api_database(server->api);
  durable->syncing = &durable->queues[0];
  durable->next = &durable->queues[1];
  LIST_INIT(durable->syncing);
  LIST_INIT(durable->next);
  *result = durable;
  return MS_OK;
}

void
ms_durable_await(struct ms_durable *durable, struct ms_request *request,
                 struct ms_durable_wait *wait)
{
  wait->request = request;
  LIST_INSERT_HEAD(durable->next, wait, link);
  if (!durable->busy) {
    start(durable);
  }
}

void
ms_durable_forget(struct ms_durable_wait *wait)
{
  if (!wait->request) {
    return;
  }
  wait->request = NULL;
  LIST_REMOVE(wait, link);
}

void
ms_durable_close(struct ms_durable *durable)
{
  if (durable && durable->busy) {
    durable->closed = true;
  } else {
    free(durable);
  }
}
