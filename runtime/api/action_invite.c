/* Invitations: who is invited must exist. This server sends no mail; the invitation is noted where the
 * data has a place for that, and clients are told what they expect to hear. */
#include "api/operation.h"
#include "base/clock.h"

static enum ms_status
answer(struct ms_batch *batch)
{
  ms_buffer_append_string(batch->answer, "{\"sent\":true}");
  return MS_OK;
}

enum ms_status
ms_action_send_user_invite(struct ms_batch *batch, const struct ms_json_node *operation,
                           struct ms_error *err)
{
  const char *user_id = NULL;
  enum ms_status status = ms_operation_string(operation, "user_id", &user_id, err);
  if (status == MS_OK)
    status = ms_operation_check_entity(batch, "User", user_id, err);
  return status == MS_OK ? answer(batch) : status;
}

enum ms_status
ms_action_send_review_session_invite(struct ms_batch *batch, const struct ms_json_node *operation,
                                     struct ms_error *err)
{
  char now[MS_TIME_TEXT_SIZE];
  const struct ms_member sent = {"last_sent_at", now};
  const char *invitee_id = NULL;
  ms_time_format(batch->now_us, now);
  enum ms_status status =
      ms_operation_string(operation, "review_session_invitee_id", &invitee_id, err);
  if (status == MS_OK)
    status = ms_operation_update(batch, "ReviewSessionInvitee", invitee_id, &sent, 1, err);
  return status == MS_OK ? answer(batch) : status;
}
