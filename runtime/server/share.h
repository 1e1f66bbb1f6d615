/* Components of the same bytes come to share them, while the server has nothing better to do. */
#ifndef MS_SERVER_SHARE_H
#define MS_SERVER_SHARE_H

#include "base/error.h"

struct ms_server;
struct ms_share;

enum ms_status
ms_share_open(struct ms_server *server, struct ms_share **share, struct ms_error *err);

/* Something may have been uploaded: goes on with a worker of the thread pool until all of it was looked at. */
void
ms_share_start(struct ms_share *share);

/* After ms_offload_drain. NULL is fine. */
void
ms_share_close(struct ms_share *share);

#endif
