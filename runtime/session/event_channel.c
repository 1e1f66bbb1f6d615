/* Whoever waits is a userdata in the channel's list: for news (it has opened, an event has come, it is over), or for
 * the answer to one publication. */
#include "session/event_channel.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/json.h"
#include "binding/raise.h"
#include "binding/task.h"
#include "session/encode.h"
#include "session/merge.h"
#include "session/session.h"
#include "transport/channel.h"

#define CHANNEL_METATABLE "moonshift.event_channel"
#define WAITER_METATABLE "moonshift.event_waiter"

/* An event that was not taken yet. */
struct arrival {
  STAILQ_ENTRY(arrival) link;
  size_t size_bytes;
  char text[]; /* [EVENT] */
};

struct event_channel {
  struct ms_channel *channel; /* NULL before it begins, and once it is over */
  bool is_embedded, is_open, overflows;
  struct ms_error err; /* why it is over */
  size_t waiting_bytes;
  STAILQ_HEAD(, arrival) arrivals;
  LIST_HEAD(, waiter) waiters;
};

struct waiter {
  struct ms_wait wait;
  LIST_ENTRY(waiter) link;
  bool is_linked;
  int64_t number; /* of the publication; 0: for news */
  bool answered;
  char refusal[256];     /* "" for none */
  struct ms_buffer text; /* of what is published */
};

/* ---- waiting ---- */

static void
unlink_waiter(struct waiter *waiter)
{
  if (waiter->is_linked) {
    waiter->is_linked = false;
    LIST_REMOVE(waiter, link);
  }
}

static void
cancel(struct ms_wait *wait)
{
  unlink_waiter((struct waiter *)((char *)wait - offsetof(struct waiter, wait)));
}

static int
collect_waiter(lua_State *L)
{
  struct waiter *waiter = luaL_checkudata(L, 1, WAITER_METATABLE);
  unlink_waiter(waiter);
  ms_buffer_free(&waiter->text);
  return 0;
}

/* Pushes a waiter of the channel at `index`, which it keeps alive. */
static struct waiter *
push_waiter(lua_State *L, int index)
{
  struct event_channel *channel = lua_touserdata(L, index);
  struct waiter *waiter = lua_newuserdatauv(L, sizeof *waiter, 1);
  *waiter = (struct waiter){.wait.cancel = cancel, .is_linked = true};
  ms_buffer_init(&waiter->text, MS_CHANNEL_EVENT_MAX_BYTES);
  LIST_INSERT_HEAD(&channel->waiters, waiter, link);
  luaL_setmetatable(L, WAITER_METATABLE);
  lua_pushvalue(L, index);
  lua_setiuservalue(L, -2, 1);
  return waiter;
}

static int
raise_cannot_wait(lua_State *L)
{
  return ms_raisef(L, MS_USAGE,
                   "cannot wait for the event hub here: Lua cannot yield inside a sort comparator, "
                   "a gsub callback, a finalizer or a callback of the loop");
}

/* ---- what the channel tells ---- */

static void
wake(struct event_channel *channel, bool all)
{
  struct waiter *waiter;
  LIST_FOREACH(waiter, &channel->waiters, link)
  {
    if (all || waiter->number == 0) {
      ms_wait_finish(&waiter->wait);
    }
  }
}

static void
on_open(void *user)
{
  struct event_channel *channel = user;
  channel->is_open = true;
  wake(channel, false);
}

static void
on_event(void *user, const char *event, size_t event_bytes)
{
  struct event_channel *channel = user;
  size_t size_bytes = event_bytes + 2;
  struct arrival *arrival = NULL;
  if (!channel->overflows && channel->waiting_bytes + size_bytes <= MS_EVENTS_WAITING_MAX_BYTES) {
    arrival = malloc(sizeof *arrival + size_bytes);
  }
  if (!arrival) {
    channel->overflows = true;
    return;
  }
  arrival->size_bytes = size_bytes;
  arrival->text[0] = '[';
  memcpy(arrival->text + 1, event, event_bytes);
  arrival->text[size_bytes - 1] = ']';
  channel->waiting_bytes += size_bytes;
  STAILQ_INSERT_TAIL(&channel->arrivals, arrival, link);
  wake(channel, false);
}

static void
on_answer(void *user, int64_t number, const char *refusal)
{
  struct event_channel *channel = user;
  struct waiter *waiter;
  LIST_FOREACH(waiter, &channel->waiters, link)
  {
    if (waiter->number == number) {
      waiter->answered = true;
      snprintf(waiter->refusal, sizeof waiter->refusal, "%s", refusal ? refusal : "");
      ms_wait_finish(&waiter->wait);
    }
  }
}

static void
on_closed(void *user, const struct ms_error *err)
{
  struct event_channel *channel = user;
  channel->channel = NULL;
  channel->is_open = false;
  channel->err = *err;
  wake(channel, true);
}

/* ---- life ---- */

static struct event_channel *
check_channel(lua_State *L)
{
  return luaL_checkudata(L, 1, CHANNEL_METATABLE);
}

static void
close_channel(struct event_channel *channel, enum ms_status status, const char *why)
{
  struct ms_error err;
  if (channel->channel) {
    ms_channel_close(channel->channel);
    ms_fail(&err, status, "%s", why);
    on_closed(channel, &err);
  }
}

/* channel:close(): what has come and was not taken can still be received. */
static int
channel_close(lua_State *L)
{
  close_channel(check_channel(L), MS_CLOSED, "the event hub was disconnected");
  return 0;
}

static int
channel_gc(lua_State *L)
{
  struct event_channel *channel = check_channel(L);
  close_channel(channel, MS_CLOSED, "the event hub was disconnected");
  while (!STAILQ_EMPTY(&channel->arrivals)) {
    struct arrival *arrival = STAILQ_FIRST(&channel->arrivals);
    STAILQ_REMOVE_HEAD(&channel->arrivals, link);
    free(arrival);
  }
  return 0;
}

static int
channel_is_open(lua_State *L)
{
  lua_pushboolean(L, check_channel(L)->is_open);
  return 1;
}

/* Session, channel, waiter. */
static int
finish_open(lua_State *L, int status, lua_KContext context)
{
  (void)status, (void)context;
  struct event_channel *channel = lua_touserdata(L, 2);
  struct waiter *waiter = lua_touserdata(L, 3);
  unlink_waiter(waiter);
  if (waiter->wait.cancelled) {
    close_channel(channel, MS_CANCELLED, "connecting was cancelled");
    return ms_raise_cancelled(L);
  }
  if (!channel->is_open) {
    return ms_raise(L, &channel->err);
  }
  lua_settop(L, 2);
  return 1;
}

/* open(session): the channel, when it is open. */
static int
events_open(lua_State *L)
{
  lua_settop(L, 1);
  struct ms_transport *transport = ms_session_transport(L, 1);
  struct event_channel *channel = lua_newuserdatauv(L, sizeof *channel, 1);
  *channel = (struct event_channel){.is_embedded = ms_transport_is_embedded(transport)};
  STAILQ_INIT(&channel->arrivals);
  LIST_INIT(&channel->waiters);
  luaL_setmetatable(L, CHANNEL_METATABLE);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, 1);
  struct waiter *waiter = push_waiter(L, 2);
  bool can_wait = ms_wait_prepare(L, &waiter->wait);
  if (!can_wait && !channel->is_embedded) {
    return raise_cannot_wait(L);
  }
  const struct ms_channel_handler handler = {.user = channel,
                                             .on_open = on_open,
                                             .on_event = on_event,
                                             .on_answer = on_answer,
                                             .on_closed = on_closed};
  struct ms_error err;
  if (ms_channel_open(transport, &handler, &channel->channel, &err) != MS_OK) {
    channel->channel = NULL;
    return ms_raise(L, &err);
  }
  return can_wait ? ms_wait_yield(L, &waiter->wait, 0, finish_open) : finish_open(L, LUA_OK, 0);
}

/* ---- publishing ---- */

/* Channel, event, waiter. */
static int
finish_publish(lua_State *L, int status, lua_KContext context)
{
  (void)status, (void)context;
  const struct event_channel *channel = lua_touserdata(L, 1);
  struct waiter *waiter = lua_touserdata(L, 3);
  unlink_waiter(waiter);
  if (waiter->wait.cancelled) {
    return ms_raise_cancelled(L);
  }
  if (!waiter->answered) {
    return ms_raise(L, &channel->err);
  }
  if (*waiter->refusal) {
    return ms_raisef(L, MS_SERVER, "the event hub refuses the event: %s", waiter->refusal);
  }
  return 0;
}

/* channel:publish(event): returns when the server has taken the event, a table as on the wire. */
static int
channel_publish(lua_State *L)
{
  struct event_channel *channel = check_channel(L);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  if (!channel->is_open) {
    return ms_raise(L, &channel->err);
  }
  struct waiter *waiter = push_waiter(L, 1);
  struct ms_json_writer writer;
  waiter->number = -1; /* not for news */
  ms_json_writer_init(&writer, &waiter->text);
  ms_encode_value(L, 2, &writer);
  bool can_wait = ms_wait_prepare(L, &waiter->wait);
  if (!can_wait && !channel->is_embedded) {
    return raise_cannot_wait(L);
  }
  struct ms_error err;
  enum ms_status status = ms_buffer_check(&waiter->text, "an event", &err);
  if (status == MS_OK) {
    status = ms_channel_publish(channel->channel, waiter->text.data, waiter->text.size_bytes,
                                &waiter->number, &err);
  }
  ms_buffer_free(&waiter->text);
  if (status != MS_OK) {
    unlink_waiter(waiter);
    return ms_raise(L, &err);
  }
  return can_wait ? ms_wait_yield(L, &waiter->wait, 0, finish_publish)
                  : finish_publish(L, LUA_OK, 0);
}

/* ---- receiving ---- */

/* Takes the first event off the list and pushes it. */
static int
push_arrival(lua_State *L, struct event_channel *channel)
{
  struct arrival *arrival = STAILQ_FIRST(&channel->arrivals);
  size_t size_bytes;
  lua_settop(L, 1);
  lua_pushlstring(L, arrival->text, arrival->size_bytes);
  STAILQ_REMOVE_HEAD(&channel->arrivals, link);
  channel->waiting_bytes -= arrival->size_bytes;
  free(arrival);
  lua_getiuservalue(L, 1, 1); /* channel, text, session */
  const char *text = lua_tolstring(L, 2, &size_bytes);
  const struct ms_merge_options options = {.session_index = 3, .result_count = 1};
  ms_merge_push_raw(L, text, size_bytes, &options);
  lua_rawgeti(L, -1, 1);
  return 1;
}

static int
receive(lua_State *L, int status, lua_KContext context);

static int
await_news(lua_State *L)
{
  struct waiter *waiter = push_waiter(L, 1); /* channel, waiter */
  if (!ms_wait_prepare(L, &waiter->wait)) {
    return raise_cannot_wait(L);
  }
  return ms_wait_yield(L, &waiter->wait, 1, receive);
}

/* Channel, and the waiter when it has waited (`context`). */
static int
receive(lua_State *L, int status, lua_KContext context)
{
  (void)status;
  struct event_channel *channel = lua_touserdata(L, 1);
  struct waiter *waiter = context ? lua_touserdata(L, 2) : NULL;
  if (waiter) {
    unlink_waiter(waiter);
  }
  if (waiter && waiter->wait.cancelled) {
    return ms_raise_cancelled(L);
  }
  lua_settop(L, 1);
  if (!STAILQ_EMPTY(&channel->arrivals)) {
    return push_arrival(L, channel);
  }
  if (channel->overflows) {
    close_channel(channel, MS_LIMIT, "events come faster than they are handled");
  }
  if (channel->channel) {
    return await_news(L);
  }
  lua_pushnil(L);
  ms_push_error(L, &channel->err);
  return 2;
}

/* channel:receive(): the next event, a table as on the wire; nil and why when it is over. */
static int
channel_receive(lua_State *L)
{
  check_channel(L);
  lua_settop(L, 1);
  return receive(L, LUA_OK, 0);
}

/* json(value): its text, as events are written. */
static int
events_json(lua_State *L)
{
  luaL_checkany(L, 1);
  lua_settop(L, 1);
  struct waiter *owner = lua_newuserdatauv(L, sizeof *owner, 1);
  *owner = (struct waiter){.is_linked = false};
  ms_buffer_init(&owner->text, MS_EVENTS_WAITING_MAX_BYTES);
  luaL_setmetatable(L, WAITER_METATABLE);
  struct ms_json_writer writer;
  struct ms_error err;
  ms_json_writer_init(&writer, &owner->text);
  ms_encode_value(L, 1, &writer);
  if (ms_buffer_check(&owner->text, "a value", &err) != MS_OK) {
    return ms_raise(L, &err);
  }
  lua_pushlstring(L, ms_buffer_string(&owner->text), owner->text.size_bytes);
  ms_buffer_free(&owner->text);
  return 1;
}

/* ---- the module ---- */

static const luaL_Reg METAMETHODS[] = {
    {"__close", channel_close},
    {"__gc", channel_gc},
    {NULL, NULL},
};

static const luaL_Reg METHODS[] = {
    {"close", channel_close},
    {"is_open", channel_is_open},
    {"publish", channel_publish},
    {"receive", channel_receive},
    {NULL, NULL},
};

static const luaL_Reg FUNCTIONS[] = {
    {"expression", ms_event_expression_new},
    {"json", events_json},
    {"open", events_open},
    {NULL, NULL},
};

int
luaopen_moonshift_core_events(lua_State *L)
{
  luaL_newmetatable(L, CHANNEL_METATABLE);
  luaL_setfuncs(L, METAMETHODS, 0);
  luaL_newlib(L, METHODS);
  lua_setfield(L, -2, "__index");
  luaL_newmetatable(L, WAITER_METATABLE);
  lua_pushcfunction(L, collect_waiter);
  lua_setfield(L, -2, "__gc");
  luaL_newlib(L, FUNCTIONS);
  return 1;
}
