/* See the header for the policy. */
#include "http/retry.h"

#include <stddef.h>

#include "http/http.h"

static const long passing_statuses[] = {429, 502, 503, 504};

static bool
is_passing(long status)
{
  for (size_t i = 0; i < sizeof passing_statuses / sizeof passing_statuses[0]; i++) {
    if (passing_statuses[i] == status) {
      return true;
    }
  }
  return false;
}

static bool
may_retry(const struct ms_http_retry *retry)
{
  if (retry->attempts > retry->retries) {
    return false;
  }
  switch (retry->outcome) {
  case MS_HTTP_UNREACHED:
    return retry->attempts <= MS_HTTP_UNREACHED_RETRIES;
  case MS_HTTP_BROKEN:
    return retry->safe;
  case MS_HTTP_ANSWERED:
    return retry->safe && is_passing(retry->status);
  case MS_HTTP_TIMED_OUT:
  case MS_HTTP_HOPELESS:
    break;
  }
  return false;
}

static int64_t
back_off_ms(const struct ms_http_retry *retry)
{
  int64_t pause_ms = retry->backoff_ms;
  for (int i = 1; i < retry->attempts && pause_ms < MS_HTTP_BACKOFF_MAX_MS; i++) {
    pause_ms *= 2;
  }
  if (pause_ms > MS_HTTP_BACKOFF_MAX_MS) {
    pause_ms = MS_HTTP_BACKOFF_MAX_MS;
  }
  return pause_ms + (int64_t)((double)pause_ms * retry->jitter);
}

int64_t
ms_http_retry_delay_ms(const struct ms_http_retry *retry)
{
  if (!may_retry(retry)) {
    return -1;
  }
  int64_t delay_ms = back_off_ms(retry);
  if (retry->retry_after_ms > delay_ms) {
    delay_ms = retry->retry_after_ms;
  }
  bool too_long = delay_ms > MS_HTTP_RETRY_AFTER_MAX_MS || delay_ms >= retry->remaining_ms;
  return too_long ? -1 : delay_ms;
}
