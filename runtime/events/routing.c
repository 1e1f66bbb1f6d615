/* From an event packet to everybody whom it concerns. Sending removes nobody from the list of sessions
 * while it is walked: a WebSocket that fails is dead at once, but leaves later. */
#include <string.h>

#include "base/log.h"
#include "events/event.h"
#include "events/hub_internal.h"

enum {
  ARENA_MAX_BYTES = 64 * 1024 * 1024, /* the tree of one packet */
  EVENT_MAX_BYTES = 4 * 1024 * 1024,  /* its text, completed */
  ACK_MAX_BYTES = 4096
};

static void
deliver(struct ms_hub *hub, const struct ms_json_node *event, const struct ms_expression *target,
        const struct ms_buffer *packet)
{
  struct ms_hub_session *session;
  LIST_FOREACH(session, &hub->sessions, link)
  {
    if (session->websocket && ms_subscriptions_match(&session->subscriptions, event, target)) {
      ms_websocket_send(session->websocket, packet->data, packet->size_bytes);
    }
  }
}

/* Routes a complete event, and tells `observer`, if there is one. */
static enum ms_status
route(struct ms_hub *hub, const struct ms_json_node *event, ms_hub_observer observer,
      struct ms_error *err)
{
  const struct ms_json_node *text = ms_json_get(event, "target");
  struct ms_expression *target = NULL;
  if (text->type == MS_JSON_STRING && text->string_bytes > 0) {
    enum ms_status status = ms_expression_compile(text->string, text->string_bytes, &target, err);
    if (status != MS_OK) {
      return ms_error_prefix(err, "target");
    }
  }
  struct ms_buffer json, packet;
  struct ms_json_writer writer;
  ms_buffer_init(&json, EVENT_MAX_BYTES);
  ms_buffer_init(&packet, EVENT_MAX_BYTES);
  ms_json_writer_init(&writer, &json);
  ms_json_node(&writer, event);
  ms_packet_print_event(ms_buffer_string(&json), json.size_bytes, &packet);
  enum ms_status status = ms_buffer_check(&json, "event", err);
  if (status == MS_OK) {
    status = ms_buffer_check(&packet, "event", err);
  }
  if (status == MS_OK) {
    deliver(hub, event, target, &packet);
  }
  if (status == MS_OK && observer) {
    observer(hub->observer_context, json.data, json.size_bytes);
  }
  ms_buffer_free(&json);
  ms_buffer_free(&packet);
  ms_expression_free(target);
  return status;
}

static enum ms_status
subscribe(struct ms_hub_session *session, const struct ms_json_node *event, struct ms_error *err)
{
  return ms_subscriptions_add(&session->subscriptions, ms_json_get(event, "data"), err);
}

static enum ms_status
unsubscribe(struct ms_hub_session *session, const struct ms_json_node *event, struct ms_error *err)
{
  return ms_subscriptions_remove(&session->subscriptions, ms_json_get(event, "data"), err);
}

static enum ms_status
publish(struct ms_hub_session *session, const struct ms_json_node *event, struct ms_error *err)
{
  return route(session->hub, event, session->hub->observer, err);
}

/* What is done with an event, by its topic; any other is published. */
static const struct {
  const char *topic;
  enum ms_status (*act)(struct ms_hub_session *session, const struct ms_json_node *event,
                        struct ms_error *err);
} acts[] = {
    {"ftrack.meta.subscribe", subscribe},
    {"ftrack.meta.unsubscribe", unsubscribe},
};

static enum ms_status
act(struct ms_hub_session *session, const struct ms_json_node *event, struct ms_error *err)
{
  const char *topic = ms_json_get_string(event, "topic");
  for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
    if (strcmp(acts[i].topic, topic) == 0) {
      return acts[i].act(session, event, err);
    }
  }
  return publish(session, event, err);
}

/* {"name": "ftrack.event", "args": [EVENT]} */
static enum ms_status
handle_event(struct ms_hub_session *session, const struct ms_packet *packet, struct ms_arena *arena,
             struct ms_error *err)
{
  struct ms_json_node *root;
  enum ms_status status = ms_json_parse(arena, packet->data, packet->data_bytes, &root, err);
  if (status != MS_OK) {
    return status;
  }
  const char *name = ms_json_get_string(root, "name");
  const struct ms_json_node *arguments = ms_json_get(root, "args");
  if (!name || strcmp(name, "ftrack.event") != 0 || !arguments ||
      arguments->type != MS_JSON_ARRAY || arguments->count != 1) {
    return ms_fail(err, MS_INVALID, "expected the name ftrack.event with one argument");
  }
  const struct ms_json_node *event;
  status =
      ms_event_complete(arena, arguments->first, session->user_id, session->username, &event, err);
  return status == MS_OK ? act(session, event, err) : status;
}

void
ms_hub_handle_event(struct ms_hub_session *session, const struct ms_packet *packet)
{
  struct ms_arena arena;
  struct ms_error err;
  ms_arena_init(&arena, ARENA_MAX_BYTES);
  enum ms_status status = handle_event(session, packet, &arena, &err);
  ms_arena_free(&arena);
  if (status != MS_OK) {
    ms_log(MS_LOG_DEBUG, "event of user %s: %s", session->username, err.message);
  }
  if (packet->wants_ack) {
    struct ms_buffer ack;
    ms_buffer_init(&ack, ACK_MAX_BYTES);
    ms_packet_print_ack(packet->id, packet->id_bytes, status == MS_OK ? NULL : err.message, &ack);
    ms_websocket_send(session->websocket, ack.data, ack.size_bytes);
    ms_buffer_free(&ack);
  }
}

enum ms_status
ms_hub_publish(struct ms_hub *hub, const char *text, size_t text_bytes, struct ms_error *err)
{
  struct ms_arena arena;
  struct ms_json_node *root;
  const struct ms_json_node *event;
  if (!ms_hub_has_clients(hub)) {
    return MS_OK;
  }
  ms_arena_init(&arena, ARENA_MAX_BYTES);
  enum ms_status status = ms_json_parse(&arena, text, text_bytes, &root, err);
  if (status == MS_OK) {
    status = ms_event_complete(&arena, root, NULL, NULL, &event, err);
  }
  if (status == MS_OK) {
    status = route(hub, event, NULL, err);
  }
  ms_arena_free(&arena);
  return status;
}
