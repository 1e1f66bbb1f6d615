/* URLs on request: of a component's data, signed, for whoever is given it; of a page about something. */
#include <string.h>

#include "api/operation.h"
#include "api/row.h"

enum { URL_MAX_BYTES = 4096 };

static enum ms_status
answer(struct ms_batch *batch, const char *name, struct ms_buffer *url, struct ms_error *err)
{
  struct ms_json_writer writer;
  enum ms_status status = ms_buffer_check(url, "the URL", err);
  ms_json_writer_init(&writer, batch->answer);
  ms_json_begin_object(&writer);
  ms_json_member_string(&writer, name, ms_buffer_string(url));
  ms_json_end_object(&writer);
  ms_buffer_free(url);
  return status;
}

/* ---- generate_signed_url ---- */

enum ms_status
ms_action_generate_signed_url(struct ms_batch *batch, const struct ms_json_node *operation,
                              struct ms_error *err)
{
  struct ms_buffer url;
  const char *component_id = NULL;
  const char *use = ms_json_get_string(operation, "operation");
  bool is_put = use && strcmp(use, "put") == 0;
  enum ms_status status = ms_operation_string(operation, "component_id", &component_id, err);
  if (status == MS_OK && use && !is_put && strcmp(use, "get") != 0)
    status = ms_fail(err, MS_INVALID, "'operation' takes 'get' or 'put'");
  if (status == MS_OK)
    status = ms_operation_check_entity(batch, "Component", component_id, err);
  if (status != MS_OK)
    return status;
  ms_buffer_init(&url, URL_MAX_BYTES);
  ms_buffer_printf(&url, "%s/component/%s?", batch->request->base_url, is_put ? "put" : "get");
  ms_api_sign(batch->api, is_put ? MS_SIGNATURE_PUT : MS_SIGNATURE_GET, component_id,
              batch->now_us / 1000000 + MS_API_URL_LIFETIME_S, &url);
  return answer(batch, "signed_url", &url, err);
}

/* ---- get_widget_url ---- */

static const char *const widgets[] = {"info", "tasks", "tasks_browser"};

static bool
is_widget(const char *name)
{
  for (size_t i = 0; i < sizeof widgets / sizeof *widgets; i++)
    if (strcmp(widgets[i], name) == 0)
      return true;
  return false;
}

/* The server's page, which is told behind the # what to show: nothing secret is in the URL, and nothing
 * is shown to who is not known there. */
enum ms_status
ms_action_get_widget_url(struct ms_batch *batch, const struct ms_json_node *operation,
                         struct ms_error *err)
{
  struct ms_buffer url;
  struct ms_key key = {.count = 0};
  const char *name = NULL;
  const struct ms_entity_type *type = NULL;
  enum ms_status status = ms_operation_string(operation, "name", &name, err);
  if (status == MS_OK && !is_widget(name))
    status = ms_fail(err, MS_INVALID, "there is no widget '%.100s'", name);
  if (status == MS_OK && ms_json_get_string(operation, "entity_type"))
    status = ms_batch_entity_type(batch, operation, &type, err);
  if (status == MS_OK && type)
    status = ms_key_decode(batch, type, ms_json_get(operation, "entity_key"), &key, err);
  if (status != MS_OK)
    return status;
  ms_buffer_init(&url, URL_MAX_BYTES);
  ms_buffer_printf(&url, "%s/#%s", batch->request->base_url, name);
  if (type)
    ms_buffer_printf(&url, "/%s", type->name);
  for (size_t i = 0; i < key.count; i++)
    ms_buffer_printf(&url, "/%s", key.parts[i].text);
  return answer(batch, "widget_url", &url, err);
}
