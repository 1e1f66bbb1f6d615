/* query: an expression, a page of entities. */
#include <inttypes.h>

#include "api/entity.h"
#include "api/plans.h"

static void
append_metadata(struct ms_batch *batch, const struct ms_query_plan *plan,
                const struct ms_rows *rows)
{
  ms_buffer_append_string(batch->answer, "],\"metadata\":{\"next\":{\"offset\":");
  if (rows->has_more && plan->limit > 0)
    ms_buffer_printf(batch->answer, "%" PRId64, plan->offset + plan->limit);
  else
    ms_buffer_append_string(batch->answer, "null");
  ms_buffer_append_string(batch->answer, "}}}");
}

enum ms_status
ms_page_append(struct ms_batch *batch, const struct ms_json_node *operation, const char *also,
               struct ms_error *err)
{
  const struct ms_json_node *expression = ms_json_get(operation, "expression");
  const char *action = ms_json_get_string(operation, "action");
  if (!expression || expression->type != MS_JSON_STRING)
    return ms_fail(err, MS_INVALID, "%s needs an 'expression', a string", action);
  const struct ms_query_plan *plan = NULL;
  struct ms_rows rows = {.count = 0};
  struct ms_query_context context = ms_batch_query_context(batch);
  context.also = also;
  const struct ms_plan_source source = {
      .context = &context, .text = expression->string, .text_bytes = expression->string_bytes};
  enum ms_status status = ms_plans_find(batch->api->plans, &source, &plan, err);
  if (status != MS_OK)
    return status;
  ms_buffer_printf(batch->answer, "{\"action\":\"%s\",\"data\":[", action);
  ms_database_set_time_limit(batch->api->database, MS_API_QUERY_TIME_MAX_MS);
  status = ms_plan_append_rows(batch, plan, NULL, &rows, err);
  ms_database_set_time_limit(batch->api->database, 0);
  append_metadata(batch, plan, &rows);
  return status;
}

enum ms_status
ms_action_query(struct ms_batch *batch, const struct ms_json_node *operation, struct ms_error *err)
{
  return ms_page_append(batch, operation, NULL, err);
}
