/* The inside of the embedded transport. For its own files. */
#ifndef MS_TRANSPORT_EMBEDDED_H
#define MS_TRANSPORT_EMBEDDED_H

#include "transport/kind.h"
#include "transport/shared_api.h"

struct ms_embedded {
  struct ms_transport base;
  uv_loop_t *loop;              /* borrowed */
  struct ms_shared_api *shared; /* entered */
  char user_id[64];             /* of who acts */
  char *user;                   /* owned; its name */
};

/* Moves a file in (embedded_file.c). `progress_user` is what file->progress gets. */
enum ms_status
ms_embedded_upload(struct ms_embedded *embedded, const struct ms_transport_file *file,
                   void *progress_user, int64_t *size_bytes, struct ms_error *err);

/* Moves a file out. */
enum ms_status
ms_embedded_download(struct ms_embedded *embedded, const struct ms_transport_file *file,
                     void *progress_user, int64_t *size_bytes, struct ms_error *err);

/* Opens the channel of events (embedded_channel.c). */
enum ms_status
ms_embedded_channel(struct ms_transport *transport, const struct ms_channel_handler *handler,
                    struct ms_channel **channel, struct ms_error *err);

#endif
