/* Publishing appends to the journal of events; a timer reads on in it while there is a subscription. */
#include <stdlib.h>
#include <string.h>

#include "api/event_log.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/log.h"
#include "events/event.h"
#include "loop/loop.h"
#include "transport/channel_kind.h"
#include "transport/embedded.h"

enum {
  ARENA_MAX_BYTES = 16 * 1024 * 1024, /* the tree of an event */
  TEXT_MAX_BYTES = 2 * MS_CHANNEL_EVENT_MAX_BYTES,
  PAGES_MAX = 8 /* of the journal in one look */
};

struct embedded_channel {
  struct ms_channel base;
  struct ms_loop_member member;
  struct ms_embedded *embedded;
  uv_timer_t look;
  int64_t sequence; /* the last event that was looked at */
  int subscriptions;
};

/* ---- reading ---- */

static void
on_event(void *context, const char *event, size_t size_bytes)
{
  struct ms_channel *channel = context;
  if (!channel->over) {
    channel->handler.on_event(channel->handler.user, event, size_bytes);
  }
}

static void
on_look(uv_timer_t *timer)
{
  struct embedded_channel *channel = timer->data;
  struct ms_api *api = ms_shared_api_get(channel->embedded->shared);
  struct ms_error err;
  int64_t before = -1;
  for (int page = 0; page < PAGES_MAX && !channel->base.over && channel->sequence != before;
       page++) {
    before = channel->sequence;
    if (ms_event_log_follow(api, MS_EVENT_LOG_ALL, &channel->sequence, on_event, channel, &err) !=
        MS_OK) {
      ms_log(MS_LOG_WARNING, "event journal: %s", err.message);
    }
  }
}

static enum ms_status
subscribe(struct embedded_channel *channel, struct ms_error *err)
{
  if (channel->subscriptions == 0) {
    enum ms_status status =
        ms_event_log_newest(ms_shared_api_get(channel->embedded->shared), &channel->sequence, err);
    if (status != MS_OK) {
      return status;
    }
    uv_timer_start(&channel->look, on_look, MS_CHANNEL_LOOK_MS, MS_CHANNEL_LOOK_MS);
  }
  channel->subscriptions++;
  return MS_OK;
}

static enum ms_status
unsubscribe(struct embedded_channel *channel)
{
  if (channel->subscriptions > 0 && --channel->subscriptions == 0) {
    uv_timer_stop(&channel->look);
  }
  return MS_OK;
}

/* ---- publishing ---- */

static enum ms_status
append(struct embedded_channel *channel, const struct ms_json_node *event, struct ms_error *err)
{
  struct ms_buffer text;
  struct ms_json_writer writer;
  ms_buffer_init(&text, TEXT_MAX_BYTES);
  ms_json_writer_init(&writer, &text);
  ms_json_node(&writer, event);
  enum ms_status status = ms_buffer_check(&text, "event", err);
  if (status == MS_OK) {
    status = ms_event_log_append(ms_shared_api_get(channel->embedded->shared), text.data,
                                 text.size_bytes, err);
  }
  ms_buffer_free(&text);
  if (status == MS_OK && uv_is_active((uv_handle_t *)&channel->look)) {
    uv_timer_start(&channel->look, on_look, 0, MS_CHANNEL_LOOK_MS); /* it may be for us */
  }
  return status;
}

/* Subscriptions are only counted: all events come while there is one, and who subscribed chooses. */
static enum ms_status
act(struct embedded_channel *channel, const struct ms_json_node *event, struct ms_error *err)
{
  const char *topic = ms_json_get_string(event, "topic");
  if (strcmp(topic, "ftrack.meta.subscribe") == 0) {
    return subscribe(channel, err);
  }
  return strcmp(topic, "ftrack.meta.unsubscribe") == 0 ? unsubscribe(channel)
                                                       : append(channel, event, err);
}

static enum ms_status
publish(struct ms_channel *base, const char *text, size_t text_bytes, int64_t number,
        struct ms_error *err)
{
  struct embedded_channel *channel = (struct embedded_channel *)base;
  struct ms_arena arena;
  struct ms_json_node *sent;
  const struct ms_json_node *event;
  ms_arena_init(&arena, ARENA_MAX_BYTES);
  enum ms_status status = ms_json_parse(&arena, text, text_bytes, &sent, err);
  if (status == MS_OK) {
    status = ms_event_complete(&arena, sent, channel->embedded->user_id,
                               ms_transport_user(base->transport), &event, err);
  }
  if (status == MS_OK) {
    status = act(channel, event, err);
  }
  ms_arena_free(&arena);
  if (status == MS_OK) {
    base->handler.on_answer(base->handler.user, number, NULL);
  }
  return status;
}

/* ---- life ---- */

static void
on_timer_closed(uv_handle_t *handle)
{
  free(handle->data);
}

static void
stop(struct ms_channel *base)
{
  struct embedded_channel *channel = (struct embedded_channel *)base;
  ms_loop_leave(&channel->member);
  uv_close((uv_handle_t *)&channel->look, on_timer_closed);
}

static void
on_loop_closes(struct ms_loop_member *member)
{
  struct embedded_channel *channel =
      (struct embedded_channel *)((char *)member - offsetof(struct embedded_channel, member));
  struct ms_error err;
  ms_fail(&err, MS_CLOSED, "the program ends");
  ms_channel_end(&channel->base, &err);
}

static const struct ms_channel_kind kind = {.publish = publish, .stop = stop};

enum ms_status
ms_embedded_channel(struct ms_transport *transport, const struct ms_channel_handler *handler,
                    struct ms_channel **channel, struct ms_error *err)
{
  struct ms_embedded *embedded = (struct ms_embedded *)transport;
  struct embedded_channel *created = calloc(1, sizeof *created);
  if (!created) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  *created = (struct embedded_channel){.base.kind = &kind, .embedded = embedded};
  uv_timer_init(embedded->loop, &created->look);
  created->look.data = created;
  ms_loop_join(embedded->loop, &created->member, on_loop_closes);
  ms_channel_link(&created->base, transport, handler);
  *channel = &created->base;
  handler->on_open(handler->user);
  return MS_OK;
}
