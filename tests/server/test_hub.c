/* The event hub over real sockets, with the frames that the official clients send. */
#include "websocket_client.h"

/* Sends an event that wants acknowledgement number 1, and checks what the acknowledgement says. */
static void
publish_ok(int fd, const char *event)
{
  char text[4096];
  snprintf(text, sizeof text, "5:1+::{\"name\": \"ftrack.event\", \"args\": [%s]}", event);
  assert_true(send_message(fd, text));
}

static void
expect(int fd, const char *part)
{
  char *message = read_message(fd);
  if (!message || !strstr(message, part)) {
    fail_msg("expected '%s', got '%s'", part, message ? message : "(end)");
  }
  free(message);
}

static const char acknowledged[] = "6:::1+[{\"success\":true}]";

static void
subscribe(int fd, const char *id, const char *expression)
{
  char event[2048];
  snprintf(event, sizeof event,
           "{\"id\":\"s\",\"topic\":\"ftrack.meta.subscribe\",\"target\":\"\",\"sent\":null,"
           "\"data\":{\"subscriber\":{\"id\":\"%s\",\"applicationId\":\"test\"},"
           "\"subscription\":\"%s\"},\"source\":{\"id\":\"%s\"},\"inReplyToEvent\":null}",
           id, expression, id);
  publish_ok(fd, event);
  expect(fd, acknowledged);
}

static void
test_publish_reaches_everybody_once(void **state)
{
  struct fixture *fixture = *state;
  int publisher = connect_hub(fixture), listener = connect_hub(fixture);
  subscribe(publisher, "p1", "topic=test.*");
  subscribe(publisher, "p2", "topic=test.one");
  subscribe(listener, "l1", "topic=test.one and source.id=hub");
  publish_ok(publisher, "{\"topic\":\"test.one\",\"id\":\"e1\",\"source\":{\"id\":\"hub\"},"
                        "\"data\":{\"text\":\"Gr\\u00fc\\u00dfe\"},\"unknown\":1}");
  static const char delivered[] =
      "5:::{\"name\":\"ftrack.event\",\"args\":[{\"topic\":\"test.one\",\"id\":\"e1\","
      "\"data\":{\"text\":\"Grüße\"},\"source\":{\"id\":\"hub\",\"user\":{\"username\":\"";
  expect(publisher, delivered);
  expect(publisher, acknowledged);
  expect(listener, delivered);
  /* Had there been a second copy, it would come before the next event. */
  publish_ok(publisher, "{\"topic\":\"test.one\",\"id\":\"e2\",\"source\":{\"id\":\"hub\"}}");
  expect(publisher, "\"id\":\"e2\"");
  expect(publisher, acknowledged);
  expect(listener, "\"id\":\"e2\"");
  close(publisher);
  close(listener);
}

static void
test_reply_goes_to_its_target(void **state)
{
  struct fixture *fixture = *state;
  int asker = connect_hub(fixture), other = connect_hub(fixture), replier = connect_hub(fixture);
  subscribe(asker, "asker", "topic=ftrack.meta.reply");
  subscribe(other, "other", "topic=ftrack.meta.reply");
  subscribe(other, "other-2", "topic=test.end");
  publish_ok(replier, "{\"topic\":\"ftrack.meta.reply\",\"target\":\"id=asker\",\"id\":\"r\","
                      "\"inReplyToEvent\":\"q\",\"source\":{\"id\":\"replier\"},\"data\":{}}");
  expect(asker, "\"inReplyToEvent\":\"q\"");
  publish_ok(replier, "{\"topic\":\"test.end\",\"target\":\"applicationId=test and not id=x\"}");
  expect(other, "test.end");
  close(asker);
  close(other);
  close(replier);
}

static void
test_unsubscribe(void **state)
{
  struct fixture *fixture = *state;
  int fd = connect_hub(fixture);
  subscribe(fd, "a", "topic=test.a");
  subscribe(fd, "b", "topic=test.b");
  publish_ok(fd,
             "{\"topic\":\"ftrack.meta.unsubscribe\",\"data\":{\"subscriber\":{\"id\":\"a\"}}}");
  expect(fd, acknowledged);
  publish_ok(fd, "{\"topic\":\"test.a\"}");
  expect(fd, acknowledged);
  subscribe(fd, "b", "topic=test.c"); /* the same subscriber again: its expression is replaced */
  publish_ok(fd, "{\"topic\":\"test.b\"}");
  expect(fd, acknowledged);
  publish_ok(fd, "{\"topic\":\"test.c\"}");
  expect(fd, "test.c");
  expect(fd, acknowledged);
  close(fd);
}

static const struct {
  const char *packet;
  const char *answer;
} refusals[] = {
    {"5:1+::{\"name\":\"ftrack.event\",\"args\":[{\"topic\":\"ftrack.meta.subscribe\",\"data\":"
     "{\"subscriber\":{\"id\":\"x\"},\"subscription\":\"topic\"}}]}",
     "6:::1+[{\"success\":false,\"message\":\"expression, character 6"},
    {"5:1+::{\"name\":\"ftrack.event\",\"args\":[{\"topic\":\"ftrack.meta.subscribe\",\"data\":"
     "{\"subscription\":\"topic=a\"}}]}",
     "6:::1+[{\"success\":false,\"message\":\"a subscription needs data.subscriber.id"},
    {"5:1+::{\"name\":\"ftrack.event\",\"args\":[{\"topic\":\"ftrack.meta.subscribe\"}]}",
     "6:::1+[{\"success\":false"},
    {"5:1+::{\"name\":\"ftrack.event\",\"args\":[{\"topic\":\"a\",\"target\":\"(\"}]}",
     "6:::1+[{\"success\":false,\"message\":\"target"},
    {"5:1+::{\"name\":\"ftrack.event\",\"args\":[{}]}", "6:::1+[{\"success\":false"},
    {"5:1+::{\"name\":\"ftrack.event\",\"args\":[]}", "6:::1+[{\"success\":false"},
    {"5:1+::{\"name\":\"other\",\"args\":[{\"topic\":\"a\"}]}", "6:::1+[{\"success\":false"},
    {"5:1+::[[[", "6:::1+[{\"success\":false"},
    {"5:1+::", "6:::1+[{\"success\":false"},
    {"5:1+::{\"name\":\"ftrack.event\",\"args\":[{\"topic\":\"test.nobody\"}]}",
     "6:::1+[{\"success\":true}]"},
};

static void
test_refused_events(void **state)
{
  struct fixture *fixture = *state;
  int fd = connect_hub(fixture);
  for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
    send_message(fd, "2:::");
    send_message(fd, refusals[i].packet);
    expect(fd, refusals[i].answer);
  }
  close(fd);
}

/* At most a close frame may come, and a heartbeat that was on its way: a second would say that the connection
 * goes on. */
static void
expect_end(int fd)
{
  int opcode, heartbeats = 0;
  size_t size_bytes;
  for (char *payload; (payload = read_frame(fd, &opcode, &size_bytes)); free(payload)) {
    if (opcode != FRAME_CLOSE && !(is_heartbeat(opcode, payload) && heartbeats++ == 0)) {
      fail_msg("expected the end, got '%s'", payload);
    }
  }
  close(fd);
}

static void
test_broken_frames_end_the_connection(void **state)
{
  struct fixture *fixture = *state;
  int garbage = connect_hub(fixture);
  send_message(garbage, "hello");
  expect_end(garbage);
  int good_bye = connect_hub(fixture);
  send_message(good_bye, "0::");
  expect_end(good_bye);
  int binary = connect_hub(fixture);
  send_frame(binary, FRAME_BINARY, "5:::{}", 6);
  expect_end(binary);
  int not_utf8 = connect_hub(fixture);
  send_frame(not_utf8, FRAME_TEXT, "5:::\xFF", 5);
  expect_end(not_utf8);
  int unmasked = connect_hub(fixture);
  send_bytes(unmasked,
             "\x81\x03"
             "2::",
             5);
  expect_end(unmasked);
  int reserved = connect_hub(fixture);
  send_bytes(reserved, "\xF1\x80\0\0\0\0", 6);
  expect_end(reserved);
  int huge = connect_hub(fixture);
  send_bytes(huge, "\x81\xFF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0\0\0\0x", 15);
  expect_end(huge);
  int half = connect_hub(fixture);
  send_bytes(half, "\x81", 1);
  close(half);
  assert_alive(fixture);
}

static void
test_fragments_and_ping(void **state)
{
  struct fixture *fixture = *state;
  struct ms_buffer frames;
  int opcode, fd = connect_hub(fixture);
  size_t size_bytes;
  ms_buffer_init(&frames, 4096);
  static const char begin[] = "5:1+::{\"name\":\"ftrack.";
  static const char rest[] = "event\",\"args\":[{\"topic\":\"a\"}]}";
  print_frame(&frames, false, FRAME_TEXT, begin, sizeof begin - 1);
  print_frame(&frames, true, FRAME_PING, "x", 1);
  print_frame(&frames, true, 0, rest, sizeof rest - 1);
  send_bytes(fd, frames.data, frames.size_bytes);
  char *pong = read_frame(fd, &opcode, &size_bytes);
  if (is_heartbeat(opcode, pong)) {
    free(pong);
    pong = read_frame(fd, &opcode, &size_bytes);
  }
  assert_int_equal(opcode, FRAME_PONG);
  assert_string_equal(pong, "x");
  free(pong);
  expect(fd, acknowledged);
  ms_buffer_free(&frames);
  close(fd);
}

/* Frames may follow the upgrade request in the same packet. */
static void
test_early_frames(void **state)
{
  struct fixture *fixture = *state;
  char id[64], head[2048];
  struct ms_buffer text;
  shake_hands(fixture, id);
  ms_buffer_init(&text, 4096);
  ms_buffer_printf(&text,
                   "GET /socket.io/1/websocket/%s HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"
                   "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                   id);
  static const char packet[] = "5:1+::{\"name\":\"ftrack.event\",\"args\":[{\"topic\":\"a\"}]}";
  print_frame(&text, true, FRAME_TEXT, packet, sizeof packet - 1);
  int fd = dial(fixture);
  send_bytes(fd, text.data, text.size_bytes);
  read_head(fd, head, sizeof head);
  expect(fd, "1::");
  expect(fd, acknowledged);
  ms_buffer_free(&text);
  close(fd);
}

/* A subscriber that does not read is dropped; another one gets everything meanwhile. */
static void
test_slow_subscriber(void **state)
{
  struct fixture *fixture = *state;
  enum { EVENTS = 60, SIZE = 500000 };
  int slow = connect_hub(fixture), publisher = connect_hub(fixture);
  subscribe(slow, "slow", "topic=test.large");
  subscribe(publisher, "fast", "topic=test.large");
  char *event = malloc(SIZE);
  assert_non_null(event);
  memset(event, 'x', SIZE);
  static const char head[] =
      "5:::{\"name\":\"ftrack.event\",\"args\":[{\"topic\":\"test.large\",\"id\":\"";
  memcpy(event, head, sizeof head - 1);
  memcpy(event + SIZE - 5, "\"}]}", 5);
  for (int i = 0; i < EVENTS; i++) {
    assert_true(send_message(publisher, event));
    expect(publisher, "test.large");
  }
  free(event);
  int received = 0;
  for (char *message; (message = read_message(slow)); received++) {
    free(message);
  }
  assert_in_range(received, 0, EVENTS - 1);
  close(slow);
  close(publisher);
}

static void
assert_answer(struct fixture *fixture, const char *request, const char *part)
{
  char *answer = exchange(fixture, request, strlen(request));
  if (!strstr(answer, part)) {
    fail_msg("no '%s' in: %s", part, answer);
  }
  free(answer);
}

#define HEAD " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"

static void
test_handshake_refusals(void **state)
{
  struct fixture *fixture = *state;
  char request[1024], id[64];
  assert_answer(fixture, "GET /socket.io/1/" HEAD "\r\n", "HTTP/1.1 401");
  assert_answer(fixture, "GET /socket.io/1/?api_user=a&api_key=b" HEAD "\r\n", "HTTP/1.1 401");
  snprintf(request, sizeof request, "GET /socket.io/1/?api_user=%s&api_key=%s" HEAD "\r\n",
           fixture->username, fixture->key);
  assert_answer(fixture, request, ":60:60:websocket");
  shake_hands(fixture, id);
  snprintf(request, sizeof request, "GET /socket.io/1/websocket/%s" HEAD "\r\n", id);
  assert_answer(fixture, request, "HTTP/1.1 426");
  snprintf(request, sizeof request,
           "GET /socket.io/1/websocket/%s HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"
           "Connection: Upgrade, close\r\nSec-WebSocket-Version: 8\r\n\r\n",
           id);
  assert_answer(fixture, request, "HTTP/1.1 400");
}

static void
test_session_serves_once(void **state)
{
  struct fixture *fixture = *state;
  char id[64], head[2048];
  shake_hands(fixture, id);
  int first = request_upgrade(fixture, id);
  read_head(first, head, sizeof head);
  assert_non_null(strstr(head, "HTTP/1.1 101"));
  int second = request_upgrade(fixture, id);
  read_head(second, head, sizeof head);
  assert_non_null(strstr(head, "HTTP/1.1 404"));
  int unknown = request_upgrade(fixture, "0123456789abcdef0123456789abcdef");
  read_head(unknown, head, sizeof head);
  assert_non_null(strstr(head, "HTTP/1.1 404"));
  close(first);
  close(second);
  close(unknown);
}

/* A server that closes while clients are connected: the fixture's end is the test. */
static void
test_close_with_clients(void **state)
{
  struct fixture *fixture = *state;
  char id[64];
  int connected = connect_hub(fixture);
  subscribe(connected, "a", "topic=*");
  shake_hands(fixture, id);
  assert_int_equal(fixture_close(state), 0);
  expect_end(connected);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_publish_reaches_everybody_once),
      cmocka_unit_test(test_reply_goes_to_its_target),
      cmocka_unit_test(test_unsubscribe),
      cmocka_unit_test(test_refused_events),
      cmocka_unit_test(test_broken_frames_end_the_connection),
      cmocka_unit_test(test_fragments_and_ping),
      cmocka_unit_test(test_early_frames),
      cmocka_unit_test(test_slow_subscriber),
      cmocka_unit_test(test_handshake_refusals),
      cmocka_unit_test(test_session_serves_once),
  };
  const struct CMUnitTest closing[] = {
      cmocka_unit_test_setup(test_close_with_clients, fixture_open),
  };
  return cmocka_run_group_tests(tests, fixture_open, fixture_close) +
         cmocka_run_group_tests(closing, NULL, NULL);
}
