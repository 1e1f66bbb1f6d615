/* Answers that wait for the disk.
 *
 * A batch that has written is committed at once, but acknowledged only when the disk has it. Syncing goes on
 * beside the loop: whoever commits meanwhile shares the next sync, so that many clients cost the disk
 * no more than one. */
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

/* All that is committed now is to be on the disk before `request`, which is suspended by its endpoint, resumes. */
void
ms_durable_await(struct ms_durable *durable, struct ms_request *request,
                 struct ms_durable_wait *wait);

/* The request ends: it no longer waits, if it did. */
void
ms_durable_forget(struct ms_durable_wait *wait);

/* After ms_offload_drain and the end of all requests. NULL is fine. */
void
ms_durable_close(struct ms_durable *durable);

#endif
