/* A client that dies between its upload and the component's creation leaves bytes that nobody knows of. */
#include <stdlib.h>
#include <time.h>

#include "api/internal.h"
#include "base/log.h"

struct sweep {
  struct ms_api *api;
  unsigned removed;
};

static void
visit(void *context, const char *id)
{
  struct sweep *sweep = context;
  struct ms_error err;
  char *name = NULL;
  if (ms_api_component_file_name(sweep->api, id, &name, &err) != MS_NOT_FOUND) {
    free(name);
    return;
  }
  enum ms_status status = ms_blob_remove(sweep->api->blobs, id, &err);
  if (status == MS_OK)
    sweep->removed++;
  else if (status != MS_NOT_FOUND)
    ms_log(MS_LOG_WARNING, "%s", err.message);
}

unsigned
ms_api_sweep_orphans(struct ms_api *api, const char *folder, time_t before)
{
  struct sweep sweep = {api, 0};
  ms_blobs_visit_old(api->blobs, folder, before, visit, &sweep);
  return sweep.removed;
}
