/* POST /api over runtime/http, and the life of the transport. */
#include <stdlib.h>
#include <string.h>

#include "http/url.h"
#include "transport/http_call.h"
#include "transport/judge.h"

/* ---- calls ---- */

static void
cancel_call(struct ms_transport_call *base)
{
  struct ms_transport_http_call *call = (struct ms_transport_http_call *)base;
  if (call->sync) {
    ms_transport_http_call_leave(call);
    call->is_cancelled = true;
    ms_work_cancel(call->sync);
    return;
  }
  if (call->transfer) {
    ms_http_cancel(call->transfer);
  }
  ms_digest_free(call->digest);
  if (call->file_done) {
    int64_t size_bytes;
    struct ms_error err = {.status = MS_CANCELLED};
    ms_file_end(&call->move, MS_CANCELLED, &size_bytes, &err);
  }
  ms_transport_http_call_free(call);
}

struct ms_transport_http_call *
ms_transport_http_call_new(struct ms_transport_http *transport, void *user)
{
  struct ms_transport_http_call *call = calloc(1, sizeof *call);
  if (!call) {
    return NULL;
  }
  call->base.cancel = cancel_call;
  call->transport = transport;
  call->user = user;
  call->move.fd = -1;
  call->next = transport->calls;
  if (call->next) {
    call->next->previous = call;
  }
  transport->calls = call;
  return call;
}

void
ms_transport_http_call_leave(struct ms_transport_http_call *call)
{
  *(call->previous ? &call->previous->next : &call->transport->calls) = call->next;
  if (call->next) {
    call->next->previous = call->previous;
  }
}

void
ms_transport_http_call_free(struct ms_transport_http_call *call)
{
  ms_transport_http_call_leave(call);
  free(call);
}

/* ---- batches ---- */

enum { HEADER_COUNT = 5 };

static struct ms_http_request
post(const struct ms_transport_http *transport, const char *body, size_t body_bytes, bool retry,
     struct ms_http_header headers[HEADER_COUNT])
{
  headers[0] = (struct ms_http_header){"content-type", "application/json"};
  headers[1] = (struct ms_http_header){"accept", "application/json"};
  headers[2] = (struct ms_http_header){"ftrack-user", transport->user};
  headers[3] = (struct ms_http_header){"ftrack-api-key", transport->key};
  headers[4] = (struct ms_http_header){"ftrack-strict-api", "true"};
  return (struct ms_http_request){.method = "POST",
                                  .url = transport->api_url,
                                  .headers = headers,
                                  .header_count = HEADER_COUNT,
                                  .body = body,
                                  .body_bytes = body_bytes,
                                  .upload_fd = -1,
                                  .download_fd = -1,
                                  .retry = retry};
}

/* The failures of the line get the way out. */
static enum ms_status
advise(enum ms_status status, struct ms_error *err)
{
  if (err && (status == MS_NETWORK || status == MS_TIMEOUT || status == MS_PROTOCOL)) {
    struct ms_error original = *err;
    ms_fail(err, status, "%s; check FTRACK_SERVER and the network", original.message);
  }
  return status;
}

static void
on_answer(void *user, enum ms_status status, struct ms_http_answer *answer,
          const struct ms_error *http_err)
{
  struct ms_transport_http_call *call = user;
  const struct ms_transport_http *transport = call->transport;
  struct ms_error err = *http_err;
  if (status == MS_OK) {
    status = ms_transport_judge(answer, transport->base.name, transport->user, &err);
  } else {
    advise(status, &err);
  }
  if (status != MS_OK) {
    ms_buffer_free(&answer->body);
  }
  ms_transport_done done = call->done;
  void *done_user = call->user;
  ms_transport_http_call_free(call);
  done(done_user, status, &answer->body, &err);
}

static enum ms_status
http_send(struct ms_transport *base, const char *body, size_t body_bytes, bool retry,
          ms_transport_done done, void *user, struct ms_transport_call **call, struct ms_error *err)
{
  struct ms_transport_http *transport = (struct ms_transport_http *)base;
  struct ms_transport_http_call *created = ms_transport_http_call_new(transport, user);
  if (!created) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  created->done = done;
  struct ms_http_header headers[HEADER_COUNT];
  struct ms_http_request request = post(transport, body, body_bytes, retry, headers);
  request.user = created;
  enum ms_status status =
      ms_http_send(transport->http, &request, on_answer, &created->transfer, err);
  if (status != MS_OK) {
    ms_transport_http_call_free(created);
    return status;
  }
  if (call) {
    *call = &created->base;
  }
  return MS_OK;
}

static enum ms_status
http_perform(struct ms_transport *base, const char *body, size_t body_bytes, bool retry,
             struct ms_buffer *answer, struct ms_error *err)
{
  struct ms_transport_http *transport = (struct ms_transport_http *)base;
  struct ms_http_header headers[HEADER_COUNT];
  struct ms_http_request request = post(transport, body, body_bytes, retry, headers);
  struct ms_http_answer got;
  enum ms_status status = ms_http_perform(transport->http, &request, &got, err);
  if (status == MS_OK) {
    status = ms_transport_judge(&got, base->name, transport->user, err);
  } else {
    advise(status, err);
  }
  if (status != MS_OK) {
    ms_buffer_free(&got.body);
  }
  *answer = got.body;
  return status;
}

/* ---- life ---- */

static const char *
http_user(struct ms_transport *transport)
{
  return ((const struct ms_transport_http *)transport)->user;
}

static void
http_close(struct ms_transport *base)
{
  struct ms_transport_http *transport = (struct ms_transport_http *)base;
  struct ms_transport_http_call *next;
  for (struct ms_transport_http_call *call = transport->calls; call; call = next) {
    next = call->next;
    ms_transport_cancel(&call->base);
  }
  ms_http_free(transport->http);
  if (transport->key) {
    explicit_bzero(transport->key, strlen(transport->key));
  }
  free(transport->key);
  free(transport->user);
  free(transport->api_url);
  free(base->name);
  free(transport);
}

static const struct ms_transport_kind http_kind = {
    .is_embedded = false,
    .close = http_close,
    .user = http_user,
    .send = http_send,
    .perform = http_perform,
    .upload = ms_transport_http_upload,
    .download = ms_transport_http_download,
    .upload_in_place = ms_transport_http_upload_in_place,
    .download_in_place = ms_transport_http_download_in_place,
    .open_channel = ms_transport_http_channel,
};

static enum ms_status
check_options(const struct ms_transport_options *options, struct ms_error *err)
{
  enum ms_status status = ms_http_url_check(options->server_url, err);
  if (status != MS_OK) {
    ms_error_prefix(err, "FTRACK_SERVER");
    return status;
  }
  if (strpbrk(options->server_url, "?#")) {
    return ms_fail(err, MS_USAGE, "FTRACK_SERVER: the URL of a server has no '?' and no '#'");
  }
  if (!options->user || !*options->user) {
    return ms_fail(err, MS_USAGE, "no user is given for the server: set FTRACK_API_USER");
  }
  if (!options->key || !*options->key) {
    return ms_fail(err, MS_USAGE, "no key is given for user '%s': set FTRACK_API_KEY",
                   options->user);
  }
  return MS_OK;
}

static void
strip_slashes(char *url)
{
  size_t length = strlen(url);
  while (length > 0 && url[length - 1] == '/') {
    url[--length] = '\0';
  }
}

static bool
copy_options(struct ms_transport_http *transport, const struct ms_transport_options *options)
{
  char *server = strdup(options->server_url);
  if (!server) {
    return false;
  }
  strip_slashes(server);
  transport->base.name = ms_http_url_public(server);
  transport->user = strdup(options->user);
  transport->key = strdup(options->key);
  if (asprintf(&transport->api_url, "%s/api", server) < 0) {
    transport->api_url = NULL;
  }
  free(server);
  return transport->base.name && transport->user && transport->key && transport->api_url;
}

enum ms_status
ms_transport_open_http(uv_loop_t *loop, const struct ms_transport_options *options,
                       struct ms_transport **transport, struct ms_error *err)
{
  enum ms_status status = check_options(options, err);
  if (status != MS_OK) {
    return status;
  }
  struct ms_transport_http *created = calloc(1, sizeof *created);
  if (!created) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  created->base.kind = &http_kind;
  created->loop = loop;
  const struct ms_http_options http_options = {.timeout_ms = options->timeout_ms};
  status = copy_options(created, options) ? ms_http_new(loop, &http_options, &created->http, err)
                                          : ms_fail(err, MS_MEMORY, "out of memory");
  if (status != MS_OK) {
    http_close(&created->base);
    return status;
  }
  *transport = &created->base;
  return MS_OK;
}
