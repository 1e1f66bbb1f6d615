/* A server of socket.io 0.9 in its barest form, on a thread: it shakes hands, upgrades, then does what a function
 * says. Everything blocks, for PEER_PATIENCE_S at most. */
#ifndef TESTS_TRANSPORT_SOCKET_PEER_H
#define TESTS_TRANSPORT_SOCKET_PEER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <uv.h>

#include "base/buffer.h"
#include "base/websocket_key.h"

enum { PEER_PATIENCE_S = 30, PEER_HEAD_BYTES = 4096 };
enum {
  FRAME_CONTINUED = 0,
  FRAME_TEXT = 1,
  FRAME_BINARY = 2,
  FRAME_CLOSE = 8,
  FRAME_PING = 9,
  FRAME_PONG = 10
};

struct socket_peer {
  const char *handshake;          /* the answer to it; NULL: the usual one */
  const char *upgrade;            /* the answer to the upgrade; NULL: a good one */
  void (*act)(int fd, void *got); /* on the WebSocket; NULL: nothing */
  void *got;                      /* for `act` */
  uv_thread_t thread;
  int listener;
  char url[64];
  char handshake_head[PEER_HEAD_BYTES], upgrade_head[PEER_HEAD_BYTES];
};

static inline bool
peer_send(int fd, const void *data, size_t size_bytes)
{
  const char *at = data;
  while (size_bytes > 0) {
    ssize_t size = send(fd, at, size_bytes, MSG_NOSIGNAL);
    if (size <= 0) {
      return false;
    }
    at += size;
    size_bytes -= (size_t)size;
  }
  return true;
}

static inline bool
peer_receive(int fd, void *data, size_t size_bytes)
{
  char *at = data;
  while (size_bytes > 0) {
    ssize_t size = recv(fd, at, size_bytes, 0);
    if (size <= 0) {
      return false;
    }
    at += size;
    size_bytes -= (size_t)size;
  }
  return true;
}

/* Sends a frame without a mask, as servers do. */
static inline bool
peer_frame(int fd, bool final, int opcode, const char *payload, size_t size_bytes)
{
  uint8_t head[10] = {(uint8_t)((final ? 0x80 : 0) | opcode)};
  size_t head_bytes = size_bytes < 126 ? 2 : size_bytes < 65536 ? 4 : 10;
  head[1] = (uint8_t)(head_bytes == 2 ? size_bytes : head_bytes == 4 ? 126 : 127);
  for (size_t i = 2; i < head_bytes; i++) {
    head[i] = (uint8_t)(size_bytes >> (8 * (head_bytes - 1 - i)));
  }
  return peer_send(fd, head, head_bytes) && peer_send(fd, payload, size_bytes);
}

static inline bool
peer_text_frame(int fd, const char *text)
{
  return peer_frame(fd, true, FRAME_TEXT, text, strlen(text));
}

/* The next frame's payload, unmasked and NUL-terminated, to be freed; NULL at the end, or without a mask. */
static inline char *
peer_read_frame(int fd, int *opcode)
{
  uint8_t head[2], length[8], mask[4];
  if (!peer_receive(fd, head, 2) || !(head[1] & 0x80)) {
    return NULL;
  }
  size_t size_bytes = head[1] & 0x7f;
  size_t more = size_bytes == 126 ? 2 : size_bytes == 127 ? 8 : 0;
  if (!peer_receive(fd, length, more) || !peer_receive(fd, mask, 4)) {
    return NULL;
  }
  size_bytes = more ? 0 : size_bytes;
  for (size_t i = 0; i < more; i++) {
    size_bytes = size_bytes << 8 | length[i];
  }
  char *payload = malloc(size_bytes + 1);
  if (!payload || !peer_receive(fd, payload, size_bytes)) {
    free(payload);
    return NULL;
  }
  for (size_t i = 0; i < size_bytes; i++) {
    payload[i] = (char)(payload[i] ^ mask[i % 4]);
  }
  payload[size_bytes] = '\0';
  *opcode = head[0] & 15;
  return payload;
}

static inline int
peer_accept(const struct socket_peer *peer, char head[PEER_HEAD_BYTES])
{
  const struct timeval patience = {.tv_sec = PEER_PATIENCE_S};
  int fd = accept(peer->listener, NULL, NULL);
  size_t size = 0;
  if (fd < 0) {
    return fd;
  }
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  while (size < PEER_HEAD_BYTES - 1 && recv(fd, head + size, 1, 0) == 1) {
    head[++size] = '\0';
    if (size >= 4 && strcmp(head + size - 4, "\r\n\r\n") == 0) {
      break;
    }
  }
  return fd;
}

/* The good answer to an upgrade, with a greeting right behind it. */
static inline void
peer_upgrade(int fd, const char *head)
{
  char key[MS_WEBSOCKET_KEY_SIZE] = "", accept_text[MS_WEBSOCKET_ACCEPT_SIZE], answer[512];
  const char *line = strstr(head, "Sec-WebSocket-Key: ");
  if (line) {
    snprintf(key, sizeof key, "%.24s", line + strlen("Sec-WebSocket-Key: "));
  }
  ms_websocket_accept(key, accept_text);
  int size = snprintf(answer, sizeof answer,
                      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                      "sec-websocket-accept:%s\r\nConnection: Upgrade\r\n\r\n\x81\x03"
                      "1::",
                      accept_text);
  peer_send(fd, answer, (size_t)size);
}

static inline void
peer_run(void *context)
{
  struct socket_peer *peer = context;
  static const char usual[] = "HTTP/1.1 200 OK\r\nContent-Length: 25\r\nConnection: close\r\n\r\n"
                              "abc-1_Z:60:60:x,websocket";
  const char *handshake = peer->handshake ? peer->handshake : usual;
  int fd = peer_accept(peer, peer->handshake_head);
  peer_send(fd, handshake, strlen(handshake));
  close(fd);
  if (peer->handshake) {
    return;
  }
  fd = peer_accept(peer, peer->upgrade_head);
  if (fd < 0) {
    return;
  }
  if (peer->upgrade) {
    peer_send(fd, peer->upgrade, strlen(peer->upgrade));
  } else {
    peer_upgrade(fd, peer->upgrade_head);
  }
  if (peer->act) {
    peer->act(fd, peer->got);
  }
  close(fd);
}

static inline bool
peer_open(struct socket_peer *peer)
{
  const struct timeval patience = {.tv_sec = PEER_PATIENCE_S};
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  peer->listener = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(peer->listener, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (bind(peer->listener, (struct sockaddr *)&address, size) < 0 ||
      listen(peer->listener, 4) < 0 ||
      getsockname(peer->listener, (struct sockaddr *)&address, &size) < 0) {
    return false;
  }
  snprintf(peer->url, sizeof peer->url, "http://127.0.0.1:%d", ntohs(address.sin_port));
  return uv_thread_create(&peer->thread, peer_run, peer) == 0;
}

static inline void
peer_close(struct socket_peer *peer)
{
  uv_thread_join(&peer->thread);
  close(peer->listener);
}

#endif
