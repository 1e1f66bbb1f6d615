/* The connection is made by a transfer that stops when it has one; its easy handle then is the connection, and stays
 * in the client's multi handle, without which libcurl would end it.
 *
 * CONNECTING ──libcurl──▶ ASKING ──the answer's head──▶ OPEN
 *      └──────────────────────┴────▶ OVER
 *
 * TLS wants a record that it could not send to be offered again in the same place and size. So what is sent goes
 * through a buffer here, one record long. */
#include "http/upgrade.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/websocket_key.h"
#include "http/transfer.h"
#include "http/url.h"

enum { RECORD_MAX_BYTES = 16 * 1024, REQUEST_MAX_BYTES = 20 * 1024, BLOCK_BYTES = 4096 };

enum state { CONNECTING, ASKING, OPEN, OVER };

struct ms_http_upgrade {
  struct ms_http *http;
  enum state state;
  ms_http_upgrade_done done;
  void *user;
  char *url, *origin; /* owned */
  char key[MS_WEBSOCKET_KEY_SIZE];
  struct ms_http_transfer *transfer; /* CONNECTING */
  CURL *easy;                        /* owned, from ASKING on */
  curl_socket_t fd;
  uv_poll_t poll; /* ASKING */
  uv_timer_t timer;
  int open_handles;
  bool is_polling, is_dry, freed;
  size_t request_sent_bytes;
  struct ms_buffer request, head; /* `head` also holds what came behind it */
  size_t head_bytes;              /* of the head itself; 0 until it is complete */
  size_t record_bytes, record_sent_bytes;
  char record[RECORD_MAX_BYTES];
};

/* ---- the stream ---- */

int
ms_http_upgrade_fd(const struct ms_http_upgrade *upgrade)
{
  return (int)upgrade->fd;
}

const char *
ms_http_upgrade_received(const struct ms_http_upgrade *upgrade, size_t *size_bytes)
{
  *size_bytes = upgrade->head.size_bytes - upgrade->head_bytes;
  return upgrade->head.data + upgrade->head_bytes;
}

ssize_t
ms_http_upgrade_receive(void *context, void *data, size_t size_bytes)
{
  struct ms_http_upgrade *upgrade = context;
  size_t received = 0;
  CURLcode code = upgrade->easy ? ms_curl.easy_recv(upgrade->easy, data, size_bytes, &received)
                                : CURLE_RECV_ERROR;
  if (code == CURLE_OK) {
    return (ssize_t)received;
  }
  errno = code == CURLE_AGAIN ? EAGAIN : ECONNRESET;
  return -1;
}

/* Sends the record as far as the socket takes it. False when the connection broke. */
static bool
push_record(struct ms_http_upgrade *upgrade)
{
  while (upgrade->record_sent_bytes < upgrade->record_bytes) {
    size_t sent = 0;
    CURLcode code =
        upgrade->easy
            ? ms_curl.easy_send(upgrade->easy, upgrade->record + upgrade->record_sent_bytes,
                                upgrade->record_bytes - upgrade->record_sent_bytes, &sent)
            : CURLE_SEND_ERROR;
    if (code != CURLE_OK) {
      return code == CURLE_AGAIN;
    }
    upgrade->record_sent_bytes += sent;
  }
  return true;
}

static bool
has_record(const struct ms_http_upgrade *upgrade)
{
  return upgrade->record_sent_bytes < upgrade->record_bytes;
}

bool
ms_http_upgrade_flush(void *context)
{
  struct ms_http_upgrade *upgrade = context;
  return push_record(upgrade) && has_record(upgrade); /* a break is seen by who reads */
}

ssize_t
ms_http_upgrade_send(void *context, const void *data, size_t size_bytes)
{
  struct ms_http_upgrade *upgrade = context;
  if (!push_record(upgrade)) {
    errno = EPIPE;
    return -1;
  }
  if (has_record(upgrade)) {
    errno = EAGAIN;
    return -1;
  }
  size_t taken = size_bytes < RECORD_MAX_BYTES ? size_bytes : RECORD_MAX_BYTES;
  memcpy(upgrade->record, data, taken);
  upgrade->record_bytes = taken;
  upgrade->record_sent_bytes = 0;
  if (!push_record(upgrade)) {
    errno = EPIPE;
    return -1;
  }
  return (ssize_t)taken;
}

/* ---- life ---- */

static void
on_handle_closed(uv_handle_t *handle)
{
  struct ms_http_upgrade *upgrade = handle->data;
  if (--upgrade->open_handles > 0 || !upgrade->freed) {
    return;
  }
  ms_buffer_free(&upgrade->request);
  ms_buffer_free(&upgrade->head);
  free(upgrade->url);
  free(upgrade->origin);
  free(upgrade);
}

static void
stop_polling(struct ms_http_upgrade *upgrade)
{
  if (upgrade->is_polling) {
    upgrade->is_polling = false;
    uv_close((uv_handle_t *)&upgrade->poll, on_handle_closed);
  }
}

static void
end(struct ms_http_upgrade *upgrade, enum ms_status status, const struct ms_error *err)
{
  stop_polling(upgrade);
  uv_timer_stop(&upgrade->timer);
  upgrade->state = status == MS_OK ? OPEN : OVER;
  upgrade->done(upgrade->user, status, err);
}

static void
fail(struct ms_http_upgrade *upgrade, enum ms_status status, const char *what)
{
  struct ms_error err;
  ms_fail(&err, status, "%s %s", upgrade->origin, what);
  end(upgrade, status, &err);
}

void
ms_http_upgrade_free(struct ms_http_upgrade *upgrade)
{
  if (!upgrade) {
    return;
  }
  if (upgrade->transfer) {
    ms_http_cancel(upgrade->transfer);
  }
  stop_polling(upgrade);
  if (upgrade->easy) {
    if (upgrade->http->multi) {
      ms_curl.multi_remove_handle(upgrade->http->multi, upgrade->easy);
    }
    ms_curl.easy_cleanup(upgrade->easy);
    upgrade->easy = NULL;
  }
  upgrade->state = OVER;
  upgrade->freed = true;
  uv_close((uv_handle_t *)&upgrade->timer, on_handle_closed);
}

/* ---- the answer ---- */

/* The value of a header of the head, and its length without blanks at the end; NULL when there is none. */
static const char *
find_header(const struct ms_http_upgrade *upgrade, const char *name, size_t *value_bytes)
{
  size_t name_bytes = strlen(name);
  const char *end_of_head = upgrade->head.data + upgrade->head_bytes;
  const char *line = strstr(upgrade->head.data, "\r\n");
  for (; line && line + 2 < end_of_head; line = strstr(line, "\r\n")) {
    line += 2;
    if (strncasecmp(line, name, name_bytes) == 0 && line[name_bytes] == ':') {
      const char *value = line + name_bytes + 1;
      value += strspn(value, " \t");
      *value_bytes = strcspn(value, " \t\r\n");
      return value;
    }
  }
  return NULL;
}

static bool
is_accepted(const struct ms_http_upgrade *upgrade)
{
  char expected[MS_WEBSOCKET_ACCEPT_SIZE];
  size_t value_bytes = 0;
  const char *value = find_header(upgrade, "Sec-WebSocket-Accept", &value_bytes);
  ms_websocket_accept(upgrade->key, expected);
  return value && value_bytes == sizeof expected - 1 && memcmp(value, expected, value_bytes) == 0;
}

static void
judge(struct ms_http_upgrade *upgrade)
{
  int status = 0;
  if (memchr(upgrade->head.data, '\0', upgrade->head_bytes) ||
      sscanf(upgrade->head.data, "HTTP/1.%*1[01] %3d", &status) != 1) {
    fail(upgrade, MS_PROTOCOL, "does not answer in HTTP/1.1");
  } else if (status == 404) {
    fail(upgrade, MS_NOT_FOUND, "knows no WebSocket there");
  } else if (status != 101) {
    char what[64];
    snprintf(what, sizeof what, "opens no WebSocket: its answer is %d", status);
    fail(upgrade, MS_PROTOCOL, what);
  } else if (!is_accepted(upgrade)) {
    fail(upgrade, MS_PROTOCOL, "answers as if another had asked for a WebSocket");
  } else {
    end(upgrade, MS_OK, NULL);
  }
}

/* A block of the answer; more of them, if the head is not complete by then. */
static void
read_block(struct ms_http_upgrade *upgrade)
{
  char block[BLOCK_BYTES];
  ssize_t size = ms_http_upgrade_receive(upgrade, block, sizeof block);
  upgrade->is_dry = size < 0 && errno == EAGAIN;
  if (upgrade->is_dry) {
    return;
  }
  if (size <= 0) {
    fail(upgrade, MS_NETWORK, "hung up when it was asked for a WebSocket");
    return;
  }
  ms_buffer_append(&upgrade->head, block, (size_t)size);
  if (ms_buffer_check(&upgrade->head, "head", NULL) != MS_OK) {
    fail(upgrade, MS_PROTOCOL, "sent no head of an answer");
    return;
  }
  const char *blank = memmem(upgrade->head.data, upgrade->head.size_bytes, "\r\n\r\n", 4);
  if (blank) {
    upgrade->head_bytes = (size_t)(blank + 4 - upgrade->head.data);
    judge(upgrade);
  }
}

/* TLS may hold back bytes of which the socket knows nothing more, so it is asked until it has none. */
static void
read_head(struct ms_http_upgrade *upgrade)
{
  do {
    read_block(upgrade);
  } while (upgrade->state == ASKING && !upgrade->is_dry);
}

/* ---- the request ---- */

static void
on_ready(uv_poll_t *poll, int status, int events);

/* Sends what is left of the request. */
static void
ask(struct ms_http_upgrade *upgrade)
{
  size_t rest = upgrade->request.size_bytes - upgrade->request_sent_bytes;
  ssize_t sent =
      rest
          ? ms_http_upgrade_send(upgrade, upgrade->request.data + upgrade->request_sent_bytes, rest)
          : 0;
  if (sent < 0 && errno != EAGAIN) {
    fail(upgrade, MS_NETWORK, "hung up when it was asked for a WebSocket");
    return;
  }
  upgrade->request_sent_bytes += sent > 0 ? (size_t)sent : 0;
  bool has_more =
      ms_http_upgrade_flush(upgrade) || upgrade->request_sent_bytes < upgrade->request.size_bytes;
  uv_poll_start(&upgrade->poll, UV_READABLE | (has_more ? UV_WRITABLE : 0), on_ready);
}

static void
on_ready(uv_poll_t *poll, int status, int events)
{
  struct ms_http_upgrade *upgrade = poll->data;
  if (status < 0) {
    fail(upgrade, MS_NETWORK, "hung up when it was asked for a WebSocket");
  } else if (events & UV_READABLE) {
    read_head(upgrade);
  } else {
    ask(upgrade);
  }
}

static void
print_request(struct ms_http_upgrade *upgrade)
{
  const char *path = upgrade->url + strlen(upgrade->origin);
  const char *host = strstr(upgrade->origin, "://") + 3;
  ms_websocket_key_new(upgrade->key);
  ms_buffer_printf(
      &upgrade->request,
      "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\nUpgrade: websocket\r\n"
      "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n",
      *path ? path : "/", host, upgrade->http->user_agent, upgrade->key);
}

/* ---- the connection ---- */

static void
on_connected(void *user, enum ms_status status, struct ms_http_answer *answer,
             const struct ms_error *err)
{
  (void)answer;
  struct ms_http_upgrade *upgrade = user;
  struct ms_http_transfer *transfer = upgrade->transfer;
  upgrade->transfer = NULL;
  if (status != MS_OK) {
    end(upgrade, status, err);
    return;
  }
  upgrade->easy = transfer->easy;
  transfer->easy = NULL;
  ms_curl.easy_setopt(upgrade->easy, CURLOPT_ERRORBUFFER, NULL);
  ms_curl.easy_getinfo(upgrade->easy, CURLINFO_ACTIVESOCKET, &upgrade->fd);
  if (upgrade->fd == CURL_SOCKET_BAD ||
      uv_poll_init_socket(upgrade->http->loop, &upgrade->poll, upgrade->fd) < 0) {
    fail(upgrade, MS_NETWORK, "hung up when it was asked for a WebSocket");
    return;
  }
  upgrade->poll.data = upgrade;
  upgrade->is_polling = true;
  upgrade->open_handles++;
  upgrade->state = ASKING;
  print_request(upgrade);
  ask(upgrade);
}

static void
on_timeout(uv_timer_t *timer)
{
  struct ms_http_upgrade *upgrade = timer->data;
  if (upgrade->transfer) {
    ms_http_cancel(upgrade->transfer);
    upgrade->transfer = NULL;
  }
  fail(upgrade, MS_TIMEOUT, "took too long to open a WebSocket");
}

static enum ms_status
connect_transfer(struct ms_http_upgrade *upgrade, struct ms_error *err)
{
  struct ms_http *http = upgrade->http;
  const struct ms_http_request request = {.method = "GET",
                                          .url = upgrade->origin,
                                          .upload_fd = -1,
                                          .download_fd = -1,
                                          .timeout_ms = MS_HTTP_UPGRADE_TIMEOUT_MS,
                                          .user = upgrade};
  enum ms_status status = ms_http_open_multi(http, err);
  if (status == MS_OK) {
    status = ms_http_transfer_new(http, http->multi, &request, &upgrade->transfer, err);
  }
  if (status != MS_OK) {
    return status;
  }
  struct ms_http_transfer *transfer = upgrade->transfer;
  transfer->done = on_connected;
  transfer->connects = true;
  CURL *easy = transfer->easy;
  int wrong = (int)ms_curl.easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
  wrong |= (int)ms_curl.easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
  wrong |= (int)ms_curl.easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  if (wrong) {
    return ms_fail(err, MS_INTERNAL, "libcurl refuses to open a mere connection");
  }
  ms_http_transfer_start(transfer);
  return transfer->state == MS_HTTP_FINISHED
             ? ms_fail(err, transfer->status, "%s", transfer->error.message)
             : MS_OK;
}

enum ms_status
ms_http_upgrade_start(struct ms_http *http, const char *url, ms_http_upgrade_done done, void *user,
                      struct ms_http_upgrade **upgrade, struct ms_error *err)
{
  enum ms_status status = ms_http_url_check(url, err);
  if (status != MS_OK) {
    return status;
  }
  struct ms_http_upgrade *created = calloc(1, sizeof *created);
  char *public = ms_http_url_public(url), *origin = ms_http_url_origin(url);
  if (!created || !public || !origin) {
    free(created);
    free(public);
    free(origin);
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  *created = (struct ms_http_upgrade){
      .http = http, .done = done, .user = user, .url = public, .origin = origin, .fd = -1};
  ms_buffer_init(&created->request, REQUEST_MAX_BYTES);
  ms_buffer_init(&created->head, MS_HTTP_UPGRADE_HEAD_MAX_BYTES);
  uv_timer_init(http->loop, &created->timer);
  created->timer.data = created;
  created->open_handles = 1;
  status = connect_transfer(created, err);
  if (status != MS_OK) {
    ms_http_upgrade_free(created);
    return status;
  }
  uv_timer_start(&created->timer, on_timeout, MS_HTTP_UPGRADE_TIMEOUT_MS, 0);
  *upgrade = created;
  return MS_OK;
}
