/* Batches: decode, run each operation through the table of actions, check, commit, answer.
 *
 * All or nothing: whatever fails, the data and the answer are as if the batch had not begun, and the
 * answer is the error alone. A batch that only reads takes no lock that a writer waits for. */
#include "api/batch.h"

#include <stdio.h>
#include <string.h>

#include "api/call.h"
#include "api/checks.h"
#include "api/collection.h"
#include "api/permission.h"
#include "api/rules.h"
#include "api/update_event.h"

enum {
  LATER_PART_OPERATIONS_MAX = 50 /* of a batch that others may come before in its transaction */
};

static const struct {
  const char *name;
  ms_action run;
  bool writes;
} actions[] = {
    {"query", ms_action_query, false},
    {"create", ms_action_create, true},
    {"update", ms_action_update, true},
    {"delete", ms_action_delete, true},
    {"query_server_information", ms_action_query_server_information, false},
    {"query_schemas", ms_action_query_schemas, false},
    {"get_upload_metadata", ms_action_get_upload_metadata, false},
    {"complete_multipart_upload", ms_action_complete_multipart_upload, false},
    {"reset_remote", ms_action_reset_remote, true},
    {"search", ms_action_search, false},
    {"generate_signed_url", ms_action_generate_signed_url, false},
    {"get_widget_url", ms_action_get_widget_url, false},
    {"send_user_invite", ms_action_send_user_invite, true},
    {"send_review_session_invite", ms_action_send_review_session_invite, true},
    {"delayed_job", ms_action_delayed_job, true},
    {"encode_media", ms_action_encode_media, true},
    {"permissions", ms_action_permissions, false},
    {"compute_rollups", ms_action_compute_rollups, false},
    {"configure_totp", ms_action_configure_totp, false},
    {"add_user_security_role", ms_action_add_user_security_role, true},
    {"remove_user_security_role", ms_action_remove_user_security_role, true},
    {"update_user_security_role", ms_action_update_user_security_role, true},
    {"grant_user_security_role_project", ms_action_grant_user_security_role_project, true},
    {"revoke_user_security_role_project", ms_action_revoke_user_security_role_project, true},
};

enum { ACTION_COUNT = sizeof actions / sizeof *actions };

/* ---- what actions ask of their batch ---- */

struct ms_query_context
ms_batch_query_context(const struct ms_batch *batch)
{
  return (struct ms_query_context){
      .model = batch->api->model,
      .strict_projections = batch->request->strict_projections,
      .base_url = batch->request->base_url,
  };
}

enum ms_status
ms_batch_named_type(struct ms_batch *batch, const struct ms_json_node *operation,
                    const struct ms_entity_type **type, struct ms_error *err)
{
  const char *name = ms_json_get_string(operation, "entity_type");
  if (!name)
    return ms_fail(err, MS_INVALID, "the operation has no 'entity_type'");
  *type = ms_model_type(batch->api->model, name);
  if (*type)
    return MS_OK;
  const char *nearest = ms_model_nearest_type(batch->api->model, name);
  if (nearest)
    return ms_fail(err, MS_INVALID, "there is no entity type '%.100s'; did you mean '%s'?", name,
                   nearest);
  return ms_fail(err, MS_INVALID, "there is no entity type '%.100s'", name);
}

enum ms_status
ms_batch_entity_type(struct ms_batch *batch, const struct ms_json_node *operation,
                     const struct ms_entity_type **type, struct ms_error *err)
{
  enum ms_status status = ms_batch_named_type(batch, operation, type, err);
  return status == MS_OK ? ms_permission_check_write(batch, *type, err) : status;
}

enum ms_status
ms_batch_out_of_memory(struct ms_error *err)
{
  return ms_fail(err, MS_MEMORY, "out of memory for this batch; send fewer operations at once");
}

/* ---- running ---- */

/* The index of the operation's action, or ACTION_COUNT. */
static size_t
find_action(const struct ms_json_node *operation)
{
  const char *name = ms_json_get_string(operation, "action");
  size_t i = 0;
  while (i < ACTION_COUNT && (!name || strcmp(actions[i].name, name) != 0))
    i++;
  return i;
}

/* Before anything is done: every operation is one that we know. */
static enum ms_status
check_operations(const struct ms_json_node *operations, bool *writes, struct ms_error *err)
{
  *writes = false;
  if (operations->type != MS_JSON_ARRAY)
    return ms_fail(err, MS_INVALID, "the body is a list of operations, not %s",
                   ms_json_type_name(operations->type));
  if (operations->count > MS_API_OPERATIONS_MAX)
    return ms_fail(err, MS_LIMIT, "a batch has up to %d operations, not %zu", MS_API_OPERATIONS_MAX,
                   operations->count);
  for (const struct ms_json_node *node = operations->first; node; node = node->next) {
    size_t action = find_action(node);
    const char *name = ms_json_get_string(node, "action");
    if (!name)
      return ms_fail(err, MS_INVALID, "every operation is an object with an 'action'");
    /* The words that clients look for. */
    if (action == ACTION_COUNT)
      return ms_fail(err, MS_INVALID, "Invalid action u'%.100s'", name);
    *writes |= actions[action].writes;
  }
  return MS_OK;
}

/* Which of several changes was refused; a query's error points at its own text. */
static void
name_refused(const struct ms_batch *batch, const struct ms_json_node *operations,
             struct ms_error *err)
{
  const struct ms_json_node *refused = batch->refused;
  if (!refused || operations->count < 2 || !actions[find_action(refused)].writes)
    return;
  size_t index = 1;
  for (const struct ms_json_node *node = operations->first; node != refused; node = node->next)
    index++;
  const char *type = ms_json_get_string(refused, "entity_type");
  size_t used = strlen(err->message);
  snprintf(err->message + used, sizeof err->message - used, " (operation %zu of %zu: %s%s%.100s)",
           index, operations->count, ms_json_get_string(refused, "action"), type ? " " : "",
           type ? type : "");
}

static enum ms_status
run_operations(struct ms_batch *batch, const struct ms_json_node *operations, struct ms_error *err)
{
  enum ms_status status = MS_OK;
  ms_buffer_append_char(batch->answer, '[');
  for (const struct ms_json_node *node = operations->first; node && status == MS_OK;
       node = node->next) {
    batch->operation = node;
    if (node != operations->first)
      ms_buffer_append_char(batch->answer, ',');
    status = actions[find_action(node)].run(batch, node, err);
    if (status == MS_OK)
      status = ms_buffer_check(batch->answer, "the answer", err);
    else
      batch->refused = node;
  }
  ms_buffer_append_char(batch->answer, ']');
  batch->settles = true;
  return status;
}

/* All that a batch changes, within a transaction. */
static enum ms_status
run_and_settle(struct ms_batch *batch, const struct ms_json_node *operations, struct ms_error *err)
{
  enum ms_status status = run_operations(batch, operations, err);
  if (status == MS_OK)
    status = ms_collections_settle(batch, err);
  if (status == MS_OK)
    status = ms_forward_fill(batch, err);
  if (status == MS_OK)
    status = ms_rules_settle(batch, err);
  if (status == MS_OK)
    status = ms_checks_run(batch, err);
  if (status == MS_OK)
    status = ms_forward_print(batch, err);
  return status == MS_OK ? ms_update_event_complete(batch, err) : status;
}

static enum ms_status
run_writing(struct ms_batch *batch, const struct ms_json_node *operations, struct ms_error *err)
{
  struct ms_database *database = batch->api->database;
  ms_call_settle_all(batch->api);
  enum ms_status status = ms_database_begin(database, err);
  if (status != MS_OK)
    return status;
  status = run_and_settle(batch, operations, err);
  if (status == MS_OK)
    status = ms_database_commit(database, err);
  ms_database_rollback(database);
  return status;
}

/* As a part of a transaction that ms_api_commit ends; a large one as its first, which undoes itself at no cost. */
static enum ms_status
run_part(struct ms_batch *batch, const struct ms_json_node *operations, struct ms_error *err)
{
  struct ms_database *database = batch->api->database;
  if (operations->count > LATER_PART_OPERATIONS_MAX)
    ms_call_settle_all(batch->api);
  enum ms_status status = ms_database_begin_part(database, err);
  if (status != MS_OK)
    return status;
  status = run_and_settle(batch, operations, err);
  if (status == MS_OK)
    status = ms_database_end_part(database, err);
  if (status != MS_OK)
    ms_database_undo_part(database, err);
  *batch->request->is_uncommitted = status == MS_OK;
  return status;
}

/* One read needs no transaction; several see one state of the data. */
static enum ms_status
run_reading(struct ms_batch *batch, const struct ms_json_node *operations, struct ms_error *err)
{
  struct ms_database *database = batch->api->database;
  if (operations->count < 2)
    return run_operations(batch, operations, err);
  enum ms_status status = ms_database_begin_read(database, err);
  if (status != MS_OK)
    return status;
  status = run_operations(batch, operations, err);
  ms_database_rollback(database);
  return status;
}

static enum ms_status
run_body(struct ms_batch *batch, struct ms_error *err)
{
  struct ms_json_node *operations = NULL;
  bool writes = false;
  const struct ms_api_request *request = batch->request;
  if (request->body_bytes > MS_API_BODY_MAX_BYTES)
    return ms_fail(err, MS_LIMIT, "a request has up to %d bytes, not %zu", MS_API_BODY_MAX_BYTES,
                   request->body_bytes);
  enum ms_status status =
      ms_json_parse(batch->arena, request->body, request->body_bytes, &operations, err);
  if (status == MS_OK)
    status = check_operations(operations, &writes, err);
  if (status != MS_OK)
    return status;
  if (!writes)
    return run_reading(batch, operations, err);
  status = request->is_uncommitted ? run_part(batch, operations, err)
                                   : run_writing(batch, operations, err);
  if (status != MS_OK)
    name_refused(batch, operations, err);
  return status;
}

static void
answer_failure(struct ms_buffer *answer, size_t start, const struct ms_error *failure,
               struct ms_error *err)
{
  ms_buffer_truncate(answer, start);
  answer->status = MS_OK;
  ms_api_print_error(failure, answer);
  if (err)
    *err = *failure;
}

enum ms_status
ms_api_call(struct ms_api *api, const struct ms_api_request *request, struct ms_buffer *answer,
            struct ms_error *err)
{
  struct ms_error failure = {.status = MS_OK};
  size_t start = answer->size_bytes;
  if (request->is_uncommitted)
    *request->is_uncommitted = false;
  struct ms_call *call = ms_call_new(api, request, answer);
  enum ms_status status =
      call ? run_body(&call->batch, &failure) : ms_batch_out_of_memory(&failure);
  if (status != MS_OK)
    answer_failure(answer, start, &failure, err);
  if (status == MS_OK && request->is_uncommitted && *request->is_uncommitted)
    ms_call_wait(call);
  else
    ms_call_finish(call, status == MS_OK);
  return status;
}
