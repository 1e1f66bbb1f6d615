/* The event hub: who is connected, what they subscribed to, and what goes to whom.
 *
 * A client first asks for a session (with its credentials), then connects a WebSocket under the
 * session's id. Events are routed to every connection with a subscription whose expression matches and
 * whose subscriber is meant by the event's target: at most one copy for each connection, the
 * publisher's own included. Everything is bounded, and nobody waits for anybody: a subscriber that
 * does not read, or does not answer heartbeats, is dropped. */
#ifndef MS_EVENTS_HUB_H
#define MS_EVENTS_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "base/buffer.h"
#include "base/error.h"

struct ms_hub;

enum {
  MS_HUB_SESSION_ID_SIZE = 33,          /* of its text with the NUL */
  MS_HUB_SESSIONS_MAX = 600,            /* connected ones and those about to */
  MS_HUB_CONNECT_WITHIN_S = 60,         /* or the session is forgotten */
  MS_HUB_HEARTBEAT_MS = 10000,          /* between ours; a client gives up after 15 s without one */
  MS_HUB_SILENCE_MAX_S = 60,            /* a client that sends nothing for so long is dead */
  MS_HUB_SUBSCRIPTIONS_MAX = 1000,      /* of one connection */
  MS_HUB_METADATA_MAX_BYTES = 64 * 1024 /* of one subscriber */
};

enum ms_status
ms_hub_open(uv_loop_t *loop, struct ms_hub **hub, struct ms_error *err);

/* Ends all connections. The memory is freed when the loop runs next. */
void
ms_hub_close(struct ms_hub *hub);

/* Admits a user and appends the answer of the handshake, "ID:HEARTBEAT:CLOSE:TRANSPORTS", to `answer`.
 * MS_BUSY at the maximum of sessions. */
enum ms_status
ms_hub_admit(struct ms_hub *hub, const char *user_id, const char *username,
             struct ms_buffer *answer, struct ms_error *err);

/* Whether a session of this id waits for its connection. MS_NOT_FOUND otherwise. */
enum ms_status
ms_hub_check_session(const struct ms_hub *hub, const char *session_id, struct ms_error *err);

/* Connects a session by a socket that has been upgraded to a WebSocket; `received` are bytes behind the
 * upgrade request. The socket is borrowed until `release` is called with `handle`, once; on failure it
 * is not called. */
struct ms_hub_socket {
  int fd;
  const char *received;
  size_t received_bytes;
  void (*release)(void *handle);
  void *handle;
};
enum ms_status
ms_hub_connect(struct ms_hub *hub, const char *session_id, const struct ms_hub_socket *socket,
               struct ms_error *err);

/* From now on `observer` gets the JSON of each event that a client has published, after it was routed; NULL:
 * nobody does. `context` is borrowed until then. The observer may not call the hub. */
typedef void (*ms_hub_observer)(void *context, const char *event, size_t event_bytes);
void
ms_hub_observe(struct ms_hub *hub, ms_hub_observer observer, void *context);

/* Whether anybody is connected, or about to be. */
bool
ms_hub_has_clients(const struct ms_hub *hub);

/* Publishes an event of the server's own. `event` is its JSON object; it needs a topic. */
enum ms_status
ms_hub_publish(struct ms_hub *hub, const char *event, size_t event_bytes, struct ms_error *err);

#endif
