/* A connection that is upgraded to a WebSocket: TCP, proxy and TLS are libcurl's, the request and its answer
 * (RFC 6455, section 4.1) ours. Afterwards it is a stream of bytes that does not block.
 *
 * No redirect is followed and no credential sent. The answer is bounded, as is the time that all of it may take. */
#ifndef MS_HTTP_UPGRADE_H
#define MS_HTTP_UPGRADE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "http/http.h"

struct ms_http_upgrade;

enum {
  MS_HTTP_UPGRADE_HEAD_MAX_BYTES = 16 * 1024, /* of the answer */
  MS_HTTP_UPGRADE_TIMEOUT_MS = 30000
};

/* Called once, from the loop. MS_OK: the stream is open. Otherwise free it: MS_NETWORK, MS_TIMEOUT, MS_PROTOCOL, or
 * MS_NOT_FOUND for an answer 404. */
typedef void (*ms_http_upgrade_done)(void *user, enum ms_status status, const struct ms_error *err);

/* Begins; `url` is http:// or https://. The client outlives the upgrade. */
enum ms_status
ms_http_upgrade_start(struct ms_http *http, const char *url, ms_http_upgrade_done done, void *user,
                      struct ms_http_upgrade **upgrade, struct ms_error *err);

/* Ends the connection, or the attempt at one without its callback. Its memory goes when the loop runs next. May be
 * called at any moment, also from the callback. NULL is fine. */
void
ms_http_upgrade_free(struct ms_http_upgrade *upgrade);

/* ---- the open stream; `upgrade` is void so that these serve as callbacks ---- */

/* The socket, to be watched by the caller. */
int
ms_http_upgrade_fd(const struct ms_http_upgrade *upgrade);

/* What came behind the answer's head; borrowed. */
const char *
ms_http_upgrade_received(const struct ms_http_upgrade *upgrade, size_t *size_bytes);

/* As recv(2) and send(2) of a socket that does not block: -1 with errno EAGAIN when there is nothing now or no
 * room, with another errno when the connection broke. */
ssize_t
ms_http_upgrade_receive(void *upgrade, void *data, size_t size_bytes);
ssize_t
ms_http_upgrade_send(void *upgrade, const void *data, size_t size_bytes);

/* Passes on what send has taken but the socket has not: whether some of it still waits for room. */
bool
ms_http_upgrade_flush(void *upgrade);

#endif
