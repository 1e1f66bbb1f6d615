/* reset_remote: a new API key for a user, which is all that can be reset. It takes the place of the one that was
 * made so before; keys that were made by hand are for `moonshift keys` to revoke. */
#include <stdlib.h>
#include <string.h>

#include "api/permission.h"

static const char key_label[] = "reset_remote";

/* The user whose key it is: the one named, else the caller. */
static enum ms_status
find_user(struct ms_batch *batch, const struct ms_json_node *operation, const char **user_id,
          struct ms_error *err)
{
  const struct ms_json_node *key = ms_json_get(operation, "entity_key");
  const char *type = ms_json_get_string(operation, "entity_type");
  if (type && strcmp(type, "User") != 0)
    return ms_fail(err, MS_INVALID, "an API key belongs to a User, not to a '%.100s'", type);
  if (key && key->type == MS_JSON_ARRAY && key->count == 1)
    key = key->first;
  if (!key || key->type == MS_JSON_NULL)
    *user_id = batch->request->user_id;
  else
    *user_id = key->type == MS_JSON_STRING ? key->string : NULL;
  return *user_id ? MS_OK : ms_fail(err, MS_INVALID, "'entity_key' takes the id of a user");
}

static bool
is_caller(const struct ms_batch *batch, const char *user_id)
{
  return batch->request->user_id && strcmp(batch->request->user_id, user_id) == 0;
}

enum ms_status
ms_action_reset_remote(struct ms_batch *batch, const struct ms_json_node *operation,
                       struct ms_error *err)
{
  char *key = NULL;
  const char *user_id = NULL;
  const char *reset = ms_json_get_string(operation, "reset_type");
  if (!reset || strcmp(reset, "api_key") != 0)
    return ms_fail(err, MS_INVALID, "'reset_type' takes 'api_key'");
  enum ms_status status = find_user(batch, operation, &user_id, err);
  if (status == MS_OK && !is_caller(batch, user_id))
    status = ms_permission_require_administrator(batch, "reset the key of another user", err);
  if (status == MS_OK)
    status = ms_api_revoke_labelled_keys(batch->api, user_id, key_label, err);
  if (status == MS_OK)
    status = ms_api_create_key(batch->api, user_id, key_label, &key, err);
  if (status == MS_OK)
    ms_buffer_printf(batch->answer, "{\"action\":\"reset_remote\",\"data\":{\"api_key\":\"%s\"}}",
                     key);
  free(key);
  return status;
}
