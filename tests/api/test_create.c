/* create: keys, defaults, references, values of every type, and the same commit sent twice. */
#include "support.h"

static void
a_job_gets_what_the_server_knows(void **state)
{
  struct tracker *tracker = *state;
  call(tracker,
       "[{'action': 'create', 'entity_type': 'Job', 'entity_key': ['j1'], 'entity_data':"
       " {'__entity_type__': 'Job', 'id': 'j1', 'data': 'not JSON', 'status': 'failed'}}]");
  expect(tracker, "0.data.id", "'j1'");
  expect(tracker, "0.data.data", "'not JSON'");
  query(tracker, "select id from Job where finished_at is_not none and created_at is_not none", 1);
}

static void
keys_are_made_where_they_are_missing(void **state)
{
  struct tracker *tracker = *state;
  call(tracker, "[{'action':'create','entity_type':'Job','entity_data':{'status':'running'}}]");
  assert_int_equal(strlen(at(tracker, "0.data.id")->string), 36);
  expect(tracker, "0.action", "'create'");
  expect(tracker, "0.data.__entity_type__", "'Job'");
  expect(tracker, "0.data.type", "'api_job'");
  expect(tracker, "0.data.status", "'running'");
  expect(tracker, "0.data.created_at.__type__", "'datetime'");
  assert_null(at(tracker, "0.data.finished_at"));
  query(tracker, "select finished_at, user_id from Job", 1);
  expect(tracker, "0.data.0.finished_at", "null");
}

static void
key_and_data_must_agree(void **state)
{
  struct tracker *tracker = *state;
  expect_error(tracker,
               "[{'action':'create','entity_type':'Job','entity_key':['a'],"
               "'entity_data':{'id':'b'}}]",
               "ValidationError", "given twice");
  expect_error(tracker,
               "[{'action':'create','entity_type':'Job','entity_key':['a','b'],'entity_data':{}}]",
               "ValidationError", "1 part(s)");
  expect_error(tracker,
               "[{'action':'create','entity_type':'Job','entity_key':'','entity_data':{}}]",
               "ValidationError", "cannot be empty");
  expect_error(tracker,
               "[{'action':'create','entity_type':'JobComponent','entity_data':{'job_id':'j'}}]",
               "ValidationError", "component_id");
}

static void
a_user_gets_a_name(void **state)
{
  struct tracker *tracker = *state;
  call(tracker, "[{'action':'create','entity_type':'User','entity_data':{'id':'u1'}},"
                "{'action':'create','entity_type':'User','entity_data':{'id':'u2'}}]");
  expect(tracker, "0.data.is_active", "true");
  expect(tracker, "0.data.resource_type", "'user'");
  assert_string_not_equal(at(tracker, "0.data.username")->string,
                          at(tracker, "1.data.username")->string);
  assert_null(at(tracker, "0.data.email"));
}

static void
a_reference_or_its_key_or_both(void **state)
{
  struct tracker *tracker = *state;
  call(tracker, "[{'action':'create','entity_type':'User','entity_data':{'id':'u1'}},"
                "{'action':'create','entity_type':'Job','entity_data':"
                "{'id':'j1','user':{'__entity_type__':'User','id':'u1'}}},"
                "{'action':'create','entity_type':'Job','entity_data':{'id':'j2','user_id':'u1'}},"
                "{'action':'create','entity_type':'Job','entity_data':"
                "{'id':'j3','user_id':null,'user':{'__entity_type__':'User','id':'u1'}}},"
                "{'action':'create','entity_type':'Job','entity_data':{'id':'j4','user':null}}]");
  expect(tracker, "1.data.user_id", "'u1'");
  expect(tracker, "1.data.user.id", "'u1'");
  query(tracker, "select id from Job where user.id is u1", 3);
  expect_error(tracker,
               "[{'action':'create','entity_type':'Job','entity_data':"
               "{'user_id':'u2','user':{'__entity_type__':'User','id':'u1'}}}]",
               "ValidationError", "disagree");
  expect_error(tracker, "[{'action':'create','entity_type':'Job','entity_data':{'user':'u1'}}]",
               "ValidationError", "takes a reference to a User");
  expect_error(tracker,
               "[{'action':'create','entity_type':'Job','entity_data':"
               "{'user':{'__entity_type__':'Location','id':'u1'}}}]",
               "ValidationError", "takes a User, not a 'Location'");
  expect_error(tracker,
               "[{'action':'create','entity_type':'Job','entity_data':"
               "{'user':{'__entity_type__':'User'}}}]",
               "ValidationError", "lacks the 'id'");
}

static void
references_must_lead_somewhere_when_the_batch_ends(void **state)
{
  struct tracker *tracker = *state;
  call(tracker, "[{'action':'create','entity_type':'Job','entity_data':{'id':'j1','user_id':'u1'}},"
                "{'action':'create','entity_type':'User','entity_data':{'id':'u1'}}]");
  expect_error(tracker,
               "[{'action':'create','entity_type':'Job','entity_data':{'id':'j2','user_id':'u9'}}]",
               "IntegrityError", "'user_id' of Job refers to User u9");
  query(tracker, "select id from Job", 1);
}

static void
required_values_must_be_there_when_the_batch_ends(void **state)
{
  struct tracker *tracker = *state;
  call(tracker, "[{'action':'create','entity_type':'Scope','entity_data':{'id':'s1'}},"
                "{'action':'create','entity_type':'Scope','entity_data':{'id':'s2','name':'two'}},"
                "{'action':'update','entity_type':'Scope','entity_key':['s1'],'entity_data':{'name'"
                ":'one'}}]");
  expect_error(tracker, "[{'action':'create','entity_type':'Scope','entity_data':{'id':'s3'}}]",
               "ValidationError", "Scope s3 needs a value for 'name'");
  call(tracker, "[{'action':'create','entity_type':'Scope','entity_data':{'id':'s4'}},"
                "{'action':'delete','entity_type':'Scope','entity_key':['s4']}]");
  query(tracker, "select id from Scope", 2);
}

static void
values_are_checked_by_type(void **state)
{
  static const struct {
    const char *type;
    const char *data;
    const char *part;
  } cases[] = {
      {"Job", "'status':'finished'", "takes one of queued, running, done, failed, not 'finished'"},
      {"Job", "'status':1", "attribute 'status': takes a string"},
      {"Job", "'data':{'description':'x'}", "takes a string that holds JSON"},
      {"Job", "'created_at':'yesterday'", "yesterday"},
      {"Job", "'created_at':7", "takes a date"},
      {"Job", "'stauts':'done'", "Job has no attribute 'stauts'; did you mean 'status'?"},
      {"Job", "'qqqqqq':'done'", "Job has no attribute 'qqqqqq'"},
      {"Job", "'job_components':{}", "takes a list of references"},
      {"FileComponent", "'size':'big'", "takes a whole number"},
      {"FileComponent", "'size':1.5", "takes a whole number"},
      {"FileComponent", "'size':1e300", "takes a whole number"},
      {"User", "'is_active':'yes'", "takes true or false"},
      {"User", "'thumbnail_url':{}", "is calculated and cannot be set"},
      {"Timelog", "'duration':'long'", "takes a number"},
  };
  struct tracker *tracker = *state;
  for (size_t i = 0; i < COUNT(cases); i++) {
    char body[256];
    snprintf(body, sizeof body, "[{'action':'create','entity_type':'%s','entity_data':{%s}}]",
             cases[i].type, cases[i].data);
    expect_error(tracker, body, "ValidationError", cases[i].part);
  }
}

static void
dates_come_in_all_their_forms(void **state)
{
  static const char *const forms[] = {
      "{'__type__':'datetime','value':'2024-01-02T05:04:05+02:00'}",
      "{'__type__':'datetime','value':'2024-01-02T03:04:05.000Z'}",
      "{'__type__':'datetime','value':'2024-01-02T03:04:05'}",
      "'2024-01-02 03:04:05'",
  };
  struct tracker *tracker = *state;
  for (size_t i = 0; i < COUNT(forms); i++) {
    char body[256];
    snprintf(body, sizeof body,
             "[{'action':'create','entity_type':'Job','entity_data':{'created_at':%s}}]", forms[i]);
    call(tracker, body);
    expect(tracker, "0.data.created_at", "{'__type__':'datetime','value':'2024-01-02T03:04:05'}");
  }
  call(tracker, "[{'action':'create','entity_type':'Job','entity_data':"
                "{'created_at':{'__type__':'date','value':'2024-01-02'}}}]");
  expect(tracker, "0.data.created_at", "{'__type__':'datetime','value':'2024-01-02T00:00:00'}");
}

/* The JavaScript client sends any text that looks like a date as a date. */
static void
a_text_may_come_dressed_as_a_date(void **state)
{
  struct tracker *tracker = *state;
  call(tracker, "[{'action':'create','entity_type':'User','entity_data':{'id':'u1','first_name':"
                "{'__type__':'datetime','value':'2024-01-02T03:04:05.000Z'}}}]");
  expect(tracker, "0.data.first_name", "'2024-01-02T03:04:05.000Z'");
}

static void
sent_again_it_is_answered_as_before(void **state)
{
  static const char body[] =
      "[{'action':'create','entity_type':'Job','entity_data':{'id':'j1','status':'running'}},"
      "{'action':'create','entity_type':'FileComponent','entity_data':{'id':'c1','name':'x'}},"
      "{'action':'create','entity_type':'JobComponent','entity_data':"
      "{'job_id':'j1','component_id':'c1'}},"
      "{'action':'update','entity_type':'Job','entity_key':['j1'],'entity_data':{'status':'done'}}"
      "]";
  struct tracker *tracker = *state;
  call(tracker, body);
  call(tracker, body);
  expect(tracker, "0.data.id", "'j1'");
  expect(tracker, "3.data.status", "'done'");
  query(tracker, "select id from Job where status is done", 1);
  expect_error(
      tracker,
      "[{'action':'create','entity_type':'Job','entity_data':{'id':'j1','status':'running'}}]",
      "DuplicateEntryError", "Job j1 already exists with another 'status'");
}

static void
what_must_be_unique_is(void **state)
{
  struct tracker *tracker = *state;
  call(tracker, "[{'action':'create','entity_type':'User','entity_data':{'username':'bob'}}]");
  expect_error(tracker,
               "[{'action':'create','entity_type':'User','entity_data':{'username':'Bob'}}]",
               "DuplicateEntryError", "there already is a User with username 'Bob'");
  call(tracker, "[{'action':'create','entity_type':'User','entity_data':{'id':'u1'}},"
                "{'action':'create','entity_type':'Timer','entity_data':{'user_id':'u1'}}]");
  expect_error(tracker,
               "[{'action':'create','entity_type':'Timer','entity_data':{'user_id':'u1'}}]",
               "DuplicateEntryError", "Timer with user_id 'u1'");
  expect_error(tracker,
               "[{'action':'create','entity_type':'User','entity_data':{'id':'u7'}},"
               "{'action':'update','entity_type':'User','entity_key':['u7'],"
               "'entity_data':{'username':'bob'}}]",
               "DuplicateEntryError", "there already is a User");
}

static void
a_subtype_follows_from_its_classifier(void **state)
{
  struct tracker *tracker = *state;
  call(tracker, "[{'action':'create','entity_type':'TypedContext','entity_data':{'name':'s',"
                "'object_type_id':'bad911de-3bd6-47b9-8b46-3476e237cb36'}}]");
  expect(tracker, "0.data.__entity_type__", "'Shot'");
  call(tracker, "[{'action':'create','entity_type':'Task','entity_data':{'name':'t'}}]");
  expect(tracker, "0.data.object_type_id", "'11c137c0-ee7e-4f9c-91c5-8c77cec22b2c'");
  expect_error(tracker,
               "[{'action':'create','entity_type':'Task','entity_data':{'name':'t',"
               "'object_type_id':'bad911de-3bd6-47b9-8b46-3476e237cb36'}}]",
               "ValidationError", "'object_type_id' of a Task is always");
  call(tracker, "[{'action':'create','entity_type':'Component','entity_data':{'name':'plain'}}]");
  expect(tracker, "0.data.__entity_type__", "'Component'");
}

static void
a_subtype_follows_from_a_classifier_by_default(void **state)
{
  struct tracker *tracker = *state;
  call(tracker,
       "[{'action':'create','entity_type':'Project','entity_data':{'id':'p1','name':'one',"
       "'project_schema_id':'69cb7f92-4dbf-11e1-9902-f23c91df25eb'}},"
       "{'action':'create','entity_type':'ListCategory','entity_data':{'id':'k','name':'k'}},"
       "{'action':'create','entity_type':'List','entity_data':{'id':'l1','category_id':'k',"
       "'project_id':'p1'}}]");
  expect(tracker, "2.data.__entity_type__", "'TypedContextList'");
  query(tracker, "select items from TypedContextList where id is l1", 1);
}

static void
a_project_fills_in_for_its_tasks(void **state)
{
  struct tracker *tracker = *state;
  call(tracker,
       "[{'action':'create','entity_type':'Project','entity_data':{'id':'p1','name':'film',"
       "'project_schema_id':'69cb7f92-4dbf-11e1-9902-f23c91df25eb'}},"
       "{'action':'create','entity_type':'Shot','entity_data':{'id':'sh','name':'sh',"
       "'parent_id':'p1'}},"
       "{'action':'create','entity_type':'Task','entity_data':{'id':'t1','name':'anim',"
       "'parent':{'__entity_type__':'Shot','id':'sh'},'status_id':null}},"
       "{'action':'create','entity_type':'AssetBuild','entity_data':{'id':'ab','name':'ab',"
       "'parent_id':'p1'}},"
       "{'action':'query','expression':'select status.name, type.name, priority.name, project_id,"
       " created_by.username, context_type from TypedContext order by id'}]");
  expect(tracker, "4.data.1.status.name", "'Normal'");
  expect(tracker, "4.data.2.status.name", "'Not started'");
  expect(tracker, "4.data.2.type.name", "'Generic'");
  expect(tracker, "4.data.2.priority.name", "'None'");
  expect(tracker, "4.data.2.project_id", "'p1'");
  expect(tracker, "4.data.2.created_by.username", "'ada'");
  expect(tracker, "4.data.2.context_type", "'task'");
  expect(tracker, "4.data.0.type.name", "'Character'");
}

/* Not the one that was made first. */
static void
the_first_type_and_status_of_a_schema_are_those_of_its_order(void **state)
{
  struct tracker *tracker = *state;
  query(tracker,
        "select task_type_schema_id, task_workflow_schema_id from ProjectSchema where id is"
        " \"69cb7f92-4dbf-11e1-9902-f23c91df25eb\"",
        1);
  char body[2048];
  snprintf(body, sizeof body,
           "[{'action':'create','entity_type':'Type','entity_data':{'id':'ty1','name':'Layout',"
           "'sort':-1}},"
           "{'action':'create','entity_type':'Type','entity_data':{'id':'ty2','name':'Unused',"
           "'sort':-2}},"
           "{'action':'create','entity_type':'TaskTypeSchemaType','entity_data':{"
           "'task_type_schema_id':'%s','type_id':'ty1'}},"
           "{'action':'create','entity_type':'Status','entity_data':{'id':'st1','name':'New',"
           "'sort':-1}},"
           "{'action':'create','entity_type':'WorkflowSchemaStatus','entity_data':{"
           "'workflow_schema_id':'%s','status_id':'st1'}},"
           "{'action':'create','entity_type':'Project','entity_data':{'id':'p1','name':'film',"
           "'project_schema_id':'69cb7f92-4dbf-11e1-9902-f23c91df25eb'}},"
           "{'action':'create','entity_type':'Task','entity_data':{'id':'t1','name':'a',"
           "'parent_id':'p1'}},"
           "{'action':'create','entity_type':'Shot','entity_data':{'id':'s1','name':'b',"
           "'parent_id':'p1'}}]",
           at(tracker, "0.data.0.task_type_schema_id")->string,
           at(tracker, "0.data.0.task_workflow_schema_id")->string);
  call(tracker, body);
  expect(tracker, "6.data.type_id", "'ty1'");
  expect(tracker, "6.data.status_id", "'st1'");
  query(tracker, "select id from Shot where status.name is Normal", 1);
}

static void
versions_count_up(void **state)
{
  struct tracker *tracker = *state;
  call(tracker,
       "[{'action':'create','entity_type':'Asset','entity_data':{'id':'a1','name':'a'}},"
       "{'action':'create','entity_type':'Asset','entity_data':{'id':'a2','name':'b'}},"
       "{'action':'create','entity_type':'AssetVersion','entity_data':{'asset_id':'a1'}},"
       "{'action':'create','entity_type':'AssetVersion','entity_data':"
       "{'asset':{'__entity_type__':'Asset','id':'a1'}}},"
       "{'action':'create','entity_type':'AssetVersion','entity_data':{'asset_id':'a2'}}]");
  expect(tracker, "2.data.version", "1");
  expect(tracker, "3.data.version", "2");
  expect(tracker, "4.data.version", "1");
  assert_string_equal(at(tracker, "4.data.user_id")->string, tracker->user_id);
}

/* Also where the batch lists recipients without the author, as clients do. */
static void
the_author_of_a_note_receives_it(void **state)
{
  struct tracker *tracker = *state;
  call(tracker, "[{'action':'create','entity_type':'User','entity_data':{'id':'u1'}},"
                "{'action':'create','entity_type':'Note','entity_data':{'id':'n1','content':'x'}},"
                "{'action':'create','entity_type':'Recipient','entity_data':{'note_id':'n1',"
                "'resource_id':'u1'}},"
                "{'action':'update','entity_type':'Note','entity_key':['n1'],'entity_data':"
                "{'recipients':[{'__entity_type__':'Recipient','note_id':'n1',"
                "'resource_id':'u1'}]}}]");
  query(tracker, "Recipient where note_id is n1", 2);
  query(tracker, "Recipient where note_id is n1 and user.username is ada", 1);
  call(tracker, "[{'action':'create','entity_type':'Note','entity_data':{'id':'n2','content':'x',"
                "'user_id':'u1'}},{'action':'create','entity_type':'Recipient','entity_data':"
                "{'note_id':'n2','resource_id':'u1'}}]");
  query(tracker, "Recipient where note_id is n2", 1);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      WITH_TRACKER(the_author_of_a_note_receives_it),
      WITH_TRACKER(a_job_gets_what_the_server_knows),
      WITH_TRACKER(keys_are_made_where_they_are_missing),
      WITH_TRACKER(key_and_data_must_agree),
      WITH_TRACKER(a_user_gets_a_name),
      WITH_TRACKER(a_reference_or_its_key_or_both),
      WITH_TRACKER(references_must_lead_somewhere_when_the_batch_ends),
      WITH_TRACKER(required_values_must_be_there_when_the_batch_ends),
      WITH_TRACKER(values_are_checked_by_type),
      WITH_TRACKER(dates_come_in_all_their_forms),
      WITH_TRACKER(a_text_may_come_dressed_as_a_date),
      WITH_TRACKER(sent_again_it_is_answered_as_before),
      WITH_TRACKER(what_must_be_unique_is),
      WITH_TRACKER(a_subtype_follows_from_its_classifier),
      WITH_TRACKER(a_subtype_follows_from_a_classifier_by_default),
      WITH_TRACKER(a_project_fills_in_for_its_tasks),
      WITH_TRACKER(the_first_type_and_status_of_a_schema_are_those_of_its_order),
      WITH_TRACKER(versions_count_up),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
