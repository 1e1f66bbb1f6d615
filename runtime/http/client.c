/* A client's life, and the order of things after each call of libcurl: what it has finished is collected, then
 * the user's callbacks are called one at a time, looking at the list anew after each. */
#include "http/client.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "http/pace.h"

/* ---- life ---- */

enum ms_status
ms_http_new(uv_loop_t *loop, const struct ms_http_options *options, struct ms_http **http,
            struct ms_error *err)
{
  static const struct ms_http_options defaults;
  const struct ms_http_options *given = options ? options : &defaults;
  struct ms_http *created = calloc(1, sizeof *created);
  char *user_agent = strdup(given->user_agent ? given->user_agent : "moonshift");
  if (!created || !user_agent) {
    free(created);
    free(user_agent);
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  *created = (struct ms_http){
      .loop = loop,
      .connect_timeout_ms =
          given->connect_timeout_ms ? given->connect_timeout_ms : MS_HTTP_CONNECT_TIMEOUT_MS,
      .timeout_ms = given->timeout_ms ? given->timeout_ms : MS_HTTP_TIMEOUT_MS,
      .stall_timeout_s = given->stall_timeout_s ? given->stall_timeout_s : MS_HTTP_STALL_TIMEOUT_S,
      .retries = given->retries < 0 ? 0
                 : given->retries   ? given->retries
                                    : MS_HTTP_RETRIES,
      .backoff_ms = given->backoff_ms ? given->backoff_ms : MS_HTTP_BACKOFF_MS,
      .user_agent = user_agent,
      .references = 1,
  };
  *http = created;
  return MS_OK;
}

void
ms_http_release(struct ms_http *http)
{
  if (--http->references > 0) {
    return;
  }
  if (http->in_place) {
    ms_curl.multi_cleanup(http->in_place);
  }
  free(http->user_agent);
  free(http);
}

/* Whoever is in the middle of a callback or of ms_http_perform frees its own transfer. */
static void
end_transfers(struct ms_http *http)
{
  struct ms_http_transfer *next;
  for (struct ms_http_transfer *transfer = http->first; transfer; transfer = next) {
    next = transfer->next;
    if (transfer->busy || !transfer->done) {
      if (transfer->state != MS_HTTP_FINISHED) {
        ms_http_transfer_abort(transfer, MS_CLOSED, "the connection was closed during a request");
      }
      transfer->dropped = true;
    } else {
      ms_http_transfer_free(transfer);
    }
  }
}

static void
on_timer_closed(uv_handle_t *handle)
{
  ms_http_release(handle->data);
}

static void
close_client(struct ms_http *http)
{
  if (http->closed) {
    return;
  }
  http->closed = true;
  ms_loop_leave(&http->member);
  end_transfers(http);
  if (http->multi) {
    ms_curl.multi_cleanup(http->multi);
    http->multi = NULL;
    uv_close((uv_handle_t *)&http->curl_timer, on_timer_closed);
    uv_close((uv_handle_t *)&http->wake_timer, on_timer_closed);
  }
}

void
ms_http_on_loop_closes(struct ms_loop_member *member)
{
  close_client((struct ms_http *)((char *)member - offsetof(struct ms_http, member)));
}

void
ms_http_free(struct ms_http *http)
{
  if (http) {
    close_client(http);
    ms_http_release(http);
  }
}

/* ---- the user's callbacks ---- */

/* Tells about progress and, when the transfer is over, about the end of it. */
static void
call_back(struct ms_http_transfer *transfer)
{
  transfer->busy = true;
  if (ms_http_transfer_has_news(transfer)) {
    ms_http_transfer_tell(transfer);
  }
  bool finished = transfer->state == MS_HTTP_FINISHED;
  if (finished && !transfer->dropped) {
    transfer->done(transfer->user, transfer->status, &transfer->answer, &transfer->error);
  }
  transfer->busy = false;
  if (finished || transfer->dropped) {
    ms_http_transfer_free(transfer);
  }
}

static struct ms_http_transfer *
next_to_call_back(const struct ms_http *http)
{
  for (struct ms_http_transfer *transfer = http->first; transfer; transfer = transfer->next) {
    bool ready = transfer->state == MS_HTTP_FINISHED || ms_http_transfer_has_news(transfer);
    if (transfer->done && !transfer->busy && ready) {
      return transfer;
    }
  }
  return NULL;
}

static void
on_wake_timer(uv_timer_t *timer);

/* Milliseconds until a transfer is to be sent again; -1: none waits for that. */
static int64_t
retry_wait_ms(const struct ms_http *http)
{
  int64_t nearest_ms = INT64_MAX;
  for (struct ms_http_transfer *transfer = http->first; transfer; transfer = transfer->next) {
    if (transfer->done && transfer->state == MS_HTTP_WAITING &&
        transfer->wait_until_ms < nearest_ms) {
      nearest_ms = transfer->wait_until_ms;
    }
  }
  if (nearest_ms == INT64_MAX) {
    return -1;
  }
  int64_t wait_ms = nearest_ms - ms_clock_monotonic_ms();
  return wait_ms > 0 ? wait_ms : 0;
}

static void
arm_wake_timer(struct ms_http *http)
{
  int64_t retry_ms = retry_wait_ms(http), pace_ms = ms_http_pace_wait_ms(http, http->multi);
  int64_t wait_ms = retry_ms < 0 || (pace_ms >= 0 && pace_ms < retry_ms) ? pace_ms : retry_ms;
  if (wait_ms < 0) {
    uv_timer_stop(&http->wake_timer);
    return;
  }
  uv_update_time(http->loop);
  uv_timer_start(&http->wake_timer, on_wake_timer, (uint64_t)wait_ms, 0);
}

void
ms_http_settle(struct ms_http *http)
{
  ms_http_collect(http->multi);
  http->references++;
  struct ms_http_transfer *transfer;
  while (!http->closed && (transfer = next_to_call_back(http))) {
    call_back(transfer);
  }
  if (!http->closed) {
    arm_wake_timer(http);
  }
  ms_http_release(http);
}

void
ms_http_collect(CURLM *multi)
{
  int left;
  CURLMsg *message;
  while ((message = ms_curl.multi_info_read(multi, &left))) {
    struct ms_http_transfer *transfer = NULL;
    CURLcode code = message->data.result;
    ms_curl.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
    ms_http_transfer_ended(transfer, code);
  }
}

static void
on_wake_timer(uv_timer_t *timer)
{
  struct ms_http *http = timer->data;
  int64_t now_ms = ms_clock_monotonic_ms();
  for (struct ms_http_transfer *transfer = http->first; transfer; transfer = transfer->next) {
    if (transfer->done && transfer->state == MS_HTTP_WAITING && transfer->wait_until_ms <= now_ms) {
      ms_http_transfer_start(transfer);
    }
  }
  ms_http_pace_resume(http, http->multi);
  ms_http_settle(http);
}

/* ---- requests ---- */

enum ms_status
ms_http_send(struct ms_http *http, const struct ms_http_request *request, ms_http_done done,
             struct ms_http_transfer **transfer, struct ms_error *err)
{
  struct ms_http_transfer *created;
  enum ms_status status = ms_http_open_multi(http, err);
  if (status == MS_OK) {
    status = ms_http_transfer_new(http, http->multi, request, &created, err);
  }
  if (status != MS_OK) {
    return status;
  }
  created->done = done;
  ms_http_transfer_start(created);
  if (created->state == MS_HTTP_FINISHED) {
    status = ms_fail(err, created->status, "%s", created->error.message);
    ms_http_transfer_free(created);
    return status;
  }
  if (transfer) {
    *transfer = created;
  }
  return MS_OK;
}

void
ms_http_cancel(struct ms_http_transfer *transfer)
{
  if (transfer->busy) {
    transfer->dropped = true;
  } else {
    ms_http_transfer_free(transfer);
  }
}

void
ms_http_answer_free(struct ms_http_answer *answer)
{
  ms_buffer_free(&answer->body);
}
