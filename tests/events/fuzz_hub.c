/* Fuzzing the event hub from the outside: whatever bytes a connected client sends, in frames or not, the
 * hub neither breaks nor leaks.
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -Iruntime tests/events/fuzz_hub.c \
 *     runtime/events/[a-z]*.c runtime/loop/loop.c runtime/base/{json*,utf8,buffer,arena}.c \
 *     runtime/base/{error,clock,id,log,library,nearest}.c -luv -ldl -o /tmp/fuzz_hub
 *
 * The first byte of the input says how the rest is sent: as it is, or as the text of one masked frame,
 * which gets deeper. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "events/hub.h"
#include "loop/loop.h"

enum { TURNS = 8, INPUT_MAX_BYTES = 60000 };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

static void
release(void *handle)
{
  close(*(int *)handle);
}

/* One masked text frame; the mask is zero. */
static void
send_framed(int fd, const uint8_t *data, size_t size_bytes)
{
  uint8_t head[8] = {0x81, 0xFE, (uint8_t)(size_bytes >> 8), (uint8_t)size_bytes};
  size_t head_bytes = 8;
  if (size_bytes < 126) {
    head[1] = (uint8_t)(0x80 | size_bytes);
    memset(head + 2, 0, 4);
    head_bytes = 6;
  }
  ssize_t sent = send(fd, head, head_bytes, MSG_NOSIGNAL);
  sent += send(fd, data, size_bytes, MSG_NOSIGNAL);
  (void)sent;
}

static void
converse(uv_loop_t *loop, struct ms_hub *hub, const uint8_t *data, size_t size_bytes)
{
  static const char subscribe[] =
      "5:1+::{\"name\":\"ftrack.event\",\"args\":[{\"topic\":\"ftrack.meta.subscribe\",\"data\":"
      "{\"subscriber\":{\"id\":\"a\"},\"subscription\":\"topic=*\"}}]}";
  int ends[2];
  int failure = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
  assert(!failure);
  struct ms_buffer answer;
  ms_buffer_init(&answer, 1024);
  enum ms_status status = ms_hub_admit(hub, "u", "ada", &answer, NULL);
  assert(status == MS_OK);
  *strchr(answer.data, ':') = '\0';
  const struct ms_hub_socket socket = {.fd = ends[0], .release = release, .handle = &ends[0]};
  status = ms_hub_connect(hub, answer.data, &socket, NULL);
  assert(status == MS_OK);
  send_framed(ends[1], (const uint8_t *)subscribe, sizeof subscribe - 1);
  if (data[0] & 1) {
    send_framed(ends[1], data + 1, size_bytes - 1);
  } else {
    ssize_t sent = send(ends[1], data + 1, size_bytes - 1, MSG_NOSIGNAL);
    (void)sent;
  }
  for (int i = 0; i < TURNS; i++) {
    uv_run(loop, UV_RUN_NOWAIT);
  }
  close(ends[1]);
  ms_buffer_free(&answer);
  ms_hub_close(hub);
  ms_loop_close(loop);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  uv_loop_t loop;
  struct ms_hub *hub;
  if (size_bytes < 1 || size_bytes > INPUT_MAX_BYTES) {
    return 0;
  }
  enum ms_status status = ms_loop_open(&loop, NULL);
  assert(status == MS_OK);
  status = ms_hub_open(&loop, &hub, NULL);
  assert(status == MS_OK);
  converse(&loop, hub, data, size_bytes);
  return 0;
}
