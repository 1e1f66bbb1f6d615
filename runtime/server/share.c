/* One worker at a time, which goes back to the end of the queue after each step: uploads that wait come first.
 * Checksums that somebody wants come before twins. */
#include "server/share.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "server/offload.h"
#include "store/blob.h"

enum { WANTED_MAX = 64 /* checksums; who asks again is heard again */ };

struct wanted {
  char *id; /* owned */
  STAILQ_ENTRY(wanted) link;
};

struct ms_share {
  struct ms_offload offload; /* first: an offload is its share */
  struct ms_server *server;  /* borrowed */
  struct ms_blobs *blobs;    /* borrowed */
  /* Owned: the blobs that are looked at, or NULL; the worker's, while busy. */
  struct ms_blob_share *one;
  struct ms_blob_learn *learn;
  STAILQ_HEAD(, wanted) wanted;
  unsigned wanted_count;
  bool is_busy;
  bool is_closed; /* freed when the worker is done */
};

static char *
take_wanted(struct ms_share *share)
{
  struct wanted *first = STAILQ_FIRST(&share->wanted);
  char *id = first ? first->id : NULL;
  if (first) {
    STAILQ_REMOVE_HEAD(&share->wanted, link);
    share->wanted_count--;
    free(first);
  }
  return id;
}

static void
free_share(struct ms_share *share)
{
  char *id;
  while ((id = take_wanted(share))) {
    free(id);
  }
  ms_blob_share_free(share->one);
  ms_blob_learn_free(share->learn);
  free(share);
}

static void
run(struct ms_offload *offload)
{
  struct ms_share *share = (struct ms_share *)offload;
  if (share->learn) {
    if (!ms_blob_learn_step(share->learn)) {
      ms_blob_learn_free(share->learn);
      share->learn = NULL;
    }
    return;
  }
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
  STAILQ_INIT(&(*share)->wanted);
  return MS_OK;
}

void
ms_share_learn(struct ms_share *share, const char *id)
{
  struct wanted *fresh = share->wanted_count < WANTED_MAX ? calloc(1, sizeof *fresh) : NULL;
  if (!fresh || !(fresh->id = strdup(id))) {
    free(fresh);
    return;
  }
  STAILQ_INSERT_TAIL(&share->wanted, fresh, link);
  share->wanted_count++;
  ms_share_start(share);
}

static void
begin_learning(struct ms_share *share)
{
  char *id;
  while (!share->learn && (id = take_wanted(share))) {
    ms_blob_learn_begin(share->blobs, id, &share->learn);
    free(id);
  }
}

void
ms_share_start(struct ms_share *share)
{
  if (!share->is_busy) {
    begin_learning(share);
  }
  bool has_work =
      !share->is_busy && (share->learn || share->one || ms_blob_share_waits(share->blobs));
  if (has_work && !share->server->closing) {
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
