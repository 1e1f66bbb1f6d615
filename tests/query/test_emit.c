/* SQL: {source, statement and parameters}, and what of it the planner makes: no walk along a relation
 * may scan a table. */
#include "query/studio.h"

/* ---- texts ---- */

static const struct {
  const char *source;
  const char *printed; /* SQL, then one parameter a line */
} good[] = {
    {"Job where id is x limit 1", "SELECT ms_object('__entity_type__ id', 'Job', t1.\"id\") "
                                  "FROM \"Job\" AS t1 WHERE t1.\"id\" "
                                  "= ?1 ORDER BY t1.rowid LIMIT ?2 OFFSET ?3\n"
                                  "?1 = \"x\"\n?2 = 2\n?3 = 0\n"},
    {"Job", "SELECT ms_object('__entity_type__ id', 'Job', t1.\"id\") FROM \"Job\" AS t1 ORDER BY "
            "t1.rowid LIMIT ?1 OFFSET ?2\n"
            "?1 = 100001\n?2 = 0\n"},
    {"Job where id in (x, \"y\\\"z\") order by status desc limit 999999999 offset 3",
     "SELECT ms_object('__entity_type__ id', 'Job', t2.\"id\") FROM (SELECT t1.rowid AS "
     "number "
     "FROM \"Job\" AS t1 WHERE t1.\"id\" IN (SELECT value FROM json_each(?1)) ORDER BY "
     "t1.\"status\" "
     "COLLATE NOCASE DESC, t1.rowid DESC LIMIT ?2 OFFSET ?3) AS page CROSS JOIN \"Job\" AS t2 ON "
     "t2.rowid = page.number\n"
     "?1 = \"[\\\"x\\\",\\\"y\\\\\\\"z\\\"]\"\n?2 = 100001\n?3 = 3\n"},
    {"select user.username from Job where user.username is \"Robert'); drop table Job;--\"",
     "SELECT ms_object('__entity_type__ user id', 'Job', (SELECT ms_object('__entity_type__ "
     "username "
     "id resource_type', t3.\"__entity_type__\", t3.\"username\", t3.\"id\", "
     "t3.\"resource_type\") FROM \"Resource\" AS t3 WHERE t3.\"id\" = t2.\"user_id\" AND "
     "+t3.\"__entity_type__\" = 'User'), t2.\"id\") FROM (SELECT t1.rowid AS number FROM "
     "\"Job\" "
     "AS t1 WHERE t1.\"user_id\" IN (SELECT t4.\"id\" FROM \"Resource\" AS t4 WHERE 1 AND "
     "+t4.\"__entity_type__\" = 'User' AND t4.\"username\" COLLATE NOCASE = ?1) ORDER BY "
     "t1.rowid "
     "LIMIT ?2 OFFSET ?3) AS page CROSS JOIN \"Job\" AS t2 ON t2.rowid = page.number\n"
     "?1 = \"Robert'); drop table Job;--\"\n?2 = 100001\n?3 = 0\n"},
    {"Job where not user.username is a",
     "SELECT ms_object('__entity_type__ id', 'Job', t2.\"id\") FROM (SELECT t1.rowid AS "
     "number "
     "FROM \"Job\" AS t1 WHERE NOT (EXISTS (SELECT 1 FROM \"Resource\" AS t3 WHERE t3.\"id\" = "
     "t1.\"user_id\" AND +t3.\"__entity_type__\" = 'User' AND t3.\"username\" COLLATE NOCASE = "
     "?1)) "
     "ORDER BY t1.rowid LIMIT ?2 OFFSET ?3) AS page CROSS JOIN \"Job\" AS t2 ON t2.rowid = "
     "page.number\n"
     "?1 = \"a\"\n?2 = 100001\n?3 = 0\n"},
    {"select count(id) from Job where status is running group by user_id limit 5",
     "SELECT ms_object('count_id user_id', count(v1), (v2)) FROM (SELECT t1.\"id\" AS v1, "
     "t1.\"user_id\" AS v2 FROM \"Job\" AS t1 WHERE t1.\"status\" COLLATE NOCASE = ?1) GROUP BY v2 "
     "ORDER BY v2 LIMIT ?2 OFFSET ?3\n"
     "?1 = \"running\"\n?2 = 6\n?3 = 0\n"},
    {"select url from JobComponent where component_id is a and job_id is b",
     "SELECT ms_object('__entity_type__ url component_id job_id', 'JobComponent', ms_url(?1, "
     "'get', "
     "t1.\"component_id\"), t1.\"component_id\", t1.\"job_id\") FROM "
     "\"JobComponent\" AS t1 WHERE (t1.\"component_id\" = ?2 AND t1.\"job_id\" = ?3) ORDER BY "
     "t1.rowid "
     "LIMIT ?4 OFFSET ?5\n"
     "?1 = \"http://h\"\n?2 = \"a\"\n?3 = \"b\"\n?4 = 100001\n?5 = 0\n"},
};

/* SQL and parameters as --explain prints them, without the heading. */
static void
print_sql(struct studio *studio, const char *text, struct ms_buffer *out)
{
  struct ms_buffer explanation;
  struct ms_error err = {0};
  ms_buffer_init(&explanation, 1 << 20);
  ms_buffer_init(out, 1 << 20);
  if (ms_query_explain(&studio->context, text, strlen(text), &explanation, &err) != MS_OK)
    fail_msg("%s\n%s", text, err.message);
  const char *sql = strstr(ms_buffer_string(&explanation), "\nSQL\n") + 5;
  const char *parameters = strstr(sql, "\n\nParameters\n");
  ms_buffer_append(out, sql, (size_t)(parameters - sql + 1));
  ms_buffer_append_string(out, parameters + strlen("\n\nParameters\n"));
  ms_buffer_free(&explanation);
}

static void
test_sql(void **state)
{
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    struct ms_buffer out;
    print_sql(*state, good[i].source, &out);
    if (strcmp(ms_buffer_string(&out), good[i].printed) != 0)
      fail_msg("%s\nexpected %s\nemitted  %s", good[i].source, good[i].printed,
               ms_buffer_string(&out));
    ms_buffer_free(&out);
  }
}

/* Values leave no trace in the text, so that statements are shared. */
static void
test_one_text_for_all_values(void **state)
{
  struct ms_buffer one, other;
  print_sql(*state, "select name from Task where id in (a, b) and name is x and sort > 1 limit 3",
            &one);
  print_sql(*state,
            "select name from Task where id in (c, d, e) and name is y and sort > 2 limit 9",
            &other);
  const char *end = strstr(ms_buffer_string(&one), "\n?1");
  assert_int_equal(strncmp(ms_buffer_string(&one), ms_buffer_string(&other),
                           (size_t)(end - ms_buffer_string(&one))),
                   0);
  ms_buffer_free(&one);
  ms_buffer_free(&other);
}

/* ---- plans ---- */

static const struct {
  const char *query;
  const char *uses; /* must be in the plan */
} planned[] = {
    {"Job where id is x", "SEARCH t1 USING INDEX sqlite_autoindex_Job_1 (id=?)"},
    {"Job where id in (x, y)", "SEARCH t1 USING INDEX sqlite_autoindex_Job_1 (id=?)"},
    {"Job where user_id is x", "SEARCH t1 USING INDEX Job.user_id (user_id=?)"},
    {"Job where user is x", "SEARCH t1 USING INDEX Job.user_id (user_id=?)"},
    {"Job where user.id is x", "SEARCH t1 USING INDEX Job.user_id (user_id=?)"},
    {"Job where status in (queued, running)", "SEARCH t1 USING INDEX Job.status (status=?)"},
    {"Job where user.username is ada", "SEARCH t1 USING INDEX Job.user_id (user_id=?)"},
    {"Job order by created_at desc", "USING INDEX Job.created_at"},
    {"Task where project_id is a and name is b", "SEARCH t1 USING INDEX Context.name (name=?)"},
    {"Task where name is b and project.id is a", "SEARCH t1 USING INDEX Context.name (name=?)"},
    {"Task where project.name is a and parent.id is b",
     "SEARCH t1 USING INDEX Context.parent_id (parent_id=?)"},
    {"Task where project_id is a and parent.name is b and status.name is c",
     "SEARCH t1 USING INDEX Context.parent_id (parent_id=?)"},
    {"Task where project_id is a and (name is b or parent_id is c)", "MULTI-INDEX OR"},
    {"Task where project_id is a and bid > 3",
     "SEARCH t1 USING INDEX Context.project_id (project_id=?)"},
    {"AssetVersion where status_id is a and asset_id is b",
     "SEARCH t1 USING INDEX AssetVersion.asset_id (asset_id=?)"},
    {"Task order by name",
     "SEARCH t1 USING INDEX Context.__entity_type__.name (__entity_type__=?)"},
    {"Task order by end_date desc",
     "SEARCH t1 USING INDEX Context.__entity_type__.end_date (__entity_type__=?)"},
    {"Context where thumbnail_id is a",
     "SEARCH t1 USING INDEX Context.thumbnail_id.given (thumbnail_id=?)"},
    {"JobComponent where component_id is a and job_id is b",
     "USING INDEX sqlite_autoindex_JobComponent_1 (component_id=? AND job_id=?)"},
    {"JobComponent where (component_id is a and job_id is b) or (component_id is c and job_id is "
     "d)",
     "MULTI-INDEX OR"},
    {"User where username is ada", "USING INDEX Resource."},
    {"Location where name is \"x\"", "USING INDEX Location.unique.name (name=?)"},
    {"Task where name is x order by name", "SEARCH t1 USING INDEX Context.name (name=?)"},
    {"Task where parent_id in (a, b)", "SEARCH t1 USING INDEX Context.parent_id (parent_id=?)"},
    {"Task where project_id is a and name like \"%x\"",
     "SEARCH t1 USING INDEX Context.project_id (project_id=?)"},
    {"Task where project.name is a", "SEARCH t1 USING INDEX Context.project_id (project_id=?)"},
    {"Task where status.name is a", "SEARCH t1 USING INDEX Context.status_id (status_id=?)"},
    {"Task where assignments any (resource.username is ada)",
     "SEARCH t1 USING INDEX sqlite_autoindex_Context_1 (id=?)"},
    {"Task where scopes.name is a", "SEARCH t1 USING INDEX sqlite_autoindex_Context_1 (id=?)"},
    {"Task where ancestors any (name is a)",
     "SEARCH t1 USING INDEX sqlite_autoindex_Context_1 (id=?)"},
    {"Shot where children.children.name is a",
     "SEARCH t1 USING INDEX sqlite_autoindex_Context_1 (id=?)"},
    {"Shot where children any ()", "USING INDEX Context.parent_id (parent_id=?)"},
    {"Shot where descendants any (description like \"%x\")", "USING INDEX Context.parent_id"},
    {"Project", "SEARCH t1 USING INDEX Context.__entity_type__ (__entity_type__=?)"},
    {"Task where metadata any (key is a and value is b)",
     "SEARCH t1 USING INDEX sqlite_autoindex_Context_1 (id=?)"},
    {"Shot where custom_attributes any (key is a and value is b)",
     "SEARCH v USING INDEX sqlite_autoindex_CustomAttributeValue_1 (configuration_id=? AND "
     "entity_id=?)"},
    {"Shot where custom_attributes any (key is a and value is b)",
     "SEARCH t1 USING INDEX sqlite_autoindex_Context_1 (id=?)"},
    {"Shot where custom_attributes any (key is a and value is 0)",
     "SEARCH t1 USING INDEX Context.__entity_type__ (__entity_type__=?)"},
    {"ContextCustomAttributeValue where entity_id in (a, b) and configuration_id is c",
     "SEARCH e USING INDEX sqlite_autoindex_Context_1 (id=?)"},
    {"select link, children.name, parent.parent.name, assignments.resource, scopes, notes, "
     "metadata, "
     "custom_attributes, lists, ancestors, descendants, time_logged, incoming_links, timelogs, "
     "managers, assets.versions.components, status_changes from Task where id is a",
     "SEARCH t1 USING INDEX sqlite_autoindex_Context_1 (id=?)"},
    {"select asset.latest_version, is_latest_version, link, uses_versions, used_in_versions, "
     "review_session_objects, custom_attributes, lists from AssetVersion where id is a",
     "SEARCH t1 USING INDEX sqlite_autoindex_AssetVersion_1 (id=?)"},
    {"Asset where latest_version.version is 3", "USING INDEX AssetVersion.asset_id (asset_id=?)"},
    /* The things of one shot come before a person's, a person's before a project's, if no list leads to them. */
    {"Task where project_id is a and assignments any (resource.username is ada)",
     "SEARCH t1 USING INDEX Context.project_id (project_id=?)"},
    {"Task where assignments any (resource.username is ada) and parent_id is a",
     "SEARCH t1 USING INDEX Context.parent_id (parent_id=?)"},
    {"Task where assignments any (resource.username is ada) and parent_id is a",
     "CORRELATED SCALAR SUBQUERY 1\n    SEARCH t3 USING INDEX Appointment.context_id (context_id=?)"
     "\n    SEARCH t4 USING INDEX Resource.unique.username (username=?)"},
    {"Appointment where resource_id is a and context.project_id is b",
     "SEARCH t1 USING INDEX Appointment.resource_id (resource_id=?)\n"
     "  CORRELATED SCALAR SUBQUERY 1\n    SEARCH t3 USING INDEX sqlite_autoindex_Context_1 (id=?)"},
    {"AssetVersion where user_id is a and asset.parent.project_id is b",
     "CORRELATED SCALAR SUBQUERY 1\n    SEARCH t3 USING INDEX sqlite_autoindex_Asset_1 (id=?)\n"
     "    SEARCH t4 USING INDEX sqlite_autoindex_Context_1 (id=?)"},
    {"Task where parent.name like \"sh01%\" and project_id is a",
     "SEARCH t1 USING INDEX Context.parent_id (parent_id=?)"},
    {"Shot where name like \"sh01%\" and children.assignments.resource.username is ada",
     "LIST SUBQUERY 1"},
    {"Asset where name like \"re%\" and parent.project_id is a", "CORRELATED SCALAR SUBQUERY 1"},
    /* So does a week, and not a year. */
    {"AssetVersion where date >= \"2026-11-01\" and date < \"2026-11-08\" and "
     "asset.parent.project_id is a",
     "SEARCH t1 USING INDEX AssetVersion.date (date>? AND date<?)"},
    {"AssetVersion where date >= \"2026-01-01\" and date < \"2026-12-31\" and "
     "asset.parent.project_id is a",
     "SEARCH t1 USING INDEX AssetVersion.asset_id (asset_id=?)"},
    /* Each row looks from its own end. */
    {"Task where not assignments any (resource.username is ada)",
     "CORRELATED SCALAR SUBQUERY 1\n    SEARCH t3 USING INDEX Appointment.context_id (context_id=?)"
     "\n    SEARCH t4 USING INDEX Resource.unique.username (username=?)"},
    {"Task where not lists.name is a", "SEARCH t3 USING INDEX ListObject.entity_id (entity_id=?)"},
};

/* Rows of an own making, and the list of a parameter: may be read from end to end anywhere. */
static bool
is_own_source(const char *scan)
{
  static const char *const sources[] = {"SCAN tree", "SCAN path", "SCAN json_each",
                                        "SCAN CONSTANT"};
  for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
    if (strncmp(scan, sources[i], strlen(sources[i])) == 0)
      return true;
  return false;
}

enum { PLAN_DEPTH_MAX = 64 };

/* What runs once may read a whole table; what runs once for every row may not. */
static void
check_scans(const char *query, char *plan)
{
  bool is_correlated[PLAN_DEPTH_MAX] = {false};
  for (char *line = strtok(plan, "\n"); line; line = strtok(NULL, "\n")) {
    size_t depth = strspn(line, " ") / 2;
    assert_true(depth + 1 < PLAN_DEPTH_MAX);
    const char *scan = strstr(line, "SCAN ");
    assert_null(strstr(line, "AUTOMATIC"));
    if (scan && is_correlated[depth] && !is_own_source(scan))
      fail_msg("%s\nscans for every row: %s", query, line);
    is_correlated[depth + 1] =
        strstr(line, "CORRELATED") || (is_correlated[depth] && !strstr(line, "SUBQUERY"));
  }
}

static void
explain(struct studio *studio, const char *text, struct ms_buffer *out)
{
  struct ms_arena arena;
  struct ms_error err = {0};
  struct ms_query_plan *plan;
  ms_arena_init(&arena, MS_QUERY_ARENA_MAX_BYTES);
  ms_buffer_init(out, 1 << 20);
  if (ms_query_compile(&studio->context, text, strlen(text), &arena, &plan, &err) != MS_OK ||
      ms_database_explain(studio->database, plan->sql, out, &err) != MS_OK)
    fail_msg("%s\n%s", text, err.message);
  ms_arena_free(&arena);
}

/* Whether an index has all that is needed is not the point. */
static void
forget_covering(char *plan)
{
  static const char word[] = "COVERING ";
  for (char *at = strstr(plan, word); at; at = strstr(at, word))
    memmove(at, at + strlen(word), strlen(at + strlen(word)) + 1);
}

static void
test_plans(void **state)
{
  for (size_t i = 0; i < sizeof planned / sizeof *planned; i++) {
    struct ms_buffer plan;
    explain(*state, planned[i].query, &plan);
    forget_covering(plan.data);
    if (!strstr(ms_buffer_string(&plan), planned[i].uses))
      fail_msg("%s\nexpected %s\nplanned\n%s", planned[i].query, planned[i].uses,
               ms_buffer_string(&plan));
    check_scans(planned[i].query, plan.data);
    ms_buffer_free(&plan);
  }
}

/* ---- what the plan says about the page ---- */

static void
test_page(void **state)
{
  static const struct {
    const char *text;
    int64_t limit, offset;
    bool limit_given, is_aggregate;
  } pages[] = {
      {"Job", MS_QUERY_ROWS_MAX, 0, false, false},
      {"Job limit 5 offset 7", 5, 7, true, false},
      {"Job limit 0", 0, 0, true, false},
      {"Job limit 200000", MS_QUERY_ROWS_MAX, 0, true, false},
      {"select count(id) from Job group by status limit 1", 1, 0, true, true},
  };
  struct studio *studio = *state;
  for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
    struct ms_arena arena;
    struct ms_error err = {0};
    struct ms_query_plan *plan;
    ms_arena_init(&arena, MS_QUERY_ARENA_MAX_BYTES);
    assert_int_equal(ms_query_compile(&studio->context, pages[i].text, strlen(pages[i].text),
                                      &arena, &plan, &err),
                     MS_OK);
    assert_int_equal(plan->limit, pages[i].limit);
    assert_int_equal(plan->offset, pages[i].offset);
    assert_int_equal(plan->limit_given, pages[i].limit_given);
    assert_int_equal(plan->is_aggregate, pages[i].is_aggregate);
    assert_string_equal(plan->type->name, "Job");
    ms_arena_free(&arena);
  }
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sql),
      cmocka_unit_test(test_one_text_for_all_values),
      cmocka_unit_test(test_plans),
      cmocka_unit_test(test_page),
  };
  return cmocka_run_group_tests(tests, studio_open, studio_close);
}
