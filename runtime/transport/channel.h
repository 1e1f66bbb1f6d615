/* The channel of a tracker's events: what is published goes out, what anybody publishes comes in.
 *
 * HTTP: the handshake of socket.io 0.9, then a WebSocket with heartbeats; the server filters by the subscriptions that
 * were published to it. Embedded: the journal of events of the data folder, which every process on it writes; all
 * events come. What to subscribe to, and whether to connect again, is for others to say. Without Lua. */
#ifndef MS_TRANSPORT_CHANNEL_H
#define MS_TRANSPORT_CHANNEL_H

#include <stdint.h>

#include "transport/transport.h"

struct ms_channel;

enum {
  MS_CHANNEL_EVENT_MAX_BYTES = 1000 * 1000, /* of one that is published */
  MS_CHANNEL_SILENCE_MAX_MS = 60000,        /* without a word from the server; then it is over */
  MS_CHANNEL_LOOK_MS = 250                  /* embedded: between two looks at the journal */
};

/* Who owns a channel is told of everything by these; all get `user`. */
struct ms_channel_handler {
  void *user;
  /* It is open. Embedded: before ms_channel_open returns. */
  void (*on_open)(void *user);
  /* An event has come: its JSON object, borrowed. The channel may not be used meanwhile. */
  void (*on_event)(void *user, const char *event, size_t event_bytes);
  /* What became of a publication: `refusal` says why the server did not take it, NULL: it did. Embedded: before
   * ms_channel_publish returns. */
  void (*on_answer)(void *user, int64_t number, const char *refusal);
  /* It is over, and gone afterwards. */
  void (*on_closed)(void *user, const struct ms_error *err);
};

/* Begins. A status other than MS_OK means that nothing began, and nothing is called. */
enum ms_status
ms_channel_open(struct ms_transport *transport, const struct ms_channel_handler *handler,
                struct ms_channel **channel, struct ms_error *err);

/* Sends an event, a JSON object; `*number` is what its answer will have. Only while it is open. MS_LIMIT for one that is
 * too large. */
enum ms_status
ms_channel_publish(struct ms_channel *channel, const char *event, size_t event_bytes,
                   int64_t *number, struct ms_error *err);

/* Ends it without a callback. NULL is fine. */
void
ms_channel_close(struct ms_channel *channel);

#endif
