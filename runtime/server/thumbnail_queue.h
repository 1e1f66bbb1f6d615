/* Pictures that are being made: a few at a time, as uploads want the workers, too; the others wait. */
#ifndef MS_SERVER_THUMBNAIL_QUEUE_H
#define MS_SERVER_THUMBNAIL_QUEUE_H

#include "server/thumbnail_make.h"

struct ms_request;
struct ms_server;
struct ms_thumbnail_queue;
struct ms_thumbnail_work;

enum { MS_THUMBNAIL_WAITING_MAX = 256 /* requests */ };

enum ms_status
ms_thumbnail_queue_open(struct ms_server *server, struct ms_thumbnail_queue **queue,
                        struct ms_error *err);

/* After ms_offload_drain and the end of all requests. NULL is fine. */
void
ms_thumbnail_queue_close(struct ms_thumbnail_queue *queue);

/* Suspends `request` until the picture was made, or could not be; NULL when too many wait. `source` is taken,
 * `path` copied. */
struct ms_thumbnail_work *
ms_thumbnail_queue_add(struct ms_thumbnail_queue *queue, struct ms_request *request,
                       const struct ms_thumbnail_kind *kind, int source, const char *path,
                       int size_pixels);

/* The request ends, or needs it no more. */
void
ms_thumbnail_work_leave(struct ms_thumbnail_work *work);

#endif
