/* The journal of events: what was published and what was changed, in order, with a number each.
 *
 * A table beside the model's. A change is written in the transaction that makes it, by whichever process
 * that is, so that the journal of a data folder is whole: whoever reads on from a number misses nothing
 * that is younger than MS_EVENT_LOG_KEEP_DAYS, unless more than MS_EVENT_LOG_KEEP_BYTES came since. What is
 * older goes bit by bit with what is appended. */
#ifndef MS_API_EVENT_LOG_H
#define MS_API_EVENT_LOG_H

#include <stdbool.h>

#include "api/api.h"

enum {
  MS_EVENT_LOG_KEEP_DAYS = 7,
  MS_EVENT_LOG_KEEP_BYTES = 256 * 1024 * 1024,  /* or less, after so much */
  MS_EVENT_LOG_PAGE_MAX = 1000,                 /* events that are read at once */
  MS_EVENT_LOG_PAGE_BYTES_MAX = 8 * 1024 * 1024 /* of their text; a page has at least one event */
};

/* Appends an event, a JSON object, in the transaction that is open, or in one of its own. */
enum ms_status
ms_event_log_append(struct ms_api *api, const char *event, size_t event_bytes,
                    struct ms_error *err);

/* The number of the newest event; 0 before the first. */
enum ms_status
ms_event_log_newest(struct ms_api *api, int64_t *sequence, struct ms_error *err);

/* Appends {"events": [{"sequence", "at", "event"}, …], "newest": N} to `json`: up to `limit` events behind
 * the one numbered `after`, oldest first. With fewer than `limit`, and "newest" reached, there are no more for
 * now. */
enum ms_status
ms_event_log_print(struct ms_api *api, int64_t after, int64_t limit, struct ms_buffer *json,
                   struct ms_error *err);

/* Takes an event of somebody else; the text is borrowed during the call, in which the API is not used. */
typedef void (*ms_event_log_visitor)(void *context, const char *event, size_t event_bytes);

/* Whose events are followed. */
enum ms_event_log_authors { MS_EVENT_LOG_OTHERS /* other processes */, MS_EVENT_LOG_ALL };

/* Visits the events behind number *sequence that `authors` have appended, up to a page of them, and moves
 * *sequence to the last one that was looked at. */
enum ms_status
ms_event_log_follow(struct ms_api *api, enum ms_event_log_authors authors, int64_t *sequence,
                    ms_event_log_visitor visit, void *context, struct ms_error *err);

#endif
