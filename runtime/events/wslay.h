/* The functions of wslay that the event hub uses, loaded on first use: a script that serves nothing
 * does not pay for it. `ms_wslay.event_recv(context)` is wslay_event_recv(context). */
#ifndef MS_EVENTS_WSLAY_H
#define MS_EVENTS_WSLAY_H

#include <wslay/wslay.h>

#include "base/error.h"

#define MS_WSLAY_FUNCTIONS(X)             \
  X(event_context_server_init)            \
  X(event_context_client_init)            \
  X(event_context_free)                   \
  X(event_config_set_max_recv_msg_length) \
  X(event_recv)                           \
  X(event_send)                           \
  X(event_want_read)                      \
  X(event_want_write)                     \
  X(event_queue_msg)                      \
  X(event_queue_close)                    \
  X(event_get_close_sent)                 \
  X(event_get_queued_msg_count)           \
  X(event_get_queued_msg_length)          \
  X(event_set_error)

struct ms_wslay {
#define MS_WSLAY_MEMBER(name) __typeof__(wslay_##name) *name;
  MS_WSLAY_FUNCTIONS(MS_WSLAY_MEMBER)
#undef MS_WSLAY_MEMBER
};

extern struct ms_wslay ms_wslay;

/* Fills `ms_wslay`; at once after the first time. MS_NOT_FOUND names what is missing. */
enum ms_status
ms_wslay_load(struct ms_error *err);

#endif
