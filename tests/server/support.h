/* A real server on a thread of its own, over a temporary data folder, and a client that sends raw
 * bytes. */
#ifndef TESTS_SERVER_SUPPORT_H
#define TESTS_SERVER_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <uv.h>

#include "api/api.h"
#include "base/clock.h"
#include "base/json.h"
#include "loop/loop.h"
#include "server/server.h"
#include "support/folder.h"

/* Less than the 30 s after which the server closes a connection by itself. */
enum { ANSWER_MAX_BYTES = 64 * 1024 * 1024, PATIENCE_S = 25 };

struct fixture {
  char folder[FOLDER_BYTES];
  char user_id[64];
  char username[256];
  char *key;
  int port;
  struct ms_api *api;
  struct ms_server *server;
  uv_loop_t loop;
  uv_async_t stop;
  uv_async_t hold; /* makes the loop wait for `released` */
  uv_sem_t held, released;
  uv_thread_t thread;
  uv_sem_t ready;
  bool is_stopped;
};

static inline void
read_username(struct fixture *fixture)
{
  char body[256];
  snprintf(body, sizeof body,
           "[{\"action\":\"query\",\"expression\":\"select username from User where id is "
           "\\\"%s\\\"\"}]",
           fixture->user_id);
  struct ms_api_request request = {.body = body,
                                   .body_bytes = strlen(body),
                                   .user_id = fixture->user_id,
                                   .base_url = "http://127.0.0.1"};
  struct ms_buffer answer;
  struct ms_error err;
  ms_buffer_init(&answer, 1 << 20);
  if (ms_api_call(fixture->api, &request, &answer, &err) != MS_OK) {
    fail_msg("%s", err.message);
  }
  const char *found = strstr(ms_buffer_string(&answer), "\"username\":");
  assert_non_null(found);
  assert_int_equal(sscanf(found, "\"username\":%*[ ]\"%255[^\"]", fixture->username) +
                       sscanf(found, "\"username\":\"%255[^\"]", fixture->username),
                   1);
  ms_buffer_free(&answer);
}

static inline void
on_stop(uv_async_t *stop)
{
  struct fixture *fixture = stop->data;
  ms_server_close(fixture->server);
  uv_close((uv_handle_t *)stop, NULL);
  uv_close((uv_handle_t *)&fixture->hold, NULL);
}

static inline void
on_hold(uv_async_t *hold)
{
  struct fixture *fixture = hold->data;
  uv_sem_post(&fixture->held);
  uv_sem_wait(&fixture->released);
}

/* Between these two calls the server stands still: what is sent meanwhile it finds all at once. */
static inline void
hold_server(struct fixture *fixture)
{
  uv_async_send(&fixture->hold);
  uv_sem_wait(&fixture->held);
}

static inline void
release_server(struct fixture *fixture)
{
  uv_sem_post(&fixture->released);
}

static inline void
serve(void *argument)
{
  struct fixture *fixture = argument;
  uv_sem_post(&fixture->ready);
  uv_run(&fixture->loop, UV_RUN_DEFAULT);
}

static inline void
must(enum ms_status status, const struct ms_error *err)
{
  if (status != MS_OK) {
    fail_msg("%s: %s", ms_status_code(status), err->message);
  }
}

static inline int
fixture_open(void **state)
{
  struct fixture *fixture = calloc(1, sizeof *fixture);
  struct ms_error err;
  assert_non_null(fixture);
  assert_int_equal(folder_make(fixture->folder), 0);
  must(ms_loop_open(&fixture->loop, &err), &err);
  must(ms_api_open(fixture->folder, &fixture->api, &err), &err);
  must(ms_api_local_user(fixture->api, fixture->user_id, &err), &err);
  must(ms_api_create_key(fixture->api, fixture->user_id, "test", &fixture->key, &err), &err);
  read_username(fixture);
  struct ms_server_options options = {.listen = "127.0.0.1:0"};
  must(ms_server_open(&fixture->loop, fixture->api, &options, &fixture->server, &err), &err);
  assert_int_equal(sscanf(ms_server_url(fixture->server), "http://127.0.0.1:%d", &fixture->port),
                   1);
  uv_async_init(&fixture->loop, &fixture->stop, on_stop);
  fixture->stop.data = fixture;
  uv_async_init(&fixture->loop, &fixture->hold, on_hold);
  fixture->hold.data = fixture;
  uv_sem_init(&fixture->held, 0);
  uv_sem_init(&fixture->released, 0);
  uv_sem_init(&fixture->ready, 0);
  uv_thread_create(&fixture->thread, serve, fixture);
  uv_sem_wait(&fixture->ready);
  *state = fixture;
  return 0;
}

/* Closes the server and waits for its loop to end; the API stays. */
static inline void
fixture_stop(struct fixture *fixture)
{
  if (!fixture->is_stopped) {
    uv_async_send(&fixture->stop);
    uv_thread_join(&fixture->thread);
    fixture->is_stopped = true;
  }
}

static inline int
fixture_close(void **state)
{
  struct fixture *fixture = *state;
  fixture_stop(fixture);
  ms_api_close(fixture->api);
  ms_loop_close_handles(&fixture->loop);
  ms_loop_close(&fixture->loop);
  uv_sem_destroy(&fixture->ready);
  uv_sem_destroy(&fixture->held);
  uv_sem_destroy(&fixture->released);
  folder_remove(fixture->folder);
  free(fixture->key);
  free(fixture);
  return 0;
}

/* "id=…&expires=…&signature=…", valid for `lifetime_s`. The signing secret does not change, so asking
 * for it from the client's thread is safe. */
static inline const char *
signed_query(struct fixture *fixture, enum ms_signature_use use, const char *id, int64_t lifetime_s)
{
  static char text[512];
  struct ms_buffer url;
  ms_buffer_init(&url, sizeof text - 1);
  ms_api_sign(fixture->api, use, id, ms_clock_now_us() / 1000000 + lifetime_s, &url);
  snprintf(text, sizeof text, "%s", ms_buffer_string(&url));
  ms_buffer_free(&url);
  return text;
}

/* ---- the client ---- */

/* -1 when nobody listens. */
static inline int
try_to_dial(struct fixture *fixture)
{
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)fixture->port),
                                .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct timeval patience = {.tv_sec = PATIENCE_S};
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
    close(fd);
    return -1;
  }
  return fd;
}

static inline int
dial(struct fixture *fixture)
{
  int fd = try_to_dial(fixture);
  assert_int_not_equal(fd, -1);
  return fd;
}

/* Sends everything; false when the server hung up meanwhile. */
static inline bool
send_bytes(int fd, const void *data, size_t size_bytes)
{
  const char *rest = data;
  while (size_bytes > 0) {
    ssize_t sent = send(fd, rest, size_bytes, MSG_NOSIGNAL);
    if (sent <= 0) {
      return false;
    }
    rest += sent;
    size_bytes -= (size_t)sent;
  }
  return true;
}

static inline bool
send_text(int fd, const char *text)
{
  return send_bytes(fd, text, strlen(text));
}

/* Reads until the server closes. */
static inline void
read_all(int fd, struct ms_buffer *answer)
{
  ms_buffer_init(answer, ANSWER_MAX_BYTES);
  char piece[65536];
  ssize_t size;
  while ((size = recv(fd, piece, sizeof piece, 0)) > 0) {
    ms_buffer_append(answer, piece, (size_t)size);
  }
  ms_buffer_append(answer, "", 0);
  if (size < 0 && errno == EAGAIN) {
    fail_msg("the server neither answered nor closed within %d s; so far: %.300s", PATIENCE_S,
             ms_buffer_string(answer));
  }
}

/* Sends `text` on a new connection and reads until the server closes; the request should therefore say
 * "Connection: close". The answer is to be freed by the caller. */
static inline char *
exchange(struct fixture *fixture, const char *text, size_t size_bytes)
{
  struct ms_buffer answer;
  int fd = dial(fixture);
  send_bytes(fd, text, size_bytes);
  read_all(fd, &answer);
  close(fd);
  char *result = ms_buffer_take(&answer);
  assert_non_null(result);
  return result;
}

/* The lines of headers that prove who we are. */
static inline const char *
credentials(const struct fixture *fixture)
{
  static char text[512];
  snprintf(text, sizeof text, "ftrack-user: %s\r\nftrack-api-key: %s\r\n", fixture->username,
           fixture->key);
  return text;
}

static inline size_t
count_of(const char *text, const char *word)
{
  size_t count = 0;
  for (const char *at = text; (at = strstr(at, word)); at += strlen(word)) {
    count++;
  }
  return count;
}

/* Whether the server still serves; to be asked after an attack. */
static inline void
assert_alive(struct fixture *fixture)
{
  static const char request[] = "GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
  char *answer = exchange(fixture, request, sizeof request - 1);
  assert_non_null(strstr(answer, "{\"status\": \"ok\"}"));
  free(answer);
}

#endif
