/* Operations of our own are written as JSON and read like anybody's: one way in. */
#include "api/operation.h"

#include <string.h>

#include "api/row.h"

enum { OPERATION_MAX_BYTES = 1024 * 1024 };

enum ms_status
ms_operation_string(const struct ms_json_node *operation, const char *name, const char **value,
                    struct ms_error *err)
{
  *value = ms_json_get_string(operation, name);
  if (*value && (*value)[0])
    return MS_OK;
  return ms_fail(err, MS_INVALID, "%s needs '%s', a string",
                 ms_json_get_string(operation, "action"), name);
}

static void
print_operation(struct ms_json_writer *writer, const char *type, const char *id,
                const struct ms_member *members, size_t count)
{
  ms_json_begin_object(writer);
  ms_json_member_string(writer, "entity_type", type);
  ms_json_key(writer, "entity_key");
  ms_json_begin_array(writer);
  ms_json_string(writer, id);
  ms_json_end_array(writer);
  ms_json_key(writer, "entity_data");
  ms_json_begin_object(writer);
  for (size_t i = 0; i < count; i++)
    ms_json_member_string(writer, members[i].name, members[i].value);
  ms_json_end_object(writer);
  ms_json_end_object(writer);
}

static enum ms_status
run(struct ms_batch *batch, ms_action action, const char *type, const char *id,
    const struct ms_member *members, size_t count, struct ms_error *err)
{
  struct ms_buffer text;
  struct ms_json_writer writer;
  struct ms_json_node *operation = NULL;
  size_t answered_bytes = batch->answer->size_bytes;
  ms_buffer_init(&text, OPERATION_MAX_BYTES);
  ms_json_writer_init(&writer, &text);
  print_operation(&writer, type, id, members, count);
  enum ms_status status = ms_buffer_check(&text, "an operation", err);
  if (status == MS_OK)
    status = ms_json_parse(batch->arena, text.data, text.size_bytes, &operation, err);
  ms_buffer_free(&text);
  if (status == MS_OK)
    status = action(batch, operation, err);
  ms_buffer_truncate(batch->answer, answered_bytes);
  return status;
}

enum ms_status
ms_operation_create(struct ms_batch *batch, const char *type, const struct ms_member *members,
                    size_t count, char id[MS_ID_SIZE], struct ms_error *err)
{
  ms_id_new(id);
  return run(batch, ms_action_create, type, id, members, count, err);
}

enum ms_status
ms_operation_update(struct ms_batch *batch, const char *type, const char *id,
                    const struct ms_member *members, size_t count, struct ms_error *err)
{
  return run(batch, ms_action_update, type, id, members, count, err);
}

enum ms_status
ms_operation_delete(struct ms_batch *batch, const char *type, const char *id, struct ms_error *err)
{
  return run(batch, ms_action_delete, type, id, NULL, 0, err);
}

enum ms_status
ms_operation_find(struct ms_batch *batch, const char *sql, const char *const *parameters,
                  size_t count, const char **found, struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  bool row = false;
  *found = NULL;
  enum ms_status status = ms_database_prepare(batch->api->database, sql, &statement, err);
  if (status != MS_OK)
    return status;
  for (size_t i = 0; i < count; i++)
    ms_statement_bind_string(statement, (int)i + 1, parameters[i]);
  status = ms_statement_step(statement, &row, err);
  const char *text = row ? ms_statement_text(statement, 0, NULL) : NULL;
  if (text && !(*found = ms_arena_strdup(batch->arena, text)))
    status = ms_batch_out_of_memory(err);
  ms_statement_done(statement);
  return status == MS_OK && !text ? MS_NOT_FOUND : status;
}

enum ms_status
ms_operation_check_entity(struct ms_batch *batch, const char *type, const char *id,
                          struct ms_error *err)
{
  struct ms_row row;
  struct ms_parameter none;
  const struct ms_entity_type *concrete = NULL;
  enum ms_status status = ms_row_init(batch, ms_model_type(batch->api->model, type), &row, err);
  if (status != MS_OK)
    return status;
  row.key = (struct ms_key){.parts = {ms_text_parameter(id)}, .count = 1};
  return ms_row_read(batch, &row, &none, &concrete, err);
}
