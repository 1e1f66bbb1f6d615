/* The first start, later starts, and what is there from the beginning. */
#include "support.h"

#include <sys/stat.h>

static void
the_first_start_makes_what_clients_take_for_granted(void **state)
{
  struct tracker *tracker = *state;
  query(tracker, "select id from Location where name is \"ftrack.server\"", 1);
  expect(tracker, "0.data.0.id", "'3a372bde-05bc-11e4-8908-20c9d081909b'");
  query(tracker, "select id, username from User", 1);
  expect(tracker, "0.data.0.username", "'ada'");
  query(tracker, "select id, name from ProjectSchema", 1);
  expect(tracker, "0.data.0.id", "'69cb7f92-4dbf-11e1-9902-f23c91df25eb'");
  query(tracker, "select name from ObjectType where id is 11c137c0-ee7e-4f9c-91c5-8c77cec22b2c", 1);
  expect(tracker, "0.data.0.name", "'Task'");
  query(tracker, "select name from Status where id is 44dd9fb2-4164-11df-9218-0019bb4983d8", 1);
  expect(tracker, "0.data.0.name", "'Not started'");
  query(tracker, "select name from Status where id is 44de097a-4164-11df-9218-0019bb4983d8", 1);
  expect(tracker, "0.data.0.name", "'Approved'");
  query(tracker, "ListCategory where id is 87d974d2-d6f7-11e1-8930-f23c91df25eb", 1);
  query(tracker, "AssetType where id is 44eb3ca8-4164-11df-9218-0019bb4983d8", 1);
}

static void
later_starts_change_nothing(void **state)
{
  struct tracker *tracker = *state;
  char user_id[64];
  ms_api_close(tracker->api);
  check_ok(ms_api_open(tracker->folder, &tracker->api, &tracker->err), &tracker->err);
  check_ok(ms_api_local_user(tracker->api, user_id, &tracker->err), &tracker->err);
  assert_string_equal(user_id, tracker->user_id);
  query(tracker, "select id from Location", 5);
  query(tracker, "select id from User", 1);
}

static void
the_data_folder_is_the_owners_alone(void **state)
{
  struct tracker *tracker = *state;
  char path[FOLDER_PATH_BYTES];
  struct stat info;
  snprintf(path, sizeof path, "%s/deep/er", tracker->folder);
  struct ms_api *other = NULL;
  check_ok(ms_api_open(path, &other, &tracker->err), &tracker->err);
  ms_api_close(other);
  assert_int_equal(stat(path, &info), 0);
  assert_int_equal(info.st_mode & 0777, 0700);
}

static void
a_file_for_a_folder_is_refused(void **state)
{
  struct tracker *tracker = *state;
  struct ms_api *other = NULL;
  enum ms_status status = ms_api_open("/etc/passwd", &other, &tracker->err);
  assert_int_not_equal(status, MS_OK);
  assert_null(other);
  assert_non_null(strstr(tracker->err.message, "/etc/passwd"));
}

static void
the_schema_of_a_project_can_be_walked(void **state)
{
  struct tracker *tracker = *state;
  query(tracker,
        "select _task_workflow.statuses.name, _version_workflow.statuses.name,"
        " _task_type_schema.types.name, _schemas.statuses.task_status.name,"
        " _schemas.types.task_type.name, object_types.name from ProjectSchema",
        1);
  expect_count(tracker, "0.data.0._task_workflow.statuses", 4);
  expect_count(tracker, "0.data.0._version_workflow.statuses", 2);
  expect_count(tracker, "0.data.0._task_type_schema.types", 14);
  expect_count(tracker, "0.data.0._schemas", 4);
  expect_count(tracker, "0.data.0.object_types", 7);
}

static void
an_empty_one_is_for_ones_own_studio(void **state)
{
  struct tracker *tracker = *state;
  char folder[FOLDER_PATH_BYTES];
  ms_api_close(tracker->api);
  snprintf(folder, sizeof folder, "%s/empty", tracker->folder);
  check_ok(ms_api_open_empty(folder, &tracker->api, &tracker->err), &tracker->err);
  check_ok(ms_api_local_user(tracker->api, tracker->user_id, &tracker->err), &tracker->err);
  query(tracker, "select id from Location", 5);
  query(tracker, "select id from ObjectType", 7);
  query(tracker, "select id from Status", 0);
  query(tracker, "select id from ProjectSchema", 0);
  call(tracker,
       "[{'action':'create','entity_type':'Status','entity_data':{'id':'open','name':'Open'}},"
       "{'action':'create','entity_type':'Type','entity_data':{'id':'paint','name':'Paint'}},"
       "{'action':'create','entity_type':'ProjectSchema','entity_data':{'id':'own','name':'Own'}},"
       "{'action':'create','entity_type':'Project','entity_data':{'id':'p','name':'p',"
       "'project_schema_id':'own'}},"
       "{'action':'create','entity_type':'Task','entity_data':{'name':'sky','parent_id':'p',"
       "'status_id':'open','type_id':'paint'}}]");
  ms_api_close(tracker->api);
  check_ok(ms_api_open(folder, &tracker->api, &tracker->err), &tracker->err);
  query(tracker, "select id from ProjectSchema", 1);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      WITH_TRACKER(the_first_start_makes_what_clients_take_for_granted),
      WITH_TRACKER(later_starts_change_nothing),
      WITH_TRACKER(the_data_folder_is_the_owners_alone),
      WITH_TRACKER(a_file_for_a_folder_is_refused),
      WITH_TRACKER(an_empty_one_is_for_ones_own_studio),
      WITH_TRACKER(the_schema_of_a_project_can_be_walked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
