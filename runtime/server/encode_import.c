/* One offload, freed by the notice that it is done. */
#include "server/encode_import.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/offload.h"

struct ms_encode_import {
  struct ms_offload offload;  /* first: an offload is its import */
  struct ms_blobs *blobs;     /* borrowed */
  char *id, *path;            /* owned */
  ms_encode_import_done done; /* NULL once it was left */
  void *user;
  int64_t size_bytes; /* this and the next two are the worker's until it is done */
  enum ms_status status;
  struct ms_error error;
};

static void
free_import(struct ms_encode_import *import)
{
  free(import->id);
  free(import->path);
  free(import);
}

static void
run(struct ms_offload *offload)
{
  struct ms_encode_import *import = (struct ms_encode_import *)offload;
  import->status =
      ms_blob_import(import->blobs, import->id, import->path, &import->size_bytes, &import->error);
  unlink(import->path);
}

static void
on_done(struct ms_offload *offload, bool cancelled)
{
  struct ms_encode_import *import = (struct ms_encode_import *)offload;
  (void)cancelled; /* only when the server closes, and then it was left */
  if (import->done) {
    import->done(import->user, import->status, import->size_bytes, &import->error);
  }
  free_import(import);
}

enum ms_status
ms_encode_import_start(struct ms_server *server, const char *id, const char *path,
                       ms_encode_import_done done, void *user, struct ms_encode_import **result,
                       struct ms_error *err)
{
  struct ms_encode_import *import = calloc(1, sizeof *import);
  if (!import) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  import->blobs = ms_api_blobs(server->api);
  import->id = strdup(id);
  import->path = strdup(path);
  import->done = done;
  import->user = user;
  enum ms_status status =
      import->id && import->path ? MS_OK : ms_fail(err, MS_MEMORY, "out of memory");
  if (status == MS_OK) {
    status = ms_offload_start(server, &import->offload, run, on_done, err);
  }
  if (status != MS_OK) {
    free_import(import);
    return status;
  }
  *result = import;
  return MS_OK;
}

void
ms_encode_import_leave(struct ms_encode_import *import)
{
  if (import) {
    import->done = NULL;
    unlink(import->path); /* where it never began */
  }
}
