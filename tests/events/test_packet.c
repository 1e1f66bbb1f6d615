/* Packets and events: what is read, what is refused, what is made of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "events/event.h"
#include "events/packet.h"

static const struct {
  const char *text;
  int type;
  const char *id;
  bool wants_ack;
  const char *data;
} packets[] = {
    {"0::", MS_PACKET_DISCONNECT, "", false, ""},
    {"1::", MS_PACKET_CONNECT, "", false, ""},
    {"2::", MS_PACKET_HEARTBEAT, "", false, ""},
    {"2:::", MS_PACKET_HEARTBEAT, "", false, ""},
    {"5:1+::{\"a\":1}", MS_PACKET_EVENT, "1", true, "{\"a\":1}"},
    {"5:::{\"a\":\"b:c\"}", MS_PACKET_EVENT, "", false, "{\"a\":\"b:c\"}"},
    {"5:12:/end:x:y", MS_PACKET_EVENT, "12", false, "x:y"},
    {"6:::1+[{}]", MS_PACKET_ACK, "", false, "1+[{}]"},
    {"8::", MS_PACKET_NOOP, "", false, ""},
};

static void
test_parse(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++) {
    struct ms_packet packet;
    const char *text = packets[i].text;
    assert_true(ms_packet_parse(text, strlen(text), &packet));
    assert_int_equal(packet.type, packets[i].type);
    assert_int_equal(packet.wants_ack, packets[i].wants_ack);
    assert_int_equal(packet.id_bytes, strlen(packets[i].id));
    assert_memory_equal(packet.id, packets[i].id, packet.id_bytes);
    assert_int_equal(packet.data_bytes, strlen(packets[i].data));
    assert_memory_equal(packet.data, packets[i].data, packet.data_bytes);
  }
}

static void
test_refuse(void **state)
{
  (void)state;
  static const char *const texts[] = {
      "",    "5",         ":",        "::",   "5:",     "9::", "55::",
      "x::", "5:abc+::x", "5:1+1::x", " 5::", "5:-1::", "{}",  "5:123456789012345678901::x",
  };
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    struct ms_packet packet;
    if (ms_packet_parse(texts[i], strlen(texts[i]), &packet)) {
      fail_msg("'%s' was taken for a packet", texts[i]);
    }
  }
  struct ms_packet packet;
  assert_false(ms_packet_parse(NULL, 0, &packet));
}

static void
test_print(void **state)
{
  (void)state;
  struct ms_buffer out;
  ms_buffer_init(&out, 4096);
  ms_packet_print_ack("17", 2, NULL, &out);
  assert_string_equal(out.data, "6:::17+[{\"success\":true}]");
  ms_buffer_clear(&out);
  ms_packet_print_ack("1", 1, "no \"such\" topic", &out);
  assert_string_equal(out.data,
                      "6:::1+[{\"success\":false,\"message\":\"no \\\"such\\\" topic\"}]");
  ms_buffer_clear(&out);
  ms_packet_print_event("{}", 2, &out);
  assert_string_equal(out.data, "5:::{\"name\":\"ftrack.event\",\"args\":[{}]}");
  ms_buffer_clear(&out);
  ms_packet_print_publication(7, "{}", 2, &out);
  assert_string_equal(out.data, "5:7+::{\"name\":\"ftrack.event\",\"args\":[{}]}");
  ms_buffer_free(&out);
}

static const struct {
  const char *sent;
  const char *completed;
} events[] = {
    {"{\"id\":\"1\",\"topic\":\"t\",\"data\":{\"a\":[1,{}]},\"source\":{\"id\":\"h\","
     "\"user\":{\"username\":\"ada\"}},\"target\":\"id=x\",\"sent\":null,\"inReplyToEvent\":\"0\"}",
     "{\"topic\":\"t\",\"id\":\"1\",\"data\":{\"a\":[1,{}]},\"source\":{\"id\":\"h\","
     "\"user\":{\"username\":\"ada\",\"id\":\"U\"}},\"target\":\"id=x\",\"sent\":null,"
     "\"inReplyToEvent\":\"0\"}"},
    {"{\"id\":\"1\",\"topic\":\"t\",\"unknown\":1,\"other\":{}}",
     "{\"topic\":\"t\",\"id\":\"1\",\"data\":{},\"source\":{\"user\":{\"username\":\"ada\","
     "\"id\":\"U\"}},\"target\":\"\",\"sent\":null,\"inReplyToEvent\":null}"},
    {"{\"id\":\"1\",\"topic\":\"t\",\"source\":{\"user\":{\"username\":\"eve\"}}}",
     "{\"topic\":\"t\",\"id\":\"1\",\"data\":{},\"source\":{\"user\":{\"username\":\"eve\"}},"
     "\"target\":\"\",\"sent\":null,\"inReplyToEvent\":null}"},
    {"{\"id\":\"1\",\"topic\":\"t\",\"source\":{\"user\":{\"id\":\"V\"}},\"data\":null}",
     "{\"topic\":\"t\",\"id\":\"1\",\"data\":null,\"source\":{\"user\":{\"id\":\"V\","
     "\"username\":\"ada\"}},\"target\":\"\",\"sent\":null,\"inReplyToEvent\":null}"},
    {"{\"id\":\"1\",\"topic\":\"t\",\"source\":7,\"data\":\"x\"}",
     "{\"topic\":\"t\",\"id\":\"1\",\"data\":\"x\",\"source\":7,\"target\":\"\",\"sent\":null,"
     "\"inReplyToEvent\":null}"},
    {"{\"id\":\"1\",\"topic\":\"t\",\"source\":{\"user\":\"ada\"}}",
     "{\"topic\":\"t\",\"id\":\"1\",\"data\":{},\"source\":{\"user\":\"ada\"},\"target\":\"\","
     "\"sent\":null,\"inReplyToEvent\":null}"},
};

/* The completed event's text, to be freed by the caller, or NULL. */
static char *
complete(const char *sent, const char *user_id, const char *username)
{
  struct ms_arena arena;
  struct ms_json_node *root;
  const struct ms_json_node *event;
  struct ms_error err;
  struct ms_buffer out;
  char *text = NULL;
  ms_arena_init(&arena, 1 << 20);
  assert_int_equal(ms_json_parse(&arena, sent, strlen(sent), &root, &err), MS_OK);
  if (ms_event_complete(&arena, root, user_id, username, &event, &err) == MS_OK) {
    struct ms_json_writer writer;
    ms_buffer_init(&out, 1 << 20);
    ms_json_writer_init(&writer, &out);
    ms_json_node(&writer, event);
    text = ms_buffer_take(&out);
  }
  ms_arena_free(&arena);
  return text;
}

static void
test_complete(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
    char *text = complete(events[i].sent, "U", "ada");
    assert_non_null(text);
    assert_string_equal(text, events[i].completed);
    free(text);
  }
  char *own = complete("{\"topic\":\"t\",\"id\":\"1\"}", NULL, NULL);
  assert_non_null(own);
  assert_null(strstr(own, "user"));
  free(own);
}

static void
test_id_is_made(void **state)
{
  (void)state;
  char *first = complete("{\"topic\":\"t\"}", "U", "ada");
  char *second = complete("{\"topic\":\"t\",\"id\":null}", "U", "ada");
  assert_non_null(first);
  assert_non_null(second);
  assert_string_not_equal(first, second);
  assert_int_equal(strspn(strstr(first, "\"id\":\"") + 6, "0123456789abcdef"), 32);
  assert_int_equal(strspn(strstr(second, "\"id\":\"") + 6, "0123456789abcdef"), 32);
  free(first);
  free(second);
}

static void
test_topic_is_needed(void **state)
{
  (void)state;
  assert_null(complete("{}", "U", "ada"));
  assert_null(complete("{\"topic\":\"\"}", "U", "ada"));
  assert_null(complete("{\"topic\":1}", "U", "ada"));
  assert_null(complete("[]", "U", "ada"));
  assert_null(complete("\"topic\"", "U", "ada"));
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_parse),      cmocka_unit_test(test_refuse),
      cmocka_unit_test(test_print),      cmocka_unit_test(test_complete),
      cmocka_unit_test(test_id_is_made), cmocka_unit_test(test_topic_is_needed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
