/* query_server_information and query_schemas: what clients ask first. */
#include <string.h>

#include "api/batch.h"
#include "base/id.h"

enum { TRACKER_ID_BYTES = 16 };

/* "dev" spares clients the comparison with version numbers of another product. */
static const char protocol_version[] = "dev";

typedef enum ms_status (*printer)(struct ms_batch *batch, struct ms_json_writer *writer,
                                  struct ms_error *err);

static enum ms_status
print_version(struct ms_batch *batch, struct ms_json_writer *writer, struct ms_error *err)
{
  (void)batch;
  (void)err;
  ms_json_string(writer, protocol_version);
  return MS_OK;
}

static enum ms_status
print_schema_hash(struct ms_batch *batch, struct ms_json_writer *writer, struct ms_error *err)
{
  char hash[MS_MD5_HEX_SIZE];
  enum ms_status status = ms_model_schema_hash(batch->api->model, hash, err);
  if (status == MS_OK)
    ms_json_string(writer, hash);
  return status;
}

/* A scenario that no client acts upon: locations are set up as the client likes. */
static enum ms_status
print_storage_scenario(struct ms_batch *batch, struct ms_json_writer *writer, struct ms_error *err)
{
  (void)batch;
  (void)err;
  ms_json_begin_object(writer);
  ms_json_member_string(writer, "scenario", "ftrack.automatic");
  ms_json_key(writer, "data");
  ms_json_begin_object(writer);
  ms_json_end_object(writer);
  ms_json_end_object(writer);
  return MS_OK;
}

static enum ms_status
print_true(struct ms_batch *batch, struct ms_json_writer *writer, struct ms_error *err)
{
  (void)batch;
  (void)err;
  ms_json_boolean(writer, true);
  return MS_OK;
}

static enum ms_status
print_product(struct ms_batch *batch, struct ms_json_writer *writer, struct ms_error *err)
{
  (void)batch;
  (void)err;
  ms_json_begin_object(writer);
  ms_json_member_string(writer, "name", "moonshift");
  ms_json_end_object(writer);
  return MS_OK;
}

static void
print_user(struct ms_json_writer *writer, struct ms_statement *statement)
{
  static const char *const names[] = {"id", "username", "first_name", "last_name"};
  ms_json_begin_object(writer);
  for (int i = 0; i < (int)(sizeof names / sizeof *names); i++) {
    ms_json_key(writer, names[i]);
    if (ms_statement_is_null(statement, i))
      ms_json_null(writer);
    else
      ms_json_string(writer, ms_statement_text(statement, i, NULL));
  }
  ms_json_end_object(writer);
}

static enum ms_status
print_user_information(struct ms_batch *batch, struct ms_json_writer *writer, struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  bool row = false;
  enum ms_status status = ms_database_prepare(
      batch->api->database,
      "SELECT id, username, first_name, last_name FROM Resource WHERE id = ?1", &statement, err);
  if (status != MS_OK)
    return status;
  ms_statement_bind_string(statement, 1, batch->request->user_id);
  status = ms_statement_step(statement, &row, err);
  if (row)
    print_user(writer, statement);
  else
    ms_json_null(writer);
  ms_statement_done(statement);
  return status;
}

/* The same however clients reach us, and no other data folder's: it comes of the secret, and does not
 * tell it. */
static enum ms_status
print_tracker_id(struct ms_batch *batch, struct ms_json_writer *writer, struct ms_error *err)
{
  static const char label[] = "tracker_id";
  uint8_t digest[MS_SHA256_BYTES];
  char id[2 * TRACKER_ID_BYTES + 1];
  (void)err;
  ms_hmac_sha256(batch->api->secret, sizeof batch->api->secret, label, sizeof label - 1, digest);
  ms_hex(digest, TRACKER_ID_BYTES, id);
  ms_json_string(writer, id);
  return MS_OK;
}

static const struct {
  const char *name;
  printer print;
} values[] = {
    {"version", print_version},
    {"schema_hash", print_schema_hash},
    {"storage_scenario", print_storage_scenario},
    {"is_timezone_support_enabled", print_true},
    {"is_nested_subqueries_enabled", print_true},
    {"product", print_product},
    {"user_information", print_user_information},
    {"tracker_id", print_tracker_id},
};

/* Whether the operation asks for a value; without a list it asks for all. */
static bool
is_wanted(const struct ms_json_node *list, const char *name)
{
  if (!list || list->type != MS_JSON_ARRAY)
    return true;
  for (const struct ms_json_node *node = list->first; node; node = node->next)
    if (node->type == MS_JSON_STRING && strcmp(node->string, name) == 0)
      return true;
  return false;
}

enum ms_status
ms_action_query_server_information(struct ms_batch *batch, const struct ms_json_node *operation,
                                   struct ms_error *err)
{
  struct ms_json_writer writer;
  const struct ms_json_node *wanted = ms_json_get(operation, "values");
  enum ms_status status = MS_OK;
  ms_json_writer_init(&writer, batch->answer);
  ms_json_begin_object(&writer);
  for (size_t i = 0; i < sizeof values / sizeof *values && status == MS_OK; i++) {
    if (!is_wanted(wanted, values[i].name))
      continue;
    ms_json_key(&writer, values[i].name);
    status = values[i].print(batch, &writer, err);
  }
  ms_json_end_object(&writer);
  return status;
}

/* The document is printed once and kept: it is the same for everybody. */
enum ms_status
ms_action_query_schemas(struct ms_batch *batch, const struct ms_json_node *operation,
                        struct ms_error *err)
{
  (void)operation;
  struct ms_buffer *schemas = &batch->api->schemas;
  if (schemas->size_bytes == 0) {
    struct ms_json_writer writer;
    ms_json_writer_init(&writer, schemas);
    ms_model_print_schemas(batch->api->model, &writer);
  }
  enum ms_status status = ms_buffer_check(schemas, "the schema document", err);
  if (status == MS_OK)
    ms_buffer_append(batch->answer, schemas->data, schemas->size_bytes);
  return status;
}
