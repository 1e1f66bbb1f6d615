/* PUT and GET of component data. The URLs carry their own signature, so our user and key are not sent along. */
#include "transport/http_call.h"

static void
on_file_progress(void *user, int64_t done_bytes, int64_t total_bytes)
{
  const struct ms_transport_call *call = user;
  call->progress(call->progress_user ? call->progress_user : call->user, done_bytes, total_bytes);
}

static void
on_file_answer(void *user, enum ms_status status, struct ms_http_answer *answer,
               const struct ms_error *http_err)
{
  struct ms_transport_call *call = user;
  struct ms_error err = *http_err;
  int64_t size_bytes;
  status = ms_file_end(&call->move, status, answer, &size_bytes, &err);
  ms_transport_file_done done = call->file_done;
  void *done_user = call->user;
  ms_transport_call_free(call);
  done(done_user, status, size_bytes, &err);
}

typedef enum ms_status (*begin_function)(const struct ms_transport_file *file,
                                         struct ms_file_move *move, struct ms_http_request *request,
                                         struct ms_error *err);

static enum ms_status
start_file(struct ms_transport *base, begin_function begin, const struct ms_transport_file *file,
           ms_transport_file_done done, void *user, struct ms_transport_call **call,
           struct ms_error *err)
{
  struct ms_transport_http *transport = (struct ms_transport_http *)base;
  struct ms_transport_call *created = ms_transport_call_new(transport, user);
  if (!created) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  created->file_done = done;
  created->progress = file->progress;
  created->progress_user = file->progress_user;
  struct ms_http_request request;
  enum ms_status status = begin(file, &created->move, &request, err);
  if (status == MS_OK) {
    request.progress = file->progress ? on_file_progress : NULL;
    request.user = created;
    status = ms_http_send(transport->http, &request, on_file_answer, &created->transfer, err);
    if (status != MS_OK) {
      int64_t size_bytes;
      ms_file_end(&created->move, status, NULL, &size_bytes, err);
    }
  }
  if (status != MS_OK) {
    ms_transport_call_free(created);
    return status;
  }
  if (call) {
    *call = created;
  }
  return MS_OK;
}

/* The transport may be gone when the request is over: `progress` may close it. */
static enum ms_status
perform_file(struct ms_transport *base, begin_function begin, const struct ms_transport_file *file,
             int64_t *size_bytes, struct ms_error *err)
{
  struct ms_transport_http *transport = (struct ms_transport_http *)base;
  struct ms_file_move move;
  struct ms_http_request request;
  *size_bytes = 0;
  enum ms_status status = begin(file, &move, &request, err);
  if (status != MS_OK) {
    return status;
  }
  request.progress = file->progress;
  request.user = file->progress_user;
  struct ms_http_answer answer;
  status = ms_http_perform(transport->http, &request, &answer, err);
  status = ms_file_end(&move, status, &answer, size_bytes, err);
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
