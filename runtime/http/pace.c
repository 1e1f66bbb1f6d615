/* A turn is a number from a counter of the client: the lowest has waited longest. */
#include "http/pace.h"

#include "base/clock.h"

bool
ms_http_pace_may(struct ms_http_transfer *transfer)
{
  if (!transfer->rate || ms_rate_may(transfer->rate, ms_clock_monotonic_us())) {
    return true;
  }
  transfer->turn = ++transfer->http->turns;
  return false;
}

static bool
is_waiting(const struct ms_http_transfer *transfer, const CURLM *multi)
{
  return transfer->turn > 0 && transfer->state == MS_HTTP_RUNNING && transfer->multi == multi;
}

static struct ms_http_transfer *
next_in_turn(const struct ms_http *http, const CURLM *multi, int64_t now_us)
{
  struct ms_http_transfer *next = NULL;
  for (struct ms_http_transfer *transfer = http->first; transfer; transfer = transfer->next) {
    if (is_waiting(transfer, multi) && (!next || transfer->turn < next->turn) &&
        ms_rate_may(transfer->rate, now_us)) {
      next = transfer;
    }
  }
  return next;
}

void
ms_http_pace_resume(struct ms_http *http, const CURLM *multi)
{
  int64_t last_turn = http->turns; /* who has to wait again waits for the next time */
  struct ms_http_transfer *transfer;
  while ((transfer = next_in_turn(http, multi, ms_clock_monotonic_us())) &&
         transfer->turn <= last_turn) {
    transfer->turn = 0;
    CURLcode code = ms_curl.easy_pause(transfer->easy, CURLPAUSE_CONT);
    if (code != CURLE_OK) {
      ms_http_transfer_ended(transfer, code);
    }
  }
}

int64_t
ms_http_pace_wait_ms(const struct ms_http *http, const CURLM *multi)
{
  int64_t nearest_ms = -1;
  for (struct ms_http_transfer *transfer = http->first; transfer; transfer = transfer->next) {
    if (is_waiting(transfer, multi)) {
      int64_t wait_ms = ms_rate_wait_ms(transfer->rate, ms_clock_monotonic_us());
      nearest_ms = nearest_ms < 0 || wait_ms < nearest_ms ? wait_ms : nearest_ms;
    }
  }
  return nearest_ms;
}
