/* The embedded server as a transport: every operation but those with files is a function call and over when it
 * returns. */
#include "transport/embedded.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/path.h"
#include "transport/embedded_url.h"

enum { QUERY_MAX_BYTES = 1024, USER_ANSWER_MAX_BYTES = 64 * 1024 };

/* ---- batches ---- */

static void
trace(const struct ms_transport *transport, size_t up_bytes, size_t down_bytes, int64_t begin_us,
      enum ms_status status)
{
  ms_log_trace("requests", "POST %s: %zu bytes up, %zu bytes down, %.1f ms, status %s",
               transport->name, up_bytes, down_bytes,
               (double)(ms_clock_monotonic_us() - begin_us) / 1000, ms_status_code(status));
}

static enum ms_status
perform(struct ms_transport *transport, const char *body, size_t body_bytes, bool retry,
        struct ms_buffer *answer, struct ms_error *err)
{
  (void)retry; /* nothing gets lost on the way */
  const struct ms_embedded *embedded = (const struct ms_embedded *)transport;
  const struct ms_api_request request = {
      .body = body,
      .body_bytes = body_bytes,
      .user_id = embedded->user_id,
      .base_url = MS_EMBEDDED_BASE_URL,
      .strict = true,
  };
  ms_buffer_init(answer, MS_API_ANSWER_MAX_BYTES);
  int64_t begin_us = ms_clock_monotonic_us();
  enum ms_status status = ms_api_call(ms_shared_api_get(embedded->shared), &request, answer, err);
  trace(transport, body_bytes, answer->size_bytes, begin_us, status);
  if (status != MS_OK) {
    ms_buffer_free(answer); /* it says the same as `err` */
  }
  return status;
}

static enum ms_status
send_batch(struct ms_transport *transport, const char *body, size_t body_bytes, bool retry,
           ms_transport_done done, void *user, struct ms_transport_call **call,
           struct ms_error *err)
{
  (void)err;
  struct ms_buffer answer;
  struct ms_error failure = {0};
  if (call) {
    *call = NULL;
  }
  enum ms_status status = perform(transport, body, body_bytes, retry, &answer, &failure);
  done(user, status, &answer, &failure);
  ms_buffer_free(&answer);
  return MS_OK;
}

/* ---- data on this machine ---- */

static enum ms_status
local_path(struct ms_transport *transport, const char *component_id, char **path,
           struct ms_error *err)
{
  struct ms_embedded *embedded = (struct ms_embedded *)transport;
  return ms_blob_path(ms_api_blobs(ms_shared_api_get(embedded->shared)), component_id, path, err);
}

static enum ms_status
remove_local(struct ms_transport *transport, const char *component_id, struct ms_error *err)
{
  struct ms_embedded *embedded = (struct ms_embedded *)transport;
  return ms_blob_remove(ms_api_blobs(ms_shared_api_get(embedded->shared)), component_id, err);
}

/* ---- the acting user ---- */

/* The batch that asks for the user's name. */
static void
print_user_query(const char *user_id, struct ms_buffer *body)
{
  struct ms_buffer expression;
  ms_buffer_init(&expression, QUERY_MAX_BYTES);
  ms_buffer_printf(&expression, "select username from User where id is \"%s\"", user_id);
  struct ms_json_writer writer;
  ms_json_writer_init(&writer, body);
  ms_json_begin_array(&writer);
  ms_json_begin_object(&writer);
  ms_json_member_string(&writer, "action", "query");
  ms_json_member_string(&writer, "expression", ms_buffer_string(&expression));
  ms_json_end_object(&writer);
  ms_json_end_array(&writer);
  ms_buffer_free(&expression);
}

/* [{"data": [{"username": …}]}] */
static char *
read_user_name(const struct ms_buffer *answer)
{
  struct ms_arena arena;
  ms_arena_init(&arena, USER_ANSWER_MAX_BYTES);
  struct ms_json_node *root = NULL;
  ms_json_parse(&arena, ms_buffer_string(answer), answer->size_bytes, &root, NULL);
  const struct ms_json_node *data = ms_json_get(root ? root->first : NULL, "data");
  const char *name = ms_json_get_string(data ? data->first : NULL, "username");
  char *copy = strdup(name ? name : "");
  ms_arena_free(&arena);
  return copy;
}

/* Asked for rarely, so only then looked up. */
static const char *
user_name(struct ms_transport *transport)
{
  struct ms_embedded *embedded = (struct ms_embedded *)transport;
  if (!embedded->user) {
    struct ms_buffer body, answer;
    ms_buffer_init(&body, QUERY_MAX_BYTES);
    print_user_query(embedded->user_id, &body);
    perform(transport, body.data, body.size_bytes, true, &answer, NULL);
    embedded->user = read_user_name(&answer);
    ms_buffer_free(&body);
    ms_buffer_free(&answer);
  }
  return embedded->user ? embedded->user : "";
}

/* ---- life ---- */

static void
close_embedded(struct ms_transport *transport)
{
  struct ms_embedded *embedded = (struct ms_embedded *)transport;
  ms_embedded_cancel_files(embedded);
  if (embedded->shared) {
    ms_shared_api_leave(embedded->shared);
  }
  free(embedded->user);
  free(transport->name);
  free(embedded);
}

static const struct ms_transport_kind embedded_kind = {
    .is_embedded = true,
    .close = close_embedded,
    .user = user_name,
    .send = send_batch,
    .perform = perform,
    .local_path = local_path,
    .remove_local = remove_local,
    .upload = ms_embedded_upload,
    .download = ms_embedded_download,
    .upload_in_place = ms_embedded_upload_in_place,
    .download_in_place = ms_embedded_download_in_place,
    .open_channel = ms_embedded_channel,
};

static enum ms_status
enter(struct ms_embedded *embedded, const char *folder, struct ms_error *err)
{
  if (asprintf(&embedded->base.name, "%s%s", MS_EMBEDDED_BASE_URL, folder) < 0) {
    embedded->base.name = NULL;
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  enum ms_status status = ms_shared_api_enter(folder, &embedded->shared, err);
  if (status == MS_OK) {
    status = ms_api_local_user(ms_shared_api_get(embedded->shared), embedded->user_id, err);
  }
  return status;
}

enum ms_status
ms_transport_open_embedded(uv_loop_t *loop, const struct ms_transport_options *options,
                           struct ms_transport **transport, struct ms_error *err)
{
  struct ms_embedded *embedded = calloc(1, sizeof *embedded);
  if (!embedded) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  embedded->base.kind = &embedded_kind;
  embedded->loop = loop;
  char *folder = NULL;
  enum ms_status status = MS_OK;
  if (!options->data_folder) {
    status = ms_path_xdg("data", &folder, err);
  }
  if (status == MS_OK) {
    status = enter(embedded, folder ? folder : options->data_folder, err);
  }
  free(folder);
  if (status != MS_OK) {
    close_embedded(&embedded->base);
    return status;
  }
  *transport = &embedded->base;
  return MS_OK;
}
