/* Work on components' data that can wait: those of the same bytes come to share them, and the checksums of bytes that
 * the kernel has copied are learnt. */
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

/* Somebody wants the checksum of component `id`, which is not known: the next one will get it. */
void
ms_share_learn(struct ms_share *share, const char *id);

/* After ms_offload_drain. NULL is fine. */
void
ms_share_close(struct ms_share *share);

#endif
