/* One request on its way: everything that outlives the call that asked for it, across attempts and
 * redirects.
 *
 *   NEW ──start──▶ RUNNING ──ended──▶ FINISHED
 *                   ▲   │ ended (to be sent again)
 *              start│   ▼
 *                  WAITING
 */
#ifndef MS_HTTP_TRANSFER_H
#define MS_HTTP_TRANSFER_H

#include "http/client.h"
#include "http/retry.h"
#include "http/writer.h"

enum ms_http_state {
  MS_HTTP_NEW,
  MS_HTTP_RUNNING, /* with libcurl */
  MS_HTTP_WAITING, /* until wait_until_ms */
  MS_HTTP_FINISHED /* status, answer and error are final */
};

struct ms_http_transfer {
  struct ms_http_transfer *next, *previous;
  struct ms_http *http;
  CURLM *multi; /* the one that runs it; borrowed */
  enum ms_http_state state;
  bool busy;    /* one of its callbacks is being called */
  bool dropped; /* cancelled meanwhile: freed when that callback returns */

  /* the request */
  const char *method; /* static */
  char *url;          /* of the present hop */
  struct curl_slist *headers;
  char *body;
  size_t body_bytes;
  int64_t timeout_ms; /* for all attempts together; 0: no limit */
  int upload_fd, download_fd;
  int64_t upload_offset, upload_bytes;
  int64_t range_bytes;
  struct ms_rate *rate; /* borrowed; NULL for none */
  bool retry;
  bool connects;       /* nothing is sent: it is over when the connection is there, see upgrade.h */
  int64_t deadline_ms; /* by the monotonic clock; INT64_MAX: none */
  void (*progress)(void *user, int64_t done_bytes, int64_t total_bytes);
  ms_http_done done; /* NULL in place */
  void *user;

  /* the present attempt */
  CURL *easy;
  char curl_message[CURL_ERROR_SIZE];
  struct ms_error failure;         /* found by a callback of ours; MS_OK: none */
  int64_t read_bytes;              /* of the upload, given to libcurl */
  struct ms_http_writer writer;    /* of the download, over all attempts */
  int64_t ignored_bytes;           /* of a body that is not wanted */
  bool is_cut;                     /* we have read enough of it */
  int64_t turn;                    /* > 0: paused until the budget allows more */
  int redirects;                   /* hops so far */
  int64_t wait_until_ms;           /* WAITING */
  int64_t done_bytes, total_bytes; /* progress */
  int64_t told_bytes, told_ms;     /* what the user knows, and since when */

  /* the result */
  enum ms_status status;
  struct ms_http_answer answer;
  struct ms_error error;
};

/* Checks and copies the request; the transfer is linked into the client and NEW. */
enum ms_status
ms_http_transfer_new(struct ms_http *http, CURLM *multi, const struct ms_http_request *request,
                     struct ms_http_transfer **transfer, struct ms_error *err);

/* Takes it from libcurl, unlinks and frees it. */
void
ms_http_transfer_free(struct ms_http_transfer *transfer);

/* Begins an attempt; the transfer is RUNNING, or FINISHED when that went wrong. */
void
ms_http_transfer_start(struct ms_http_transfer *transfer);

/* libcurl is done with the attempt: the transfer is RUNNING again (a redirect), WAITING or FINISHED. */
void
ms_http_transfer_ended(struct ms_http_transfer *transfer, CURLcode code);

/* Ends it from our side. */
void
ms_http_transfer_abort(struct ms_http_transfer *transfer, enum ms_status status,
                       const char *message);

/* Whether the user should be told about progress now. */
bool
ms_http_transfer_has_news(const struct ms_http_transfer *transfer);

void
ms_http_transfer_tell(struct ms_http_transfer *transfer);

/* ---- for transfer.c and attempt.c ---- */

/* Sets the options of the easy handle that stay the same in every attempt. */
enum ms_status
ms_http_configure(struct ms_http_transfer *transfer, struct ms_error *err);

/* libcurl's callbacks that move bytes (body.c). */
size_t
ms_http_on_read(char *room, size_t unit, size_t count, void *transfer);
int
ms_http_on_seek(void *transfer, curl_off_t offset, int origin);
size_t
ms_http_on_write(char *data, size_t unit, size_t count, void *transfer);
int
ms_http_on_progress(void *transfer, curl_off_t download_total, curl_off_t downloaded,
                    curl_off_t upload_total, curl_off_t uploaded);

/* What became of an attempt that brought no answer: the outcome, and status and message in transfer->error
 * (outcome.c). */
enum ms_http_outcome
ms_http_explain(struct ms_http_transfer *transfer, CURLcode code);

#endif
