/* The database's log, copied back on the thread pool when it is long enough. */
#ifndef MS_SERVER_LOG_KEEPER_H
#define MS_SERVER_LOG_KEEPER_H

#include "base/error.h"

struct ms_log_keeper;
struct ms_server;

enum ms_status
ms_log_keeper_open(struct ms_server *server, struct ms_log_keeper **keeper, struct ms_error *err);

/* After every turn of the daemon, which may have written. */
void
ms_log_keeper_look(struct ms_log_keeper *keeper);

/* After ms_offload_drain, before the API is closed. NULL is fine. */
void
ms_log_keeper_close(struct ms_log_keeper *keeper);

#endif
