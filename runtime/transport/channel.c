/* A list of each transport's channels, and the one way in which a channel ends. */
#include "transport/channel_kind.h"

enum ms_status
ms_channel_open(struct ms_transport *transport, const struct ms_channel_handler *handler,
                struct ms_channel **channel, struct ms_error *err)
{
  return transport->kind->open_channel(transport, handler, channel, err);
}

enum ms_status
ms_channel_publish(struct ms_channel *channel, const char *event, size_t event_bytes,
                   int64_t *number, struct ms_error *err)
{
  if (event_bytes > MS_CHANNEL_EVENT_MAX_BYTES) {
    return ms_fail(err, MS_LIMIT, "an event has %zu bytes; %d are allowed", event_bytes,
                   MS_CHANNEL_EVENT_MAX_BYTES);
  }
  *number = ++channel->last_number;
  return channel->kind->publish(channel, event, event_bytes, *number, err);
}

void
ms_channel_link(struct ms_channel *channel, struct ms_transport *transport,
                const struct ms_channel_handler *handler)
{
  channel->handler = *handler;
  channel->transport = transport;
  channel->next = transport->channels;
  if (channel->next) {
    channel->next->previous = channel;
  }
  transport->channels = channel;
}

static void
unlink_channel(struct ms_channel *channel)
{
  *(channel->previous ? &channel->previous->next : &channel->transport->channels) = channel->next;
  if (channel->next) {
    channel->next->previous = channel->previous;
  }
}

void
ms_channel_end(struct ms_channel *channel, const struct ms_error *err)
{
  if (channel->over) {
    return;
  }
  struct ms_channel_handler handler = channel->handler;
  channel->over = true;
  unlink_channel(channel);
  channel->kind->stop(channel);
  if (err) {
    handler.on_closed(handler.user, err);
  }
}

void
ms_channel_close(struct ms_channel *channel)
{
  if (channel) {
    ms_channel_end(channel, NULL);
  }
}

void
ms_channels_end(struct ms_transport *transport)
{
  struct ms_error err;
  ms_fail(&err, MS_CLOSED, "the session was closed");
  while (transport->channels) {
    ms_channel_end(transport->channels, &err);
  }
}
