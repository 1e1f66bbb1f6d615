/* The server from the inside: what its requests share. */
#ifndef MS_SERVER_DAEMON_H
#define MS_SERVER_DAEMON_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>
#include <uv.h>

#include "api/api.h"
#include "events/hub.h"
#include "server/mhd.h"

struct ms_request;
struct ms_offload;
struct ms_retry;
struct ms_page;
struct ms_feed;
struct ms_event_journal;
struct ms_durable;
struct ms_log_keeper;
struct ms_encoder;
struct ms_share;
struct ms_orphans;
struct ms_thumbnail_queue;

LIST_HEAD(ms_request_list, ms_request);
LIST_HEAD(ms_offload_list, ms_offload);
LIST_HEAD(ms_retry_list, ms_retry);

struct ms_server {
  uv_loop_t *loop;                       /* borrowed */
  struct ms_api *api;                    /* borrowed */
  struct MHD_Daemon *daemon;             /* owned; NULL once stopped */
  struct ms_hub *hub;                    /* owned */
  struct ms_page *page;                  /* owned */
  struct ms_feed *feed;                  /* owned */
  struct ms_event_journal *journal;      /* owned */
  struct ms_durable *durable;            /* owned */
  struct ms_log_keeper *log_keeper;      /* owned */
  struct ms_encoder *encoder;            /* owned */
  struct ms_share *share;                /* owned */
  struct ms_thumbnail_queue *thumbnails; /* owned */
  struct ms_orphans *orphans;            /* owned */
  uv_poll_t poll;                        /* readable when the daemon's epoll set is */
  uv_timer_t timer;                      /* the daemon's next time-out */
  bool pumping;                          /* inside MHD_run, which must not be entered twice */
  bool pump_again;
  bool closing;     /* no new file work; what is open ends */
  char *url;        /* owned: "http://HOST:PORT" */
  char *public_url; /* owned, without a slash at the end; NULL: from the Host header */

  struct ms_request_list requests; /* under way */
  struct ms_retry_list retries;    /* whose processes run */
  struct ms_offload_list offloads; /* on the thread pool, or waiting to be told so */
  uv_mutex_t lock;                 /* guards `running` of the offloads */
  uv_cond_t finished;              /* one of them is no longer running */
  size_t bodies_bytes;             /* request bodies held in memory, all together */

  unsigned references; /* handles and offloads that libuv still knows; the last one frees */
};

/* Lets libmicrohttpd do what it can do now. Call it after resuming a connection; safe anywhere on the
 * loop's thread. */
void
ms_server_pump(struct ms_server *server);

/* Drops one of `references`. */
void
ms_server_unreference(struct ms_server *server);

#endif
