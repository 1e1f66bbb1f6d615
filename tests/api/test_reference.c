/* What relations may point to: entities of their type, and never in a circle. */
#include "support.h"

#define CREATE(type, data) "{'action':'create','entity_type':'" type "','entity_data':{" data "}}"
#define UPDATE(type, id, data) \
  "{'action':'update','entity_type':'" type "','entity_key':['" id "'],'entity_data':{" data "}}"

static int
open_studio(void **state)
{
  int failed = open_tracker(state);
  if (failed)
    return failed;
  call(
      *state,
      "[" CREATE(
          "Project",
          "'id':'p1','name':'alpha',"
          "'project_schema_id':'69cb7f92-4dbf-11e1-9902-f23c91df25eb'") "," CREATE("Sequence",
                                                                                   "'id':'q1','"
                                                                                   "name':'sq','"
                                                                                   "parent_id':'"
                                                                                   "p1'") "," CREATE("Shot",
                                                                                                     "'id':'s1','name':'sh','parent_id':'q1'") "," CREATE("Task",
                                                                                                                                                          "'id':'k1','name':'anim','parent_id':'s1'") "," CREATE("Group",
                                                                                                                                                                                                                 "'id':'g1','name':'crew'") "]");
  return 0;
}

static void
a_key_is_of_an_entity_of_the_right_type(void **state)
{
  struct tracker *tracker = *state;
  expect_error(tracker, "[" UPDATE("Task", "k1", "'project_id':'q1'") "]", "IntegrityError",
               "attribute 'project_id' of Task refers to Project q1, which does not exist");
  expect_error(tracker, "[" CREATE("Timelog", "'user_id':'g1','duration':1") "]", "IntegrityError",
               "refers to User g1");
  call(tracker, "[" UPDATE("Task", "k1", "'project_id':'p1'") "]");
  call(tracker, "[" CREATE("Appointment", "'context_id':'k1','resource_id':'g1',"
                                          "'type':'assignment'") "]");
}

static void
a_reference_names_the_right_type_or_a_base_of_it(void **state)
{
  struct tracker *tracker = *state;
  expect_error(tracker,
               "[" UPDATE("Task", "k1", "'project':{'__entity_type__':'Shot','id':'s1'}") "]",
               "ValidationError", "attribute 'project' takes a Project, not a 'Shot'");
  call(tracker, "[" UPDATE("Task", "k1", "'project':{'__entity_type__':'Context','id':'p1'}") "]");
}

static void
a_version_may_be_of_any_typed_context(void **state)
{
  struct tracker *tracker = *state;
  call(tracker, "[" CREATE("Asset", "'id':'a1','name':'x','context_id':'s1'") "," CREATE(
                    "AssetVersion", "'id':'v1','asset_id':'a1','task_id':'s1'") "]");
  expect_error(tracker, "[" UPDATE("AssetVersion", "v1", "'task_id':'p1'") "]", "IntegrityError",
               "refers to TypedContext p1");
}

static void
members_of_a_list_are_of_its_kind(void **state)
{
  struct tracker *tracker = *state;
  call(tracker, "[" CREATE("ListCategory", "'id':'c1','name':'x'") "," CREATE(
                    "TypedContextList", "'id':'l1','name':'l','project_id':'p1','category_id':'c1',"
                                        "'items':[{'__entity_type__':'Shot','id':'s1'}]") "]");
  expect_error(
      tracker,
      "[" UPDATE("TypedContextList", "l1", "'items':[{'__entity_type__':'Context','id':'p1'}]") "]",
      "IntegrityError", "refers to TypedContext p1");
}

static void
nothing_lies_in_itself(void **state)
{
  struct tracker *tracker = *state;
  expect_error(tracker, "[" UPDATE("Sequence", "q1", "'parent_id':'s1'") "]", "ValidationError",
               "Sequence q1 cannot lie in itself: 'parent_id' leads back to it");
  expect_error(tracker, "[" UPDATE("Shot", "s1", "'parent_id':'s1'") "]", "ValidationError",
               "cannot lie in itself");
  expect_error(tracker, "[" UPDATE("Group", "g1", "'parent_id':'g1'") "]", "ValidationError",
               "cannot lie in itself");
  expect_error(
      tracker,
      "[" UPDATE("Shot", "s1", "'children':[{'__entity_type__':'Sequence','id':'q1'}]") "]",
      "ValidationError", "cannot lie in itself");
  expect_error(tracker,
               "[" CREATE("Folder", "'id':'f1','name':'a','parent_id':'f2'") "," CREATE(
                   "Folder", "'id':'f2','name':'b','parent_id':'f1'") "]",
               "ValidationError", "cannot lie in itself");
  expect_error(tracker, "[" CREATE("Folder", "'id':'f1','name':'a','parent_id':'f1'") "]",
               "ValidationError", "cannot lie in itself");
}

/* Only the end of a batch counts. */
static void
two_may_change_places(void **state)
{
  struct tracker *tracker = *state;
  call(tracker, "[" UPDATE("Sequence", "q1",
                           "'parent_id':'s1'") "," UPDATE("Shot", "s1", "'parent_id':'p1'") "]");
  call(tracker, "[{'action':'query','expression':'select ancestors.name from Task where id is "
                "k1'}]");
  expect_count(tracker, "0.data.0.ancestors", 1);
}

static void
the_first_thing_that_is_wrong_is_told(void **state)
{
  struct tracker *tracker = *state;
  expect_error(tracker, "[" UPDATE("Task", "k1", "'status_id':'nothing'") "]", "IntegrityError",
               "attribute 'status_id' of Task refers to Status nothing");
}

/* A child that joins a list lies in the list's project from then on. */
static void
children_take_on_the_project(void **state)
{
  struct tracker *tracker = *state;
  call(tracker,
       "[" CREATE(
           "Project",
           "'id':'p2','name':'beta',"
           "'project_schema_id':'69cb7f92-4dbf-11e1-9902-f23c91df25eb'") "," UPDATE("Project", "p2",
                                                                                    "'children':[{'"
                                                                                    "__entity_type_"
                                                                                    "_':'Shot','id'"
                                                                                    ":'s1'}]") "]");
  call(tracker, "[{'action':'query','expression':'select project_id from Task where id is k1'}]");
  expect(tracker, "0.data.0.project_id", "'p2'");
}

#define IN_STUDIO(test) cmocka_unit_test_setup_teardown(test, open_studio, close_tracker)

int
main(void)
{
  const struct CMUnitTest tests[] = {
      IN_STUDIO(a_key_is_of_an_entity_of_the_right_type),
      IN_STUDIO(a_reference_names_the_right_type_or_a_base_of_it),
      IN_STUDIO(a_version_may_be_of_any_typed_context),
      IN_STUDIO(members_of_a_list_are_of_its_kind),
      IN_STUDIO(nothing_lies_in_itself),
      IN_STUDIO(two_may_change_places),
      IN_STUDIO(the_first_thing_that_is_wrong_is_told),
      IN_STUDIO(children_take_on_the_project),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
