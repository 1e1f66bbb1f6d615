/* A WebSocket (RFC 6455) over a connected socket on the loop, the server's side of it or the client's.
 *
 * Text messages in both directions. What waits to be sent is bounded: a peer that does not read is
 * cut off, so that nobody waits for it and no memory is lost to it. */
#ifndef MS_EVENTS_WEBSOCKET_H
#define MS_EVENTS_WEBSOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <uv.h>

#include "base/error.h"

struct ms_websocket;

enum {
  MS_WEBSOCKET_MESSAGE_MAX_BYTES = 1024 * 1024,    /* a message from a client */
  MS_WEBSOCKET_ANSWER_MAX_BYTES = 8 * 1024 * 1024, /* a message from a server */
  MS_WEBSOCKET_QUEUE_MAX_BYTES = 8 * 1024 * 1024,  /* waiting to be sent to it */
  MS_WEBSOCKET_QUEUE_MAX_MESSAGES = 10000
};

/* How bytes go through what is between the WebSocket and its socket, e.g. TLS; all get options.handle. As recv(2) and
 * send(2) that do not block; `flush` passes on what `send` has taken, and tells whether some of it waits for room. */
struct ms_websocket_stream {
  ssize_t (*receive)(void *handle, void *data, size_t size_bytes);
  ssize_t (*send)(void *handle, const void *data, size_t size_bytes);
  bool (*flush)(void *handle);
};

struct ms_websocket_options {
  bool is_client;                           /* what is sent is masked */
  const struct ms_websocket_stream *stream; /* borrowed, static; NULL: the socket itself */
  int fd;                                   /* borrowed until `release`; made non-blocking */
  const char *received;                     /* bytes of the peer that were read already; copied */
  size_t received_bytes;
  void *user;
  /* A message has come. `text` is UTF-8, borrowed, not NUL-terminated. */
  void (*on_message)(void *user, const char *text, size_t size_bytes);
  /* The socket is no longer used, and may be closed now. Once, and not from within ms_websocket_open;
   * `reason` is for people, borrowed. The last call; nothing else may be asked of the WebSocket. */
  void (*on_closed)(void *user, const char *reason);
  /* Gives the file descriptor back: called exactly once, before on_closed. */
  void (*release)(void *handle);
  void *handle;
};

/* Takes over after the HTTP upgrade. On failure `release` is not called. */
enum ms_status
ms_websocket_open(uv_loop_t *loop, const struct ms_websocket_options *options,
                  struct ms_websocket **websocket, struct ms_error *err);

/* Queues a text message (copied) and sends what the socket takes. */
void
ms_websocket_send(struct ms_websocket *websocket, const char *text, size_t size_bytes);

/* Sends a close frame as far as the socket takes it at once, and gives the descriptor back. on_closed
 * is called when the loop runs next. Calls after the first do nothing. */
void
ms_websocket_close(struct ms_websocket *websocket, unsigned code, const char *reason);

#endif
