/* wslay frames and unframes; uv_poll says when. Level-triggered, so each turn may stop early: one
 * peer's flood waits while others are served.
 *
 * A WebSocket that ends is stopped at once and freed by its handle's close callback. Whoever is
 * holding it meanwhile (a loop over all subscribers, a callback further up the stack) finds it dead
 * but there. */
#include "events/websocket.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/id.h"
#include "events/wslay.h"

enum { TURN_MAX_BYTES = 256 * 1024, REASON_SIZE = 100 };

struct ms_websocket {
  struct ms_websocket_options options;
  char *received; /* owned copy of options.received */
  size_t received_offset_bytes;
  wslay_event_context_ptr context; /* owned */
  uv_poll_t poll;
  size_t turn_bytes;  /* read in this turn */
  bool may_have_more; /* the last turn ended before the stream was dry */
  bool receiving;     /* inside wslay_event_recv */
  bool dead;          /* stopped; only the close callback is to come */
  char reason[REASON_SIZE];
};

/* Whether bytes that came with the upgrade are still to be taken. */
static bool
has_received(const struct ms_websocket *websocket)
{
  return websocket->received_offset_bytes < websocket->options.received_bytes;
}

/* Whether there is something to read of which the socket does not tell. */
static bool
has_hidden(const struct ms_websocket *websocket)
{
  return has_received(websocket) || (websocket->options.stream && websocket->may_have_more);
}

static void
on_poll_closed(uv_handle_t *handle)
{
  struct ms_websocket *websocket = handle->data;
  websocket->options.on_closed(websocket->options.user, websocket->reason);
  ms_wslay.event_context_free(websocket->context);
  free(websocket->received);
  free(websocket);
}

static void
stop(struct ms_websocket *websocket, const char *reason)
{
  if (websocket->dead) {
    return;
  }
  websocket->dead = true;
  snprintf(websocket->reason, sizeof websocket->reason, "%s", reason);
  uv_close((uv_handle_t *)&websocket->poll, on_poll_closed);
  websocket->options.release(websocket->options.handle);
}

/* ---- what wslay calls ---- */

static ssize_t
take_received(struct ms_websocket *websocket, uint8_t *data, size_t size_bytes)
{
  size_t rest = websocket->options.received_bytes - websocket->received_offset_bytes;
  size_t taken = rest < size_bytes ? rest : size_bytes;
  memcpy(data, websocket->received + websocket->received_offset_bytes, taken);
  websocket->received_offset_bytes += taken;
  return (ssize_t)taken;
}

static ssize_t
receive_bytes(struct ms_websocket *websocket, uint8_t *data, size_t size_bytes)
{
  const struct ms_websocket_options *options = &websocket->options;
  ssize_t size;
  do {
    size = options->stream ? options->stream->receive(options->handle, data, size_bytes)
                           : recv(options->fd, data, size_bytes, 0);
  } while (size < 0 && errno == EINTR);
  websocket->may_have_more = size > 0;
  return size;
}

static ssize_t
send_bytes(struct ms_websocket *websocket, const uint8_t *data, size_t size_bytes, bool more)
{
  const struct ms_websocket_options *options = &websocket->options;
  ssize_t size;
  do {
    size = options->stream
               ? options->stream->send(options->handle, data, size_bytes)
               : send(options->fd, data, size_bytes, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
  } while (size < 0 && errno == EINTR);
  return size;
}

static ssize_t
on_recv(wslay_event_context_ptr context, uint8_t *data, size_t size_bytes, int flags, void *user)
{
  struct ms_websocket *websocket = user;
  (void)flags;
  if (has_received(websocket)) {
    return take_received(websocket, data, size_bytes);
  }
  ssize_t size = -1;
  errno = EAGAIN;
  if (!websocket->dead && websocket->turn_bytes < TURN_MAX_BYTES) {
    size = receive_bytes(websocket, data, size_bytes);
  }
  if (size > 0) {
    websocket->turn_bytes += (size_t)size;
    return size;
  }
  bool wait = size < 0 && errno == EAGAIN;
  ms_wslay.event_set_error(context, wait ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
  return -1;
}

static ssize_t
on_send(wslay_event_context_ptr context, const uint8_t *data, size_t size_bytes, int flags,
        void *user)
{
  ssize_t size = send_bytes(user, data, size_bytes, flags & WSLAY_MSG_MORE);
  if (size < 0) {
    bool wait = errno == EAGAIN;
    ms_wslay.event_set_error(context, wait ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
  }
  return size;
}

static int
on_genmask(wslay_event_context_ptr context, uint8_t *mask, size_t size_bytes, void *user)
{
  (void)context, (void)user;
  ms_random_bytes(mask, size_bytes);
  return 0;
}

static void
on_message(wslay_event_context_ptr context, const struct wslay_event_on_msg_recv_arg *message,
           void *user)
{
  struct ms_websocket *websocket = user;
  if (websocket->dead) {
    return;
  }
  if (message->opcode == WSLAY_TEXT_FRAME) {
    websocket->options.on_message(websocket->options.user, (const char *)message->msg,
                                  message->msg_length);
  } else if (message->opcode == WSLAY_BINARY_FRAME) {
    ms_wslay.event_queue_close(context, WSLAY_CODE_UNSUPPORTED_DATA, NULL, 0);
  }
}

/* ---- turns ---- */

static void
on_ready(uv_poll_t *poll, int status, int events);

/* Sends what the socket takes, then looks whether and how to go on. */
static void
flush(struct ms_websocket *websocket)
{
  wslay_event_context_ptr context = websocket->context;
  if (websocket->dead || websocket->receiving) {
    return;
  }
  if (ms_wslay.event_send(context) != 0) {
    stop(websocket, "the connection broke");
    return;
  }
  if (ms_wslay.event_get_queued_msg_length(context) > MS_WEBSOCKET_QUEUE_MAX_BYTES ||
      ms_wslay.event_get_queued_msg_count(context) > MS_WEBSOCKET_QUEUE_MAX_MESSAGES) {
    stop(websocket, "it reads too slowly");
    return;
  }
  const struct ms_websocket_options *options = &websocket->options;
  bool has_more = ms_wslay.event_want_write(context);
  has_more = (options->stream && options->stream->flush(options->handle)) || has_more;
  if (ms_wslay.event_get_close_sent(context) && !has_more) {
    stop(websocket, "closed");
    return;
  }
  int events = (ms_wslay.event_want_read(context) ? UV_READABLE : 0) |
               (has_more || has_hidden(websocket) ? UV_WRITABLE : 0);
  uv_poll_start(&websocket->poll, events, on_ready);
}

static void
receive(struct ms_websocket *websocket)
{
  websocket->turn_bytes = 0;
  websocket->receiving = true;
  int status = ms_wslay.event_recv(websocket->context);
  websocket->receiving = false;
  if (status != 0) {
    stop(websocket, "the peer hung up");
  }
  flush(websocket);
}

static void
on_ready(uv_poll_t *poll, int status, int events)
{
  struct ms_websocket *websocket = poll->data;
  if (status < 0) {
    stop(websocket, uv_strerror(status));
  } else if (has_hidden(websocket) || events & UV_READABLE) {
    receive(websocket);
  } else {
    flush(websocket);
  }
}

static enum ms_status
make_context(struct ms_websocket *websocket, struct ms_error *err)
{
  static const struct wslay_event_callbacks callbacks = {
      .recv_callback = on_recv,
      .send_callback = on_send,
      .on_msg_recv_callback = on_message,
      .genmask_callback = on_genmask,
  };
  bool is_client = websocket->options.is_client;
  int failure =
      is_client ? ms_wslay.event_context_client_init(&websocket->context, &callbacks, websocket)
                : ms_wslay.event_context_server_init(&websocket->context, &callbacks, websocket);
  if (failure != 0) {
    return ms_fail(err, MS_MEMORY, "out of memory for a WebSocket");
  }
  ms_wslay.event_config_set_max_recv_msg_length(websocket->context,
                                                is_client ? MS_WEBSOCKET_ANSWER_MAX_BYTES
                                                          : MS_WEBSOCKET_MESSAGE_MAX_BYTES);
  return MS_OK;
}

enum ms_status
ms_websocket_open(uv_loop_t *loop, const struct ms_websocket_options *options,
                  struct ms_websocket **result, struct ms_error *err)
{
  enum ms_status status = ms_wslay_load(err);
  if (status != MS_OK) {
    return status;
  }
  struct ms_websocket *websocket = calloc(1, sizeof *websocket);
  char *received = malloc(options->received_bytes + 1);
  if (!websocket || !received) {
    status = ms_fail(err, MS_MEMORY, "out of memory for a WebSocket");
    goto failed;
  }
  websocket->options = *options;
  websocket->received = received;
  websocket->may_have_more = true;
  if (options->received_bytes > 0) {
    memcpy(received, options->received, options->received_bytes);
  }
  status = make_context(websocket, err);
  if (status != MS_OK) {
    goto failed;
  }
  int on = 1;
  fcntl(options->fd, F_SETFL, fcntl(options->fd, F_GETFL) | O_NONBLOCK);
  setsockopt(options->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  int failure = uv_poll_init(loop, &websocket->poll, options->fd);
  if (failure < 0) {
    ms_wslay.event_context_free(websocket->context);
    status = ms_fail(err, MS_IO, "cannot watch a WebSocket: %s", uv_strerror(failure));
    goto failed;
  }
  websocket->poll.data = websocket;
  uv_poll_start(&websocket->poll, UV_READABLE | UV_WRITABLE, on_ready);
  *result = websocket;
  return MS_OK;
failed:
  free(received);
  free(websocket);
  return status;
}

void
ms_websocket_send(struct ms_websocket *websocket, const char *text, size_t size_bytes)
{
  const struct wslay_event_msg message = {WSLAY_TEXT_FRAME, (const uint8_t *)text, size_bytes};
  if (websocket->dead) {
    return;
  }
  int status = ms_wslay.event_queue_msg(websocket->context, &message);
  if (status == WSLAY_ERR_NOMEM) {
    stop(websocket, "out of memory");
  } else {
    flush(websocket); /* any other failure: it is closing already */
  }
}

void
ms_websocket_close(struct ms_websocket *websocket, unsigned code, const char *reason)
{
  if (websocket->dead) {
    return;
  }
  if (!websocket->receiving &&
      ms_wslay.event_queue_close(websocket->context, (uint16_t)code, NULL, 0) == 0) {
    ms_wslay.event_send(websocket->context);
  }
  stop(websocket, reason);
}
