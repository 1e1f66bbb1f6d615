/* Invitations: who is invited must exist. This server has no mail of its own: an invitation becomes the event
 * `moonshift.invitation`, for a script that sends it, and is noted where the data has a place for that. */
#include "api/ask.h"
#include "api/operation.h"
#include "api/update_event.h"
#include "base/clock.h"
#include "base/id.h"

enum { EVENT_MAX_BYTES = 64 * 1024 };

/* Who is invited to what. */
struct invitation {
  const char *id_name; /* of the member that holds the id, as in the operation */
  const char *id;
  const char *person; /* SQL for a JSON object: name and email of ?1 */
};

static void
print_invitation(struct ms_json_writer *writer, const struct invitation *invitation,
                 const struct ms_parameter *person, const char *user_id)
{
  char id[MS_ID_SIZE];
  ms_id_new(id);
  ms_json_begin_object(writer);
  ms_json_member_string(writer, "topic", "moonshift.invitation");
  ms_json_member_string(writer, "id", id);
  ms_json_key(writer, "data");
  ms_json_begin_object(writer);
  ms_json_member_string(writer, invitation->id_name, invitation->id);
  ms_json_key(writer, "person");
  if (person->type == MS_PARAMETER_TEXT)
    ms_json_raw(writer, person->text, person->text_bytes);
  else
    ms_json_null(writer);
  ms_json_member_string(writer, "invited_by", user_id);
  ms_json_end_object(writer);
  ms_json_end_object(writer);
}

static enum ms_status
send(struct ms_batch *batch, const struct invitation *invitation, struct ms_error *err)
{
  struct ms_buffer text;
  struct ms_json_writer writer;
  struct ms_parameter person;
  const struct ms_parameter id = ms_text_parameter(invitation->id);
  enum ms_status status = ms_ask(batch, invitation->person, &id, 1, MS_COLUMN_TEXT, &person, err);
  if (status != MS_OK)
    return status;
  ms_buffer_init(&text, EVENT_MAX_BYTES);
  ms_json_writer_init(&writer, &text);
  print_invitation(&writer, invitation, &person, batch->request->user_id);
  status = ms_buffer_check(&text, "an invitation", err);
  if (status == MS_OK)
    status = ms_update_event_add(batch, ms_arena_strndup(batch->arena, text.data, text.size_bytes),
                                 text.size_bytes, err);
  ms_buffer_free(&text);
  if (status == MS_OK)
    ms_buffer_append_string(batch->answer, "{\"sent\":true}");
  return status;
}

enum ms_status
ms_action_send_user_invite(struct ms_batch *batch, const struct ms_json_node *operation,
                           struct ms_error *err)
{
  struct invitation invitation = {
      .id_name = "user_id",
      .person = "SELECT json_object('name', username, 'email', email) FROM Resource WHERE id = ?1"};
  enum ms_status status = ms_operation_string(operation, invitation.id_name, &invitation.id, err);
  if (status == MS_OK)
    status = ms_operation_check_entity(batch, "User", invitation.id, err);
  return status == MS_OK ? send(batch, &invitation, err) : status;
}

enum ms_status
ms_action_send_review_session_invite(struct ms_batch *batch, const struct ms_json_node *operation,
                                     struct ms_error *err)
{
  char now[MS_TIME_TEXT_SIZE];
  const struct ms_member sent = {"last_sent_at", now};
  struct invitation invitation = {
      .id_name = "review_session_invitee_id",
      .person = "SELECT json_object('name', name, 'email', email, 'review_session_id',"
                " review_session_id) FROM ReviewSessionInvitee WHERE id = ?1"};
  ms_time_format(batch->now_us, now);
  enum ms_status status = ms_operation_string(operation, invitation.id_name, &invitation.id, err);
  if (status == MS_OK)
    status = ms_operation_update(batch, "ReviewSessionInvitee", invitation.id, &sent, 1, err);
  return status == MS_OK ? send(batch, &invitation, err) : status;
}
