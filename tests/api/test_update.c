/* update: values, what cannot change, what follows from a change, whole collections. */
#include "support.h"

static void
make_job(struct tracker *tracker)
{
  call(tracker, "[{'action':'create','entity_type':'Job','entity_data':{'id':'j1'}}]");
}

static void
keys_come_as_a_list_or_bare(void **state)
{
  struct tracker *tracker = *state;
  make_job(tracker);
  call(tracker, "[{'action':'update','entity_type':'Job','entity_key':['j1'],'entity_data':"
                "{'__entity_type__':'Job','data':'one'}},"
                "{'action':'update','entity_type':'Job','entity_key':'j1','entity_data':"
                "{'status':'running'}}]");
  expect(tracker, "0",
         "{'action':'update','data':{'__entity_type__':'Job','data':'one',"
         "'id':'j1'}}");
  expect(tracker, "1.data.status", "'running'");
}

static void
what_is_not_there_cannot_be_updated(void **state)
{
  struct tracker *tracker = *state;
  make_job(tracker);
  expect_error(tracker,
               "[{'action':'update','entity_type':'Job','entity_key':['j2'],'entity_data':{}}]",
               "ValidationError", "there is no Job j2");
  expect_error(tracker, "[{'action':'update','entity_type':'Job','entity_data':{}}]",
               "ValidationError", "no 'entity_key'");
  expect_error(tracker, "[{'action':'update','entity_type':'Job','entity_key':['j1']}]",
               "ValidationError", "no object 'entity_data'");
}

static void
what_is_set_once_stays(void **state)
{
  struct tracker *tracker = *state;
  make_job(tracker);
  expect_error(tracker,
               "[{'action':'update','entity_type':'Job','entity_key':['j1'],"
               "'entity_data':{'type':'other'}}]",
               "ValidationError", "'type' of Job j1 cannot be changed");
  expect_error(tracker,
               "[{'action':'update','entity_type':'Job','entity_key':['j1'],"
               "'entity_data':{'id':'j2'}}]",
               "ValidationError", "'id' of Job j1 cannot be changed");
  call(tracker, "[{'action':'update','entity_type':'Job','entity_key':['j1'],"
                "'entity_data':{'id':'j1','type':'api_job'}}]");
}

static void
a_job_ends_when_its_status_says_so(void **state)
{
  struct tracker *tracker = *state;
  make_job(tracker);
  call(tracker, "[{'action':'update','entity_type':'Job','entity_key':['j1'],"
                "'entity_data':{'status':'done'}}]");
  expect(tracker, "0.data.finished_at.__type__", "'datetime'");
  call(tracker, "[{'action':'update','entity_type':'Job','entity_key':['j1'],"
                "'entity_data':{'status':'queued'}}]");
  expect(tracker, "0.data.finished_at", "null");
  call(tracker, "[{'action':'update','entity_type':'Job','entity_key':['j1'],'entity_data':"
                "{'status':'failed','finished_at':{'__type__':'datetime',"
                "'value':'2024-01-02T03:04:05'}}}]");
  expect(tracker, "0.data.finished_at.value", "'2024-01-02T03:04:05'");
  expect_error(tracker,
               "[{'action':'update','entity_type':'Job','entity_key':['j1'],"
               "'entity_data':{'status':null}}]",
               "ValidationError", "Job j1 needs a value for 'status'");
}

static void
a_subtype_is_found_under_its_base(void **state)
{
  struct tracker *tracker = *state;
  call(tracker, "[{'action':'create','entity_type':'Task','entity_data':{'id':'t1','name':'a'}},"
                "{'action':'update','entity_type':'Context','entity_key':['t1'],"
                "'entity_data':{'name':'b'}}]");
  expect(tracker, "1.data.__entity_type__", "'Task'");
  expect(tracker, "1.data.name", "'b'");
  expect_error(tracker,
               "[{'action':'update','entity_type':'Shot','entity_key':['t1'],"
               "'entity_data':{'name':'c'}}]",
               "ValidationError", "there is no Shot t1");
}

static void
a_change_of_status_is_remembered(void **state)
{
  struct tracker *tracker = *state;
  call(tracker,
       "[{'action':'create','entity_type':'Status','entity_data':{'id':'s1','name':'one'}},"
       "{'action':'create','entity_type':'Status','entity_data':{'id':'s2','name':'two'}},"
       "{'action':'create','entity_type':'Task','entity_data':"
       "{'id':'t1','name':'a','status_id':'s1'}},"
       "{'action':'update','entity_type':'Task','entity_key':['t1'],"
       "'entity_data':{'status':{'__entity_type__':'Status','id':'s2'}}},"
       "{'action':'update','entity_type':'Task','entity_key':['t1'],"
       "'entity_data':{'status_id':'s2'}}]");
  query(tracker,
        "select from_status.name, status.name, user.username, parent.name"
        " from TypedContextStatusChange",
        1);
  expect(tracker, "0.data.0.from_status.name", "'one'");
  expect(tracker, "0.data.0.status.name", "'two'");
  expect(tracker, "0.data.0.user.username", "'ada'");
  expect(tracker, "0.data.0.parent.name", "'a'");
}

static void
a_subtree_moves_into_another_project(void **state)
{
  struct tracker *tracker = *state;
  call(tracker,
       "[{'action':'create','entity_type':'Project','entity_data':{'id':'p1','name':'one',"
       "'project_schema_id':'69cb7f92-4dbf-11e1-9902-f23c91df25eb'}},"
       "{'action':'create','entity_type':'Project','entity_data':{'id':'p2','name':'two',"
       "'project_schema_id':'69cb7f92-4dbf-11e1-9902-f23c91df25eb'}},"
       "{'action':'create','entity_type':'Shot','entity_data':{'id':'sh','parent_id':'p1'}},"
       "{'action':'create','entity_type':'Task','entity_data':{'id':'t1','parent_id':'sh'}},"
       "{'action':'update','entity_type':'Shot','entity_key':['sh'],"
       "'entity_data':{'parent_id':'p2'}}]");
  query(tracker, "select id from TypedContext where project_id is p2", 2);
}

/* ---- collections ---- */

static void
members_that_hold_our_id(void **state)
{
  struct tracker *tracker = *state;
  call(tracker,
       "[{'action':'create','entity_type':'SequenceComponent','entity_data':"
       "{'id':'s1','name':'seq','padding':4}},"
       "{'action':'create','entity_type':'FileComponent','entity_data':{'id':'c1','name':'1'}},"
       "{'action':'create','entity_type':'FileComponent','entity_data':{'id':'c2','name':'2'}},"
       "{'action':'update','entity_type':'SequenceComponent','entity_key':['s1'],'entity_data':"
       "{'members':[{'__entity_type__':'FileComponent','id':'c1'},"
       "{'__entity_type__':'FileComponent','id':'c2'}]}}]");
  expect_count(tracker, "3.data.members", 2);
  call(tracker, "[{'action':'update','entity_type':'SequenceComponent','entity_key':['s1'],"
                "'entity_data':{'members':[{'__entity_type__':'FileComponent','id':'c2'}]}}]");
  query(tracker, "select id from FileComponent where container_id is s1", 1);
  expect(tracker, "0.data.0.id", "'c2'");
  query(tracker, "select id from FileComponent", 2);
}

static void
members_through_a_table_of_pairs(void **state)
{
  struct tracker *tracker = *state;
  call(tracker,
       "[{'action':'create','entity_type':'Task','entity_data':{'id':'t1','name':'a'}},"
       "{'action':'create','entity_type':'Scope','entity_data':{'id':'s1','name':'1'}},"
       "{'action':'create','entity_type':'Scope','entity_data':{'id':'s2','name':'2'}},"
       "{'action':'update','entity_type':'Task','entity_key':['t1'],'entity_data':{'scopes':"
       "[{'__entity_type__':'Scope','id':'s1'},{'__entity_type__':'Scope','id':'s2'}]}}]");
  query(tracker, "select id from Task where scopes any (name is \"1\")", 1);
  call(tracker, "[{'action':'update','entity_type':'Task','entity_key':['t1'],'entity_data':"
                "{'scopes':[{'__entity_type__':'Scope','id':'s2'}]}}]");
  query(tracker, "select id from Task where scopes any (name is \"1\")", 0);
  query(tracker, "select id from Task where scopes any (name is \"2\")", 1);
  expect_error(tracker,
               "[{'action':'update','entity_type':'Task','entity_key':['t1'],'entity_data':"
               "{'scopes':[{'__entity_type__':'Scope','id':'s9'}]}}]",
               "IntegrityError", "s9");
}

static void
members_through_entities_that_are_pairs(void **state)
{
  struct tracker *tracker = *state;
  call(tracker,
       "[{'action':'create','entity_type':'Project','entity_data':{'id':'p1','name':'one',"
       "'project_schema_id':'69cb7f92-4dbf-11e1-9902-f23c91df25eb'}},"
       "{'action':'create','entity_type':'Task','entity_data':{'id':'t1','parent_id':'p1'}},"
       "{'action':'create','entity_type':'ListCategory','entity_data':{'id':'k','name':'k'}},"
       "{'action':'create','entity_type':'TypedContextList','entity_data':{'id':'l1','name':'l',"
       "'category_id':'k','project_id':'p1','items':[{'__entity_type__':'Task','id':'t1'}]}}]");
  query(tracker, "select id from TypedContextList where items any (id is t1)", 1);
  query(tracker, "select id from ListObject where list_id is l1", 1);
  query(tracker, "select id from Task where lists any (name is \"l\")", 1);
}

static void
a_member_may_be_created_later_in_the_batch(void **state)
{
  struct tracker *tracker = *state;
  call(tracker,
       "[{'action':'create','entity_type':'Task','entity_data':{'id':'t1','name':'a'}},"
       "{'action':'update','entity_type':'Task','entity_key':['t1'],'entity_data':"
       "{'notes':[{'__entity_type__':'Note','id':'n1'}]}},"
       "{'action':'create','entity_type':'Note','entity_data':{'id':'n1','content':'hi'}}]");
  query(tracker, "select parent_id, parent_type from Note", 1);
  expect(tracker, "0.data.0.parent_id", "'t1'");
  expect(tracker, "0.data.0.parent_type", "'Task'");
  expect_error(tracker,
               "[{'action':'update','entity_type':'Task','entity_key':['t1'],'entity_data':"
               "{'notes':[{'__entity_type__':'Note','id':'n9'}]}}]",
               "IntegrityError", "'notes' of Task t1 lists a Note that does not exist");
}

static void
metadata_comes_as_a_whole(void **state)
{
  struct tracker *tracker = *state;
  call(tracker,
       "[{'action':'create','entity_type':'Task','entity_data':{'id':'t1','name':'a'}},"
       "{'action':'create','entity_type':'Metadata','entity_data':"
       "{'parent_id':'t1','key':'a','value':'1'}},"
       "{'action':'create','entity_type':'Metadata','entity_data':"
       "{'parent_id':'t1','parent_type':'Task','key':'b','value':'2'}},"
       "{'action':'update','entity_type':'Task','entity_key':['t1'],'entity_data':{'metadata':"
       "[{'__entity_type__':'Metadata','parent_id':'t1','key':'b'}]}}]");
  query(tracker, "select key, value, parent_type from Metadata", 1);
  expect(tracker, "0.data.0.key", "'b'");
  call(tracker, "[{'action':'update','entity_type':'Metadata','entity_key':['t1','b'],"
                "'entity_data':{'value':'3'}}]");
  expect(tracker, "0.data.value", "'3'");
}

/* ---- values of custom attributes ---- */

static void
a_custom_value_is_made_where_it_is_missing(void **state)
{
  struct tracker *tracker = *state;
  call(tracker,
       "[{'action':'create','entity_type':'CustomAttributeConfiguration','entity_data':"
       "{'id':'k1','key':'fps','entity_type':'task','label':'FPS',"
       "'object_type_id':'11c137c0-ee7e-4f9c-91c5-8c77cec22b2c','default':24}},"
       "{'action':'create','entity_type':'Task','entity_data':{'id':'t1','name':'a'}},"
       "{'action':'update','entity_type':'ContextCustomAttributeValue','entity_key':['k1','t1'],"
       "'entity_data':{'__entity_type__':'ContextCustomAttributeValue','value':25}}]");
  expect(tracker, "2.data.value", "25");
  query(tracker, "select custom_attributes from Task", 1);
  expect(tracker, "0.data.0.custom_attributes.0.key", "'fps'");
  expect(tracker, "0.data.0.custom_attributes.0.value", "25");
  call(tracker, "[{'action':'update','entity_type':'ContextCustomAttributeValue',"
                "'entity_key':['k1','t1'],'entity_data':{'value':30}},"
                "{'action':'update','entity_type':'Task','entity_key':['t1'],'entity_data':"
                "{'custom_attributes':[{'__entity_type__':'ContextCustomAttributeValue',"
                "'configuration_id':'k1','entity_id':'t1'}]}}]");
  query(tracker, "select id from Task where custom_attributes any (key is fps and value is 30)", 1);
  expect_error(tracker,
               "[{'action':'update','entity_type':'ContextCustomAttributeValue',"
               "'entity_key':['k1','t9'],'entity_data':{'value':30}}]",
               "ValidationError", "there is no ContextCustomAttributeValue k1, t9");
  expect_error(tracker,
               "[{'action':'update','entity_type':'ContextCustomAttributeValue',"
               "'entity_key':['k9','t1'],'entity_data':{'value':30}}]",
               "ValidationError", "k9");
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      WITH_TRACKER(keys_come_as_a_list_or_bare),
      WITH_TRACKER(what_is_not_there_cannot_be_updated),
      WITH_TRACKER(what_is_set_once_stays),
      WITH_TRACKER(a_job_ends_when_its_status_says_so),
      WITH_TRACKER(a_subtype_is_found_under_its_base),
      WITH_TRACKER(a_change_of_status_is_remembered),
      WITH_TRACKER(a_subtree_moves_into_another_project),
      WITH_TRACKER(members_that_hold_our_id),
      WITH_TRACKER(members_through_a_table_of_pairs),
      WITH_TRACKER(members_through_entities_that_are_pairs),
      WITH_TRACKER(a_member_may_be_created_later_in_the_batch),
      WITH_TRACKER(metadata_comes_as_a_whole),
      WITH_TRACKER(a_custom_value_is_made_where_it_is_missing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
