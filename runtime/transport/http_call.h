/* The inside of the HTTP transport: what is under way. For its own files. */
#ifndef MS_TRANSPORT_HTTP_CALL_H
#define MS_TRANSPORT_HTTP_CALL_H

#include "http/http.h"
#include "loop/work.h"
#include "transport/file.h"
#include "transport/kind.h"

struct ms_transport_http {
  struct ms_transport base;
  struct ms_http *http;
  uv_loop_t *loop; /* borrowed */
  char *api_url, *user, *key;
  struct ms_transport_http_call *calls; /* under way */
};

/* A batch or a file on its way. */
struct ms_transport_http_call {
  struct ms_transport_call base;
  struct ms_transport_http_call *next, *previous;
  struct ms_transport_http *transport;
  /* What it waits for: the transfer, then `digest`, then `sync`. NULL: not (any more). */
  struct ms_http_transfer *transfer;
  struct ms_digest *digest; /* owned */
  struct ms_work *sync;
  bool is_cancelled;      /* while `sync` has it */
  ms_transport_done done; /* of a batch */
  ms_transport_file_done file_done;
  void *user;
  struct ms_file_move move;
  enum ms_status status; /* of `sync` */
  struct ms_error err;
  void (*progress)(void *user, int64_t done_bytes, int64_t total_bytes);
  void *progress_user;
};

/* A call that is under way, for who closes the transport; NULL when out of memory. */
struct ms_transport_http_call *
ms_transport_http_call_new(struct ms_transport_http *transport, void *user);

/* It is not under way any more. */
void
ms_transport_http_call_leave(struct ms_transport_http_call *call);

void
ms_transport_http_call_free(struct ms_transport_http_call *call);

/* The operations with files, for the table of the kind (http_file.c). */
enum ms_status
ms_transport_http_upload(struct ms_transport *transport, const struct ms_transport_file *file,
                         ms_transport_file_done done, void *user, struct ms_transport_call **call,
                         struct ms_error *err);
enum ms_status
ms_transport_http_download(struct ms_transport *transport, const struct ms_transport_file *file,
                           ms_transport_file_done done, void *user, struct ms_transport_call **call,
                           struct ms_error *err);
enum ms_status
ms_transport_http_upload_in_place(struct ms_transport *transport,
                                  const struct ms_transport_file *file, int64_t *size_bytes,
                                  struct ms_error *err);
enum ms_status
ms_transport_http_download_in_place(struct ms_transport *transport,
                                    const struct ms_transport_file *file, int64_t *size_bytes,
                                    struct ms_error *err);

/* Opens the channel of events (http_channel.c). */
enum ms_status
ms_transport_http_channel(struct ms_transport *transport, const struct ms_channel_handler *handler,
                          struct ms_channel **channel, struct ms_error *err);

#endif
