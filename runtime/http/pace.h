/* Transfers that wait for their budget: paused in libcurl, and let go on in the order in which they came to wait, so
 * that all of them move. For the files of this folder. */
#ifndef MS_HTTP_PACE_H
#define MS_HTTP_PACE_H

#include "http/transfer.h"

/* Whether a body's next piece may pass now. If not the transfer is marked: its callback has to answer that it
 * pauses. */
bool
ms_http_pace_may(struct ms_http_transfer *transfer);

/* Lets those of `multi` go on whose budget allows it. One that then fails has ended. */
void
ms_http_pace_resume(struct ms_http *http, const CURLM *multi);

/* Milliseconds until the first of `multi` may go on; -1: none waits. */
int64_t
ms_http_pace_wait_ms(const struct ms_http *http, const CURLM *multi);

#endif
