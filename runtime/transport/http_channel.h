/* The inside of the channel over HTTP: http_channel.c brings it about, http_channel_packets.c takes what comes. */
#ifndef MS_TRANSPORT_HTTP_CHANNEL_H
#define MS_TRANSPORT_HTTP_CHANNEL_H

#include "events/websocket.h"
#include "http/http.h"
#include "http/upgrade.h"
#include "loop/loop.h"
#include "transport/channel_kind.h"

struct ms_http_channel {
  struct ms_channel base;
  struct ms_loop_member member;
  struct ms_http *http; /* the transport's */
  char *origin;         /* owned: "http://host:port" */
  char *user;           /* owned: its name */
  struct ms_http_transfer *handshake;
  struct ms_http_upgrade *upgrade;
  struct ms_websocket *websocket;
  uv_timer_t silence;
  int references; /* the timer, the WebSocket */
};

/* Ends it: "the event hub of ORIGIN `what`". */
void
ms_http_channel_end(struct ms_http_channel *channel, enum ms_status status, const char *what);

/* Takes a message of the WebSocket: `user` is the channel. */
void
ms_http_channel_on_message(void *user, const char *text, size_t size_bytes);

#endif
