/* Everything happens on the peer's own thread, apart from the counters and texts behind the mutex. */
#include "support/peer.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <uv.h>

enum { REQUESTS_MAX = 512, TEXTS_MAX = 8, TEXT_MAX_BYTES = 8192 };

struct peer {
  const struct peer_step *steps;
  size_t step_count;
  char url[64];
  uv_thread_t thread;
  uv_loop_t loop;
  uv_tcp_t listener;
  uv_async_t stop;
  uv_mutex_t mutex; /* the rest */
  int connections, requests;
  char *texts[REQUESTS_MAX];
};

struct connection {
  struct peer *peer;
  uv_tcp_t tcp;
  uv_timer_t timer; /* a delayed answer, or the next drop of a dripping one */
  const struct peer_step *step;
  size_t dripped_bytes;
  char *received; /* not yet a whole request */
  size_t received_bytes;
  int open_handles;
};

/* ---- closing ---- */

static void
on_connection_closed(uv_handle_t *handle)
{
  struct connection *connection = handle->data;
  if (--connection->open_handles == 0) {
    free(connection->received);
    free(connection);
  }
}

static void
close_connection(struct connection *connection)
{
  if (!uv_is_closing((uv_handle_t *)&connection->timer)) {
    uv_close((uv_handle_t *)&connection->timer, on_connection_closed);
  }
  if (!uv_is_closing((uv_handle_t *)&connection->tcp)) {
    uv_close((uv_handle_t *)&connection->tcp, on_connection_closed);
  }
}

static void
close_everything(uv_handle_t *handle, void *user)
{
  struct peer *peer = user;
  if (handle == (uv_handle_t *)&peer->listener || handle == (uv_handle_t *)&peer->stop) {
    uv_close(handle, NULL);
  } else if (!uv_is_closing(handle)) {
    uv_close(handle, on_connection_closed);
  }
}

static void
on_stop(uv_async_t *async)
{
  uv_walk(async->loop, close_everything, async->data);
}

/* ---- answering ---- */

struct sending {
  uv_write_t write;
  struct connection *connection;
  bool then_close;
  char bytes[];
};

static void
on_sent(uv_write_t *write, int status)
{
  struct sending *sending = write->data;
  if (sending->then_close || status < 0) {
    close_connection(sending->connection);
  }
  free(sending);
}

static void
send_bytes(struct connection *connection, const char *bytes, size_t size_bytes, bool then_close)
{
  struct sending *sending = malloc(sizeof *sending + size_bytes);
  assert(sending);
  memcpy(sending->bytes, bytes, size_bytes);
  sending->write.data = sending;
  sending->connection = connection;
  sending->then_close = then_close;
  uv_buf_t buffer = uv_buf_init(sending->bytes, (unsigned)size_bytes);
  if (uv_write(&sending->write, (uv_stream_t *)&connection->tcp, &buffer, 1, on_sent) < 0) {
    free(sending);
    close_connection(connection);
  }
}

static void
on_timer(uv_timer_t *timer)
{
  struct connection *connection = timer->data;
  const struct peer_step *step = connection->step;
  if (step->action != PEER_DRIP) {
    send_bytes(connection, step->answer, strlen(step->answer), step->action == PEER_CLOSE);
    return;
  }
  send_bytes(connection, step->answer + connection->dripped_bytes, 1, false);
  if (++connection->dripped_bytes == strlen(step->answer)) {
    uv_timer_stop(timer);
  }
}

static void
answer(struct connection *connection, const struct peer_step *step)
{
  connection->step = step;
  connection->dripped_bytes = 0;
  switch (step->action) {
  case PEER_ANSWER:
  case PEER_CLOSE:
    if (!step->answer) {
      close_connection(connection);
    } else {
      uv_timer_start(&connection->timer, on_timer, (uint64_t)step->delay_ms, 0);
    }
    break;
  case PEER_DRIP:
    uv_timer_start(&connection->timer, on_timer, (uint64_t)step->delay_ms,
                   (uint64_t)step->delay_ms);
    break;
  case PEER_RESET:
    uv_close((uv_handle_t *)&connection->timer, on_connection_closed);
    uv_tcp_close_reset(&connection->tcp, on_connection_closed);
    break;
  case PEER_HANG:
    break;
  }
}

/* ---- reading ---- */

/* The size of the first request in the text, or 0 while it is not complete. */
static size_t
request_size(const char *text, size_t size_bytes)
{
  const char *end = memmem(text, size_bytes, "\r\n\r\n", 4);
  if (!end) {
    return 0;
  }
  size_t head = (size_t)(end - text) + 4;
  const char *length = strcasestr(text, "\r\nContent-Length:");
  size_t body = length && length < end ? strtoul(length + 17, NULL, 10) : 0;
  return head + body <= size_bytes ? head + body : 0;
}

static const struct peer_step *
note_request(struct peer *peer, const char *text, size_t size_bytes)
{
  uv_mutex_lock(&peer->mutex);
  int index = peer->requests++;
  if (index < REQUESTS_MAX) {
    peer->texts[index] = strndup(text, size_bytes);
  }
  uv_mutex_unlock(&peer->mutex);
  size_t step = (size_t)index < peer->step_count ? (size_t)index : peer->step_count - 1;
  return &peer->steps[step];
}

static void
on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
  (void)handle;
  *buffer = uv_buf_init(malloc(suggested), (unsigned)suggested);
}

static void
append(struct connection *connection, const char *bytes, size_t size_bytes)
{
  connection->received = realloc(connection->received, connection->received_bytes + size_bytes + 1);
  assert(connection->received);
  memcpy(connection->received + connection->received_bytes, bytes, size_bytes);
  connection->received_bytes += size_bytes;
  connection->received[connection->received_bytes] = '\0';
}

static void
on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
  struct connection *connection = stream->data;
  if (count > 0) {
    append(connection, buffer->base, (size_t)count);
  }
  free(buffer->base);
  if (count < 0) {
    close_connection(connection);
    return;
  }
  size_t size =
      connection->received ? request_size(connection->received, connection->received_bytes) : 0;
  if (size > 0) {
    const struct peer_step *step = note_request(connection->peer, connection->received, size);
    connection->received_bytes -= size;
    memmove(connection->received, connection->received + size, connection->received_bytes + 1);
    answer(connection, step);
  }
}

static void
on_connection(uv_stream_t *listener, int status)
{
  struct peer *peer = listener->data;
  assert(status == 0);
  (void)status;
  struct connection *connection = calloc(1, sizeof *connection);
  assert(connection);
  connection->peer = peer;
  connection->open_handles = 2;
  uv_tcp_init(&peer->loop, &connection->tcp);
  uv_timer_init(&peer->loop, &connection->timer);
  connection->tcp.data = connection->timer.data = connection;
  uv_accept(listener, (uv_stream_t *)&connection->tcp);
  uv_read_start((uv_stream_t *)&connection->tcp, on_alloc, on_read);
  uv_mutex_lock(&peer->mutex);
  peer->connections++;
  uv_mutex_unlock(&peer->mutex);
}

/* ---- life ---- */

static void
run(void *user)
{
  struct peer *peer = user;
  uv_run(&peer->loop, UV_RUN_DEFAULT);
}

static int
bound_port(const uv_tcp_t *tcp)
{
  struct sockaddr_in address;
  int length = sizeof address;
  int failure = uv_tcp_getsockname(tcp, (struct sockaddr *)&address, &length);
  assert(failure == 0);
  (void)failure;
  return ntohs(address.sin_port);
}

struct peer *
peer_start(const struct peer_step *steps, size_t count)
{
  struct peer *peer = calloc(1, sizeof *peer);
  assert(peer && count > 0);
  peer->steps = steps;
  peer->step_count = count;
  uv_mutex_init(&peer->mutex);
  uv_loop_init(&peer->loop);
  uv_tcp_init(&peer->loop, &peer->listener);
  uv_async_init(&peer->loop, &peer->stop, on_stop);
  peer->listener.data = peer->stop.data = peer;
  struct sockaddr_in address;
  uv_ip4_addr("127.0.0.1", 0, &address);
  uv_tcp_bind(&peer->listener, (const struct sockaddr *)&address, 0);
  int failure = uv_listen((uv_stream_t *)&peer->listener, 128, on_connection);
  assert(failure == 0);
  (void)failure;
  snprintf(peer->url, sizeof peer->url, "http://127.0.0.1:%d", bound_port(&peer->listener));
  uv_thread_create(&peer->thread, run, peer);
  return peer;
}

void
peer_stop(struct peer *peer)
{
  uv_async_send(&peer->stop);
  uv_thread_join(&peer->thread);
  int failure = uv_loop_close(&peer->loop);
  assert(failure == 0);
  (void)failure;
  uv_mutex_destroy(&peer->mutex);
  for (int i = 0; i < REQUESTS_MAX; i++) {
    free(peer->texts[i]);
  }
  free(peer);
}

const char *
peer_url(const struct peer *peer)
{
  return peer->url;
}

static int
read_counter(struct peer *peer, const int *counter)
{
  uv_mutex_lock(&peer->mutex);
  int value = *counter;
  uv_mutex_unlock(&peer->mutex);
  return value;
}

int
peer_connections(struct peer *peer)
{
  return read_counter(peer, &peer->connections);
}

int
peer_requests(struct peer *peer)
{
  return read_counter(peer, &peer->requests);
}

char *
peer_request(struct peer *peer, int index)
{
  uv_mutex_lock(&peer->mutex);
  char *text = index < peer->requests && index < REQUESTS_MAX ? strdup(peer->texts[index]) : NULL;
  uv_mutex_unlock(&peer->mutex);
  return text;
}

const char *
peer_nowhere(void)
{
  static char url[64];
  static int fd = -1; /* stays bound, so that nobody else can listen there */
  if (fd < 0) {
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int failure = bind(fd, (struct sockaddr *)&address, sizeof address);
    assert(failure == 0);
    failure = getsockname(fd, (struct sockaddr *)&address, &length);
    assert(failure == 0);
    (void)failure;
    snprintf(url, sizeof url, "http://127.0.0.1:%d", ntohs(address.sin_port));
  }
  return url;
}

const char *
peer_text(const char *status, const char *headers, const char *body)
{
  static char texts[TEXTS_MAX][TEXT_MAX_BYTES];
  static int next;
  char *text = texts[next++ % TEXTS_MAX];
  int length = snprintf(text, TEXT_MAX_BYTES, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n%s",
                        status, headers, strlen(body), body);
  assert(length < TEXT_MAX_BYTES);
  (void)length;
  return text;
}
