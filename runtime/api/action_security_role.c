/* The five actions on the security roles of users: rows of UserSecurityRole, and of
 * UserSecurityRoleProject for roles that count in some projects only. */
#include <string.h>

#include "api/operation.h"

#define HELD_ROLE "SELECT id FROM UserSecurityRole WHERE user_id = ?1 AND security_role_id = ?2"

static enum ms_status
answer(struct ms_batch *batch, const struct ms_json_node *operation)
{
  ms_buffer_printf(batch->answer, "{\"action\":\"%s\",\"data\":true}",
                   ms_json_get_string(operation, "action"));
  return MS_OK;
}

/* The row that gives `role_id` to `user_id`, both as the operation says. */
static enum ms_status
find_held_role(struct ms_batch *batch, const struct ms_json_node *operation, const char **id,
               struct ms_error *err)
{
  const char *who[2];
  enum ms_status status = ms_operation_string(operation, "user_id", &who[0], err);
  if (status == MS_OK)
    status = ms_operation_string(operation, "role_id", &who[1], err);
  if (status == MS_OK)
    status = ms_operation_find(batch, HELD_ROLE, who, 2, id, err);
  if (status == MS_NOT_FOUND)
    return ms_fail(err, MS_NOT_FOUND, "user '%.100s' does not have the role '%.100s'", who[0],
                   who[1]);
  return status;
}

enum ms_status
ms_action_add_user_security_role(struct ms_batch *batch, const struct ms_json_node *operation,
                                 struct ms_error *err)
{
  const char *held = NULL;
  char id[MS_ID_SIZE];
  enum ms_status status = find_held_role(batch, operation, &held, err);
  if (status == MS_OK)
    return ms_fail(err, MS_EXISTS, "the user has this role already");
  if (status != MS_NOT_FOUND)
    return status;
  const struct ms_member members[] = {
      {"user_id", ms_json_get_string(operation, "user_id")},
      {"security_role_id", ms_json_get_string(operation, "role_id")},
  };
  status = ms_operation_create(batch, "UserSecurityRole", members, 2, id, err);
  return status == MS_OK ? answer(batch, operation) : status;
}

enum ms_status
ms_action_remove_user_security_role(struct ms_batch *batch, const struct ms_json_node *operation,
                                    struct ms_error *err)
{
  const char *held = NULL;
  enum ms_status status = find_held_role(batch, operation, &held, err);
  if (status == MS_OK)
    status = ms_operation_delete(batch, "UserSecurityRole", held, err);
  return status == MS_OK ? answer(batch, operation) : status;
}

enum ms_status
ms_action_update_user_security_role(struct ms_batch *batch, const struct ms_json_node *operation,
                                    struct ms_error *err)
{
  const char *held = NULL;
  struct ms_member member = {"security_role_id", NULL};
  enum ms_status status = find_held_role(batch, operation, &held, err);
  if (status == MS_OK)
    status = ms_operation_string(operation, "new_role_id", &member.value, err);
  if (status == MS_OK)
    status = ms_operation_update(batch, "UserSecurityRole", held, &member, 1, err);
  return status == MS_OK ? answer(batch, operation) : status;
}

enum ms_status
ms_action_grant_user_security_role_project(struct ms_batch *batch,
                                           const struct ms_json_node *operation,
                                           struct ms_error *err)
{
  struct ms_member members[] = {{"user_security_role_id", NULL}, {"project_id", NULL}};
  char id[MS_ID_SIZE];
  enum ms_status status = find_held_role(batch, operation, &members[0].value, err);
  if (status == MS_OK)
    status = ms_operation_string(operation, "project_id", &members[1].value, err);
  if (status == MS_OK)
    status = ms_operation_create(batch, "UserSecurityRoleProject", members, 2, id, err);
  return status == MS_OK ? answer(batch, operation) : status;
}

enum ms_status
ms_action_revoke_user_security_role_project(struct ms_batch *batch,
                                            const struct ms_json_node *operation,
                                            struct ms_error *err)
{
  static const char granted[] = "SELECT id FROM UserSecurityRoleProject"
                                " WHERE user_security_role_id = ?1 AND project_id = ?2";
  const char *where[2] = {NULL, NULL};
  const char *row = NULL;
  enum ms_status status = find_held_role(batch, operation, &where[0], err);
  if (status == MS_OK)
    status = ms_operation_string(operation, "project_id", &where[1], err);
  if (status == MS_OK)
    status = ms_operation_find(batch, granted, where, 2, &row, err);
  if (status == MS_NOT_FOUND && !row && where[1])
    return ms_fail(err, MS_NOT_FOUND, "the role was not granted in the project '%.100s'", where[1]);
  if (status == MS_OK)
    status = ms_operation_delete(batch, "UserSecurityRoleProject", row, err);
  return status == MS_OK ? answer(batch, operation) : status;
}
