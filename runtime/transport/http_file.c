/* PUT and GET of component data. The URLs carry their own signature, so our user and key are not sent along. */
#include "transport/http_call.h"

#include <stdlib.h>

#include "http/url.h"

enum { SMALL_MAX_BYTES = 16 * 1024 * 1024 };

/* ---- on the way ---- */

/* May end the call: `progress` may close the transport. */
static void
on_file_progress(void *user, int64_t done_bytes, int64_t total_bytes)
{
  const struct ms_transport_http_call *call = user;
  if (call->digest) {
    ms_digest_advance(call->digest, done_bytes);
  }
  if (call->progress) {
    call->progress(call->progress_user ? call->progress_user : call->user, done_bytes, total_bytes);
  }
}

/* ---- the end ---- */

/* Nobody else knows the call afterwards; `done` may close the transport. */
static void
finish(struct ms_transport_http_call *call, enum ms_status status, struct ms_error *err)
{
  int64_t size_bytes;
  ms_transport_http_call_leave(call);
  status = ms_file_end(&call->move, status, &size_bytes, err);
  call->file_done(call->user, status, size_bytes, err);
}

static bool
sync_step(void *user)
{
  struct ms_transport_http_call *call = user;
  call->status = ms_file_sync(&call->move, &call->err);
  return false;
}

static void
on_synced(void *user)
{
  struct ms_transport_http_call *call = user;
  call->sync = NULL;
  finish(call, call->status, &call->err);
}

static void
release(void *user)
{
  struct ms_transport_http_call *call = user;
  int64_t size_bytes;
  if (call->is_cancelled) {
    ms_file_end(&call->move, MS_CANCELLED, &size_bytes, NULL);
  }
  free(call);
}

static const struct ms_work_kind sync_kind = {
    .step = sync_step, .on_end = on_synced, .release = release};

/* A download is synced on a worker first. */
static void
end_call(struct ms_transport_http_call *call, enum ms_status status, struct ms_error *err)
{
  ms_digest_free(call->digest);
  call->digest = NULL;
  if (status == MS_OK && ms_file_wants_sync(&call->move)) {
    status = ms_work_start(call->transport->loop, &sync_kind, call, &call->sync, err);
    if (status == MS_OK) {
      return;
    }
  }
  finish(call, status, err);
  free(call);
}

/* ---- the answer ---- */

static void
on_digest(void *user, enum ms_status status, const char *hex, const struct ms_error *digest_err)
{
  struct ms_transport_http_call *call = user;
  struct ms_error err = *digest_err;
  if (status == MS_OK) {
    status = ms_file_compare(&call->move, hex, &err);
  }
  end_call(call, status, &err);
}

/* The one that has begun, if it is what the other side compares with. */
static enum ms_status
choose_digest(struct ms_transport_http_call *call, const struct ms_file_digest_range *range,
              struct ms_error *err)
{
  if (call->digest && range->segment_bytes == 0) {
    return MS_OK;
  }
  ms_digest_free(call->digest);
  call->digest = NULL;
  return ms_digest_new(call->transport->loop, range, &call->digest, err);
}

static void
on_file_answer(void *user, enum ms_status status, struct ms_http_answer *answer,
               const struct ms_error *http_err)
{
  struct ms_transport_http_call *call = user;
  struct ms_error err = *http_err;
  struct ms_file_digest_range range;
  int64_t total_bytes;
  call->transfer = NULL;
  status = ms_file_judge(&call->move, status, answer, &err);
  if (status == MS_OK && ms_file_wants_digest(&call->move, &range, &total_bytes)) {
    status = choose_digest(call, &range, &err);
    if (status == MS_OK) {
      ms_digest_finish(call->digest, total_bytes, on_digest, call);
      return;
    }
  }
  end_call(call, status, &err);
}

/* ---- the beginning ---- */

/* Reads what is sent along from the start, in one piece, as parts and large files are counted. How small files are, the
 * answer tells; as it does for what is received. */
static enum ms_status
start_digest(struct ms_transport_http_call *call, struct ms_error *err)
{
  const struct ms_file_move *move = &call->move;
  bool is_small = move->size_bytes == move->before.st_size && move->size_bytes <= SMALL_MAX_BYTES;
  if (!move->is_upload || is_small) {
    return MS_OK;
  }
  const struct ms_file_digest_range range = {.fd = call->move.fd, .offset = call->move.offset};
  return ms_digest_new(call->transport->loop, &range, &call->digest, err);
}

typedef enum ms_status (*begin_function)(const struct ms_transport_file *file,
                                         struct ms_file_move *move, struct ms_http_request *request,
                                         struct ms_error *err);

static enum ms_status
begin_file(const struct ms_transport_http *transport, begin_function begin,
           const struct ms_transport_file *file, struct ms_file_move *move,
           struct ms_http_request *request, struct ms_error *err)
{
  if (!file->sends_key) {
    return begin(file, move, request, err);
  }
  enum ms_status status = ms_http_url_check(file->url, err);
  if (status != MS_OK || !ms_http_url_same_origin(file->url, transport->api_url)) {
    return status != MS_OK ? status : ms_fail(err, MS_USAGE, "our key is for our own server alone");
  }
  const struct ms_http_header headers[] = {{"ftrack-user", transport->user},
                                           {"ftrack-api-key", transport->key}};
  struct ms_transport_file with_key = *file;
  with_key.headers = headers;
  with_key.header_count = sizeof headers / sizeof headers[0];
  return begin(&with_key, move, request, err);
}

static enum ms_status
start_file(struct ms_transport *base, begin_function begin, const struct ms_transport_file *file,
           ms_transport_file_done done, void *user, struct ms_transport_call **call,
           struct ms_error *err)
{
  struct ms_transport_http *transport = (struct ms_transport_http *)base;
  struct ms_transport_http_call *created = ms_transport_http_call_new(transport, user);
  if (!created) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  created->file_done = done;
  created->progress = file->progress;
  created->progress_user = file->progress_user;
  struct ms_http_request request;
  enum ms_status status = begin_file(transport, begin, file, &created->move, &request, err);
  if (status != MS_OK) {
    ms_transport_http_call_free(created);
    return status;
  }
  status = start_digest(created, err);
  if (status == MS_OK) {
    request.progress = file->progress || created->digest ? on_file_progress : NULL;
    request.user = created;
    status = ms_http_send(transport->http, &request, on_file_answer, &created->transfer, err);
  }
  if (status != MS_OK) {
    int64_t size_bytes;
    ms_digest_free(created->digest);
    status = ms_file_end(&created->move, status, &size_bytes, err);
    ms_transport_http_call_free(created);
    return status;
  }
  if (call) {
    *call = &created->base;
  }
  return MS_OK;
}

/* ---- in place ---- */

/* The transport may be gone when the request is over: `progress` may close it. */
static enum ms_status
perform_file(struct ms_transport *base, begin_function begin, const struct ms_transport_file *file,
             int64_t *size_bytes, struct ms_error *err)
{
  struct ms_transport_http *transport = (struct ms_transport_http *)base;
  struct ms_file_move move;
  struct ms_http_request request;
  *size_bytes = 0;
  enum ms_status status = begin_file(transport, begin, file, &move, &request, err);
  if (status != MS_OK) {
    return status;
  }
  request.progress = file->progress;
  request.user = file->progress_user;
  struct ms_http_answer answer;
  struct ms_file_digest_range range;
  int64_t total_bytes;
  char hex[MS_MD5_HEX_SIZE];
  status = ms_http_perform(transport->http, &request, &answer, err);
  status = ms_file_judge(&move, status, &answer, err);
  if (status == MS_OK && ms_file_wants_digest(&move, &range, &total_bytes)) {
    status = ms_file_digest_compute(&range, total_bytes, hex, err);
    status = status == MS_OK ? ms_file_compare(&move, hex, err) : status;
  }
  status = ms_file_end(&move, status, size_bytes, err);
  ms_http_answer_free(&answer);
  return status;
}

enum ms_status
ms_transport_http_upload(struct ms_transport *transport, const struct ms_transport_file *file,
                         ms_transport_file_done done, void *user, struct ms_transport_call **call,
                         struct ms_error *err)
{
  return start_file(transport, ms_file_begin_upload, file, done, user, call, err);
}

enum ms_status
ms_transport_http_download(struct ms_transport *transport, const struct ms_transport_file *file,
                           ms_transport_file_done done, void *user, struct ms_transport_call **call,
                           struct ms_error *err)
{
  return start_file(transport, ms_file_begin_download, file, done, user, call, err);
}

enum ms_status
ms_transport_http_upload_in_place(struct ms_transport *transport,
                                  const struct ms_transport_file *file, int64_t *size_bytes,
                                  struct ms_error *err)
{
  return perform_file(transport, ms_file_begin_upload, file, size_bytes, err);
}

enum ms_status
ms_transport_http_download_in_place(struct ms_transport *transport,
                                    const struct ms_transport_file *file, int64_t *size_bytes,
                                    struct ms_error *err)
{
  return perform_file(transport, ms_file_begin_download, file, size_bytes, err);
}
