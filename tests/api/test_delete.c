/* delete: what goes along, what is let go, what is refused. */
#include "support.h"

#define VFX "'project_schema_id':'69cb7f92-4dbf-11e1-9902-f23c91df25eb'"

static void
a_project_goes_with_its_tree(void **state)
{
  struct tracker *tracker = *state;
  call(tracker,
       "[{'action':'create','entity_type':'Project','entity_data':{'id':'p1','name':'p'," VFX "}},"
       "{'action':'create','entity_type':'Project','entity_data':{'id':'p2','name':'q'," VFX "}},"
       "{'action':'create','entity_type':'Shot','entity_data':{'id':'sh','parent_id':'p1'}},"
       "{'action':'create','entity_type':'Task','entity_data':{'id':'t1','parent_id':'sh'}},"
       "{'action':'create','entity_type':'Task','entity_data':{'id':'t2','parent_id':'p2'}},"
       "{'action':'create','entity_type':'Note','entity_data':"
       "{'id':'n1','content':'x','parent_id':'t1'}},"
       "{'action':'create','entity_type':'Note','entity_data':"
       "{'id':'n2','content':'x','in_reply_to_id':'n1'}},"
       "{'action':'create','entity_type':'Metadata','entity_data':"
       "{'parent_id':'t1','key':'k','value':'v'}},"
       "{'action':'create','entity_type':'Asset','entity_data':"
       "{'id':'a1','name':'a','context_id':'sh'}},"
       "{'action':'create','entity_type':'AssetVersion','entity_data':"
       "{'id':'v1','asset_id':'a1','task_id':'t2'}},"
       "{'action':'create','entity_type':'FileComponent','entity_data':"
       "{'id':'c1','version_id':'v1'}},"
       "{'action':'create','entity_type':'Timelog','entity_data':"
       "{'duration':1,'context_id':'t1'}},"
       "{'action':'delete','entity_type':'Project','entity_key':['p1']}]");
  expect(tracker, "12", "{'action':'delete','data':true}");
  query(tracker, "select id from Context", 2);
  query(tracker, "select id from Note", 0);
  query(tracker, "select note_id, resource_id from Recipient", 0);
  query(tracker, "select key, parent_id from Metadata", 0);
  query(tracker, "select id from AssetVersion", 0);
  query(tracker, "select id from Component", 0);
  query(tracker, "select id from Timelog", 0);
}

static void
what_merely_points_there_lets_go(void **state)
{
  struct tracker *tracker = *state;
  call(tracker, "[{'action':'create','entity_type':'Task','entity_data':{'id':'t1','name':'t'}},"
                "{'action':'create','entity_type':'Asset','entity_data':{'id':'a1','name':'a'}},"
                "{'action':'create','entity_type':'AssetVersion','entity_data':"
                "{'id':'v1','asset_id':'a1','task_id':'t1'}},"
                "{'action':'delete','entity_type':'Task','entity_key':'t1'}]");
  query(tracker, "select id, task_id from AssetVersion", 1);
  expect(tracker, "0.data.0.task_id", "null");
}

static void
what_is_needed_cannot_go(void **state)
{
  struct tracker *tracker = *state;
  static const char create[] =
      "[{'action':'create','entity_type':'Status','entity_data':{'id':'s1','name':'s'}},"
      "{'action':'create','entity_type':'Task','entity_data':{'id':'t1','status_id':'s1'}}]";
  call(tracker, create);
  expect_error(tracker, "[{'action':'delete','entity_type':'Status','entity_key':['s1']}]",
               "IntegrityError", "Status s1 cannot be deleted: attribute 'status_id' of a ");
  query(tracker, "select id from Status where id is s1", 1);
  /* In one batch the order does not matter. */
  call(tracker, "[{'action':'delete','entity_type':'Status','entity_key':['s1']},"
                "{'action':'delete','entity_type':'Task','entity_key':['t1']}]");
  query(tracker, "select id from Status where id is s1", 0);
}

static void
pairs_go_with_either_end(void **state)
{
  struct tracker *tracker = *state;
  call(tracker, "[{'action':'create','entity_type':'Scope','entity_data':{'id':'s1','name':'1'}},"
                "{'action':'create','entity_type':'Task','entity_data':{'id':'t1','name':'a',"
                "'scopes':[{'__entity_type__':'Scope','id':'s1'}]}},"
                "{'action':'delete','entity_type':'Scope','entity_key':['s1']},"
                "{'action':'create','entity_type':'Scope','entity_data':{'id':'s1','name':'1'}}]");
  query(tracker, "select id from Task where scopes any ()", 0);
}

static void
keys_of_several_parts(void **state)
{
  struct tracker *tracker = *state;
  call(tracker, "[{'action':'create','entity_type':'Job','entity_data':{'id':'j1'}},"
                "{'action':'create','entity_type':'FileComponent','entity_data':{'id':'c1'}},"
                "{'action':'create','entity_type':'JobComponent','entity_data':"
                "{'job_id':'j1','component_id':'c1'}},"
                "{'action':'delete','entity_type':'JobComponent','entity_key':['c1','j1']}]");
  query(tracker, "select job_id from JobComponent", 0);
  query(tracker, "select id from FileComponent", 1);
}

static void
what_is_gone_counts_as_deleted(void **state)
{
  struct tracker *tracker = *state;
  call(tracker, "[{'action':'delete','entity_type':'Job','entity_key':['j9']}]");
  expect(tracker, "0.data", "true");
  expect_error(tracker, "[{'action':'delete','entity_type':'Job'}]", "ValidationError",
               "no 'entity_key'");
}

static void
write_data(struct tracker *tracker, const char *id)
{
  struct ms_blob_writer *writer = NULL;
  check_ok(ms_blob_create(ms_api_blobs(tracker->api), id, &writer, &tracker->err), &tracker->err);
  check_ok(ms_blob_write(writer, "data", 4, &tracker->err), &tracker->err);
  check_ok(ms_blob_commit(writer, NULL, &tracker->err), &tracker->err);
}

static bool
has_data(struct tracker *tracker, const char *id)
{
  int fd = -1;
  int64_t size = 0;
  if (ms_blob_open(ms_api_blobs(tracker->api), id, &fd, &size, &tracker->err) != MS_OK)
    return false;
  close(fd);
  return true;
}

static void
the_data_of_a_component_goes_once_that_is_certain(void **state)
{
  struct tracker *tracker = *state;
  call(tracker, "[{'action':'create','entity_type':'FileComponent','entity_data':{'id':'c1'}}]");
  write_data(tracker, "c1");
  expect_error(tracker,
               "[{'action':'delete','entity_type':'FileComponent','entity_key':['c1']},"
               "{'action':'create','entity_type':'Scope','entity_data':{}}]",
               "ValidationError", "name");
  assert_true(has_data(tracker, "c1"));
  call(tracker, "[{'action':'delete','entity_type':'Component','entity_key':['c1']}]");
  assert_false(has_data(tracker, "c1"));
}

static void
many_go_at_once(void **state)
{
  struct tracker *tracker = *state;
  struct ms_buffer body;
  ms_buffer_init(&body, 4 * 1024 * 1024);
  ms_buffer_append_string(&body, "[{\"action\":\"create\",\"entity_type\":\"Folder\","
                                 "\"entity_data\":{\"id\":\"f\",\"name\":\"f\"}}");
  for (int i = 0; i < 1200; i++)
    ms_buffer_printf(&body,
                     ",{\"action\":\"create\",\"entity_type\":\"Task\",\"entity_data\":"
                     "{\"id\":\"t%d\",\"parent_id\":\"f\"}}",
                     i);
  ms_buffer_append_string(&body, "]");
  assert_int_equal(call_n(tracker, body.data, body.size_bytes), MS_OK);
  ms_buffer_free(&body);
  query(tracker, "select id from Task", 1200);
  call(tracker, "[{'action':'delete','entity_type':'Folder','entity_key':['f']}]");
  query(tracker, "select id from Task", 0);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      WITH_TRACKER(a_project_goes_with_its_tree),
      WITH_TRACKER(what_merely_points_there_lets_go),
      WITH_TRACKER(what_is_needed_cannot_go),
      WITH_TRACKER(pairs_go_with_either_end),
      WITH_TRACKER(keys_of_several_parts),
      WITH_TRACKER(what_is_gone_counts_as_deleted),
      WITH_TRACKER(the_data_of_a_component_goes_once_that_is_certain),
      WITH_TRACKER(many_go_at_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
