/* A WebSocket client in its barest form: blocking, one frame a call. */
#ifndef TESTS_SERVER_WEBSOCKET_CLIENT_H
#define TESTS_SERVER_WEBSOCKET_CLIENT_H

#include "support.h"

enum { FRAME_TEXT = 1, FRAME_BINARY = 2, FRAME_CLOSE = 8, FRAME_PING = 9, FRAME_PONG = 10 };

static inline bool
read_exactly(int fd, void *data, size_t size_bytes)
{
  char *at = data;
  while (size_bytes > 0) {
    ssize_t size = recv(fd, at, size_bytes, 0);
    if (size < 0 && errno == EAGAIN) {
      fail_msg("the server sent nothing for %d s", PATIENCE_S);
    }
    if (size <= 0) {
      return false;
    }
    at += size;
    size_bytes -= (size_t)size;
  }
  return true;
}

/* The next frame's payload, NUL-terminated and to be freed; NULL when the connection ended. */
static inline char *
read_frame(int fd, int *opcode, size_t *size_bytes)
{
  uint8_t head[2], length[8];
  if (!read_exactly(fd, head, 2)) {
    return NULL;
  }
  size_t size = head[1];
  size_t more = size == 126 ? 2 : size == 127 ? 8 : 0;
  if (more) {
    assert_true(read_exactly(fd, length, more));
    size = 0;
    for (size_t i = 0; i < more; i++) {
      size = size << 8 | length[i];
    }
  }
  char *payload = malloc(size + 1);
  assert_non_null(payload);
  if (!read_exactly(fd, payload, size)) {
    free(payload);
    return NULL;
  }
  payload[size] = '\0';
  *opcode = head[0] & 15;
  *size_bytes = size;
  return payload;
}

/* The server's heartbeat, which may come between any two frames. */
static inline bool
is_heartbeat(int opcode, const char *payload)
{
  return opcode == FRAME_TEXT && strcmp(payload, "2::") == 0;
}

/* The next text message that is no heartbeat, to be freed; NULL when the connection ended. */
static inline char *
read_message(int fd)
{
  int opcode;
  size_t size_bytes;
  char *payload;
  while ((payload = read_frame(fd, &opcode, &size_bytes))) {
    if (opcode == FRAME_TEXT && !is_heartbeat(opcode, payload)) {
      return payload;
    }
    free(payload);
    if (opcode == FRAME_CLOSE) {
      return NULL;
    }
  }
  return NULL;
}

/* Appends a masked frame to `out`; the mask is zero, so the payload stays readable. */
static inline void
print_frame(struct ms_buffer *out, bool final, int opcode, const char *payload, size_t size_bytes)
{
  ms_buffer_append_char(out, (char)((final ? 0x80 : 0) | opcode));
  int length_bytes = size_bytes < 126 ? 0 : size_bytes < 65536 ? 2 : 8;
  size_t code = length_bytes == 0 ? size_bytes : length_bytes == 2 ? 126 : 127;
  ms_buffer_append_char(out, (char)(0x80 | code));
  for (int i = length_bytes - 1; i >= 0; i--) {
    ms_buffer_append_char(out, (char)(size_bytes >> (8 * i)));
  }
  ms_buffer_append(out, "\0\0\0\0", 4);
  ms_buffer_append(out, payload, size_bytes);
}

static inline bool
send_frame(int fd, int opcode, const char *payload, size_t size_bytes)
{
  struct ms_buffer frame;
  ms_buffer_init(&frame, ANSWER_MAX_BYTES);
  print_frame(&frame, true, opcode, payload, size_bytes);
  bool sent = send_bytes(fd, frame.data, frame.size_bytes);
  ms_buffer_free(&frame);
  return sent;
}

static inline bool
send_message(int fd, const char *text)
{
  return send_frame(fd, FRAME_TEXT, text, strlen(text));
}

/* The handshake with credentials in headers; the session's id. */
static inline void
shake_hands(struct fixture *fixture, char id[64])
{
  char request[1024];
  snprintf(request, sizeof request,
           "GET /socket.io/1/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n%s\r\n",
           credentials(fixture));
  char *answer = exchange(fixture, request, strlen(request));
  const char *body = strstr(answer, "\r\n\r\n");
  assert_non_null(strstr(answer, "HTTP/1.1 200"));
  assert_non_null(body);
  assert_int_equal(sscanf(body + 4, "%63[0-9a-f]:60:60:websocket", id), 1);
  free(answer);
}

/* Sends the upgrade request; the socket. */
static inline int
request_upgrade(struct fixture *fixture, const char *id)
{
  char request[1024];
  int fd = dial(fixture);
  snprintf(request, sizeof request,
           "GET /socket.io/1/websocket/%s HTTP/1.1\r\nHost: h\r\nUpgrade: WebSocket\r\n"
           "Connection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
           id);
  send_text(fd, request);
  return fd;
}

/* Reads the head of an answer. */
static inline void
read_head(int fd, char *head, size_t head_size)
{
  size_t size = 0;
  while (size < 4 || memcmp(head + size - 4, "\r\n\r\n", 4) != 0) {
    assert_in_range(size, 0, head_size - 2);
    assert_true(read_exactly(fd, head + size, 1));
    size++;
  }
  head[size] = '\0';
}

/* A connected client that has read the server's greeting. */
static inline int
connect_hub(struct fixture *fixture)
{
  char id[64], head[2048];
  shake_hands(fixture, id);
  int fd = request_upgrade(fixture, id);
  read_head(fd, head, sizeof head);
  assert_non_null(strstr(head, "HTTP/1.1 101"));
  assert_non_null(strstr(head, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
  char *greeting = read_message(fd);
  assert_non_null(greeting);
  assert_string_equal(greeting, "1::");
  free(greeting);
  return fd;
}

#endif
