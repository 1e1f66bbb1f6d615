/* Slow file work on libuv's thread pool.
 *
 * Writing and syncing a large file takes tens of milliseconds, in which the loop would serve nobody.
 * Meanwhile the request that wants it is suspended. */
#ifndef MS_SERVER_OFFLOAD_H
#define MS_SERVER_OFFLOAD_H

#include "server/daemon.h"

struct ms_offload {
  uv_work_t work;
  struct ms_server *server;
  bool running; /* a worker may touch it; guarded by server->lock */
  void (*run)(struct ms_offload *offload);
  void (*done)(struct ms_offload *offload, bool cancelled);
  LIST_ENTRY(ms_offload) link;
};

/* Has `run` called on a worker thread and then `done` on the loop's. The offload, zeroed before its
 * first use, must live until `done`, which may free it or start it again. `cancelled`: the server
 * closed before `run` began. */
enum ms_status
ms_offload_start(struct ms_server *server, struct ms_offload *offload,
                 void (*run)(struct ms_offload *offload),
                 void (*done)(struct ms_offload *offload, bool cancelled), struct ms_error *err);

/* Cancels what has not begun and waits for what has. Afterwards no worker touches the API; `done` is
 * still to be called for each. */
void
ms_offload_drain(struct ms_server *server);

#endif
