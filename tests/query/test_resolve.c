/* Resolved trees: {source, printed tree}, and names and values that are refused. */
#include "stages.h"

#include "query/resolved.h"

static enum ms_status
resolve(const char *text, struct ms_buffer *out, struct ms_error *err)
{
  struct ms_arena arena;
  ms_arena_init(&arena, MS_QUERY_ARENA_MAX_BYTES);
  struct ms_query_context context = {.model = ms_model_builtin()};
  struct ms_query_source source = {.text = text, .text_bytes = strlen(text), .arena = &arena};
  struct ms_token *tokens;
  size_t count;
  struct ms_query_tree *tree;
  struct ms_resolved_query *query;
  enum ms_status status = ms_query_lex(&source, &tokens, &count, err);
  if (status == MS_OK)
    status = ms_query_parse(&source, tokens, &tree, err);
  if (status == MS_OK)
    status = ms_query_resolve(&context, &source, tree, &query, err);
  if (status == MS_OK)
    ms_query_print_resolved(query, out);
  ms_arena_free(&arena);
  return status;
}

static const struct sample good[] = {
    /* what is shown: requested, key, system projections; defaults without select */
    {"Job", "(rows Job (show id))"},
    {"Task", "(rows Task (show context_type id name project_id object_type_id))"},
    {"select name from Task", "(rows Task (show name id project_id context_type object_type_id))"},
    {"select name, name, id from Location", "(rows Location (show name id))"},
    {"select asset.versions.version from AssetVersion",
     "(rows AssetVersion (show (asset:Asset (versions:AssetVersion version id asset_id) id "
     "context_id) id asset_id))"},
    {"select children from Project",
     "(rows Project (show (children:Context context_type id name) id context_type))"},
    {"select children, children.parent_id from Project",
     "(rows Project (show (children:Context parent_id context_type id name) id context_type))"},
    {"select metadata from Task", "(rows Task (show (metadata:Metadata key value parent_id "
                                  "parent_type) id project_id context_type object_type_id))"},
    {"select custom_attributes from User",
     "(rows User (show (custom_attributes:UserCustomAttributeValue key value configuration_id "
     "entity_id) id resource_type))"},
    {"select parent[Shot].status.name from Task",
     "(rows Task (show (parent:Shot (status:Status name id) id project_id context_type "
     "object_type_id) id project_id context_type object_type_id))"},
    {"select resource.username from Appointment",
     "(rows Appointment (show (resource:Resource username id resource_type) id))"},
    /* values by type */
    {"User where username is \"a\" and is_active is True",
     "(rows User (show id resource_type) (where (and (is username \"a\") (is is_active 1))))"},
    {"AssetVersion where version > 2 and version in (1, 2.5)",
     "(rows AssetVersion (show id asset_id) (where (and (> version 2) (in version 1 2.5))))"},
    {"Job where created_at is 1970-01-01",
     "(rows Job (show id) (where (and (>= created_at 0) (< created_at 1000000))))"},
    {"Job where created_at is_not 1970-01-01",
     "(rows Job (show id) (where (or (< created_at 0) (>= created_at 1000000))))"},
    {"Job where created_at > 1970-01-01 or created_at <= 1970-01-01",
     "(rows Job (show id) (where (or (>= created_at 1000000) (< created_at 1000000))))"},
    {"Job where created_at > \"1970-01-01T00:00:00.5\" or created_at is \"1970-01-01T00:00:00.5\"",
     "(rows Job (show id) (where (or (> created_at 500000) (is created_at 500000))))"},
    {"Job where created_at not_in (1970-01-01, none)",
     "(rows Job (show id) (where (and (not (or (and (>= created_at 0) (< created_at 1000000)))) "
     "(not_null created_at))))"},
    {"ContextCustomAttributeValue where value is 5 or value is x or value like \"a\\b%\"",
     "(rows ContextCustomAttributeValue (show configuration_id entity_id key value) (where (or (is "
     "value \"5\" 5) (is value \"x\") (like value \"a\\\\\\\\b%\"))))"},
    {"Location where name like \"50\\%\\_\\\\\\x%\"",
     "(rows Location (show id) (where (like name \"50\\\\%\\\\_\\\\\\\\\\\\\\\\x%\")))"},
    /* none */
    {"Job where user is none and user_id is_not none and user in (none, u) and status in (none)",
     "(rows Job (show id) (where (and (null user) (not_null user_id) (or (in user \"u\") (null "
     "user)) "
     "(null status))))"},
    {"Job where job_components is none",
     "(rows Job (show id) (where (not (exists job_components:JobComponent))))"},
    {"Task where children is_not none", "(rows Task (show context_type id name project_id "
                                        "object_type_id) (where (exists children:Context)))"},
    /* walks */
    {"Job where user.username is a",
     "(rows Job (show id) (where (exists user:User (is username \"a\"))))"},
    {"Job where user.id is a", "(rows Job (show id) (where (definite (is user \"a\"))))"},
    {"Job where job_components.component.id is a",
     "(rows Job (show id) (where (exists job_components:JobComponent (definite (is component "
     "\"a\")))))"},
    {"Task where parent[Shot].id is a",
     "(rows Task (show context_type id name project_id object_type_id) (where (exists parent:Shot "
     "(is id \"a\"))))"},
    {"Task where parent is a and parent[Shot] is a and children is a and children not_in (a)",
     "(rows Task (show context_type id name project_id object_type_id) (where (and (is parent "
     "\"a\") (exists parent:Shot (is id \"a\")) (exists children:Context (is id \"a\")) (not "
     "(exists children:Context (in id \"a\"))))))"},
    {"AssetVersion where task.name is a",
     "(rows AssetVersion (show id asset_id) (where (exists task:TypedContext (is name \"a\"))))"},
    {"Task where assignments any (resource[User].username is a) and children has ()",
     "(rows Task (show context_type id name project_id object_type_id) (where (and (exists "
     "assignments:Appointment (exists resource:User (is username \"a\"))) (exists "
     "children:Context))))"},
    {"Task where custom_attribute_links any (user.username is a)",
     "(rows Task (show context_type id name project_id object_type_id) (where (exists "
     "custom_attribute_links:CustomAttributeLink (exists user:User (is username \"a\")))))"},
    /* queries within queries */
    {"Job where user_id in (User where username is a)",
     "(rows Job (show id) (where (in user_id (rows User (select id) (where (is username "
     "\"a\"))))))"},
    {"Job where user in (select user_id from Timelog order by start limit 3 offset 1)",
     "(rows Job (show id) (where (in user (rows Timelog (select user_id) (order start) (offset 1) "
     "(limit 3)))))"},
    /* order, groups */
    {"Task order by parent.name desc, status limit 2",
     "(rows Task (show context_type id name project_id object_type_id) (order (desc "
     "parent:Context.name) status) (limit 2))"},
    {"select count(id), status.name from Task group by status.name, project_id order by project_id",
     "(groups Task (select (count id) status:Status.name) (group status:Status.name project_id) "
     "(order project_id))"},
};

static void
test_resolved(void **state)
{
  (void)state;
  check_printed(resolve, good, COUNT(good));
}

static const struct sample bad[] = {
    {"Usr", "No entity type 'Usr' exists. Did you mean 'User'? At position 1:\n  Usr\n  ^"},
    {"Xyzzyx", "No entity type 'Xyzzyx' exists. At position 1:"},
    {"Context where project.name is a",
     "No attribute 'project' exists for schema 'Context'. TypedContext has one: put [TypedContext] "
     "behind the relation before it, or query TypedContext. At position 15:\n"
     "  Context where project.name is a\n"
     "                ^"},
    {"Job where stauts is a",
     "No attribute 'stauts' exists for schema 'Job'. Did you mean 'status'?"},
    {"Job where {xx} is a", "No attribute '(xx)' exists for schema 'Job'. At position 11:\n"
                            "  Job where (xx) is a"},
    {"select user.usrname from Job",
     "No attribute 'usrname' exists for schema 'User'. Did you mean 'username'? At position 13:"},
    {"select status.name from Job",
     "'status' of Job is a value, not a relation: nothing can follow it."},
    {"Job where status.name is a",
     "'status' of Job is a value, not a relation: no entity is found by it."},
    {"Job where status any ()", "'status' of Job is a value, not a relation"},
    {"Job where status[User] is a",
     "'status' is a value, not a relation: it cannot be cast. At position 18:"},
    {"Job where user[Usr].username is a", "No entity type 'Usr' exists."},
    {"Job where user[Task].username is a",
     "'user' finds entities of type User, which are never of type Task. At position 16:"},
    {"select custom_attribute_links from Task",
     "'custom_attribute_links' can be used in conditions, but not selected."},
    {"Task where link is a", "'link' is made when it is read: it cannot be in a condition."},
    {"Task where thumbnail_url is none", "'thumbnail_url' is made when it is read"},
    {"Job where job_components is a",
     "'job_components' finds entities with a key of several parts"},
    {"Job where user like a", "'user' is a relation: it cannot be compared by 'like'."},
    {"Task where children > a", "'children' is a relation: it cannot be compared by '>'."},
    {"Job where status > none", "'status' is compared with none: it cannot be compared by '>'."},
    {"Job where created_at is yesterday",
     "'created_at' is compared with a date (YYYY-MM-DD) or date-time (YYYY-MM-DDThh:mm:ss), which "
     "'yesterday' is not. At position 25:"},
    {"Job where created_at like \"2020%\"", "'created_at' is no text"},
    {"User where is_active is maybe",
     "'is_active' is compared with true or false, which 'maybe' is not."},
    {"AssetVersion where version is \"\"", "'version' is compared with a number, which '' is not."},
    {"AssetVersion where version in (1, one)",
     "'version' is compared with a number, which 'one' is not."},
    {"AssetVersion where version is 1e999", "'version' is compared with a number"},
    {"AssetVersion where version is 1x", "'version' is compared with a number"},
    {"Job where id in (select id, status from Job)",
     "A query within 'in (...)' selects exactly one"},
    {"Job where id in (select count(id) from Job)",
     "A query within 'in (...)' selects exactly one"},
    {"Job where id in (JobComponent where job_id is x)",
     "A query within 'in (...)' selects exactly one"},
    {"Job where id in (select job_components.url from Job)",
     "'job_components' finds many entities"},
    {"Job where id in (select version from AssetVersion)",
     "'id' cannot be one of the values of 'version'"},
    {"Task order by children.name",
     "'children' finds many entities: here only single relations work."},
    {"Task order by link", "'link' of Task is no value that can be compared or put in order."},
    {"Task order by children", "'children' of Task is no value"},
    {"select count(id) from Task", "count(...) needs a 'group by'. At position 14:"},
    {"select name from Task group by status_id", "'name' differs within a group"},
    {"select count(id) from Task group by status_id order by name",
     "'name' differs within a group"},
    {"select sum(name) from Task group by status_id",
     "'name' is no number: sum works on numbers alone."},
};

static void
test_refused(void **state)
{
  (void)state;
  check_refused(resolve, bad, COUNT(bad));
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_resolved),
      cmocka_unit_test(test_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
