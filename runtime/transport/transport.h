/* How a session reaches its tracker: HTTP (POST /api over libcurl) or embedded (a function call). Both
 * carry the same text.
 *
 * Each operation comes twice: on the loop with a callback, and in place for code that cannot yield. The
 * embedded transport completes in both cases before the call returns. Without Lua. */
#ifndef MS_TRANSPORT_TRANSPORT_H
#define MS_TRANSPORT_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/buffer.h"
#include "base/error.h"
#include "http/http.h"

struct ms_transport;
struct ms_transport_call;

struct ms_transport_options {
  const char *server_url;  /* NULL or "": the embedded server */
  const char *user;        /* HTTP: api user */
  const char *key;         /* HTTP: api key; copied, never printed */
  const char *data_folder; /* embedded: where the database and blobs are */
  int64_t timeout_ms;      /* 0: default */
};

/* Opens a transport. HTTP: checks the URL's form only; nothing is sent. Embedded: opens the database, once
 * for all transports of this process to the same folder. MS_USAGE for a bad URL, or no user or key. */
enum ms_status
ms_transport_open(uv_loop_t *loop, const struct ms_transport_options *options,
                  struct ms_transport **transport, struct ms_error *err);

/* Ends whatever is under way without callbacks. NULL is fine. May be called from a callback. */
void
ms_transport_close(struct ms_transport *transport);

/* "http://host:port" or "embedded:/path/of/data": for messages and tostring. */
const char *
ms_transport_name(const struct ms_transport *transport);

bool
ms_transport_is_embedded(const struct ms_transport *transport);

/* The name of the acting user. */
const char *
ms_transport_user(struct ms_transport *transport);

/* `answer` is a JSON array as far as its first and last bytes tell, empty unless the status is MS_OK
 * (borrowed; ms_buffer_take allowed). The server's error objects have already become a status and message
 * (MS_SERVER quotes the exception's name and content; those that we know get their own status), as have
 * HTML, half an answer, a refused connection, a wrong key. */
typedef void (*ms_transport_done)(void *user, enum ms_status status, struct ms_buffer *answer,
                                  const struct ms_error *err);

/* Sends a batch (a JSON array of operations, copied). `retry`: sending twice is safe. `call` may be NULL;
 * it is valid until `done` is called. `done` may be called before this returns (embedded). */
enum ms_status
ms_transport_send(struct ms_transport *transport, const char *body, size_t body_bytes, bool retry,
                  ms_transport_done done, void *user, struct ms_transport_call **call,
                  struct ms_error *err);

void
ms_transport_cancel(struct ms_transport_call *call);

/* The same in place. `answer` is initialised by the callee and freed by the caller. */
enum ms_status
ms_transport_perform(struct ms_transport *transport, const char *body, size_t body_bytes,
                     bool retry, struct ms_buffer *answer, struct ms_error *err);

/* ---- component data ---- */

/* Where the data of a component is on this machine: an owned path for the embedded server, NULL for
 * one that is reached over the network. MS_INVALID for a bad id. */
enum ms_status
ms_transport_local_path(struct ms_transport *transport, const char *component_id, char **path,
                        struct ms_error *err);

/* Removes the data of a component where that is on this machine: *is_local says whether it was. MS_NOT_FOUND when there
 * is none. */
enum ms_status
ms_transport_remove_local(struct ms_transport *transport, const char *component_id, bool *is_local,
                          struct ms_error *err);

/* What is known of a file that was moved, beside its size. */
struct ms_transport_moved {
  char etag[256];      /* without quotes; "" when the server gives none */
  char checksum[64];   /* what moonshift's server says that the bytes are, or "" */
  int64_t total_bytes; /* of the data at the URL; -1 when the server does not tell */
  bool has_ranges;     /* download: the server sends ranges */
};

struct ms_transport_file {
  const char *url;                      /* from get_upload_metadata, or of a download */
  const struct ms_http_header *headers; /* upload: those that get_upload_metadata gave */
  size_t header_count;
  /* Upload: the file to read. Download: the file to write (the caller renames), NULL: none, only what `moved` tells
   * is wanted. */
  const char *path;
  int64_t offset;       /* where in the file to begin */
  int64_t size_bytes;   /* how much; 0: upload: the rest; download: the whole, into a new file */
  const char *etag;     /* download of a part: of which data */
  struct ms_rate *rate; /* HTTP: how fast; borrowed until the end. NULL: as fast as can be */
  bool
      sends_key; /* our user and key prove who asks, in place of `headers`: for URLs of our server alone */
  struct ms_transport_moved *moved; /* filled before `done`; NULL: not wanted */
  /* Told now and then, and once at the end. NULL for none. `progress_user` NULL: the call's `user`. */
  void (*progress)(void *user, int64_t done_bytes, int64_t total_bytes);
  void *progress_user;
};

/* Size in bytes moved, at the end. */
typedef void (*ms_transport_file_done)(void *user, enum ms_status status, int64_t size_bytes,
                                       const struct ms_error *err);

/* Sends or fetches a file; `done` as above. Only a regular file is sent, and it must stay as it is meanwhile
 * (MS_IO otherwise). A failed download leaves no file behind; one that is there is durable. What moonshift's server
 * stored or sent is compared with the bytes on this side: MS_NETWORK when they differ. A part of a download goes into
 * a file that is there, and is neither synced nor compared: that is for the whole. MS_NOT_FOUND: no such file, or no
 * data at the URL. In-place forms below. */
enum ms_status
ms_transport_upload(struct ms_transport *transport, const struct ms_transport_file *file,
                    ms_transport_file_done done, void *user, struct ms_transport_call **call,
                    struct ms_error *err);
enum ms_status
ms_transport_download(struct ms_transport *transport, const struct ms_transport_file *file,
                      ms_transport_file_done done, void *user, struct ms_transport_call **call,
                      struct ms_error *err);
enum ms_status
ms_transport_upload_in_place(struct ms_transport *transport, const struct ms_transport_file *file,
                             int64_t *size_bytes, struct ms_error *err);
enum ms_status
ms_transport_download_in_place(struct ms_transport *transport, const struct ms_transport_file *file,
                               int64_t *size_bytes, struct ms_error *err);

#endif
