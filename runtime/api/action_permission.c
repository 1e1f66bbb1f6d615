/* What may be done, and what is computed elsewhere: short answers, because every user may do everything but
 * what only administrators may (permission.h), nothing is rolled up beyond what queries answer, and keys are
 * the only proof of a user. */
#include <string.h>

#include "api/operation.h"
#include "api/permission.h"

/* Reading is for everybody. */
static bool
is_reading(const char *action)
{
  static const char *const words[] = {"read", "query", "get", "view", "list"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcmp(words[i], action) == 0)
      return true;
  return false;
}

/* Whether the acting user may write entities of the type that the operation names, if it names one. */
static enum ms_status
may_write(struct ms_batch *batch, const struct ms_json_node *operation, bool *may,
          struct ms_error *err)
{
  const struct ms_entity_type *type = NULL;
  *may = true;
  if (!ms_json_get(operation, "entity_type"))
    return MS_OK;
  enum ms_status status = ms_batch_named_type(batch, operation, &type, err);
  if (status == MS_OK)
    status = ms_permission_check_write(batch, type, err);
  *may = status == MS_OK;
  return status == MS_PERMISSION ? MS_OK : status;
}

/* {ACTION: whether it is allowed} for each of the `actions` that are asked about. */
enum ms_status
ms_action_permissions(struct ms_batch *batch, const struct ms_json_node *operation,
                      struct ms_error *err)
{
  struct ms_json_writer writer;
  const struct ms_json_node *asked = ms_json_get(operation, "actions");
  bool may = true;
  enum ms_status status = may_write(batch, operation, &may, err);
  if (status != MS_OK)
    return status;
  ms_json_writer_init(&writer, batch->answer);
  ms_json_begin_object(&writer);
  ms_json_member_string(&writer, "action", "permissions");
  ms_json_key(&writer, "data");
  ms_json_begin_object(&writer);
  for (const struct ms_json_node *name = asked ? asked->first : NULL; name; name = name->next) {
    if (name->type != MS_JSON_STRING)
      continue;
    ms_json_key(&writer, name->string);
    ms_json_boolean(&writer, may || is_reading(name->string));
  }
  ms_json_end_object(&writer);
  ms_json_end_object(&writer);
  return MS_OK;
}

enum ms_status
ms_action_compute_rollups(struct ms_batch *batch, const struct ms_json_node *operation,
                          struct ms_error *err)
{
  (void)operation;
  (void)err;
  ms_buffer_append_string(batch->answer, "{\"action\":\"compute_rollups\",\"data\":[]}");
  return MS_OK;
}

enum ms_status
ms_action_configure_totp(struct ms_batch *batch, const struct ms_json_node *operation,
                         struct ms_error *err)
{
  (void)batch;
  const char *code = ms_json_get_string(operation, "code");
  const struct ms_json_node *node = ms_json_get(operation, "code");
  bool is_given = node && node->type != MS_JSON_NULL && !(code && !code[0]);
  return ms_fail(err, MS_INVALID,
                 is_given ? "This server uses no one-time passwords: an API key proves a user."
                          : "Code must be provided to enable totp.");
}
