/* The packets of socket.io 0.9: "TYPE:ID:ENDPOINT[:DATA]", one in each text frame. */
#ifndef MS_EVENTS_PACKET_H
#define MS_EVENTS_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

enum ms_packet_type {
  MS_PACKET_DISCONNECT = 0,
  MS_PACKET_CONNECT = 1,
  MS_PACKET_HEARTBEAT = 2,
  MS_PACKET_MESSAGE = 3,
  MS_PACKET_JSON = 4,
  MS_PACKET_EVENT = 5,
  MS_PACKET_ACK = 6,
  MS_PACKET_ERROR = 7,
  MS_PACKET_NOOP = 8
};

enum { MS_PACKET_ID_MAX_BYTES = 20 };

struct ms_packet {
  enum ms_packet_type type;
  const char *id; /* borrowed from the text, without its "+" */
  size_t id_bytes;
  bool wants_ack;   /* the id ended in "+" */
  const char *data; /* borrowed; what follows the third colon */
  size_t data_bytes;
};

/* False when `text` is no packet. */
bool
ms_packet_parse(const char *text, size_t size_bytes, struct ms_packet *packet);

/* Appends the acknowledgement of packet `id`: always with one object, {"success": …}, and on failure
 * its message, because a client's reader dies of a bare one. `failure` is NULL for success. */
void
ms_packet_print_ack(const char *id, size_t id_bytes, const char *failure, struct ms_buffer *out);

/* Appends an event packet of a client: number `id`, to be acknowledged. */
void
ms_packet_print_publication(int64_t id, const char *event, size_t event_bytes,
                            struct ms_buffer *out);

/* Appends an event packet of a server; `event` is the JSON text of an event. It has neither id nor endpoint, as
 * clients cut off exactly "5:::". */
void
ms_packet_print_event(const char *event, size_t event_bytes, struct ms_buffer *out);

#endif
