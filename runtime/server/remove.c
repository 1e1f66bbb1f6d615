/* GET /component/remove: a deletion by GET, as the protocol has it. */
#include <stdlib.h>
#include <string.h>

#include "server/answer.h"
#include "server/offload.h"
#include "server/routes.h"

struct removal {
  struct ms_offload offload;  /* first: an offload is its removal */
  struct ms_request *request; /* borrowed; NULL once it ended */
  struct ms_blobs *blobs;     /* borrowed */
  char *id;                   /* owned */
  bool busy, finished;
  enum ms_status status;
  struct ms_error error;
};

static void
free_removal(struct removal *removal)
{
  free(removal->id);
  free(removal);
}

static void
run(struct ms_offload *offload)
{
  struct removal *removal = (struct removal *)offload;
  removal->status = ms_blob_remove(removal->blobs, removal->id, &removal->error);
}

static void
on_done(struct ms_offload *offload, bool cancelled)
{
  struct removal *removal = (struct removal *)offload;
  (void)cancelled; /* only when the server closes, and then the request is gone */
  removal->busy = false;
  removal->finished = true;
  if (removal->request) {
    ms_request_resume(removal->request);
  } else {
    free_removal(removal);
  }
}

static enum ms_status
begin(struct ms_request *request, struct ms_error *err)
{
  const char *id = ms_request_argument(request, "id");
  struct removal *removal = calloc(1, sizeof *removal);
  if (!removal || !(removal->id = strdup(id ? id : ""))) {
    free(removal);
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  removal->request = request;
  removal->blobs = ms_api_blobs(request->server->api);
  request->state = removal;
  return MS_OK;
}

static enum MHD_Result
start(struct removal *removal)
{
  struct ms_request *request = removal->request;
  struct ms_error err;
  removal->busy = true; /* from here on `status` and `error` are the worker's */
  if (ms_offload_start(request->server, &removal->offload, run, on_done, &err) != MS_OK) {
    removal->busy = false;
    return ms_answer_error(request, 0, &err);
  }
  ms_request_suspend(request);
  return MHD_YES;
}

static enum MHD_Result
answer(struct ms_request *request)
{
  struct removal *removal = request->state;
  if (!removal->finished) {
    return start(removal);
  }
  if (removal->status != MS_OK) {
    return ms_answer_error(request, 0, &removal->error);
  }
  static const char body[] = "{\"success\": true}";
  return ms_answer_static(request, MHD_HTTP_OK, "application/json", body, sizeof body - 1, NULL, 0);
}

static void
end(struct ms_request *request)
{
  struct removal *removal = request->state;
  if (removal) {
    removal->request = NULL;
    if (!removal->busy) {
      free_removal(removal);
    }
  }
}

const struct ms_endpoint ms_endpoint_remove = {.begin = begin, .answer = answer, .end = end};
