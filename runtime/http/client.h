/* The inside of a client, for the files of this folder.
 *
 * Two curl multi handles: one driven by the loop, one pumped in place. Callbacks of the user are called from
 * one place each (ms_http_settle, and the pump in perform.c), never from inside libcurl, so that they
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
  uv_timer_t wake_timer;                 /* when the next waiting transfer is to go on */
  int64_t turns;  /* given to transfers that wait for their budget (pace.h) */
  int references; /* the owner, each open handle, each ms_http_perform; the last one frees */
  bool closed;    /* nothing may be started any more */
};

/* Reads what libcurl has finished in `multi` and decides about each transfer: over, again, or later. */
void
ms_http_collect(CURLM *multi);

/* After libcurl has been called on the loop: what is over, what is to be told, what waits. The client may be
 * gone afterwards. */
void
ms_http_settle(struct ms_http *http);

/* Loads libcurl and begins to drive a multi handle on the loop, once. MS_CLOSED for a closed client. */
enum ms_status
ms_http_open_multi(struct ms_http *http, struct ms_error *err);

/* The loop closes its handles: the client closes its own. */
void
ms_http_on_loop_closes(struct ms_loop_member *member);

/* Makes a multi handle with the limits of a client, or NULL. */
CURLM *
ms_http_new_multi(void);

/* Gives up one reference. */
void
ms_http_release(struct ms_http *http);

#endif
