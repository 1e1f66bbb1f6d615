/* The inside of the embedded transport. For its own files. */
#ifndef MS_TRANSPORT_EMBEDDED_H
#define MS_TRANSPORT_EMBEDDED_H

#include <sys/queue.h>

#include "transport/kind.h"
#include "transport/shared_api.h"

struct ms_embedded {
  struct ms_transport base;
  uv_loop_t *loop;                     /* borrowed */
  struct ms_shared_api *shared;        /* entered */
  char user_id[64];                    /* of who acts */
  char *user;                          /* owned; its name */
  LIST_HEAD(, ms_embedded_call) files; /* under way */
};

/* The operations with files, for the table of the kind (embedded_file.c). */
enum ms_status
ms_embedded_upload(struct ms_transport *transport, const struct ms_transport_file *file,
                   ms_transport_file_done done, void *user, struct ms_transport_call **call,
                   struct ms_error *err);
enum ms_status
ms_embedded_download(struct ms_transport *transport, const struct ms_transport_file *file,
                     ms_transport_file_done done, void *user, struct ms_transport_call **call,
                     struct ms_error *err);
enum ms_status
ms_embedded_upload_in_place(struct ms_transport *transport, const struct ms_transport_file *file,
                            int64_t *size_bytes, struct ms_error *err);
enum ms_status
ms_embedded_download_in_place(struct ms_transport *transport, const struct ms_transport_file *file,
                              int64_t *size_bytes, struct ms_error *err);

/* Ends what is under way. */
void
ms_embedded_cancel_files(struct ms_embedded *embedded);

/* Opens the channel of events (embedded_channel.c). */
enum ms_status
ms_embedded_channel(struct ms_transport *transport, const struct ms_channel_handler *handler,
                    struct ms_channel **channel, struct ms_error *err);

#endif
