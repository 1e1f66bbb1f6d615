/* When a request is sent again: a pure function of what happened.
 *
 * - No connection came about: nothing was sent, so any request may be tried again, twice.
 * - The line broke, or an upload or download stalled: only a request that is safe to send twice.
 * - 429, 502, 503 and 504: likewise; Retry-After is honoured where the time allows it.
 * - Time is up, or the answer is definite (every other status, a certificate that is not accepted): never.
 * The pause doubles from backoff_ms to MS_HTTP_BACKOFF_MAX_MS, plus up to 100 % jitter, so that a
 * farm whose server restarts does not come back in one wave. */
#ifndef MS_HTTP_RETRY_H
#define MS_HTTP_RETRY_H

#include <stdbool.h>
#include <stdint.h>

enum ms_http_outcome {
  MS_HTTP_ANSWERED,  /* an HTTP answer came, see `status` */
  MS_HTTP_UNREACHED, /* no connection */
  MS_HTTP_BROKEN,    /* connected, then broken or stalled */
  MS_HTTP_TIMED_OUT, /* the request's time is up */
  MS_HTTP_HOPELESS   /* would go wrong again in the same way */
};

enum {
  MS_HTTP_UNREACHED_RETRIES = 2,
  MS_HTTP_RETRY_AFTER_MAX_MS = 120 * 1000 /* who asks for more gets no retry */
};

struct ms_http_retry {
  enum ms_http_outcome outcome;
  long status;            /* of an answer */
  int64_t retry_after_ms; /* 0: not given */
  bool safe;              /* sending twice is safe */
  int attempts;           /* made so far, at least 1 */
  int retries;            /* allowed */
  int64_t remaining_ms;   /* until the request's time is up; INT64_MAX: no limit */
  int64_t backoff_ms;     /* the first pause */
  double jitter;          /* random, 0 … 1 */
};

/* Milliseconds to wait before the next attempt, or -1: give up. */
int64_t
ms_http_retry_delay_ms(const struct ms_http_retry *retry);

#endif
