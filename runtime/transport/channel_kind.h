/* What the two kinds of channel share. For the files of this folder. */
#ifndef MS_TRANSPORT_CHANNEL_KIND_H
#define MS_TRANSPORT_CHANNEL_KIND_H

#include "transport/channel.h"
#include "transport/kind.h"

struct ms_channel_kind {
  enum ms_status (*publish)(struct ms_channel *channel, const char *event, size_t event_bytes,
                            int64_t number, struct ms_error *err);
  /* Stops everything and frees the channel, at once or when the loop has run. */
  void (*stop)(struct ms_channel *channel);
};

/* The beginning of each kind's own struct. */
struct ms_channel {
  const struct ms_channel_kind *kind;
  struct ms_channel_handler handler;
  struct ms_transport *transport;     /* borrowed; only while not over */
  struct ms_channel *next, *previous; /* of the transport's */
  int64_t last_number;
  bool over; /* stopped; whoever owns it has let go or was told */
};

/* From now on it ends with its transport. */
void
ms_channel_link(struct ms_channel *channel, struct ms_transport *transport,
                const struct ms_channel_handler *handler);

/* It is over: stops it, then tells the owner why. Nothing happens when it is over already. */
void
ms_channel_end(struct ms_channel *channel, const struct ms_error *err);

/* Ends all channels of a transport that is being closed. */
void
ms_channels_end(struct ms_transport *transport);

#endif
