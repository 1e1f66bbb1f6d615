/* delayed_job: a job for something that takes long. What can be asked for needs systems that this server
 * does not talk to, so each job ends at once and says why. */
#include <string.h>

#include "api/entity.h"
#include "api/operation.h"

enum { DATA_MAX_BYTES = 1024 };

static const struct {
  const char *name;
  const char *description;
  const char *reason;
} kinds[] = {
    {"SYNC_USERS_LDAP", "Synchronise users with LDAP", "no LDAP directory is connected"},
    {"ICONIK_SYNC_STRUCTURE", "Synchronise structure with iconik", "iconik is not connected"},
};

static enum ms_status
find_kind(const char *name, size_t *kind, struct ms_error *err)
{
  for (*kind = 0; *kind < sizeof kinds / sizeof *kinds; ++*kind)
    if (strcmp(kinds[*kind].name, name) == 0)
      return MS_OK;
  return ms_fail(err, MS_INVALID, "there is no delayed job '%.100s'", name);
}

static void
print_data(size_t kind, struct ms_buffer *out)
{
  struct ms_json_writer writer;
  ms_buffer_init(out, DATA_MAX_BYTES);
  ms_json_writer_init(&writer, out);
  ms_json_begin_object(&writer);
  ms_json_member_string(&writer, "description", kinds[kind].description);
  ms_json_member_string(&writer, "reason", kinds[kind].reason);
  ms_json_end_object(&writer);
}

static enum ms_status
answer(struct ms_batch *batch, const char *id, struct ms_error *err)
{
  static const char *const shown[] = {"status",     "type",        "data",
                                      "created_at", "finished_at", "user_id"};
  const struct ms_key key = {.parts = {ms_text_parameter(id)}, .count = 1};
  return ms_entity_append(batch, "delayed_job", ms_model_type(batch->api->model, "Job"), &key,
                          shown, sizeof shown / sizeof *shown, err);
}

enum ms_status
ms_action_delayed_job(struct ms_batch *batch, const struct ms_json_node *operation,
                      struct ms_error *err)
{
  struct ms_buffer data;
  const char *type = NULL;
  char id[MS_ID_SIZE];
  size_t kind = 0;
  enum ms_status status = ms_operation_string(operation, "job_type", &type, err);
  if (status == MS_OK)
    status = find_kind(type, &kind, err);
  if (status != MS_OK)
    return status;
  print_data(kind, &data);
  const struct ms_member members[] = {{"type", type},
                                      {"status", "failed"},
                                      {"user_id", batch->request->user_id},
                                      {"data", ms_buffer_string(&data)}};
  status = ms_operation_create(batch, "Job", members, 4, id, err);
  ms_buffer_free(&data);
  return status == MS_OK ? answer(batch, id, err) : status;
}
