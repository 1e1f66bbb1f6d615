/* The event hub and the journal of events (api/event_log.h): what clients publish goes into the journal, and
 * what other processes on the same data folder write there goes to the hub's clients.
 *
 * Clients' events are routed at once and written a moment later, many in one transaction: publishing waits for
 * no disk, and a crash may cost the journal that moment. Nothing is looked for while nobody is connected. */
#ifndef MS_SERVER_EVENT_JOURNAL_H
#define MS_SERVER_EVENT_JOURNAL_H

#include <stddef.h>

#include "base/error.h"

struct ms_server;
struct ms_event_journal;

enum {
  MS_EVENT_JOURNAL_LOOK_MS = 250, /* between two looks for what others wrote */
  MS_EVENT_JOURNAL_WRITE_MS = 100,
  MS_EVENT_JOURNAL_PENDING_MAX_BYTES =
      8 * 1024 * 1024 /* of events not yet written; then it is done at once */
};

/* The server has its hub and its API. */
enum ms_status
ms_event_journal_open(struct ms_server *server, struct ms_event_journal **journal,
                      struct ms_error *err);

/* A client has connected to the hub: begins to look for what others write. */
void
ms_event_journal_wake(struct ms_event_journal *journal);

/* Writes what is pending. The memory is freed when the loop runs next. NULL is fine. */
void
ms_event_journal_close(struct ms_event_journal *journal);

#endif
