/* The in-place door: a multi handle of its own, pumped until this one request is over. The loop stands
 * still meanwhile. Callbacks may come back here with another request, so what libcurl has finished is
 * collected for all of them. */
#include "http/client.h"

#include "base/clock.h"
#include "http/pace.h"

enum { POLL_MAX_MS = 1000 };

static enum ms_status
open_in_place(struct ms_http *http, struct ms_error *err)
{
  if (http->closed) {
    return ms_fail(err, MS_CLOSED, "the connection has been closed");
  }
  enum ms_status status = ms_curl_load(err);
  if (status == MS_OK && !http->in_place) {
    http->in_place = ms_http_new_multi();
    status = http->in_place ? MS_OK : ms_fail(err, MS_MEMORY, "out of memory");
  }
  return status;
}

static void
wait_for_something(struct ms_http_transfer *transfer)
{
  int64_t limit_ms = POLL_MAX_MS;
  if (transfer->state == MS_HTTP_WAITING) {
    int64_t left_ms = transfer->wait_until_ms - ms_clock_monotonic_ms();
    limit_ms = left_ms < 0 ? 0 : left_ms < limit_ms ? left_ms : limit_ms;
  }
  int64_t pace_ms = ms_http_pace_wait_ms(transfer->http, transfer->multi);
  limit_ms = pace_ms >= 0 && pace_ms < limit_ms ? pace_ms : limit_ms;
  ms_curl.multi_poll(transfer->multi, NULL, 0, (int)limit_ms, NULL);
}

static void
pump(struct ms_http_transfer *transfer)
{
  while (transfer->state != MS_HTTP_FINISHED) {
    if (transfer->state == MS_HTTP_WAITING && transfer->wait_until_ms <= ms_clock_monotonic_ms()) {
      ms_http_transfer_start(transfer);
    }
    ms_http_pace_resume(transfer->http, transfer->multi);
    int running;
    ms_curl.multi_perform(transfer->multi, &running);
    ms_http_collect(transfer->multi);
    if (ms_http_transfer_has_news(transfer)) {
      ms_http_transfer_tell(transfer);
    }
    if (transfer->state != MS_HTTP_FINISHED) {
      wait_for_something(transfer);
    }
  }
}

enum ms_status
ms_http_perform(struct ms_http *http, const struct ms_http_request *request,
                struct ms_http_answer *answer, struct ms_error *err)
{
  *answer = (struct ms_http_answer){0};
  struct ms_http_transfer *transfer;
  enum ms_status status = open_in_place(http, err);
  if (status == MS_OK) {
    status = ms_http_transfer_new(http, http->in_place, request, &transfer, err);
  }
  if (status != MS_OK) {
    return status;
  }
  http->references++;
  ms_http_transfer_start(transfer);
  pump(transfer);
  status = transfer->status;
  if (status != MS_OK) {
    ms_fail(err, status, "%s", transfer->error.message);
  }
  *answer = transfer->answer;
  ms_buffer_init(&transfer->answer.body, transfer->answer.body.maximum_bytes);
  ms_http_transfer_free(transfer);
  ms_http_release(http);
  return status;
}
