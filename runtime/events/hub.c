/* A session is born by the handshake, lives by its WebSocket, and leaves the list when that has closed.
 * Routing walks the list; sending never removes anybody from it at once. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "events/hub_internal.h"

enum { SESSION_ID_BYTES = (MS_HUB_SESSION_ID_SIZE - 1) / 2 };

/* ---- sessions ---- */

static void
free_when_done(struct ms_hub *hub)
{
  if (hub->timer_closed && LIST_EMPTY(&hub->sessions)) {
    free(hub);
  }
}

static void
free_session(struct ms_hub_session *session)
{
  session->hub->session_count--;
  LIST_REMOVE(session, link);
  ms_subscriptions_free(&session->subscriptions);
  free(session->user_id);
  free(session->username);
  free(session);
}

static struct ms_hub_session *
find_session(const struct ms_hub *hub, const char *id)
{
  struct ms_hub_session *session;
  LIST_FOREACH(session, &hub->sessions, link)
  {
    if (strcmp(session->id, id) == 0) {
      return session;
    }
  }
  return NULL;
}

/* The oldest session without a connection makes room for a new one. False when there is none. */
static bool
forget_waiting_session(struct ms_hub *hub)
{
  struct ms_hub_session *session, *oldest = NULL;
  LIST_FOREACH(session, &hub->sessions, link)
  {
    oldest = session->websocket ? oldest : session;
  }
  if (oldest) {
    free_session(oldest);
  }
  return oldest != NULL;
}

enum ms_status
ms_hub_admit(struct ms_hub *hub, const char *user_id, const char *username,
             struct ms_buffer *answer, struct ms_error *err)
{
  if (hub->session_count >= MS_HUB_SESSIONS_MAX && !forget_waiting_session(hub)) {
    return ms_fail(err, MS_BUSY, "the event hub has %d connections, which is all it takes",
                   MS_HUB_SESSIONS_MAX);
  }
  struct ms_hub_session *session = calloc(1, sizeof *session);
  char *id_copy = strdup(user_id), *name_copy = strdup(username);
  if (!session || !id_copy || !name_copy) {
    free(session);
    free(id_copy);
    free(name_copy);
    return ms_fail(err, MS_MEMORY, "out of memory for a session");
  }
  unsigned char bytes[SESSION_ID_BYTES];
  ms_random_bytes(bytes, sizeof bytes);
  ms_hex(bytes, sizeof bytes, session->id);
  session->hub = hub;
  session->user_id = id_copy;
  session->username = name_copy;
  session->heard_ms = ms_clock_monotonic_ms();
  LIST_INSERT_HEAD(&hub->sessions, session, link);
  hub->session_count++;
  ms_buffer_printf(answer, "%s:%d:%d:websocket", session->id, MS_HUB_SILENCE_MAX_S,
                   MS_HUB_SILENCE_MAX_S);
  return MS_OK;
}

enum ms_status
ms_hub_check_session(const struct ms_hub *hub, const char *session_id, struct ms_error *err)
{
  const struct ms_hub_session *session = find_session(hub, session_id);
  if (!session || session->websocket) {
    return ms_fail(err, MS_NOT_FOUND,
                   "no session waits under this id: ask /socket.io/1/ for one and connect within "
                   "%d seconds",
                   MS_HUB_CONNECT_WITHIN_S);
  }
  return MS_OK;
}

/* ---- connections ---- */

static void
on_message(void *user, const char *text, size_t size_bytes)
{
  struct ms_hub_session *session = user;
  struct ms_packet packet;
  session->heard_ms = ms_clock_monotonic_ms();
  if (!ms_packet_parse(text, size_bytes, &packet)) {
    ms_websocket_close(session->websocket, 1002, "it sent what is no packet");
  } else if (packet.type == MS_PACKET_DISCONNECT) {
    ms_websocket_close(session->websocket, 1000, "it said good-bye");
  } else if (packet.type == MS_PACKET_EVENT) {
    ms_hub_handle_event(session, &packet);
  }
}

static void
on_closed(void *user, const char *reason)
{
  struct ms_hub_session *session = user;
  struct ms_hub *hub = session->hub;
  ms_log(MS_LOG_INFO, "event hub: user %s left: %s", session->username, reason);
  free_session(session);
  free_when_done(hub);
}

enum ms_status
ms_hub_connect(struct ms_hub *hub, const char *session_id, const struct ms_hub_socket *socket,
               struct ms_error *err)
{
  enum ms_status status = ms_hub_check_session(hub, session_id, err);
  if (status != MS_OK) {
    return status;
  }
  struct ms_hub_session *session = find_session(hub, session_id);
  const struct ms_websocket_options options = {
      .fd = socket->fd,
      .received = socket->received,
      .received_bytes = socket->received_bytes,
      .user = session,
      .on_message = on_message,
      .on_closed = on_closed,
      .release = socket->release,
      .handle = socket->handle,
  };
  status = ms_websocket_open(hub->loop, &options, &session->websocket, err);
  if (status != MS_OK) {
    return status;
  }
  session->heard_ms = ms_clock_monotonic_ms();
  ms_log(MS_LOG_INFO, "event hub: user %s connected", session->username);
  ms_websocket_send(session->websocket, "1::", 3);
  return MS_OK;
}

/* ---- the hub ---- */

static void
on_heartbeat(uv_timer_t *timer)
{
  struct ms_hub *hub = timer->data;
  int64_t now_ms = ms_clock_monotonic_ms();
  struct ms_hub_session *next;
  for (struct ms_hub_session *session = LIST_FIRST(&hub->sessions); session; session = next) {
    next = LIST_NEXT(session, link);
    int64_t silence_s = (now_ms - session->heard_ms) / 1000;
    if (!session->websocket) {
      if (silence_s >= MS_HUB_CONNECT_WITHIN_S) {
        free_session(session);
      }
    } else if (silence_s >= MS_HUB_SILENCE_MAX_S) {
      ms_websocket_close(session->websocket, 1001, "it answers no heartbeats");
    } else {
      ms_websocket_send(session->websocket, "2::", 3);
    }
  }
}

enum ms_status
ms_hub_open(uv_loop_t *loop, struct ms_hub **result, struct ms_error *err)
{
  struct ms_hub *hub = calloc(1, sizeof *hub);
  if (!hub) {
    return ms_fail(err, MS_MEMORY, "out of memory for the event hub");
  }
  hub->loop = loop;
  LIST_INIT(&hub->sessions);
  uv_timer_init(loop, &hub->heartbeat);
  hub->heartbeat.data = hub;
  uv_timer_start(&hub->heartbeat, on_heartbeat, MS_HUB_HEARTBEAT_MS, MS_HUB_HEARTBEAT_MS);
  *result = hub;
  return MS_OK;
}

void
ms_hub_observe(struct ms_hub *hub, ms_hub_observer observer, void *context)
{
  hub->observer = observer;
  hub->observer_context = context;
}

bool
ms_hub_has_clients(const struct ms_hub *hub)
{
  return hub->session_count > 0;
}

static void
on_timer_closed(uv_handle_t *handle)
{
  struct ms_hub *hub = handle->data;
  hub->timer_closed = true;
  free_when_done(hub);
}

void
ms_hub_close(struct ms_hub *hub)
{
  struct ms_hub_session *next;
  for (struct ms_hub_session *session = LIST_FIRST(&hub->sessions); session; session = next) {
    next = LIST_NEXT(session, link);
    if (session->websocket) {
      ms_websocket_close(session->websocket, 1001, "the server stops");
    } else {
      free_session(session);
    }
  }
  uv_close((uv_handle_t *)&hub->heartbeat, on_timer_closed);
}
