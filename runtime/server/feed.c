/* A listener's response is read from a callback: where there is nothing to tell, its connection is suspended
 * until a look finds something. */
#include "server/feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "page/page.h"
#include "server/answer.h"
#include "server/routes.h"

enum { BLOCK_BYTES = 1024, MESSAGE_BYTES = 128 };

struct listener {
  struct ms_request *request; /* borrowed */
  int64_t told_version;       /* -1: nothing yet */
  int64_t told_at_ms;
  char message[MESSAGE_BYTES]; /* what is being sent */
  size_t message_bytes, sent_bytes;
  LIST_ENTRY(listener) link;
};

struct ms_feed {
  struct ms_server *server; /* borrowed */
  uv_timer_t timer;
  int64_t version;
  int64_t looked_ms; /* when we looked last */
  bool hurries;      /* the next look was put forward */
  size_t count;
  LIST_HEAD(, listener) listeners;
};

/* ---- looking ---- */

static bool
has_news(const struct ms_feed *feed, const struct listener *listener)
{
  return listener->told_version != feed->version ||
         ms_clock_monotonic_ms() - listener->told_at_ms >= MS_FEED_BEAT_MS;
}

/* Wakes them all before the daemon runs: while it does, listeners may end. */
static void
look(uv_timer_t *timer)
{
  struct ms_feed *feed = timer->data;
  struct listener *listener;
  bool woken = false;
  feed->looked_ms = ms_clock_monotonic_ms();
  feed->hurries = false;
  feed->version = ms_page_version(feed->server->page);
  LIST_FOREACH(listener, &feed->listeners, link)
  {
    if (listener->request->suspended && has_news(feed, listener)) {
      listener->request->suspended = false;
      ms_mhd.resume_connection(listener->request->connection);
      woken = true;
    }
  }
  if (woken) {
    ms_server_pump(feed->server);
  }
}

void
ms_feed_hurry(struct ms_feed *feed)
{
  int64_t since_ms = ms_clock_monotonic_ms() - feed->looked_ms;
  if (feed->count == 0 || feed->hurries) {
    return;
  }
  feed->hurries = true;
  uv_timer_start(&feed->timer, look,
                 since_ms < MS_FEED_PAUSE_MS ? (uint64_t)(MS_FEED_PAUSE_MS - since_ms) : 0,
                 MS_FEED_LOOK_MS);
}

enum ms_status
ms_feed_open(struct ms_server *server, struct ms_feed **result, struct ms_error *err)
{
  struct ms_feed *feed = calloc(1, sizeof *feed);
  if (!feed) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  feed->server = server;
  LIST_INIT(&feed->listeners);
  uv_timer_init(server->loop, &feed->timer);
  feed->timer.data = feed;
  *result = feed;
  return MS_OK;
}

static void
on_closed(uv_handle_t *handle)
{
  free(handle->data);
}

void
ms_feed_close(struct ms_feed *feed)
{
  uv_close((uv_handle_t *)&feed->timer, on_closed);
}

/* ---- telling ---- */

static void
compose(const struct ms_feed *feed, struct listener *listener)
{
  int size;
  if (listener->told_version < 0) {
    size = snprintf(listener->message, MESSAGE_BYTES,
                    "retry: %d\n\nevent: change\ndata: {\"version\":%lld}\n\n", MS_FEED_RETRY_MS,
                    (long long)feed->version);
  } else if (listener->told_version != feed->version) {
    size = snprintf(listener->message, MESSAGE_BYTES, "event: change\ndata: {\"version\":%lld}\n\n",
                    (long long)feed->version);
  } else {
    size = snprintf(listener->message, MESSAGE_BYTES, ": still here\n\n");
  }
  listener->message_bytes = (size_t)size;
  listener->sent_bytes = 0;
  listener->told_version = feed->version;
  listener->told_at_ms = ms_clock_monotonic_ms();
}

static ssize_t
read_feed(void *context, uint64_t position, char *data, size_t capacity_bytes)
{
  struct ms_request *request = context;
  struct listener *listener = request->state;
  struct ms_feed *feed = request->server->feed;
  (void)position;
  if (listener->sent_bytes == listener->message_bytes) {
    if (!has_news(feed, listener)) {
      ms_request_suspend(request);
      return 0;
    }
    compose(feed, listener);
  }
  size_t size_bytes = listener->message_bytes - listener->sent_bytes;
  size_bytes = size_bytes < capacity_bytes ? size_bytes : capacity_bytes;
  memcpy(data, listener->message + listener->sent_bytes, size_bytes);
  listener->sent_bytes += size_bytes;
  return (ssize_t)size_bytes;
}

static enum ms_status
begin(struct ms_request *request, struct ms_error *err)
{
  struct ms_feed *feed = request->server->feed;
  if (feed->count >= MS_FEED_LISTENERS_MAX) {
    return ms_fail(err, MS_BUSY, "%d listen already; ask now and then instead",
                   MS_FEED_LISTENERS_MAX);
  }
  struct listener *listener = calloc(1, sizeof *listener);
  if (!listener) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  listener->request = request;
  listener->told_version = -1;
  request->state = listener;
  LIST_INSERT_HEAD(&feed->listeners, listener, link);
  if (feed->count++ == 0) {
    feed->version = ms_page_version(request->server->page);
    feed->hurries = false;
    uv_timer_start(&feed->timer, look, MS_FEED_LOOK_MS, MS_FEED_LOOK_MS);
  }
  return MS_OK;
}

static enum MHD_Result
answer(struct ms_request *request)
{
  static const struct ms_answer_header headers[] = {
      {"Content-Type", "text/event-stream"},
      {"Cache-Control", "no-store"},
      {"X-Accel-Buffering", "no"}, /* a proxy must not hold back what it has */
      {"X-Content-Type-Options", "nosniff"},
  };
  struct MHD_Response *response =
      ms_mhd.create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_feed, request, NULL);
  return ms_answer_send(request, MHD_HTTP_OK, response, 0, headers,
                        sizeof headers / sizeof headers[0]);
}

static void
end(struct ms_request *request)
{
  struct listener *listener = request->state;
  struct ms_feed *feed = request->server->feed;
  if (!listener) {
    return;
  }
  LIST_REMOVE(listener, link);
  if (--feed->count == 0) {
    uv_timer_stop(&feed->timer);
  }
  free(listener);
}

const struct ms_endpoint ms_endpoint_jobs_changes = {.begin = begin, .answer = answer, .end = end};
