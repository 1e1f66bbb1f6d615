/* query: an expression, a page of entities. */
#include "api/entity.h"

static void
append_metadata(struct ms_batch *batch, const struct ms_query_plan *plan, bool has_more)
{
  ms_buffer_append_string(batch->answer, "],\"metadata\":{\"next\":{\"offset\":");
  if (has_more && plan->limit > 0)
    ms_buffer_printf(batch->answer, "%lld", (long long)(plan->offset + plan->limit));
  else
    ms_buffer_append_string(batch->answer, "null");
  ms_buffer_append_string(batch->answer, "}}}");
}

static enum ms_status
run_expression(struct ms_batch *batch, const struct ms_json_node *expression,
               struct ms_arena *arena, struct ms_error *err)
{
  struct ms_query_plan *plan = NULL;
  bool has_more = false;
  const struct ms_query_context context = ms_batch_query_context(batch);
  enum ms_status status =
      ms_query_compile(&context, expression->string, expression->string_bytes, arena, &plan, err);
  if (status != MS_OK)
    return status;
  ms_buffer_append_string(batch->answer, "{\"action\":\"query\",\"data\":[");
  ms_database_set_time_limit(batch->api->database, MS_API_QUERY_TIME_MAX_MS);
  status = ms_plan_append_rows(batch, plan, &has_more, err);
  ms_database_set_time_limit(batch->api->database, 0);
  append_metadata(batch, plan, has_more);
  return status;
}

enum ms_status
ms_action_query(struct ms_batch *batch, const struct ms_json_node *operation, struct ms_error *err)
{
  const struct ms_json_node *expression = ms_json_get(operation, "expression");
  if (!expression || expression->type != MS_JSON_STRING)
    return ms_fail(err, MS_INVALID, "a query needs an 'expression', a string");
  struct ms_arena arena;
  ms_arena_init(&arena, MS_QUERY_ARENA_MAX_BYTES);
  enum ms_status status = run_expression(batch, expression, &arena, err);
  ms_arena_free(&arena);
  return status;
}
