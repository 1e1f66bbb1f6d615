/* The actions beside create, update, delete and query: what they answer, write and refuse. */
#include "support.h"

#define PROJECT                                                                         \
  "{'action':'create','entity_type':'Project','entity_data':{'id':'p1','name':'alpha'," \
  "'project_schema_id':'69cb7f92-4dbf-11e1-9902-f23c91df25eb'}}"
#define SHOT(id, name)                                                                 \
  "{'action':'create','entity_type':'Shot','entity_data':{'id':'" id "','name':'" name \
  "','parent_id':'p1'}}"
#define TASK(id, name, parent)                                                         \
  "{'action':'create','entity_type':'Task','entity_data':{'id':'" id "','name':'" name \
  "','parent_id':'" parent "'}}"

static int
open_studio(void **state)
{
  int failed = open_tracker(state);
  if (!failed)
    call(*state, "[" PROJECT "," SHOT("s1", "sh010") "," SHOT("s2", "sh020") "," TASK(
                     "k1", "100% \\'light\\'", "s1") "," TASK("k2", "light_b", "s2") "]");
  return failed;
}

/* ---- search ---- */

static const struct {
  const char *arguments;
  size_t count;
} searches[] = {
    {"'entity_type':'Task','expression':'Task','terms':[]", 2},
    {"'entity_type':'Task','expression':'Task','terms':['LIGHT']", 2},
    {"'entity_type':'Task','expression':'Task','terms':['light','%']", 1},
    {"'entity_type':'Task','expression':'Task','terms':['t_']", 1},
    {"'entity_type':'Task','expression':'Task','terms':['\\'']", 1},
    {"'entity_type':'Task','expression':'Task','terms':['\\\\']", 0},
    {"'entity_type':'Task','expression':'Task where id is k1 or id is k2','terms':['b']", 1},
    {"'entity_type':'Task','expression':'Task','terms':[],'context_id':'s1'", 1},
    {"'entity_type':'Task','expression':'Task','terms':[],'context_id':'p1'", 2},
    {"'entity_type':'Task','expression':'Task','terms':[],'context_id':'other'", 0},
    {"'entity_type':'TypedContext','expression':'TypedContext','terms':[],'object_type_ids':"
     "['bad911de-3bd6-47b9-8b46-3476e237cb36']",
     2},
};

static void
search_narrows_an_expression(void **state)
{
  struct tracker *tracker = *state;
  for (size_t i = 0; i < COUNT(searches); i++) {
    char body[512];
    snprintf(body, sizeof body, "[{'action':'search',%s}]", searches[i].arguments);
    call(tracker, body);
    expect(tracker, "0.action", "'search'");
    expect_count(tracker, "0.data", searches[i].count);
  }
}

static void
search_pages_like_a_query(void **state)
{
  struct tracker *tracker = *state;
  call(tracker, "[{'action':'search','entity_type':'Task','terms':['light'],"
                "'expression':'select id from Task order by id limit 1'}]");
  expect(tracker, "0.data.0.id", "'k1'");
  expect(tracker, "0.metadata.next.offset", "1");
}

static void
search_says_what_it_needs(void **state)
{
  struct tracker *tracker = *state;
  expect_error(tracker, "[{'action':'search','expression':'Task','terms':[]}]", "ValidationError",
               "entity_type");
  expect_error(tracker, "[{'action':'search','expression':'Task','entity_type':'Task'}]",
               "ValidationError", "terms");
  expect_error(tracker, "[{'action':'search','entity_type':'Task','terms':['x']}]",
               "ValidationError", "expression");
  expect_error(tracker,
               "[{'action':'search','expression':'User','entity_type':'User','terms':[],"
               "'context_id':'p1'}]",
               "ValidationError", "context_id");
  expect_error(tracker,
               "[{'action':'search','expression':'User','entity_type':'User','terms':[],"
               "'object_type_ids':['x']}]",
               "ValidationError", "object_type_ids");
}

/* ---- security roles ---- */

static void
call_role(struct tracker *tracker, const char *action, const char *arguments)
{
  char body[512];
  snprintf(body, sizeof body, "[{'action':'%s','user_id':'u1','role_id':'r1'%s}]", action,
           arguments);
  call(tracker, body);
  char answer[128];
  snprintf(answer, sizeof answer, "[{'action':'%s','data':true}]", action);
  expect(tracker, "", answer);
}

static void
roles_are_given_and_taken(void **state)
{
  struct tracker *tracker = *state;
  call(tracker, "[{'action':'create','entity_type':'User','entity_data':{'id':'u1'}},"
                "{'action':'create','entity_type':'SecurityRole','entity_data':"
                "{'id':'r1','name':'one','type':'PROJECT'}},"
                "{'action':'create','entity_type':'SecurityRole','entity_data':"
                "{'id':'r2','name':'two','type':'PROJECT'}}]");
  call_role(tracker, "add_user_security_role", "");
  call_role(tracker, "grant_user_security_role_project", ",'project_id':'p1'");
  query(tracker, "UserSecurityRoleProject where user_security_role.user.id is u1", 1);
  call_role(tracker, "revoke_user_security_role_project", ",'project_id':'p1'");
  query(tracker, "UserSecurityRoleProject where user_security_role.user.id is u1", 0);
  expect_error(tracker,
               "[{'action':'revoke_user_security_role_project','user_id':'u1','role_id':'r1',"
               "'project_id':'p1'}]",
               "ValidationError", "not granted");
  expect_error(tracker, "[{'action':'add_user_security_role','user_id':'u1','role_id':'r1'}]",
               "DuplicateEntryError", "already");
  call_role(tracker, "update_user_security_role", ",'new_role_id':'r2'");
  query(tracker, "UserSecurityRole where user_id is u1 and security_role_id is r2", 1);
  expect_error(tracker, "[{'action':'remove_user_security_role','user_id':'u1','role_id':'r1'}]",
               "ValidationError", "does not have the role");
}

/* ---- URLs ---- */

static void
signed_urls_permit_what_they_say(void **state)
{
  struct tracker *tracker = *state;
  char expires[32];
  char signature[MS_SIGNATURE_SIZE];
  call(tracker, "[{'action':'create','entity_type':'FileComponent','entity_data':{'id':'c1'}},"
                "{'action':'generate_signed_url','component_id':'c1','operation':'get'}]");
  assert_int_equal(sscanf(at(tracker, "1.signed_url")->string,
                          "http://tracker/component/get?id=c1&expires=%31[^&]&signature=%95s",
                          expires, signature),
                   2);
  check_ok(ms_api_check_signature(tracker->api, MS_SIGNATURE_GET, "c1", expires, signature,
                                  &tracker->err),
           &tracker->err);
  expect_error(tracker, "[{'action':'generate_signed_url','component_id':'nothing'}]",
               "ValidationError", "nothing");
  expect_error(tracker, "[{'action':'generate_signed_url','component_id':'c1','operation':'burn'}]",
               "ValidationError", "operation");
}

static void
widgets_are_shown_by_the_page(void **state)
{
  struct tracker *tracker = *state;
  call(tracker, "[{'action':'get_widget_url','name':'tasks','theme':null},"
                "{'action':'get_widget_url','name':'info','entity_type':'Task',"
                "'entity_key':['k1']}]");
  expect(tracker, "0.widget_url", "'http://tracker/#tasks'");
  expect(tracker, "1.widget_url", "'http://tracker/#info/Task/k1'");
  expect_error(tracker, "[{'action':'get_widget_url','name':'clock'}]", "ValidationError", "clock");
}

/* ---- the rest ---- */

static void
hear_invitation(void *context, const char *event, size_t event_bytes)
{
  struct ms_buffer *heard = context;
  if (memmem(event, event_bytes, "moonshift.invitation", 20))
    ms_buffer_append(heard, event, event_bytes);
}

static void
invitations_are_noted(void **state)
{
  struct tracker *tracker = *state;
  struct ms_buffer heard;
  ms_buffer_init(&heard, 65536);
  ms_api_listen(tracker->api, hear_invitation, &heard);
  call(tracker, "[{'action':'create','entity_type':'User','entity_data':{'id':'u1'}},"
                "{'action':'create','entity_type':'ReviewSession','entity_data':"
                "{'id':'rs1','project_id':'p1'}},"
                "{'action':'create','entity_type':'ReviewSessionInvitee','entity_data':"
                "{'id':'i1','name':'Ada','email':'a@x','review_session_id':'rs1'}},"
                "{'action':'send_user_invite','user_id':'u1'},"
                "{'action':'send_review_session_invite','review_session_invitee_id':'i1'}]");
  expect(tracker, "3", "{'sent':true}");
  expect(tracker, "4", "{'sent':true}");
  assert_non_null(strstr(ms_buffer_string(&heard), "\"user_id\":\"u1\""));
  assert_non_null(strstr(ms_buffer_string(&heard), "{\"name\":\"Ada\",\"email\":\"a@x\","));
  ms_buffer_clear(&heard);
  query(tracker, "ReviewSessionInvitee where last_sent_at is_not none", 1);
  expect_error(tracker, "[{'action':'send_user_invite','user_id':'nobody'}]", "ValidationError",
               "nobody");
  assert_int_equal(heard.size_bytes, 0);
  ms_api_listen(tracker->api, NULL, NULL);
  ms_buffer_free(&heard);
}

static void
delayed_jobs_end_and_say_why(void **state)
{
  struct tracker *tracker = *state;
  call(tracker, "[{'action':'delayed_job','job_type':'SYNC_USERS_LDAP'}]");
  expect(tracker, "0.data.__entity_type__", "'Job'");
  expect(tracker, "0.data.status", "'failed'");
  expect(tracker, "0.data.type", "'SYNC_USERS_LDAP'");
  assert_non_null(strstr(at(tracker, "0.data.data")->string, "LDAP"));
  query(tracker, "Job where status is failed and finished_at is_not none", 1);
  expect_error(tracker, "[{'action':'delayed_job','job_type':'DANCE'}]", "ValidationError",
               "DANCE");
}

static void
permissions_name_what_was_asked(void **state)
{
  struct tracker *tracker = *state;
  call(tracker, "[{'action':'permissions','entity_type':'Task','entity_id':'k1',"
                "'actions':['read','write']},{'action':'compute_rollups'}]");
  expect(tracker, "0.data", "{'read':true,'write':true}");
  expect(tracker, "1.data", "[]");
  expect_error(tracker, "[{'action':'configure_totp','secret':'x','code':''}]", "ValidationError",
               "Code must be provided to enable totp.");
}

#define IN_STUDIO(test) cmocka_unit_test_setup_teardown(test, open_studio, close_tracker)

int
main(void)
{
  const struct CMUnitTest tests[] = {
      IN_STUDIO(search_narrows_an_expression),
      IN_STUDIO(search_pages_like_a_query),
      IN_STUDIO(search_says_what_it_needs),
      IN_STUDIO(roles_are_given_and_taken),
      IN_STUDIO(signed_urls_permit_what_they_say),
      IN_STUDIO(widgets_are_shown_by_the_page),
      IN_STUDIO(invitations_are_noted),
      IN_STUDIO(delayed_jobs_end_and_say_why),
      IN_STUDIO(permissions_name_what_was_asked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
