/* What a listener hears of a batch: its changes, where they lie, who made them; nothing of what failed. */
#include "support.h"

/* The events since the last call, as one JSON array. */
struct heard {
  struct tracker *tracker;
  struct ms_buffer text;
  int count;
};

static struct heard heard;

static void
listen_in(void *context, const char *event, size_t event_bytes)
{
  struct heard *into = context;
  ms_buffer_append_string(&into->text, into->count++ ? "," : "[");
  ms_buffer_append(&into->text, event, event_bytes);
}

static int
open_studio(void **state)
{
  int failed = open_tracker(state);
  if (failed)
    return failed;
  call(*state,
       "[{'action':'create','entity_type':'Project','entity_data':{'id':'p1','name':'alpha',"
       "'project_schema_id':'69cb7f92-4dbf-11e1-9902-f23c91df25eb'}},"
       "{'action':'create','entity_type':'Shot','entity_data':{'id':'s1','name':'sh010',"
       "'parent_id':'p1'}},"
       "{'action':'create','entity_type':'Task','entity_data':{'id':'k1','name':'anim',"
       "'parent_id':'s1'}},"
       "{'action':'create','entity_type':'AssetType','entity_data':{'id':'at1',"
       "'name':'Upload','short':'upload'}},"
       "{'action':'create','entity_type':'Asset','entity_data':{'id':'a1','name':'render',"
       "'context_id':'s1','type_id':'at1'}},"
       "{'action':'create','entity_type':'AssetVersion','entity_data':{'id':'v1',"
       "'asset_id':'a1'}}]");
  heard = (struct heard){.tracker = *state};
  ms_buffer_init(&heard.text, 64 * 1024 * 1024);
  ms_api_listen(heard.tracker->api, listen_in, &heard);
  return 0;
}

static int
close_studio(void **state)
{
  ms_buffer_free(&heard.text);
  return close_tracker(state);
}

/* Runs the batch; afterwards `at` and `expect` look at the events. */
static void
hear(struct tracker *tracker, const char *body)
{
  heard.count = 0;
  ms_buffer_clear(&heard.text);
  call(tracker, body);
  ms_buffer_append_string(&heard.text, heard.count ? "]" : "[]");
  check_ok(ms_json_parse(&tracker->arena, ms_buffer_string(&heard.text), heard.text.size_bytes,
                         &tracker->tree, &tracker->err),
           &tracker->err);
}

static void
an_update_tells_old_and_new(void **state)
{
  struct tracker *tracker = *state;
  hear(tracker, "[{'action':'update','entity_type':'TypedContext','entity_key':['k1'],"
                "'entity_data':{'name':'light','bid':2.5,'start_date':'2026-01-02'}}]");
  assert_int_equal(heard.count, 1);
  expect(tracker, "0.topic", "'ftrack.update'");
  expect(tracker, "0.data.user.name", "'ada'");
  expect(tracker, "0.data.pushToken", "null");
  expect(tracker, "0.data.entities.0.action", "'update'");
  expect(tracker, "0.data.entities.0.entityType", "'task'");
  expect(tracker, "0.data.entities.0.entity_type", "'Task'");
  expect(tracker, "0.data.entities.0.keys", "['name','bid','startdate']");
  expect(tracker, "0.data.entities.0.changes",
         "{'name':{'old':'anim','new':'light'},'bid':{'old':0.0,'new':2.5},"
         "'startdate':{'old':null,'new':'2026-01-02T00:00:00'}}");
  expect(tracker, "0.data.entities.0.objectTypeId", "'11c137c0-ee7e-4f9c-91c5-8c77cec22b2c'");
  expect(tracker, "0.data.entities.0.parentId", "'s1'");
}

static void
parents_lead_up_to_the_project(void **state)
{
  struct tracker *tracker = *state;
  hear(tracker, "[{'action':'update','entity_type':'AssetVersion','entity_key':['v1'],"
                "'entity_data':{'comment':'x'}},"
                "{'action':'create','entity_type':'Note','entity_data':{'id':'n1','content':'hi',"
                "'parent_id':'k1'}}]");
  expect(tracker, "0.data.entities.0.parents",
         "[{'entityId':'v1','entityType':'assetversion','entity_type':'AssetVersion',"
         "'parentId':'a1'},"
         "{'entityId':'a1','entityType':'asset','entity_type':'Asset','parentId':'s1'},"
         "{'entityId':'s1','entityType':'task','entity_type':'Shot','parentId':'p1'},"
         "{'entityId':'p1','entityType':'show','entity_type':'Project','parentId':null}]");
  expect(tracker, "0.data.entities.1.action", "'add'");
  expect(tracker, "0.data.entities.1.parents.1.entityId", "'k1'");
  expect_count(tracker, "0.data.entities.1.parents", 4);
}

static void
what_is_as_it_was_is_no_change(void **state)
{
  struct tracker *tracker = *state;
  hear(tracker, "[{'action':'update','entity_type':'Task','entity_key':['k1'],"
                "'entity_data':{'name':'anim'}}]");
  assert_int_equal(heard.count, 0);
  hear(tracker, "[{'action':'query','expression':'Task'}]");
  assert_int_equal(heard.count, 0);
}

static void
a_deletion_knows_where_it_was(void **state)
{
  struct tracker *tracker = *state;
  hear(tracker, "[{'action':'delete','entity_type':'Task','entity_key':['k1']},"
                "{'action':'delete','entity_type':'Task','entity_key':['nothing']}]");
  expect_count(tracker, "0.data.entities", 1);
  expect(tracker, "0.data.entities.0.action", "'remove'");
  expect(tracker, "0.data.entities.0.changes", "null");
  expect_count(tracker, "0.data.entities.0.parents", 3);
}

/* The entity of the first event whose id this is: its path, or NULL. */
static const char *
find_entity(const struct tracker *tracker, const char *id)
{
  static char path[64];
  const struct ms_json_node *entities = at(tracker, "0.data.entities");
  for (size_t i = 0; i < entities->count; i++) {
    char place[80];
    snprintf(path, sizeof path, "0.data.entities.%zu", i);
    snprintf(place, sizeof place, "%s.entityId", path);
    if (strcmp(at(tracker, place)->string, id) == 0)
      return path;
  }
  return NULL;
}

static void
expect_entity(struct tracker *tracker, const char *id, const char *member, const char *json)
{
  char path[80];
  const char *entity = find_entity(tracker, id);
  if (!entity)
    fail_msg("nothing was told of %s", id);
  snprintf(path, sizeof path, "%s.%s", entity, member);
  expect(tracker, path, json);
}

static void
what_goes_with_a_deleted_entity_is_told(void **state)
{
  struct tracker *tracker = *state;
  call(tracker, "[{'action':'create','entity_type':'Note','entity_data':{'id':'n1','content':'hi',"
                "'parent_id':'k1'}},{'action':'create','entity_type':'Note','entity_data':"
                "{'id':'n2','content':'yes','in_reply_to_id':'n1','parent_id':'k1'}}]");
  hear(tracker, "[{'action':'delete','entity_type':'Project','entity_key':['p1']}]");
  static const char *const gone[] = {"p1", "s1", "k1", "a1", "v1", "n1", "n2"};
  for (size_t i = 0; i < COUNT(gone); i++)
    expect_entity(tracker, gone[i], "action", "'remove'");
  expect_entity(tracker, "p1", "entityType", "'show'");
  expect_entity(tracker, "n1", "parentId", "'k1'");
  expect_entity(tracker, "v1", "parents",
                "[{'entityId':'v1','entityType':'assetversion','entity_type':'AssetVersion',"
                "'parentId':'a1'},"
                "{'entityId':'a1','entityType':'asset','entity_type':'Asset','parentId':'s1'},"
                "{'entityId':'s1','entityType':'task','entity_type':'Shot','parentId':'p1'},"
                "{'entityId':'p1','entityType':'show','entity_type':'Project','parentId':null}]");
  expect_entity(tracker, "k1", "objectTypeId", "'11c137c0-ee7e-4f9c-91c5-8c77cec22b2c'");
}

static void
a_cleared_reference_is_a_change(void **state)
{
  struct tracker *tracker = *state;
  call(tracker, "[{'action':'create','entity_type':'FileComponent','entity_data':{'id':'c1'}},"
                "{'action':'update','entity_type':'Task','entity_key':['k1'],"
                "'entity_data':{'thumbnail_id':'c1'}}]");
  hear(tracker, "[{'action':'delete','entity_type':'FileComponent','entity_key':['c1']}]");
  expect_entity(tracker, "k1", "action", "'update'");
  expect_entity(tracker, "k1", "entity_type", "'Task'");
  expect_entity(tracker, "k1", "changes", "{'thumbid':{'old':'c1','new':null}}");
}

static void
a_relation_is_told_by_its_key(void **state)
{
  struct tracker *tracker = *state;
  hear(tracker, "[{'action':'create','entity_type':'Sequence','entity_data':{'id':'q1',"
                "'name':'sq','parent':{'__entity_type__':'Project','id':'p1'}}},"
                "{'action':'update','entity_type':'Task','entity_key':['k1'],'entity_data':"
                "{'parent':{'__entity_type__':'Sequence','id':'q1'}}}]");
  expect_entity(tracker, "k1", "changes", "{'parent_id':{'old':'s1','new':'q1'}}");
  expect(tracker, "0.data.parents", "['p1','q1']");
}

static void
members_of_lists_are_told_where_they_change(void **state)
{
  struct tracker *tracker = *state;
  hear(tracker, "[{'action':'create','entity_type':'Note','entity_data':{'id':'n1',"
                "'content':'hi'}}]");
  hear(tracker, "[{'action':'update','entity_type':'Task','entity_key':['k1'],'entity_data':"
                "{'notes':[{'__entity_type__':'Note','id':'n1'}]}}]");
  expect_entity(tracker, "n1", "keys", "['parent_id','parent_type']");
  expect_entity(tracker, "k1", "keys", "['notes']");
  hear(tracker, "[{'action':'update','entity_type':'Task','entity_key':['k1'],'entity_data':"
                "{'notes':[{'__entity_type__':'Note','id':'n1'}]}}]");
  assert_null(find_entity(tracker, "n1"));
  hear(tracker, "[{'action':'update','entity_type':'Task','entity_key':['k1'],'entity_data':"
                "{'notes':[]}}]");
  assert_non_null(find_entity(tracker, "n1"));
}

static void
a_subtree_in_another_project_is_told(void **state)
{
  struct tracker *tracker = *state;
  call(tracker, "[{'action':'create','entity_type':'Project','entity_data':{'id':'p2',"
                "'name':'beta','project_schema_id':'69cb7f92-4dbf-11e1-9902-f23c91df25eb'}}]");
  hear(tracker, "[{'action':'update','entity_type':'Shot','entity_key':['s1'],'entity_data':"
                "{'parent_id':'p2'}}]");
  expect_entity(tracker, "k1", "changes", "{'showid':{'old':'p1','new':'p2'}}");
  expect_entity(tracker, "k1", "parents.2.entityId", "'p2'");
}

static void
rows_of_the_servers_own_are_told(void **state)
{
  struct tracker *tracker = *state;
  call(tracker, "[{'action':'query','expression':'select id from Status where sort is 1'}]");
  char body[256];
  snprintf(body, sizeof body,
           "[{'action':'update','entity_type':'Task','entity_key':['k1'],'entity_data':"
           "{'status_id':'%s'}}]",
           at(tracker, "0.data.0.id")->string);
  hear(tracker, body);
  expect_count(tracker, "0.data.entities", 2);
  expect(tracker, "0.data.entities.1.action", "'add'");
  expect(tracker, "0.data.entities.1.entity_type", "'TypedContextStatusChange'");
}

static void
a_huge_deletion_is_told_in_part(void **state)
{
  struct tracker *tracker = *state;
  struct ms_statement *insert = NULL;
  struct ms_error err;
  check_ok(ms_database_prepare(ms_api_database(tracker->api),
                               "INSERT INTO Timelog (id, context_id, duration, start)"
                               " WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL"
                               " SELECT n + 1 FROM numbers WHERE n < 20100)"
                               " SELECT 'log' || n, 'k1', 1, 0 FROM numbers",
                               &insert, &err),
           &err);
  check_ok(ms_statement_step(insert, NULL, &err), &err);
  ms_statement_done(insert);
  hear(tracker, "[{'action':'delete','entity_type':'Task','entity_key':['k1']}]");
  assert_int_equal(heard.count, 100);
  expect(tracker, "0.data.entities.0.entityId", "'k1'");
  call(tracker, "[{'action':'query','expression':'Timelog limit 1'}]");
  expect_count(tracker, "0.data", 0);
}

static void
custom_attributes_change_their_entity(void **state)
{
  struct tracker *tracker = *state;
  const char *write = "[{'action':'update','entity_type':'ContextCustomAttributeValue',"
                      "'entity_key':['c1','k1'],'entity_data':{'value':'%s'}}]";
  char body[256];
  call(tracker, "[{'action':'create','entity_type':'CustomAttributeConfiguration','entity_data':"
                "{'id':'c1','key':'mood','entity_type':'task'}}]");
  snprintf(body, sizeof body, write, "calm");
  hear(tracker, body);
  expect(tracker, "0.data.entities.0.entityId", "'k1'");
  expect(tracker, "0.data.entities.0.changes", "{'mood':{'old':null,'new':'calm'}}");
  snprintf(body, sizeof body, write, "wild");
  hear(tracker, body);
  expect(tracker, "0.data.entities.0.keys", "['mood']");
  expect(tracker, "0.data.entities.0.changes", "{'mood':{'old':'calm','new':'wild'}}");
}

static void
a_failed_batch_is_not_heard_of(void **state)
{
  struct tracker *tracker = *state;
  heard.count = 0;
  assert_int_not_equal(call_status(tracker,
                                   "[{'action':'update','entity_type':'Task','entity_key':['k1'],"
                                   "'entity_data':{'name':'x'}},{'action':'create',"
                                   "'entity_type':'Scope','entity_data':{}}]"),
                       MS_OK);
  assert_int_equal(heard.count, 0);
}

static void
many_changes_make_several_events(void **state)
{
  struct tracker *tracker = *state;
  struct ms_buffer body;
  ms_buffer_init(&body, 1024 * 1024);
  for (int i = 0; i < 450; i++)
    ms_buffer_printf(&body,
                     "%s{'action':'create','entity_type':'Scope','entity_data':{'name':'%d'}}",
                     i ? "," : "[", i);
  ms_buffer_append_char(&body, ']');
  hear(tracker, ms_buffer_string(&body));
  ms_buffer_free(&body);
  assert_int_equal(heard.count, 3);
  expect_count(tracker, "2.data.entities", 50);
}

static void
nobody_listens(void **state)
{
  struct tracker *tracker = *state;
  ms_api_listen(tracker->api, NULL, NULL);
  hear(tracker, "[{'action':'create','entity_type':'Scope','entity_data':{'name':'x'}}]");
  assert_int_equal(heard.count, 0);
}

static void
what_comes_before_its_parent_takes_on_the_project(void **state)
{
  struct tracker *tracker = *state;
  hear(tracker, "[{'action':'create','entity_type':'Task','entity_data':{'id':'k9','name':'a',"
                "'parent_id':'s9'}},{'action':'create','entity_type':'Shot','entity_data':{"
                "'id':'s9','name':'b','parent_id':'p1'}}]");
  assert_int_equal(heard.count, 1);
  expect(tracker, "0.data.entities.0.action", "'add'");
  expect(tracker, "0.data.entities.0.entityId", "'k9'");
  expect(tracker, "0.data.entities.0.parents.1.entityId", "'s9'");
  expect(tracker, "0.data.entities.0.parents.2.entityId", "'p1'");
  expect(tracker, "0.data.entities.1.entityId", "'s9'");
  expect(tracker, "0.data.entities.2.action", "'update'");
  expect(tracker, "0.data.entities.2.entityId", "'k9'");
  expect(tracker, "0.data.entities.2.changes.showid.new", "'p1'");
}

#define IN_STUDIO(test) cmocka_unit_test_setup_teardown(test, open_studio, close_studio)

int
main(void)
{
  const struct CMUnitTest tests[] = {
      IN_STUDIO(an_update_tells_old_and_new),
      IN_STUDIO(parents_lead_up_to_the_project),
      IN_STUDIO(what_is_as_it_was_is_no_change),
      IN_STUDIO(a_deletion_knows_where_it_was),
      IN_STUDIO(what_goes_with_a_deleted_entity_is_told),
      IN_STUDIO(a_cleared_reference_is_a_change),
      IN_STUDIO(a_relation_is_told_by_its_key),
      IN_STUDIO(members_of_lists_are_told_where_they_change),
      IN_STUDIO(a_subtree_in_another_project_is_told),
      IN_STUDIO(rows_of_the_servers_own_are_told),
      IN_STUDIO(what_comes_before_its_parent_takes_on_the_project),
      IN_STUDIO(a_huge_deletion_is_told_in_part),
      IN_STUDIO(custom_attributes_change_their_entity),
      IN_STUDIO(a_failed_batch_is_not_heard_of),
      IN_STUDIO(many_changes_make_several_events),
      IN_STUDIO(nobody_listens),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
