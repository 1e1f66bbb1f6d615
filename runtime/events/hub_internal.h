/* What the files of the hub share. Nobody else includes this. */
#ifndef MS_EVENTS_HUB_INTERNAL_H
#define MS_EVENTS_HUB_INTERNAL_H

#include <stdint.h>
#include <sys/queue.h>

#include "events/hub.h"
#include "events/packet.h"
#include "events/subscription.h"
#include "events/websocket.h"

struct ms_hub_session {
  struct ms_hub *hub;
  char id[MS_HUB_SESSION_ID_SIZE];
  char *user_id, *username;       /* owned */
  struct ms_websocket *websocket; /* NULL until connected */
  int64_t heard_ms;               /* when it last sent anything, or was admitted */
  struct ms_subscriptions subscriptions;
  LIST_ENTRY(ms_hub_session) link;
};

struct ms_hub {
  uv_loop_t *loop;
  uv_timer_t heartbeat;
  LIST_HEAD(, ms_hub_session) sessions; /* newest first */
  size_t session_count;
  ms_hub_observer observer; /* or NULL */
  void *observer_context;   /* borrowed */
  bool timer_closed;
};

/* Does what an event packet of a client asks for, and acknowledges it if the client wants that. */
void
ms_hub_handle_event(struct ms_hub_session *session, const struct ms_packet *packet);

#endif
