/* GET /jobs/changes: server-sent events, one whenever anything in the database has changed.
 *
 * An event says {"version": N} and no more: whoever shows jobs asks again for those that it shows, with after=N, so
 * that all who show the same share one query. The first event comes at once. Commits of this process are told
 * of at once, too, when the last event was a while ago; those of others are looked for, as long as somebody
 * listens. */
#ifndef MS_SERVER_FEED_H
#define MS_SERVER_FEED_H

#include "base/error.h"

struct ms_server;
struct ms_feed;

enum {
  MS_FEED_LISTENERS_MAX = 1000,
  MS_FEED_LOOK_MS = 100,   /* between two looks for changes */
  MS_FEED_PAUSE_MS = 80,   /* at least between two looks, however much is committed */
  MS_FEED_BEAT_MS = 15000, /* between signs of life, so that a dead connection is noticed */
  MS_FEED_RETRY_MS = 2000  /* after which a browser tries again */
};

enum ms_status
ms_feed_open(struct ms_server *server, struct ms_feed **feed, struct ms_error *err);

/* Something was committed here: looks for it soon. */
void
ms_feed_hurry(struct ms_feed *feed);

/* No more looks. The memory is freed when the loop runs next; listeners must have ended by then. */
void
ms_feed_close(struct ms_feed *feed);

#endif
