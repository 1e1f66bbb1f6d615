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
  expect(tracker, "0.data.entities.0.keys", "[]");
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

#define IN_STUDIO(test) cmocka_unit_test_setup_teardown(test, open_studio, close_studio)

int
main(void)
{
  const struct CMUnitTest tests[] = {
      IN_STUDIO(an_update_tells_old_and_new),           IN_STUDIO(parents_lead_up_to_the_project),
      IN_STUDIO(what_is_as_it_was_is_no_change),        IN_STUDIO(a_deletion_knows_where_it_was),
      IN_STUDIO(custom_attributes_change_their_entity), IN_STUDIO(a_failed_batch_is_not_heard_of),
      IN_STUDIO(many_changes_make_several_events),      IN_STUDIO(nobody_listens),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
