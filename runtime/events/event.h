/* One event: from what a client sent to what every client can read. */
#ifndef MS_EVENTS_EVENT_H
#define MS_EVENTS_EVENT_H

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"

/* Makes the event that is routed from the one that was sent: exactly the seven members that clients
 * know (one drops events with any other), defaults for those that are missing, and the sender's id in
 * source.user, where it is a name alone. `user_id` and `username` are the publisher's; NULL for the
 * server itself. The result lives in `arena`; it shares the values of `sent`, which it may change.
 * MS_INVALID when it has no topic. */
enum ms_status
ms_event_complete(struct ms_arena *arena, struct ms_json_node *sent, const char *user_id,
                  const char *username, const struct ms_json_node **event, struct ms_error *err);

#endif
