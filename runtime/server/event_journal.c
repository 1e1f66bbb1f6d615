/* Two timers: one that looks while clients are connected, one that writes soon after something was published.
 * Both work on the API's connection, as every request does. */
#include "server/event_journal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "api/event_log.h"
#include "base/log.h"
#include "events/hub.h"
#include "server/daemon.h"

struct pending {
  STAILQ_ENTRY(pending) link;
  size_t size_bytes;
  char text[];
};

struct ms_event_journal {
  struct ms_server *server; /* borrowed */
  uv_timer_t look, write;
  int open_handles;
  int64_t sequence; /* the last event that was looked at */
  size_t pending_bytes;
  STAILQ_HEAD(, pending) pending;
};

/* ---- what clients publish ---- */

static enum ms_status
append_all(struct ms_event_journal *journal, struct ms_error *err)
{
  struct ms_database *database = ms_api_database(journal->server->api);
  struct pending *event;
  enum ms_status status = ms_database_begin(database, err);
  if (status != MS_OK) {
    return status;
  }
  STAILQ_FOREACH(event, &journal->pending, link)
  {
    if (status == MS_OK) {
      status = ms_event_log_append(journal->server->api, event->text, event->size_bytes, err);
    }
  }
  if (status == MS_OK) {
    status = ms_database_commit(database, err);
  }
  ms_database_rollback(database);
  return status;
}

static void
write_pending(struct ms_event_journal *journal)
{
  struct ms_error err;
  if (STAILQ_EMPTY(&journal->pending)) {
    return;
  }
  if (append_all(journal, &err) != MS_OK) {
    ms_log(MS_LOG_WARNING, "events are missing in the journal: %s", err.message);
  }
  while (!STAILQ_EMPTY(&journal->pending)) {
    struct pending *event = STAILQ_FIRST(&journal->pending);
    STAILQ_REMOVE_HEAD(&journal->pending, link);
    free(event);
  }
  journal->pending_bytes = 0;
}

static void
on_write(uv_timer_t *timer)
{
  write_pending(timer->data);
}

static void
on_published(void *context, const char *text, size_t size_bytes)
{
  struct ms_event_journal *journal = context;
  struct pending *event = malloc(sizeof *event + size_bytes);
  if (!event) {
    ms_log(MS_LOG_WARNING, "an event is missing in the journal: out of memory");
    return;
  }
  event->size_bytes = size_bytes;
  memcpy(event->text, text, size_bytes);
  STAILQ_INSERT_TAIL(&journal->pending, event, link);
  journal->pending_bytes += size_bytes;
  if (journal->pending_bytes >= MS_EVENT_JOURNAL_PENDING_MAX_BYTES) {
    write_pending(journal);
  } else if (!uv_is_active((uv_handle_t *)&journal->write)) {
    uv_timer_start(&journal->write, on_write, MS_EVENT_JOURNAL_WRITE_MS, 0);
  }
}

/* ---- what others write ---- */

static void
on_foreign(void *context, const char *event, size_t size_bytes)
{
  struct ms_event_journal *journal = context;
  struct ms_error err;
  if (ms_hub_publish(journal->server->hub, event, size_bytes, &err) != MS_OK) {
    ms_log(MS_LOG_WARNING, "event hub: %s", err.message);
  }
}

static void
on_look(uv_timer_t *timer)
{
  struct ms_event_journal *journal = timer->data;
  struct ms_api *api = journal->server->api;
  struct ms_error err;
  if (!ms_hub_has_clients(journal->server->hub)) {
    uv_timer_stop(timer);
  } else if (ms_event_log_follow(api, MS_EVENT_LOG_OTHERS, &journal->sequence, on_foreign, journal,
                                 &err) != MS_OK) {
    ms_log(MS_LOG_WARNING, "event journal: %s", err.message);
  }
}

void
ms_event_journal_wake(struct ms_event_journal *journal)
{
  struct ms_error err;
  if (uv_is_active((uv_handle_t *)&journal->look)) {
    return;
  }
  if (ms_event_log_newest(journal->server->api, &journal->sequence, &err) != MS_OK) {
    ms_log(MS_LOG_WARNING, "event journal: %s", err.message);
  }
  uv_timer_start(&journal->look, on_look, MS_EVENT_JOURNAL_LOOK_MS, MS_EVENT_JOURNAL_LOOK_MS);
}

/* ---- birth and death ---- */

enum ms_status
ms_event_journal_open(struct ms_server *server, struct ms_event_journal **result,
                      struct ms_error *err)
{
  struct ms_event_journal *journal = calloc(1, sizeof *journal);
  if (!journal) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  journal->server = server;
  STAILQ_INIT(&journal->pending);
  uv_timer_init(server->loop, &journal->look);
  uv_timer_init(server->loop, &journal->write);
  journal->look.data = journal->write.data = journal;
  journal->open_handles = 2;
  ms_hub_observe(server->hub, on_published, journal);
  *result = journal;
  return MS_OK;
}

static void
on_closed(uv_handle_t *handle)
{
  struct ms_event_journal *journal = handle->data;
  if (--journal->open_handles == 0) {
    free(journal);
  }
}

void
ms_event_journal_close(struct ms_event_journal *journal)
{
  if (!journal) {
    return;
  }
  ms_hub_observe(journal->server->hub, NULL, NULL);
  write_pending(journal);
  uv_close((uv_handle_t *)&journal->look, on_closed);
  uv_close((uv_handle_t *)&journal->write, on_closed);
}
