/* What may be done, and what is computed elsewhere: short answers, because here every user may do
 * everything, nothing is rolled up beyond what queries answer, and keys are the only proof of a user. */
#include "api/operation.h"

/* Every action that is asked about is allowed. */
enum ms_status
ms_action_permissions(struct ms_batch *batch, const struct ms_json_node *operation,
                      struct ms_error *err)
{
  (void)err;
  struct ms_json_writer writer;
  const struct ms_json_node *asked = ms_json_get(operation, "actions");
  ms_json_writer_init(&writer, batch->answer);
  ms_json_begin_object(&writer);
  ms_json_member_string(&writer, "action", "permissions");
  ms_json_key(&writer, "data");
  ms_json_begin_object(&writer);
  for (const struct ms_json_node *name = asked ? asked->first : NULL; name; name = name->next) {
    if (name->type != MS_JSON_STRING)
      continue;
    ms_json_key(&writer, name->string);
    ms_json_boolean(&writer, true);
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
