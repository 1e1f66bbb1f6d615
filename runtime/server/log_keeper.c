#include "server/log_keeper.h"

#include <stdlib.h>

#include "base/log.h"
#include "server/daemon.h"
#include "server/offload.h"
#include "store/checkpoint.h"

struct ms_log_keeper {
  struct ms_offload offload;
  struct ms_server *server; /* borrowed */
  struct ms_checkpoint *checkpoint;
  enum ms_status status; /* of the copy that runs */
  struct ms_error error;
  bool busy;
  bool closed; /* freed when the copy is done */
};

static void
copy(struct ms_offload *offload)
{
  struct ms_log_keeper *keeper = (struct ms_log_keeper *)offload;
  keeper->status = ms_checkpoint_copy(keeper->checkpoint, &keeper->error);
}

static void
on_copied(struct ms_offload *offload, bool cancelled)
{
  struct ms_log_keeper *keeper = (struct ms_log_keeper *)offload;
  if (keeper->closed) {
    free(keeper);
    return;
  }
  keeper->busy = false;
  if (keeper->status == MS_OK && !cancelled) {
    keeper->status = ms_checkpoint_finish(keeper->checkpoint, &keeper->error);
  }
  if (keeper->status != MS_OK) {
    ms_log(MS_LOG_WARNING, "%s", keeper->error.message);
  }
}

enum ms_status
ms_log_keeper_open(struct ms_server *server, struct ms_log_keeper **result, struct ms_error *err)
{
  struct ms_log_keeper *keeper = calloc(1, sizeof *keeper);
  if (!keeper) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  keeper->server = server;
  enum ms_status status = ms_checkpoint_new(ms_api_database(server->api), &keeper->checkpoint, err);
  if (status != MS_OK) {
    free(keeper);
    return status;
  }
  *result = keeper;
  return MS_OK;
}

void
ms_log_keeper_look(struct ms_log_keeper *keeper)
{
  if (keeper->busy || !ms_checkpoint_take_due(keeper->checkpoint)) {
    return;
  }
  keeper->busy =
      ms_offload_start(keeper->server, &keeper->offload, copy, on_copied, &keeper->error) == MS_OK;
}

void
ms_log_keeper_close(struct ms_log_keeper *keeper)
{
  if (!keeper) {
    return;
  }
  ms_checkpoint_free(keeper->checkpoint);
  keeper->checkpoint = NULL;
  if (keeper->busy) {
    keeper->closed = true;
  } else {
    free(keeper);
  }
}
