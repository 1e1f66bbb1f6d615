/* The channel of events over HTTP against a server that does everything right, and everything wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "loop/loop.h"
#include "socket_peer.h"
#include "transport/channel.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { PATIENCE_MS = 60000 };

#define EVENT_PACKET(event) "5:::{\"name\":\"ftrack.event\",\"args\":[" event "]}"

struct fixture {
  uv_loop_t loop;
  uv_timer_t patience;
  struct socket_peer peer;
  struct ms_transport *transport;
  struct ms_channel *channel;
  /* what was told */
  int opened, closed, answered, events;
  char event[4096], refusals[3][64]; /* by the publication's number */
  size_t event_bytes;
  struct ms_error err;
};

static struct fixture fixture;

static void
on_open(void *user)
{
  ((struct fixture *)user)->opened++;
}

static void
on_event(void *user, const char *event, size_t event_bytes)
{
  struct fixture *told = user;
  told->events++;
  told->event_bytes = event_bytes;
  snprintf(told->event, sizeof told->event, "%.*s", (int)event_bytes, event);
}

static void
on_answer(void *user, int64_t number, const char *refusal)
{
  struct fixture *told = user;
  if (number < (int64_t)COUNT(told->refusals)) {
    told->answered++;
    snprintf(told->refusals[number], sizeof told->refusals[number], "%s",
             refusal ? refusal : "taken");
  }
}

static void
on_closed(void *user, const struct ms_error *err)
{
  struct fixture *told = user;
  told->closed++;
  told->err = *err;
  told->channel = NULL;
}

static void
on_patience(uv_timer_t *timer)
{
  (void)timer;
  fail_msg("waited for too long: %s", fixture.err.message);
}

static void
begin(const struct socket_peer *peer)
{
  fixture = (struct fixture){.peer = *peer};
  assert_int_equal(ms_loop_open(&fixture.loop, NULL), MS_OK);
  uv_timer_init(&fixture.loop, &fixture.patience);
  uv_timer_start(&fixture.patience, on_patience, PATIENCE_MS, 0);
  assert_true(peer_open(&fixture.peer));
  const struct ms_transport_options options = {
      .server_url = fixture.peer.url, .user = "ada", .key = "the-key"};
  assert_int_equal(ms_transport_open(&fixture.loop, &options, &fixture.transport, NULL), MS_OK);
  const struct ms_channel_handler handler = {.user = &fixture,
                                             .on_open = on_open,
                                             .on_event = on_event,
                                             .on_answer = on_answer,
                                             .on_closed = on_closed};
  assert_int_equal(ms_channel_open(fixture.transport, &handler, &fixture.channel, NULL), MS_OK);
  assert_int_equal(fixture.opened, 0);
}

static void
run_until(const int *told)
{
  while (!*told) {
    uv_run(&fixture.loop, UV_RUN_ONCE);
  }
}

static void
finish(void)
{
  ms_transport_close(fixture.transport);
  ms_loop_close(&fixture.loop);
  peer_close(&fixture.peer);
}

/* What the peer read, joined by line feeds; ends with the connection or a close frame. */
struct transcript {
  char text[4096];
};

static void
read_all(int fd, struct transcript *transcript)
{
  int opcode = FRAME_TEXT;
  char *payload;
  while (opcode != FRAME_CLOSE && (payload = peer_read_frame(fd, &opcode))) {
    size_t size = strlen(transcript->text);
    snprintf(transcript->text + size, sizeof transcript->text - size, "%d %s\n", opcode,
             opcode == FRAME_CLOSE ? "" : payload);
    free(payload);
  }
}

/* ---- what is right ---- */

static void
serve_publication(int fd, void *got)
{
  int opcode;
  char *packet = peer_read_frame(fd, &opcode);
  snprintf(((struct transcript *)got)->text, 4096, "%s\n", packet ? packet : "nothing");
  free(packet);
  peer_text_frame(fd, "6:::1+[{\"success\":true}]");
  peer_text_frame(fd, EVENT_PACKET("{\"topic\":\"studio.x\",\"data\":{\"n\":1}}"));
  read_all(fd, got);
}

static void
test_publishes_and_hears(void **state)
{
  (void)state;
  static const char event[] = "{\"topic\":\"studio.x\"}";
  struct transcript got = {""};
  int64_t number = 0;
  begin(&(struct socket_peer){.act = serve_publication, .got = &got});
  run_until(&fixture.opened);
  assert_int_equal(ms_channel_publish(fixture.channel, event, sizeof event - 1, &number, NULL),
                   MS_OK);
  run_until(&fixture.answered);
  run_until(&fixture.events);
  assert_int_equal(number, 1);
  assert_string_equal(fixture.refusals[1], "taken");
  assert_string_equal(fixture.event, "{\"topic\":\"studio.x\",\"data\":{\"n\":1}}");
  ms_channel_close(fixture.channel);
  assert_int_equal(fixture.closed, 0);
  finish();
  assert_string_equal(got.text, "5:1+::{\"name\":\"ftrack.event\",\"args\":[{\"topic\":"
                                "\"studio.x\"}]}\n8 \n");
}

static void
test_shows_the_key_once(void **state)
{
  (void)state;
  begin(&(struct socket_peer){0});
  run_until(&fixture.opened);
  run_until(&fixture.closed);
  assert_int_equal(fixture.err.status, MS_NETWORK);
  finish();
  const char *handshake = fixture.peer.handshake_head, *upgrade = fixture.peer.upgrade_head;
  assert_ptr_equal(strstr(handshake, "GET /socket.io/1/ HTTP/1.1\r\n"), handshake);
  assert_non_null(strstr(handshake, "ftrack-user: ada\r\n"));
  assert_non_null(strstr(handshake, "ftrack-api-key: the-key\r\n"));
  assert_ptr_equal(strstr(upgrade, "GET /socket.io/1/websocket/abc-1_Z HTTP/1.1\r\n"), upgrade);
  assert_null(strstr(upgrade, "the-key"));
  assert_non_null(strstr(upgrade, "Sec-WebSocket-Version: 13\r\n"));
}

static void
serve_refusals(int fd, void *got)
{
  int opcode;
  for (int i = 0; i < 2; i++) {
    free(peer_read_frame(fd, &opcode));
  }
  peer_text_frame(fd, "6:::2+[{\"success\":false,\"message\":\"not that\"}]");
  peer_text_frame(fd, "6:::1");
  read_all(fd, got);
}

static void
test_tells_refusals(void **state)
{
  (void)state;
  struct transcript got = {""};
  int64_t number;
  begin(&(struct socket_peer){.act = serve_refusals, .got = &got});
  run_until(&fixture.opened);
  ms_channel_publish(fixture.channel, "{}", 2, &number, NULL);
  ms_channel_publish(fixture.channel, "{}", 2, &number, NULL);
  while (fixture.answered < 2) {
    uv_run(&fixture.loop, UV_RUN_ONCE);
  }
  assert_string_equal(fixture.refusals[2], "not that");
  assert_string_equal(fixture.refusals[1], "taken");
  ms_channel_close(fixture.channel);
  finish();
}

/* A packet in pieces, a ping between them, heartbeats; every byte on its own. */
static void
serve_drops(int fd, void *got)
{
  static const char packet[] = EVENT_PACKET("{\"topic\":\"studio.fragments\"}");
  char bytes[512];
  int size = snprintf(bytes, sizeof bytes,
                      "\x01\x0a%.10s\x89\x02hi\x80%c%s\x81\x03"
                      "2::",
                      packet, (int)(sizeof packet - 1 - 10), packet + 10);
  for (int i = 0; i < size; i++) {
    peer_send(fd, bytes + i, 1);
    usleep(1000);
  }
  read_all(fd, got);
}

static void
test_takes_fragments_and_answers_pings(void **state)
{
  (void)state;
  struct transcript got = {""};
  begin(&(struct socket_peer){.act = serve_drops, .got = &got});
  run_until(&fixture.events);
  assert_string_equal(fixture.event, "{\"topic\":\"studio.fragments\"}");
  for (int i = 0; i < 20; i++) { /* the heartbeat, and its answer */
    uv_run(&fixture.loop, UV_RUN_NOWAIT);
    usleep(10000);
  }
  ms_channel_close(fixture.channel);
  finish();
  assert_non_null(strstr(got.text, "10 hi\n"));
  assert_non_null(strstr(got.text, "1 2::\n"));
}

static void
serve_large(int fd, void *got)
{
  static const char head[] = "5:::{\"name\":\"ftrack.event\",\"args\":[{\"topic\":\"studio.large\","
                             "\"data\":\"",
                    tail[] = "\"}]}";
  enum { TEXT_BYTES = 4 * 1024 * 1024 };
  char *packet = malloc(TEXT_BYTES + sizeof head + sizeof tail);
  if (packet) {
    size_t size = sizeof head - 1;
    memcpy(packet, head, size);
    memset(packet + size, 'x', TEXT_BYTES);
    memcpy(packet + size + TEXT_BYTES, tail, sizeof tail);
    peer_frame(fd, true, FRAME_TEXT, packet, size + TEXT_BYTES + sizeof tail - 1);
    free(packet);
  }
  read_all(fd, got);
}

static void
test_takes_large_events(void **state)
{
  (void)state;
  struct transcript got = {""};
  begin(&(struct socket_peer){.act = serve_large, .got = &got});
  run_until(&fixture.events);
  assert_true(fixture.event_bytes > 4 * 1024 * 1024);
  finish();
  assert_int_equal(fixture.closed, 1); /* by the transport */
  assert_int_equal(fixture.err.status, MS_CLOSED);
}

/* What is no event for us does no harm. */
static void
serve_oddities(int fd, void *got)
{
  static const char *const packets[] = {
      "5:::{\"name\":\"else\",\"args\":[{\"topic\":\"x\"}]}",
      "5:::{\"name\":\"ftrack.event\",\"args\":[]}",
      "5:::{\"name\":\"ftrack.event\",\"args\":[1]}",
      "5:::no JSON",
      "3:::a message",
      "8::",
      "6:::99+[{\"success\":true}]",
      "6:::nothing",
      EVENT_PACKET("{\"topic\":\"studio.last\"}"),
  };
  for (size_t i = 0; i < COUNT(packets); i++) {
    peer_text_frame(fd, packets[i]);
  }
  read_all(fd, got);
}

static void
test_ignores_what_is_no_event(void **state)
{
  (void)state;
  struct transcript got = {""};
  begin(&(struct socket_peer){.act = serve_oddities, .got = &got});
  run_until(&fixture.events);
  assert_string_equal(fixture.event, "{\"topic\":\"studio.last\"}");
  assert_int_equal(fixture.events, 1);
  finish();
}

/* ---- what is wrong ---- */

static void
serve_bytes(int fd, const char *bytes, size_t size_bytes, void *got)
{
  peer_send(fd, bytes, size_bytes);
  if (got) {
    read_all(fd, got);
  }
}

#define SERVE(name, bytes, got_or_null)                    \
  static void name(int fd, void *got)                      \
  {                                                        \
    (void)got;                                             \
    serve_bytes(fd, bytes, sizeof bytes - 1, got_or_null); \
  }

SERVE(serve_half_a_frame, "\x81\x20half of it", NULL)
SERVE(serve_masked, "\x81\x83\x01\x02\x03\x04\x33\x38\x39", got)
SERVE(serve_oversize, "\x81\x7f\x00\x00\x00\x00\x00\xa0\x00\x00", got)
SERVE(serve_reserved,
      "\xf1\x03"
      "2::",
      got)
SERVE(serve_bad_utf8, "\x81\x02\xc3\x28", got)
SERVE(serve_binary,
      "\x82\x03"
      "2::",
      got)
SERVE(serve_close, "\x88\x02\x03\xe8", got)
SERVE(serve_good_bye,
      "\x81\x03"
      "0::",
      got)
SERVE(serve_error,
      "\x81\x03"
      "7::",
      got)
SERVE(serve_no_packet,
      "\x81\x05"
      "hello",
      got)
SERVE(serve_empty_frame, "\x81\x00", got)

static void
test_ends_with_a_wrong_socket(void **state)
{
  (void)state;
  static void (*const acts[])(int, void *) = {serve_half_a_frame, serve_masked,     serve_oversize,
                                              serve_reserved,     serve_bad_utf8,   serve_binary,
                                              serve_close,        serve_good_bye,   serve_error,
                                              serve_no_packet,    serve_empty_frame};
  for (size_t i = 0; i < COUNT(acts); i++) {
    struct transcript got = {""};
    begin(&(struct socket_peer){.act = acts[i], .got = &got});
    run_until(&fixture.closed);
    assert_int_equal(fixture.opened, 1);
    assert_int_equal(fixture.events, 0);
    if ((fixture.err.status != MS_NETWORK && fixture.err.status != MS_PROTOCOL) ||
        !strstr(fixture.err.message, "the event hub of http://127.0.0.1:")) {
      fail_msg("case %zu: %s", i, fixture.err.message);
    }
    finish();
    assert_int_equal(fixture.closed, 1);
  }
}

static void
test_ends_with_a_wrong_beginning(void **state)
{
  (void)state;
#define ANSWER(status, body) "HTTP/1.1 " status "\r\nConnection: close\r\n\r\n" body
  static const struct {
    const char *handshake, *upgrade;
    enum ms_status status;
    const char *message;
  } cases[] = {
      {ANSWER("401 Unauthorized", ""), NULL, MS_AUTHENTICATION, "user 'ada'"},
      {ANSWER("403 Forbidden", ""), NULL, MS_AUTHENTICATION, "user 'ada'"},
      {ANSWER("404 Not Found", ""), NULL, MS_NOT_FOUND, "/socket.io/1/"},
      {ANSWER("400 Bad Request", ""), NULL, MS_PROTOCOL, "400"},
      {ANSWER("200 OK", ""), NULL, MS_PROTOCOL, "socket.io"},
      {ANSWER("200 OK", "<html>hello</html>"), NULL, MS_PROTOCOL, "socket.io"},
      {ANSWER("200 OK", "abc:60:60:xhr-polling"), NULL, MS_PROTOCOL, "socket.io"},
      {ANSWER("200 OK", "../api:60:60:websocket"), NULL, MS_PROTOCOL, "socket.io"},
      {NULL, ANSWER("404 Not Found", ""), MS_NOT_FOUND, "no WebSocket"},
      {NULL, ANSWER("200 OK", ""), MS_PROTOCOL, "200"},
      {NULL, "HTTP/1.1 101 X\r\nUpgrade: websocket\r\n\r\n", MS_PROTOCOL, "another"},
      {NULL, "HTTP/1.1 101 X\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
       MS_PROTOCOL, "another"},
      {NULL, "SSH-2.0-OpenSSH\r\n\r\n", MS_PROTOCOL, "HTTP/1.1"},
      {NULL, "", MS_NETWORK, "hung up"},
      {NULL, "HTTP/1.1 101 X\r\n", MS_NETWORK, "hung up"},
  };
#undef ANSWER
  for (size_t i = 0; i < COUNT(cases); i++) {
    begin(&(struct socket_peer){.handshake = cases[i].handshake, .upgrade = cases[i].upgrade});
    run_until(&fixture.closed);
    if (fixture.err.status != cases[i].status || !strstr(fixture.err.message, cases[i].message) ||
        strstr(fixture.err.message, "the-key")) {
      fail_msg("case %zu: %s", i, fixture.err.message);
    }
    assert_int_equal(fixture.opened, 0);
    finish();
  }
}

/* A head without an end. */
static void
serve_endless_head(int fd, void *got)
{
  (void)got;
  static const char line[] = "X-More: and more of it\r\n";
  for (int i = 0; i < 1000 && peer_send(fd, line, sizeof line - 1); i++) {
  }
}

static void
test_bounds_the_head(void **state)
{
  (void)state;
  begin(&(struct socket_peer){.upgrade = "HTTP/1.1 101 X\r\n", .act = serve_endless_head});
  run_until(&fixture.closed);
  assert_int_equal(fixture.err.status, MS_PROTOCOL);
  finish();
}

/* ---- ends from our side ---- */

static void
serve_quietly(int fd, void *got)
{
  read_all(fd, got);
}

static void
test_closes_at_any_moment(void **state)
{
  (void)state;
  for (int turns = 0; turns < 12; turns++) {
    struct transcript got = {""};
    begin(&(struct socket_peer){.act = serve_quietly, .got = &got});
    for (int i = 0; i < turns && !fixture.opened; i++) {
      uv_run(&fixture.loop, UV_RUN_ONCE);
    }
    ms_channel_close(fixture.channel);
    shutdown(fixture.peer.listener, SHUT_RDWR); /* it need not wait for who does not come */
    finish();
    assert_int_equal(fixture.closed, 0);
  }
}

static void
test_ends_with_the_loop(void **state)
{
  (void)state;
  struct transcript got = {""};
  begin(&(struct socket_peer){.act = serve_quietly, .got = &got});
  run_until(&fixture.opened);
  ms_loop_close_handles(&fixture.loop);
  assert_int_equal(fixture.closed, 1);
  assert_int_equal(fixture.err.status, MS_CLOSED);
  finish();
}

static void
serve_nothing_more(int fd, void *got)
{
  (void)got;
  char byte;
  while (recv(fd, &byte, 1, 0) == 0) {
  }
  sleep(1);
}

/* Who does not read is cut off, and no memory is lost to it. */
static void
test_bounds_what_waits(void **state)
{
  (void)state;
  enum { EVENT_BYTES = 900 * 1000, EVENTS = 40 };
  begin(&(struct socket_peer){.act = serve_nothing_more});
  run_until(&fixture.opened);
  char *event = malloc(EVENT_BYTES);
  assert_non_null(event);
  memset(event, ' ', EVENT_BYTES);
  int64_t number;
  for (int i = 0; i < EVENTS && fixture.channel; i++) {
    ms_channel_publish(fixture.channel, event, EVENT_BYTES, &number, NULL);
    uv_run(&fixture.loop, UV_RUN_NOWAIT);
  }
  free(event);
  run_until(&fixture.closed);
  assert_int_equal(fixture.err.status, MS_NETWORK);
  finish();
}

static void
test_refuses_large_events(void **state)
{
  (void)state;
  struct transcript got = {""};
  static char event[MS_CHANNEL_EVENT_MAX_BYTES + 1];
  int64_t number;
  struct ms_error err;
  begin(&(struct socket_peer){.act = serve_quietly, .got = &got});
  assert_int_equal(ms_channel_publish(fixture.channel, "{}", 2, &number, &err), MS_CLOSED);
  run_until(&fixture.opened);
  assert_int_equal(ms_channel_publish(fixture.channel, event, sizeof event, &number, &err),
                   MS_LIMIT);
  finish();
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_publishes_and_hears),
      cmocka_unit_test(test_shows_the_key_once),
      cmocka_unit_test(test_tells_refusals),
      cmocka_unit_test(test_takes_fragments_and_answers_pings),
      cmocka_unit_test(test_takes_large_events),
      cmocka_unit_test(test_ignores_what_is_no_event),
      cmocka_unit_test(test_ends_with_a_wrong_socket),
      cmocka_unit_test(test_ends_with_a_wrong_beginning),
      cmocka_unit_test(test_bounds_the_head),
      cmocka_unit_test(test_closes_at_any_moment),
      cmocka_unit_test(test_ends_with_the_loop),
      cmocka_unit_test(test_bounds_what_waits),
      cmocka_unit_test(test_refuses_large_events),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
