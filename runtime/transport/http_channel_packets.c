/* Packets from the server. What is no event for us is passed over; what breaks the rules ends the channel. */
#include "transport/http_channel.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "events/packet.h"

enum {
  EVENT_MAX_BYTES = 2 * MS_WEBSOCKET_ANSWER_MAX_BYTES, /* printed anew */
  ARENA_MAX_BYTES = 16 * MS_WEBSOCKET_ANSWER_MAX_BYTES /* the tree of one packet */
};

static void
hand_over(const struct ms_http_channel *channel, const struct ms_json_node *event)
{
  struct ms_buffer text;
  struct ms_json_writer writer;
  ms_buffer_init(&text, EVENT_MAX_BYTES);
  ms_json_writer_init(&writer, &text);
  ms_json_node(&writer, event);
  if (ms_buffer_check(&text, "event", NULL) == MS_OK) {
    channel->base.handler.on_event(channel->base.handler.user, text.data, text.size_bytes);
  }
  ms_buffer_free(&text);
}

/* {"name": "ftrack.event", "args": [EVENT]}; what is called otherwise is not for us. */
static void
take_event(struct ms_http_channel *channel, const struct ms_json_node *root)
{
  const char *name = ms_json_get_string(root, "name");
  const struct ms_json_node *arguments = ms_json_get(root, "args");
  if (name && strcmp(name, "ftrack.event") == 0 && arguments && arguments->type == MS_JSON_ARRAY &&
      arguments->count == 1 && ms_json_get_string(arguments->first, "topic")) {
    hand_over(channel, arguments->first);
  }
}

/* [{"success": true}], or false with a message. */
static void
take_answer(struct ms_http_channel *channel, int64_t number, const struct ms_json_node *root)
{
  const struct ms_json_node *answer = root->type == MS_JSON_ARRAY ? root->first : NULL;
  const struct ms_json_node *success = ms_json_get(answer, "success");
  const char *message = ms_json_get_string(answer, "message");
  bool refused = success && success->type == MS_JSON_FALSE;
  const char *refusal = refused ? (message ? message : "it gives no reason") : NULL;
  channel->base.handler.on_answer(channel->base.handler.user, number, refusal);
}

/* "NUMBER+[…]" or "NUMBER": a bare acknowledgement has no arguments. */
static void
take_acknowledgement(struct ms_http_channel *channel, const struct ms_packet *packet,
                     struct ms_arena *arena)
{
  static const struct ms_json_node nothing = {.type = MS_JSON_NULL};
  char *text = ms_arena_strndup(arena, packet->data, packet->data_bytes), *rest = NULL;
  struct ms_json_node *root = NULL;
  if (!text) {
    return;
  }
  int64_t number = strtoll(text, &rest, 10);
  bool has_arguments =
      *rest == '+' && ms_json_parse(arena, rest + 1, strlen(rest + 1), &root, NULL) == MS_OK;
  take_answer(channel, number, has_arguments ? root : &nothing);
}

static void
take_packet(struct ms_http_channel *channel, const struct ms_packet *packet)
{
  struct ms_arena arena;
  struct ms_json_node *root = NULL;
  ms_arena_init(&arena, ARENA_MAX_BYTES);
  switch (packet->type) {
  case MS_PACKET_EVENT:
    if (ms_json_parse(&arena, packet->data, packet->data_bytes, &root, NULL) == MS_OK) {
      take_event(channel, root);
    }
    break;
  case MS_PACKET_ACK:
    take_acknowledgement(channel, packet, &arena);
    break;
  case MS_PACKET_HEARTBEAT:
    ms_websocket_send(channel->websocket, "2::", 3);
    break;
  case MS_PACKET_DISCONNECT:
    ms_http_channel_end(channel, MS_NETWORK, "said good-bye");
    break;
  case MS_PACKET_ERROR:
    ms_http_channel_end(channel, MS_NETWORK, "reports an error");
    break;
  case MS_PACKET_CONNECT:
  case MS_PACKET_MESSAGE:
  case MS_PACKET_JSON:
  case MS_PACKET_NOOP:
    break;
  }
  ms_arena_free(&arena);
}

void
ms_http_channel_on_message(void *user, const char *text, size_t size_bytes)
{
  struct ms_http_channel *channel = user;
  struct ms_packet packet;
  if (channel->base.over) {
    return;
  }
  uv_timer_again(&channel->silence);
  if (ms_packet_parse(text, size_bytes, &packet)) {
    take_packet(channel, &packet);
  } else {
    ms_http_channel_end(channel, MS_PROTOCOL, "sent what is no packet");
  }
}
