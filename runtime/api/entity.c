/* From plans to answers. */
#include "api/entity.h"

#include "api/plans.h"

static enum ms_status
append_rows(struct ms_batch *batch, const struct ms_query_plan *plan,
            struct ms_statement *statement, struct ms_rows *rows, struct ms_error *err)
{
  bool row = true;
  enum ms_status status = MS_OK;
  *rows = (struct ms_rows){.count = 0};
  while (status == MS_OK) {
    size_t size = 0;
    status = ms_statement_step(statement, &row, err);
    if (status != MS_OK || !row)
      break;
    if (rows->count == plan->limit) {
      rows->has_more = true;
      break;
    }
    const char *json = ms_statement_text(statement, 0, &size);
    if (rows->count++ > 0)
      ms_buffer_append_char(batch->answer, ',');
    ms_buffer_append(batch->answer, json ? json : "null", json ? size : 4);
    status = ms_buffer_check(batch->answer, "the answer", err);
  }
  return status;
}

enum ms_status
ms_plan_append_rows(struct ms_batch *batch, const struct ms_query_plan *plan,
                    const struct ms_key *key, struct ms_rows *rows, struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  enum ms_status status = ms_database_prepare(batch->api->database, plan->sql, &statement, err);
  if (status != MS_OK)
    return status;
  for (size_t i = 0; i < plan->parameter_count; i++) {
    const struct ms_parameter *parameter = &plan->parameters[i];
    ms_value_bind(statement, (int)i + 1,
                  parameter->type == MS_PARAMETER_KEY ? &key->parts[parameter->integer]
                                                      : parameter);
  }
  status = append_rows(batch, plan, statement, rows, err);
  ms_statement_done(statement);
  return status;
}

enum ms_status
ms_entity_append(struct ms_batch *batch, const char *action, const struct ms_entity_type *type,
                 const struct ms_key *key, const char *const *attributes, size_t attribute_count,
                 struct ms_error *err)
{
  const struct ms_query_plan *plan = NULL;
  struct ms_rows rows = {.count = 0};
  const struct ms_query_context context = ms_batch_query_context(batch);
  const struct ms_plan_source source = {.context = &context,
                                        .type = type,
                                        .attributes = attributes,
                                        .attribute_count = attribute_count};
  enum ms_status status = ms_plans_find(batch->api->plans, &source, &plan, err);
  if (status != MS_OK)
    return status;
  ms_buffer_append_string(batch->answer, "{\"action\":\"");
  ms_buffer_append_string(batch->answer, action);
  ms_buffer_append_string(batch->answer, "\",\"data\":");
  status = ms_plan_append_rows(batch, plan, key, &rows, err);
  ms_buffer_append_char(batch->answer, '}');
  /* A value of a custom attribute that does not apply to the entity is written, but is not there. */
  if (status == MS_OK && rows.count == 0)
    status = ms_fail(err, MS_NOT_FOUND, "there is no %s", ms_key_describe(batch, type, key));
  return status;
}
