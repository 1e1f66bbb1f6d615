/* What follows a commit: data that nobody wants is removed, media are encoded, listeners hear of it. */
#include "api/call.h"

#include <stdlib.h>

#include "api/cascade.h"
#include "api/encode_media.h"
#include "api/update_event.h"
#include "base/clock.h"
#include "base/log.h"

enum {
  ARENA_MAX_BYTES = 1024 * 1024 * 1024 /* a body of the largest size, decoded, with its rows */
};

struct ms_call *
ms_call_new(struct ms_api *api, const struct ms_api_request *request, struct ms_buffer *answer)
{
  struct ms_call *call = malloc(sizeof *call);
  if (!call)
    return NULL;
  *call = (struct ms_call){.batch = {.api = api,
                                     .request = request,
                                     .arena = &call->arena,
                                     .answer = answer,
                                     .now_us = ms_clock_now_us()}};
  ms_arena_init(&call->arena, ARENA_MAX_BYTES);
  return call;
}

/* Their components are gone for good: what cannot be removed now is only space. */
static void
remove_blobs(const struct ms_batch *batch)
{
  for (const struct ms_removed_blob *removed = batch->removed; removed; removed = removed->next) {
    struct ms_error err;
    enum ms_status status = ms_blob_remove(batch->api->blobs, removed->component_id, &err);
    if (status != MS_OK && status != MS_NOT_FOUND && status != MS_INVALID)
      ms_log(MS_LOG_WARNING, "%s", err.message);
  }
}

void
ms_call_finish(struct ms_call *call, bool is_committed)
{
  if (!call)
    return;
  if (is_committed) {
    remove_blobs(&call->batch);
    ms_encode_media_begin(&call->batch);
    ms_update_event_publish(&call->batch);
  }
  ms_arena_free(&call->arena);
  free(call);
}

/* ---- a commit for many ---- */

void
ms_call_wait(struct ms_call *call)
{
  struct ms_api *api = call->batch.api;
  call->batch.request = NULL;
  call->batch.answer = NULL;
  *(api->uncommitted ? &api->last_uncommitted->next : &api->uncommitted) = call;
  api->last_uncommitted = call;
}

/* Data that no disk has to give back is removed when the disk knows that nobody wants it. */
static enum ms_status
sync_removals(struct ms_api *api, const struct ms_call *calls, struct ms_error *err)
{
  for (; calls; calls = calls->next)
    if (calls->batch.removed)
      return ms_database_sync(api->database, err);
  return MS_OK;
}

void
ms_call_settle_all(struct ms_api *api)
{
  struct ms_error err;
  struct ms_call *calls = api->uncommitted;
  if (!calls)
    return;
  enum ms_status status = ms_database_commit_group(api->database, &err);
  if (status == MS_OK)
    status = sync_removals(api, calls, &err);
  if (status != MS_OK)
    api->lost = err;
  api->uncommitted = NULL;
  while (calls) {
    struct ms_call *next = calls->next;
    ms_call_finish(calls, status == MS_OK);
    calls = next;
  }
}

enum ms_status
ms_api_commit(struct ms_api *api, struct ms_error *err)
{
  ms_call_settle_all(api);
  enum ms_status status = api->lost.status;
  if (status != MS_OK && err)
    *err = api->lost;
  api->lost.status = MS_OK;
  return status;
}
