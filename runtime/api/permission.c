/* Administrators, and what is theirs. */
#include "api/permission.h"

#include <string.h>

#include "api/seed.h"

/* Who could write these could make himself an administrator. */
static const char *const guarded_types[] = {"SecurityRole", "UserSecurityRole",
                                            "UserSecurityRoleProject"};

static enum ms_status
is_administrator(struct ms_batch *batch, bool *is, struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  char role_id[MS_ID_SIZE];
  enum ms_status status = ms_database_prepare(
      batch->api->database,
      "SELECT 1 FROM UserSecurityRole WHERE user_id = ?1 AND security_role_id = ?2", &statement,
      err);
  if (status != MS_OK)
    return status;
  ms_seed_id(MS_SEED_ADMINISTRATOR, role_id);
  ms_statement_bind_string(statement, 1, batch->request->user_id);
  ms_statement_bind_string(statement, 2, role_id);
  status = ms_statement_step(statement, is, err);
  ms_statement_done(statement);
  return status;
}

enum ms_status
ms_permission_require_administrator(struct ms_batch *batch, const char *what, struct ms_error *err)
{
  bool is = false;
  if (!batch->request->user_id)
    return MS_OK;
  enum ms_status status = is_administrator(batch, &is, err);
  if (status == MS_OK && !is)
    return ms_fail(err, MS_PERMISSION, "only an administrator may %s", what);
  return status;
}

enum ms_status
ms_permission_check_write(struct ms_batch *batch, const struct ms_entity_type *type,
                          struct ms_error *err)
{
  for (size_t i = 0; i < sizeof guarded_types / sizeof *guarded_types; i++)
    if (strcmp(type->name, guarded_types[i]) == 0)
      return ms_permission_require_administrator(batch, "change security roles", err);
  return MS_OK;
}
