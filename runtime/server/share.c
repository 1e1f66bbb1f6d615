/* One worker at a time, which goes back to the end of the queue after each step: uploads that wait come first. */
#include "server/share.h"

#include <stdlib.h>

#include "server/offload.h"
#include "store/blob.h"

struct ms_share {
  struct ms_offload offload; /* first: an offload is its share */
  struct ms_server *server;  /* borrowed */
  struct ms_blobs *blobs;    /* borrowed */
  struct ms_blob_share
      *one; /* owned: the blob that is looked at, or NULL; the worker's, while busy */
  bool is_busy;
  bool is_closed; /* freed when the worker is done */
};

static void
free_share(struct ms_share *share)
{
  ms_blob_share_free(share->one);
  free(share);
}

static void
run(struct ms_offload *offload)
{
  struct ms_share *share = (struct ms_share *)offload;
  bool is_there = share->one || ms_blob_share_next(share->blobs, &share->one);
  if (is_there && !ms_blob_share_step(share->one)) {
    ms_blob_share_free(share->one);
    share->one = NULL;
  }
}

static void
on_done(struct ms_offload *offload, bool cancelled)
{
  struct ms_share *share = (struct ms_share *)offload;
  (void)cancelled; /* only when the server closes */
  share->is_busy = false;
  if (share->is_closed) {
    free_share(share);
  } else {
    ms_share_start(share);
  }
}

enum ms_status
ms_share_open(struct ms_server *server, struct ms_share **share, struct ms_error *err)
{
  *share = calloc(1, sizeof **share);
  if (!*share) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  (*share)->server = server;
  (*share)->blobs = ms_api_blobs(server->api);
  return MS_OK;
}

void
ms_share_start(struct ms_share *share)
{
  bool has_work = share->one || ms_blob_share_waits(share->blobs);
  if (has_work && !share->is_busy && !share->server->closing) {
    share->is_busy = ms_offload_start(share->server, &share->offload, run, on_done, NULL) == MS_OK;
  }
}

void
ms_share_close(struct ms_share *share)
{
  if (share && share->is_busy) {
    share->is_closed = true;
  } else if (share) {
    free_share(share);
  }
}
