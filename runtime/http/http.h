/* HTTP requests on the loop, over libcurl's multi interface.
 *
 * libcurl is loaded on first use. Connections are kept alive and shared by all requests of a client;
 * answers are decompressed; TLS is verified; connect and total times are bounded. A request that may
 * safely be sent twice is retried with exponential back-off and jitter. Bodies stream from and to file
 * descriptors with constant memory. Credentials are in headers, never in messages, logs or traces.
 *
 * Two doors: ms_http_send works on the loop and calls back; ms_http_perform completes in place (for
 * code that cannot yield) on a multi handle of its own and never runs the loop. */
#ifndef MS_HTTP_HTTP_H
#define MS_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/buffer.h"
#include "base/error.h"
#include "http/rate.h"

struct ms_http;
struct ms_http_transfer;

enum {
  MS_HTTP_CONNECT_TIMEOUT_MS = 10000,
  MS_HTTP_TIMEOUT_MS = 60000,   /* a whole request without file bodies, retries included */
  MS_HTTP_STALL_TIMEOUT_S = 60, /* file bodies: no byte for this long */
  MS_HTTP_RETRIES = 4,          /* sent at most 1 + this many times */
  MS_HTTP_BACKOFF_MS = 250,     /* doubles each time, plus up to 100 % jitter */
  MS_HTTP_BACKOFF_MAX_MS = 8000,
  MS_HTTP_REDIRECTS_MAX = 5,
  MS_HTTP_CONNECTIONS_MAX = 40, /* to one host at a time; further requests queue */
  MS_HTTP_ERROR_BODY_MAX_BYTES = 64 * 1024,
  MS_HTTP_ANSWER_MAX_BYTES = 512 * 1024 * 1024
};

struct ms_http_options {
  int64_t connect_timeout_ms; /* 0: the default above; likewise below */
  int64_t timeout_ms;
  int stall_timeout_s;
  int retries;            /* -1: none */
  int64_t backoff_ms;     /* the first pause */
  const char *user_agent; /* borrowed */
};

struct ms_http_header {
  const char *name;
  const char *value;
};

/* What to send. Everything is borrowed only during ms_http_send / ms_http_perform, except the file
 * descriptors, which must stay open until the end (they stay the caller's).
 *
 * Redirects are followed for GET and HEAD; to another host the headers given here are not sent. */
struct ms_http_request {
  const char *method; /* "GET", "POST", "PUT", "HEAD", "DELETE" */
  const char *url;
  const struct ms_http_header *headers;
  size_t header_count;
  const void *body; /* copied; NULL for none */
  size_t body_bytes;
  int upload_fd; /* -1: none. Else the body is upload_bytes from upload_offset of this file */
  int64_t upload_offset, upload_bytes;
  int download_fd; /* -1: the answer's body is collected in memory. Else a 2xx body is written here, from
                    * its present position on */
  /* > 0: `headers` ask for a range of so many bytes. Of an answer with the whole (200) nothing is written, and
   * more bytes than that are an error. */
  int64_t range_bytes;
  struct ms_rate *rate; /* of the bytes of files, shared; borrowed until the end. NULL: no limit */
  int64_t timeout_ms;   /* 0: the client's, and none beside the stall's with a file body */
  bool retry; /* sending twice is safe; a request that never left is sent again in any case */
  /* Told now and then, at most some ten times a second, and once at the end. NULL for none. */
  void (*progress)(void *user, int64_t done_bytes, int64_t total_bytes);
  void *user; /* for both callbacks */
};

struct ms_http_answer {
  long status;            /* HTTP status code; 0 when there was no answer */
  struct ms_buffer body;  /* of an error status also when download_fd was given (its beginning) */
  char content_type[128]; /* "" when not given */
  int64_t content_bytes;  /* what the server said of the body's size; -1 when it did not */
  char etag[256];         /* without quotes */
  char checksum[64];      /* what moonshift's server says that the bytes are, or "" */
  char content_range[64]; /* of an answer 206, or "" */
  char location[256]; /* where a redirect points that was not followed, without its query; or "" */
  int64_t downloaded_bytes, uploaded_bytes;
  int attempts;
};

/* `status` is MS_OK whenever an HTTP answer came, whatever its status code. The answer is borrowed: take
 * the body with ms_buffer_take or copy it. The transfer is gone after the callback. */
typedef void (*ms_http_done)(void *user, enum ms_status status, struct ms_http_answer *answer,
                             const struct ms_error *err);

/* A client on `loop`. Cheap: libcurl is not loaded before the first request. */
enum ms_status
ms_http_new(uv_loop_t *loop, const struct ms_http_options *options, struct ms_http **http,
            struct ms_error *err);

/* Cancels what is under way (without callbacks) and frees. Its loop handles close asynchronously. May be
 * called at any moment, also from a callback. */
void
ms_http_free(struct ms_http *http);

/* Starts a request; `done` is called exactly once from the loop, never from inside this call. A status
 * other than MS_OK means that it was not started and `done` is not called. */
enum ms_status
ms_http_send(struct ms_http *http, const struct ms_http_request *request, ms_http_done done,
             struct ms_http_transfer **transfer, struct ms_error *err);

/* Ends a transfer without its callback. Nothing happens from within its own `done`. */
void
ms_http_cancel(struct ms_http_transfer *transfer);

/* Sends and waits in place. `answer` is filled; free it with ms_http_answer_free. */
enum ms_status
ms_http_perform(struct ms_http *http, const struct ms_http_request *request,
                struct ms_http_answer *answer, struct ms_error *err);

void
ms_http_answer_free(struct ms_http_answer *answer);

#endif
