/* POST /api: the body is collected, the batch is run, the answer goes out as it is. */
#include "server/call.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "server/answer.h"
#include "server/durable.h"
#include "server/routes.h"
#include "server/share.h"

enum { BASE_URL_MAX_BYTES = 1024 };

struct call {
  struct ms_buffer body;
  struct ms_buffer text; /* the answer, once it is there */
  unsigned code;         /* 0 before */
  struct ms_durable_wait wait;
};

static bool
is_true(const char *text, size_t length)
{
  return (length == 1 && text[0] == '1') || (length == 4 && strncasecmp(text, "true", 4) == 0);
}

struct ms_call_options
ms_call_options_parse(const char *text)
{
  struct ms_call_options options = {0};
  while (text && *text) {
    text += strspn(text, " ;");
    size_t key_length = strcspn(text, "=:;");
    const char *value = text + key_length;
    value += *value == '=' || *value == ':';
    size_t value_length = strcspn(value, "; ");
    if (key_length == 6 && strncmp(text, "strict", 6) == 0) {
      options.strict_projections = is_true(value, value_length);
    } else if (key_length == 11 && strncmp(text, "denormalize", 11) == 0) {
      options.denormalize = is_true(value, value_length);
    }
    text = value + value_length;
  }
  return options;
}

/* A push token that its script left out arrives as the text "undefined". */
static const char *
push_token(const struct ms_request *request)
{
  const char *token = ms_request_header(request, "ftrack-pushtoken");
  return token && strcmp(token, "undefined") != 0 ? token : NULL;
}

static enum ms_status
begin(struct ms_request *request, struct ms_error *err)
{
  bool chunked = request->expected_bytes == UINT64_MAX;
  if (!chunked && request->expected_bytes > MS_API_BODY_MAX_BYTES) {
    return ms_fail(err, MS_LIMIT, "the body has %llu bytes; at most %d are read",
                   (unsigned long long)request->expected_bytes, MS_API_BODY_MAX_BYTES);
  }
  struct call *call = calloc(1, sizeof *call);
  if (!call) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  ms_buffer_init(&call->body, MS_API_BODY_MAX_BYTES);
  ms_buffer_init(&call->text, MS_API_ANSWER_MAX_BYTES);
  request->state = call;
  return MS_OK;
}

/* Keeps the account of memory that bodies hold, in step with what the buffer has allocated. */
static void
account(struct ms_request *request, size_t before_bytes, size_t after_bytes)
{
  request->server->bodies_bytes += after_bytes - before_bytes;
}

static void
drop_body(struct ms_request *request)
{
  struct call *call = request->state;
  account(request, call->body.capacity_bytes, 0);
  ms_buffer_free(&call->body);
}

static enum ms_status
receive(struct ms_request *request, const char *data, size_t *size_bytes, struct ms_error *err)
{
  struct ms_buffer *body = &((struct call *)request->state)->body;
  size_t before_bytes = body->capacity_bytes;
  ms_buffer_append(body, data, *size_bytes);
  account(request, before_bytes, body->capacity_bytes);
  enum ms_status status = ms_buffer_check(body, "request body", err);
  if (status == MS_OK && request->server->bodies_bytes > MS_SERVER_BODIES_MAX_BYTES) {
    status = ms_fail(err, MS_BUSY, "too many large requests at once; try again");
  }
  if (status != MS_OK) {
    drop_body(request);
    return status;
  }
  *size_bytes = 0;
  return MS_OK;
}

/* Whether the answer has to wait for the commit. */
static bool
run(struct ms_request *request, struct call *call)
{
  bool is_uncommitted = false;
  struct ms_call_options options =
      ms_call_options_parse(ms_request_header(request, "ftrack-api-options"));
  struct ms_buffer base_url;
  ms_buffer_init(&base_url, BASE_URL_MAX_BYTES);
  ms_request_base_url(request, &base_url);
  const struct ms_api_request batch = {
      .body = ms_buffer_string(&call->body),
      .body_bytes = call->body.size_bytes,
      .user_id = request->user_id,
      .base_url = ms_buffer_string(&base_url),
      .strict = ms_request_is_strict(request),
      .denormalize = options.denormalize,
      .strict_projections = options.strict_projections,
      .push_token = push_token(request),
      .client_token = ms_request_header(request, "ftrack-clienttoken"),
      .is_uncommitted = &is_uncommitted,
  };
  enum ms_status status = ms_api_call(request->server->api, &batch, &call->text, &request->error);
  ms_buffer_free(&base_url);
  drop_body(request);
  call->code = batch.strict ? ms_answer_code(status) : MHD_HTTP_OK;
  return is_uncommitted;
}

/* Called again when what was written is on the disk. */
static enum MHD_Result
answer(struct ms_request *request)
{
  struct call *call = request->state;
  if (call->code == 0) {
    bool is_uncommitted = run(request, call);
    ms_share_start(request->server->share); /* the batch may have completed an upload in parts */
    if (is_uncommitted) {
      ms_durable_await(request->server->durable, request, &call->wait);
    }
  }
  if (call->wait.request) {
    ms_request_suspend(request);
    return MHD_YES;
  }
  if (call->wait.status != MS_OK) {
    return ms_answer_error(request, 0, &call->wait.error);
  }
  return ms_answer_buffer(request, call->code, "application/json", &call->text, NULL, 0);
}

static void
end(struct ms_request *request)
{
  struct call *call = request->state;
  if (call) {
    ms_durable_forget(&call->wait);
    drop_body(request);
    ms_buffer_free(&call->text);
    free(call);
  }
}

const struct ms_endpoint ms_endpoint_api = {begin, receive, answer, end};
