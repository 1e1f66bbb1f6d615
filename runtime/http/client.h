/* The inside of a client, for the files of this folder.
 *
 * Two curl multi handles: one driven by the loop, one pumped in place. Callbacks of the user are called from
 * one place each (settle in client.c, the pump in perform.c), never from inside libcurl, so that they
 * may send, cancel and free as they like. */
#ifndef MS_HTTP_CLIENT_H
#define MS_HTTP_CLIENT_H

#include "http/curl.h"
#include "http/http.h"
#include "loop/loop.h"

struct ms_http {
  uv_loop_t *loop;
  struct ms_loop_member member;
  int64_t connect_timeout_ms, timeout_ms, backoff_ms;
  int stall_timeout_s, retries;
  char *user_agent; /* owned */

  struct ms_http_transfer *first, *last; /* all that are not over, oldest first */
  CURLM *multi;                          /* on the loop; NULL before the first request */
  CURLM *in_place;                       /* pumped by ms_http_perform; NULL likewise */
  uv_timer_t curl_timer;                 /* when libcurl wants to be called */
  uv_timer_t retry_timer;                /* when the next waiting transfer is to be sent again */
  int references; /* the owner, each open handle, each ms_http_perform; the last one frees */
  bool closed;    /* nothing may be started any more */
};

/* Reads what libcurl has finished in `multi` and decides about each transfer: over, again, or later. */
void
ms_http_collect(CURLM *multi);

/* Makes a multi handle with the limits of a client, or NULL. */
CURLM *
ms_http_new_multi(void);

void
ms_http_release(struct ms_http *http);

#endif
