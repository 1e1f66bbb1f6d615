/* Three queues: those whose batches are not committed yet, those that are, and those whom the sync that runs will
 * serve. */
#include "server/durable.h"

#include <stdlib.h>

#include "server/offload.h"
#include "server/request.h"

LIST_HEAD(waits, ms_durable_wait);

struct ms_durable {
  struct ms_offload offload;
  struct ms_server *server;           /* borrowed */
  const struct ms_database *database; /* borrowed */
  struct waits uncommitted, committed, syncing;
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

static void
move_all(struct waits *from, struct waits *to)
{
  while (!LIST_EMPTY(from)) {
    struct ms_durable_wait *wait = LIST_FIRST(from);
    LIST_REMOVE(wait, link);
    LIST_INSERT_HEAD(to, wait, link);
  }
}

/* All of them before the daemon runs, so that what their clients send next comes in together. */
static void
resume_all(struct ms_durable *durable, struct waits *queue, enum ms_status status,
           const struct ms_error *error)
{
  if (LIST_EMPTY(queue)) {
    return;
  }
  while (!LIST_EMPTY(queue)) {
    struct ms_durable_wait *wait = LIST_FIRST(queue);
    struct ms_request *request = wait->request;
    LIST_REMOVE(wait, link);
    wait->request = NULL;
    wait->status = status;
    wait->error = *error;
    ms_request_wake(request);
  }
  ms_server_pump(durable->server);
}

static void
sync_committed(struct ms_durable *durable);

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
  struct waits served = LIST_HEAD_INITIALIZER(served);
  enum ms_status status = durable->status;
  struct ms_error error = durable->error;
  move_all(&durable->syncing, &served);
  durable->busy = false;
  sync_committed(durable);
  resume_all(durable, &served, status, &error);
}

/* Unless a sync runs, which is followed by the next one. */
static void
sync_committed(struct ms_durable *durable)
{
  if (durable->busy || LIST_EMPTY(&durable->committed)) {
    return;
  }
  move_all(&durable->committed, &durable->syncing);
  durable->status = MS_OK;
  durable->busy = true;
  if (ms_offload_start(durable->server, &durable->offload, sync_log, on_synced, &durable->error) !=
      MS_OK) {
    durable->busy = false;
    resume_all(durable, &durable->syncing, durable->error.status, &durable->error);
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
  LIST_INIT(&durable->uncommitted);
  LIST_INIT(&durable->committed);
  LIST_INIT(&durable->syncing);
  *result = durable;
  return MS_OK;
}

void
ms_durable_await(struct ms_durable *durable, struct ms_request *request,
                 struct ms_durable_wait *wait)
{
  wait->request = request;
  LIST_INSERT_HEAD(&durable->uncommitted, wait, link);
}

void
ms_durable_commit(struct ms_durable *durable)
{
  struct ms_error error;
  enum ms_status status = ms_api_commit(durable->server->api, &error);
  if (status == MS_OK) {
    move_all(&durable->uncommitted, &durable->committed);
    sync_committed(durable);
  } else {
    resume_all(durable, &durable->uncommitted, status, &error);
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
