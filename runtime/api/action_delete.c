/* delete: an entity and what belongs to it. What is gone already counts as deleted, so that a commit
 * whose answer was lost can be sent again. */
#include "api/cascade.h"

enum ms_status
ms_action_delete(struct ms_batch *batch, const struct ms_json_node *operation, struct ms_error *err)
{
  struct ms_row row;
  struct ms_parameter none;
  const struct ms_entity_type *type = NULL;
  const struct ms_entity_type *concrete = NULL;
  enum ms_status status = ms_batch_entity_type(batch, operation, &type, err);
  if (status == MS_OK)
    status = ms_row_init(batch, type, &row, err);
  if (status == MS_OK)
    status = ms_key_decode(batch, type, ms_json_get(operation, "entity_key"), &row.key, err);
  if (status != MS_OK)
    return status;
  status = ms_row_read(batch, &row, &none, &concrete, err);
  if (status == MS_OK)
    status = ms_cascade_delete(batch, concrete, &row.key, err);
  if (status != MS_OK && status != MS_NOT_FOUND)
    return status;
  ms_buffer_append_string(batch->answer, "{\"action\":\"delete\",\"data\":true}");
  return MS_OK;
}
