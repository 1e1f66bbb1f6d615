/* Socket.IO 0.9 as a client:
 *
 * HANDSHAKE ──session id──▶ UPGRADE ──101──▶ packets
 *
 * The key goes out once, in a header of the handshake; the WebSocket is known by its session id. */
#include "transport/http_channel.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "events/packet.h"
#include "http/url.h"
#include "transport/http_call.h"

enum {
  SESSION_ID_MAX_BYTES = 128,
  TRANSPORTS_FIELD = 3,
  PACKET_MAX_BYTES = MS_CHANNEL_EVENT_MAX_BYTES + 128
};

/* ---- the end ---- */

static void
release(struct ms_http_channel *channel)
{
  if (--channel->references == 0) {
    free(channel->origin);
    free(channel->user);
    free(channel);
  }
}

static void
on_timer_closed(uv_handle_t *handle)
{
  release(handle->data);
}

static void
stop(struct ms_channel *base)
{
  struct ms_http_channel *channel = (struct ms_http_channel *)base;
  ms_loop_leave(&channel->member);
  if (channel->handshake) {
    ms_http_cancel(channel->handshake);
    channel->handshake = NULL;
  }
  if (channel->websocket) {
    ms_websocket_close(channel->websocket, 1000, "");
  }
  ms_http_upgrade_free(channel->upgrade);
  channel->upgrade = NULL;
  uv_close((uv_handle_t *)&channel->silence, on_timer_closed);
}

static enum ms_status
fail(const struct ms_http_channel *channel, struct ms_error *err, enum ms_status status,
     const char *what)
{
  return ms_fail(err, status, "the event hub of %s %s", channel->origin, what);
}

void
ms_http_channel_end(struct ms_http_channel *channel, enum ms_status status, const char *what)
{
  struct ms_error err;
  fail(channel, &err, status, what);
  ms_channel_end(&channel->base, &err);
}

static void
on_silence(uv_timer_t *timer)
{
  ms_http_channel_end(timer->data, MS_TIMEOUT, "has fallen silent");
}

static void
on_loop_closes(struct ms_loop_member *member)
{
  struct ms_http_channel *channel =
      (struct ms_http_channel *)((char *)member - offsetof(struct ms_http_channel, member));
  ms_http_channel_end(channel, MS_CLOSED, "is not listened to any more: the program ends");
}

/* ---- publishing ---- */

static enum ms_status
publish(struct ms_channel *base, const char *event, size_t event_bytes, int64_t number,
        struct ms_error *err)
{
  struct ms_http_channel *channel = (struct ms_http_channel *)base;
  struct ms_buffer packet;
  if (!channel->websocket) {
    return ms_fail(err, MS_CLOSED, "the event hub is not connected yet");
  }
  ms_buffer_init(&packet, PACKET_MAX_BYTES);
  ms_packet_print_publication(number, event, event_bytes, &packet);
  enum ms_status status = ms_buffer_check(&packet, "event", err);
  if (status == MS_OK) {
    ms_websocket_send(channel->websocket, packet.data, packet.size_bytes);
  }
  ms_buffer_free(&packet);
  return status;
}

/* ---- the WebSocket ---- */

static void
on_socket_released(void *handle)
{
  struct ms_http_channel *channel = handle;
  ms_http_upgrade_free(channel->upgrade);
  channel->upgrade = NULL;
}

static void
on_socket_closed(void *user, const char *reason)
{
  struct ms_http_channel *channel = user;
  channel->websocket = NULL;
  ms_log(MS_LOG_DEBUG, "event hub: the WebSocket is closed: %s", reason);
  ms_http_channel_end(channel, MS_NETWORK, "hung up");
  release(channel);
}

static ssize_t
stream_receive(void *handle, void *data, size_t size_bytes)
{
  return ms_http_upgrade_receive(((struct ms_http_channel *)handle)->upgrade, data, size_bytes);
}

static ssize_t
stream_send(void *handle, const void *data, size_t size_bytes)
{
  return ms_http_upgrade_send(((struct ms_http_channel *)handle)->upgrade, data, size_bytes);
}

static bool
stream_flush(void *handle)
{
  return ms_http_upgrade_flush(((struct ms_http_channel *)handle)->upgrade);
}

static enum ms_status
open_websocket(struct ms_http_channel *channel, struct ms_error *err)
{
  static const struct ms_websocket_stream stream = {
      .receive = stream_receive, .send = stream_send, .flush = stream_flush};
  struct ms_websocket_options options = {
      .is_client = true,
      .stream = &stream,
      .fd = ms_http_upgrade_fd(channel->upgrade),
      .user = channel,
      .on_message = ms_http_channel_on_message,
      .on_closed = on_socket_closed,
      .release = on_socket_released,
      .handle = channel,
  };
  options.received = ms_http_upgrade_received(channel->upgrade, &options.received_bytes);
  enum ms_status status =
      ms_websocket_open(channel->silence.loop, &options, &channel->websocket, err);
  channel->references += status == MS_OK;
  return status;
}

static void
on_upgraded(void *user, enum ms_status status, const struct ms_error *failure)
{
  struct ms_http_channel *channel = user;
  struct ms_error err;
  if (status == MS_OK) {
    status = open_websocket(channel, &err);
    failure = &err;
  }
  if (status != MS_OK) {
    ms_channel_end(&channel->base, failure);
    return;
  }
  uv_timer_start(&channel->silence, on_silence, MS_CHANNEL_SILENCE_MAX_MS,
                 MS_CHANNEL_SILENCE_MAX_MS);
  channel->base.handler.on_open(channel->base.handler.user);
}

/* ---- the handshake ---- */

/* The field at `index` of "ID:HEARTBEAT:CLOSE:TRANSPORTS"; NULL when there is none. */
static const char *
find_field(const char *text, int index)
{
  while (text && index-- > 0) {
    text = strchr(text, ':');
    text = text ? text + 1 : NULL;
  }
  return text;
}

static bool
is_session_id(const char *id, size_t size_bytes)
{
  for (size_t i = 0; i < size_bytes; i++) {
    if (!isalnum((unsigned char)id[i]) && id[i] != '-' && id[i] != '_') {
      return false;
    }
  }
  return size_bytes > 0 && size_bytes <= SESSION_ID_MAX_BYTES;
}

static enum ms_status
upgrade(struct ms_http_channel *channel, const char *answer, struct ms_error *err)
{
  const char *transports = find_field(answer, TRANSPORTS_FIELD);
  int id_bytes = (int)strcspn(answer, ":");
  char *url = NULL;
  if (!is_session_id(answer, (size_t)id_bytes) || !transports || !strstr(transports, "websocket")) {
    return fail(channel, err, MS_PROTOCOL, "does not shake hands as socket.io 0.9 does");
  }
  if (asprintf(&url, "%s/socket.io/1/websocket/%.*s", channel->origin, id_bytes, answer) < 0) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  enum ms_status status =
      ms_http_upgrade_start(channel->http, url, on_upgraded, channel, &channel->upgrade, err);
  free(url);
  return status;
}

static enum ms_status
judge_handshake(const struct ms_http_channel *channel, const struct ms_http_answer *answer,
                struct ms_error *err)
{
  char text[64];
  switch (answer->status) {
  case 200:
    return MS_OK;
  case 401:
  case 403:
    return ms_fail(err, MS_AUTHENTICATION,
                   "%s does not accept user '%s' with this key: check FTRACK_API_USER and "
                   "FTRACK_API_KEY",
                   channel->origin, channel->user);
  case 404:
    return fail(channel, err, MS_NOT_FOUND, "is not there: /socket.io/1/ is unknown");
  default:
    snprintf(text, sizeof text, "takes nobody now: its answer is %ld", answer->status);
    return fail(channel, err, answer->status >= 500 ? MS_NETWORK : MS_PROTOCOL, text);
  }
}

static void
on_handshake(void *user, enum ms_status status, struct ms_http_answer *answer,
             const struct ms_error *failure)
{
  struct ms_http_channel *channel = user;
  struct ms_error err;
  channel->handshake = NULL;
  if (status != MS_OK) {
    ms_channel_end(&channel->base, failure);
    return;
  }
  status = judge_handshake(channel, answer, &err);
  if (status == MS_OK) {
    status = upgrade(channel, ms_buffer_string(&answer->body), &err);
  }
  if (status != MS_OK) {
    ms_channel_end(&channel->base, &err);
  }
}

static enum ms_status
shake_hands(struct ms_http_channel *channel, const struct ms_transport_http *transport,
            struct ms_error *err)
{
  char *url = NULL;
  if (asprintf(&url, "%s/socket.io/1/", channel->origin) < 0) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  const struct ms_http_header headers[] = {
      {"ftrack-user", transport->user},
      {"ftrack-api-key", transport->key},
  };
  const struct ms_http_request request = {.method = "GET",
                                          .url = url,
                                          .headers = headers,
                                          .header_count = sizeof headers / sizeof headers[0],
                                          .upload_fd = -1,
                                          .download_fd = -1,
                                          .retry = true,
                                          .user = channel};
  enum ms_status status =
      ms_http_send(channel->http, &request, on_handshake, &channel->handshake, err);
  free(url);
  return status;
}

/* ---- the beginning ---- */

static const struct ms_channel_kind kind = {.publish = publish, .stop = stop};

enum ms_status
ms_transport_http_channel(struct ms_transport *base, const struct ms_channel_handler *handler,
                          struct ms_channel **channel, struct ms_error *err)
{
  struct ms_transport_http *transport = (struct ms_transport_http *)base;
  struct ms_http_channel *created = calloc(1, sizeof *created);
  char *origin = ms_http_url_origin(transport->api_url), *user = strdup(transport->user);
  if (!created || !origin || !user) {
    free(created);
    free(origin);
    free(user);
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  *created = (struct ms_http_channel){
      .base.kind = &kind, .http = transport->http, .origin = origin, .user = user, .references = 1};
  uv_timer_init(transport->loop, &created->silence);
  created->silence.data = created;
  ms_channel_link(&created->base, base, handler);
  enum ms_status status = shake_hands(created, transport, err);
  if (status != MS_OK) {
    ms_channel_close(&created->base);
    return status;
  }
  ms_loop_join(transport->loop, &created->member, on_loop_closes);
  *channel = &created->base;
  return MS_OK;
}
