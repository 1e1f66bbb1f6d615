/* Answers that wait for the disk.
 *
 * Batches that have come in together are committed together, and acknowledged only when the disk has them.
 * Syncing goes on beside the loop: what is committed meanwhile shares the next sync, so that many clients cost
 * the disk no more than one. */
#ifndef MS_SERVER_DURABLE_H
#define MS_SERVER_DURABLE_H

#include <stdbool.h>
#include <sys/queue.h>

#include "base/error.h"

struct ms_request;
struct ms_server;
struct ms_durable;

/* A part of who waits; zeroed before its first use. */
struct ms_durable_wait {
  struct ms_request *request; /* borrowed; NULL when it does not wait */
  enum ms_status status;      /* afterwards */
  struct ms_error error;
  LIST_ENTRY(ms_durable_wait) link;
};

enum ms_status
ms_durable_open(struct ms_server *server, struct ms_durable **durable, struct ms_error *err);

/* The batch of `request`, which is suspended by its endpoint, waits for ms_api_commit; the request resumes when it
 * is committed and on the disk, or when that has failed. */
void
ms_durable_await(struct ms_durable *durable, struct ms_request *request,
                 struct ms_durable_wait *wait);

/* Commits what waits for it. After every turn of the daemon. */
void
ms_durable_commit(struct ms_durable *durable);

/* The request ends: it no longer waits, if it did. */
void
ms_durable_forget(struct ms_durable_wait *wait);

/* After ms_offload_drain and the end of all requests. NULL is fine. */
void
ms_durable_close(struct ms_durable *durable);

#endif
