/* References to what a later operation of the batch creates: answers and fills are as if it had come before. */
#include "support.h"

#define CREATE(type, data) "{'action':'create','entity_type':'" type "','entity_data':{" data "}}"
#define UPDATE(type, id, data) \
  "{'action':'update','entity_type':'" type "','entity_key':['" id "'],'entity_data':{" data "}}"
#define REFERENCE(type, id) "{'__entity_type__':'" type "','id':'" id "'}"
#define QUERY(text) "{'action':'query','expression':'" text "'}"
#define PROJECT(id)                                  \
  CREATE("Project", "'id':'" id "','name':'" id "'," \
                    "'project_schema_id':'69cb7f92-4dbf-11e1-9902-f23c91df25eb'")

static int
open_studio(void **state)
{
  int failed = open_tracker(state);
  if (failed)
    return failed;
  call(*state,
       "[" PROJECT("p1") "," CREATE("Shot", "'id':'s1','name':'sh','parent_id':'p1'") "," CREATE(
           "Task",
           "'id':'k1','name':'anim','parent_id':'s1'") "," CREATE("Asset",
                                                                  "'id':'a1','name':'"
                                                                  "render','context_id':'"
                                                                  "s1'") "," CREATE("AssetV"
                                                                                    "ersio"
                                                                                    "n",
                                                                                    "'id':'"
                                                                                    "v1','"
                                                                                    "asset_"
                                                                                    "id':'"
                                                                                    "a1'") "]");
  return 0;
}

/* The first answer's value at `name` is that of the entity `id`. */
static void
expect_as_of(struct tracker *tracker, const char *type, const char *id, const char *as_of,
             const char *name)
{
  char text[256];
  snprintf(text, sizeof text, "select %s from %s where id in (%s, %s)", name, type, id, as_of);
  query(tracker, text, 2);
  snprintf(text, sizeof text, "0.data.0.%s", name);
  assert_int_equal(at(tracker, text)->type, MS_JSON_STRING);
  const char *first = at(tracker, text)->string;
  snprintf(text, sizeof text, "0.data.1.%s", name);
  assert_string_equal(at(tracker, text)->string, first);
}

static void
a_created_entity_is_answered_with_its_relations(void **state)
{
  struct tracker *tracker = *state;
  call(
      tracker,
      "[" QUERY("select id from Job") "," CREATE("Job", "'id':'j1','user':" REFERENCE("User", "u1")) "," QUERY(
          "select user.username from Job") "," CREATE("User",
                                                      "'id':'u1','username':'"
                                                      "grace'") "," CREATE("Jo"
                                                                           "b",
                                                                           "'i"
                                                                           "d'"
                                                                           ":'"
                                                                           "j2"
                                                                           "',"
                                                                           "'u"
                                                                           "se"
                                                                           "r'"
                                                                           ":" REFERENCE(
                                                                               "User", "u1")) "]");
  expect_count(tracker, "", 5);
  expect_count(tracker, "0.data", 0);
  expect(tracker, "1.action", "'create'");
  expect(tracker, "1.data.id", "'j1'");
  expect(tracker, "1.data.user.id", "'u1'");
  expect(tracker, "1.data.user.__entity_type__", "'User'");
  expect(tracker, "2.data.0.user", "null"); /* as it was then */
  expect(tracker, "3.data.username", "'grace'");
  expect(tracker, "4.data.user.id", "'u1'");
}

static void
a_key_of_two_parts_is_answered_with_both_relations(void **state)
{
  struct tracker *tracker = *state;
  call(tracker,
       "[" CREATE("JobComponent",
                  "'job':" REFERENCE("Job", "j1") ",'component':" REFERENCE(
                      "FileComponent",
                      "c1")) "," CREATE("Job", "'id':'j1'") "," CREATE("FileComponent",
                                                                       "'id':'c1','name':'x'") "]");
  expect(tracker, "0.data.job.id", "'j1'");
  expect(tracker, "0.data.component.__entity_type__", "'FileComponent'");
}

static void
an_update_is_answered_with_its_relations(void **state)
{
  struct tracker *tracker = *state;
  call(tracker,
       "[" UPDATE("Task", "k1", "'thumbnail':" REFERENCE("FileComponent", "c1")) "," CREATE(
           "FileComponent", "'id':'c1','name':'x'") "]");
  expect(tracker, "0.action", "'update'");
  expect(tracker, "0.data.thumbnail.id", "'c1'");
  expect(tracker, "1.data.name", "'x'");
}

static void
a_collection_is_answered_with_its_members(void **state)
{
  struct tracker *tracker = *state;
  call(tracker,
       "[" CREATE(
           "Note",
           "'id':'n1','content':'a','replies':[" REFERENCE("Note", "n2") "," REFERENCE(
               "Note",
               "n3") "]") "," CREATE("Note",
                                     "'id':'n2','content':'b'") "," CREATE("Note",
                                                                           "'id':'n3','content':'"
                                                                           "c'") "]");
  expect_count(tracker, "0.data.replies", 2);
  call(tracker, "[" UPDATE("Task", "k1", "'notes':[" REFERENCE("Note", "n4") "]") "," CREATE(
                    "Note", "'id':'n4','content':'d'") "]");
  expect(tracker, "0.data.notes.0.id", "'n4'");
}

/* Its first answer is all there is to say. */
static void
what_is_gone_keeps_its_answer(void **state)
{
  struct tracker *tracker = *state;
  call(tracker,
       "[" CREATE("Job", "'id':'j1','user':" REFERENCE("User", "u1")) "," CREATE(
           "User",
           "'id':'u1','username':'grace'") "," CREATE("Job",
                                                      "'id':'j2','user':" REFERENCE(
                                                          "User",
                                                          "u2")) "," CREATE("User",
                                                                            "'id':'u2','username':'"
                                                                            "alan'") ","
                                                                                     "{'action':'"
                                                                                     "delete','"
                                                                                     "entity_type':"
                                                                                     "'Job','"
                                                                                     "entity_key':["
                                                                                     "'j1']}]");
  expect(tracker, "0.data.id", "'j1'");
  expect(tracker, "0.data.user_id", "'u1'");
  expect(tracker, "1.data.id", "'u1'");
  expect(tracker, "2.data.user.id", "'u2'");
  expect(tracker, "4.data", "true");
  query(tracker, "select id from Job", 1);
}

static void
a_tree_may_grow_from_its_leaves(void **state)
{
  static const char *const names[] = {"project_id", "status_id", "type_id"};
  struct tracker *tracker = *state;
  call(
      tracker,
      "[" CREATE("Task", "'id':'k2','name':'a','parent_id':'s2'") "," CREATE(
          "Shot",
          "'id':'s2','"
          "name':'b','"
          "parent'"
          ":" REFERENCE(
              "Sequence",
              "q2")) "," CREATE("Sequence",
                                "'id':'q2','name':'c','parent_id':'"
                                "p2'") "," PROJECT("p2") "," QUERY("se"
                                                                   "le"
                                                                   "ct"
                                                                   " p"
                                                                   "ro"
                                                                   "je"
                                                                   "ct"
                                                                   "_i"
                                                                   "d "
                                                                   "fr"
                                                                   "om"
                                                                   " T"
                                                                   "yp"
                                                                   "ed"
                                                                   "Co"
                                                                   "nt"
                                                                   "ex"
                                                                   "t "
                                                                   "wh"
                                                                   "er"
                                                                   "e "
                                                                   "id"
                                                                   " i"
                                                                   "n "
                                                                   "(k"
                                                                   "2,"
                                                                   " "
                                                                   "s2"
                                                                   ", "
                                                                   "q2"
                                                                   ")") "," CREATE("Shot",
                                                                                   "'id':'s3','"
                                                                                   "name':'d','"
                                                                                   "parent_id':'"
                                                                                   "p2'") "," CREATE("Task",
                                                                                                     "'id':'k3','name':'e','parent_id':'s3'") "]");
  expect(tracker, "0.data.project_id", "'p2'");
  expect(tracker, "1.data.project_id", "'p2'");
  expect(tracker, "1.data.parent.name", "'c'");
  expect(tracker, "2.data.project_id", "'p2'");
  for (int i = 0; i < 3; i++) {
    char path[32];
    snprintf(path, sizeof path, "4.data.%d.project_id", i);
    expect(tracker, path, "'p2'");
  }
  for (size_t i = 0; i < COUNT(names); i++) {
    expect_as_of(tracker, "Task", "k2", "k3", names[i]);
    expect_as_of(tracker, "Shot", "s2", "s3", names[i]);
  }
  query(tracker, "select id from TypedContextStatusChange", 0);
}

static void
a_version_may_come_before_its_asset(void **state)
{
  struct tracker *tracker = *state;
  call(tracker,
       "[" CREATE("AssetVersion", "'id':'v2','asset':" REFERENCE("Asset", "a2")) "," CREATE(
           "Asset",
           "'id':'a2','name':'plate','context_id':'s2'") "," CREATE("Shot", "'id':'s2','name':'b','"
                                                                            "parent_id':'p1'") "]");
  expect(tracker, "0.data.asset.id", "'a2'");
  expect(tracker, "0.data.version", "1");
  expect_as_of(tracker, "AssetVersion", "v2", "v1", "status_id");
}

static void
what_the_batch_has_set_itself_stays(void **state)
{
  struct tracker *tracker = *state;
  query(tracker, "select id from Status where name is \"On Hold\"", 1);
  char body[1024];
  const char *id = at(tracker, "0.data.0.id")->string;
  snprintf(body, sizeof body,
           "[" CREATE("Shot", "'id':'s2','name':'b','parent_id':'q2'") "," UPDATE(
               "Shot", "s2",
               "'status_id':'%s'") "," CREATE("Shot",
                                              "'id':'s3','name':'c','parent_id':'q2','status_id':'%"
                                              "s'") "," CREATE("Sequence", "'id':'q2','name':'c','"
                                                                           "parent_id':'p1'") "]",
           id, id);
  call(tracker, body);
  query(tracker, "select id from Shot where status.name is \"On Hold\" and project_id is p1", 2);
}

static void
a_type_is_known_when_its_entity_is(void **state)
{
  struct tracker *tracker = *state;
  call(tracker,
       "[" CREATE("Note", "'id':'n1','content':'x','parent_id':'k2'") "," CREATE(
           "Metadata",
           "'parent_id':'k2','key':'vendor','value':'north'") "," CREATE("Task",
                                                                         "'id':'k2','name':'a','"
                                                                         "parent_id':'s1'") "]");
  expect(tracker, "0.data.parent_type", "'Task'");
  expect(tracker, "1.data.parent_type", "'Task'");
  query(tracker, "select id from Task where notes any (content is x)", 1);
}

static void
a_link_may_come_before_its_end(void **state)
{
  struct tracker *tracker = *state;
  call(tracker,
       "[" CREATE("CustomAttributeLinkConfiguration",
                  "'id':'c1','key':'look','label':'Look','"
                  "entity_type':'task',"
                  "'entity_type_to':'task','core':false,'sort':"
                  "1,'one_to_one':false") "," CREATE("CustomAttr"
                                                     "ibuteLink",
                                                     "'id':'l1',"
                                                     "'from_id':"
                                                     "'k1','to_"
                                                     "id':'k2','"
                                                     "configurat"
                                                     "ion_id':'"
                                                     "c1'") "," CREATE("Task",
                                                                       "'id':'k2','name':'a','"
                                                                       "parent_id':'s1'") "]");
  expect(tracker, "1.data.__entity_type__", "'ContextCustomAttributeLink'");
  query(tracker, "select id from Task where custom_attribute_links any (context.name is a)", 1);
}

static void
a_subtree_may_move_to_where_nothing_is_yet(void **state)
{
  struct tracker *tracker = *state;
  call(tracker, "[" UPDATE("Shot", "s1", "'parent':" REFERENCE("Sequence", "q2")) "," CREATE(
                    "Sequence", "'id':'q2','name':'c','parent_id':'p2'") "," PROJECT("p2") "]");
  expect(tracker, "0.data.parent.id", "'q2'");
  query(tracker, "select id from Task where project_id is p2", 1);
  query(tracker, "select id from Shot where project_id is p2 and parent_id is q2", 1);
}

/* Sent again, because the answer was lost: all is there by now. */
static void
the_same_batch_again_has_the_same_relations(void **state)
{
  static const char body[] =
      "[" CREATE("Task", "'id':'k2','name':'a','parent':" REFERENCE("Shot", "s2")) "," CREATE(
          "Shot", "'id':'s2','name':'b','parent_id':'p1'") "]";
  struct tracker *tracker = *state;
  for (int i = 0; i < 2; i++) {
    call(tracker, body);
    expect(tracker, "0.data.parent.id", "'s2'");
    expect(tracker, "0.data.parent.name", "'b'");
  }
}

static void
a_target_that_never_comes_is_refused(void **state)
{
  struct tracker *tracker = *state;
  expect_error(tracker,
               "[" CREATE("Job", "'id':'j1','user':" REFERENCE("User", "u1")) "," CREATE(
                   "User", "'id':'u2'") "]",
               "IntegrityError", "refers to User u1");
  query(tracker, "select id from Job", 0);
}

static void
many_may_wait_for_one(void **state)
{
  enum { TASKS = 500 };
  struct tracker *tracker = *state;
  struct ms_buffer body;
  char path[64];
  ms_buffer_init(&body, 1024 * 1024);
  for (int i = 0; i < TASKS; i++)
    ms_buffer_printf(
        &body, "%s" CREATE("Task", "'id':'t%d','name':'t%d','parent':" REFERENCE("Shot", "s2")),
        i ? "," : "[", i, i);
  ms_buffer_append_string(&body, "," CREATE("Shot", "'id':'s2','name':'b','parent_id':'p1'") "]");
  call(tracker, body.data);
  ms_buffer_free(&body);
  expect_count(tracker, "", TASKS + 1);
  for (int i = 0; i < TASKS; i++) {
    char name[16];
    snprintf(path, sizeof path, "%d.data.parent.id", i);
    expect(tracker, path, "'s2'");
    snprintf(path, sizeof path, "%d.data.id", i);
    snprintf(name, sizeof name, "'t%d'", i);
    expect(tracker, path, name);
  }
}

#define IN_STUDIO(test) cmocka_unit_test_setup_teardown(test, open_studio, close_tracker)

int
main(void)
{
  const struct CMUnitTest tests[] = {
      IN_STUDIO(a_created_entity_is_answered_with_its_relations),
      IN_STUDIO(a_key_of_two_parts_is_answered_with_both_relations),
      IN_STUDIO(an_update_is_answered_with_its_relations),
      IN_STUDIO(a_collection_is_answered_with_its_members),
      IN_STUDIO(what_is_gone_keeps_its_answer),
      IN_STUDIO(a_tree_may_grow_from_its_leaves),
      IN_STUDIO(a_version_may_come_before_its_asset),
      IN_STUDIO(what_the_batch_has_set_itself_stays),
      IN_STUDIO(a_type_is_known_when_its_entity_is),
      IN_STUDIO(a_link_may_come_before_its_end),
      IN_STUDIO(a_subtree_may_move_to_where_nothing_is_yet),
      IN_STUDIO(the_same_batch_again_has_the_same_relations),
      IN_STUDIO(a_target_that_never_comes_is_refused),
      IN_STUDIO(many_may_wait_for_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
