/* Compiled queries against a real database: which rows, in which order, and what their JSON shows. */
#include "query/studio.h"

/* The ids of the rows in `json` lines, with a blank between. */
static void
collect_ids(const char *json, struct ms_buffer *ids)
{
  static const char mark[] = "\"id\":\"";
  for (const char *line = json; *line; line = strchr(line, '\n') + 1) {
    const char *id = strstr(line, mark) + strlen(mark);
    ms_buffer_append_string(ids, ids->size_bytes ? " " : "");
    ms_buffer_append(ids, id, strcspn(id, "\""));
  }
}

static void
run(struct studio *studio, const char *text, struct ms_buffer *out)
{
  struct ms_error err = {0};
  ms_buffer_init(out, 1 << 20);
  if (studio_query(studio, text, out, &err) != MS_OK)
    fail_msg("%s\n%s", text, err.message);
}

static const struct {
  const char *query;
  const char *ids;
} found[] = {
    /* operators */
    {"select id from User where username is \"ada\"", "u1"},
    {"select id from User where username is ADA", "u1"},
    {"select id from User where username = ada", "u1"},
    {"select id from User where username is_not ada", "u2"},
    {"select id from User where id is U1", ""},
    {"select id from User where username in (ada,\"bob\")", "u1 u2"},
    {"select id from User where username not_in (ada, 'x')", "u2"},
    {"select id from User where username in (BOB, eve)", "u2"},
    {"select id from Task where name like \"an%\"", "k1 k3"},
    {"select id from Task where name like \"a_im\"", "k1 k3"},
    {"select id from Task where name not_like \"an%\"", "k2 k4"},
    {"select id from TypedContext where description like \"100\\%\"", "s1"},
    {"select id from TypedContext where description like \"a\\b\"", "k1"},
    {"select id from TypedContext where description is \"a\\b\"", "k1"},
    {"select id from User where first_name is \"Bob \\\"B\\\"\"", "u2"},
    {"select id from Task where sort > 1 and sort <= 3", "k2 k3"},
    {"select id from Task where sort greater_than 1 and sort less_than 3", "k2"},
    {"select id from Task where bid >= 0.1 and bid < 1e4", "k2"},
    {"select id from AssetVersion where version in (1, 2, 3)", "v1 v2"},
    {"select id from AssetVersion where version < 1.5", "v1"},
    /* booleans */
    {"select id from User where is_active is True", "u1"},
    {"select id from User where is_active is 0", "u2"},
    {"select id from User where is_active = \"false\"", "u2"},
    {"select id from AssetVersion where is_latest_version is true", "v2"},
    {"select id from ReviewSession where is_open is true", "r2"},
    /* none */
    {"select id from User where email is none", "u2"},
    {"select id from User where email is_not None", "u1"},
    {"select id from User where email != null", "u1"},
    {"select id from User where email is_not \"x\"", "u1"},
    {"select id from User where not email is \"x\"", "u1"},
    {"select id from Job where user is none", "j2"},
    {"select id from Job where user is_not none", "j1"},
    {"select id from Task where name in (none, misc)", "k4"},
    {"select id from TypedContext where description in (none, \"\")", "q1 k2 k3 k4"},
    {"select id from TypedContext where description not_in (none, \"\")", "s1 s2 k1"},
    {"select id from User where username is \"none\"", ""},
    /* date-times: whole seconds cover their fractions */
    {"select id from Task where created_at is \"2024-01-02T03:04:05\"", "k1 k2"},
    {"select id from Task where created_at is \"2024-01-02T03:04:05.500000\"", "k2"},
    {"select id from Task where created_at is_not \"2024-01-02 03:04:05\"", ""},
    {"select id from Task where created_at > \"2024-01-02T03:04:05\"", ""},
    {"select id from Task where created_at <= \"2024-01-02T03:04:05\"", "k1 k2"},
    {"select id from Task where created_at >= \"2024-01-02T03:04:05\"", "k1 k2"},
    {"select id from Task where created_at before \"2024-01-02T03:04:05\"", ""},
    {"select id from Task where created_at after 2024-01-01", "k1 k2"},
    {"select id from Task where created_at is \"2024-01-02T05:04:05+02:00\"", "k1 k2"},
    {"select id from Task where created_at in (\"2024-01-02T03:04:05\", 2020-01-01)", "k1 k2"},
    {"select id from Task where created_at not_in (2020-01-01)", "k1 k2"},
    /* and, or, not */
    {"select id from Task where name is anim or name is light and sort is 2", "k1 k2 k3"},
    {"select id from Task where (name is anim or name is light) and sort is 2", "k2"},
    {"select id from Task where not (name is anim or name is light)", "k4"},
    {"select id from Task where not name is anim and not sort is 2", "k4"},
    /* relations */
    {"select id from Task where status.name is todo", "k1 k3"},
    {"select id from Task where status.state.short is DONE", "k2"},
    {"select id from Task where status.name is_not todo", "k2"},
    {"select id from Task where not status.name is todo", "k2 k4"},
    {"select id from Task where status has (name is todo and sort is 1)", "k1 k3"},
    {"select id from Task where status has ()", "k1 k2 k3"},
    {"select id from Task where parent.name is sh010", "k1 k2"},
    {"select id from Task where parent.id is s1", "k1 k2"},
    {"select id from Task where parent is \"s1\"", "k1 k2"},
    {"select id from Task where parent in (s1, s2)", "k1 k2 k3"},
    {"select id from Task where parent is_not s1", "k3 k4"},
    {"select id from Context where parent is none", "p1 p2"},
    {"select id from Task where parent[Shot].status.name is todo", "k1 k2"},
    {"select id from Task where parent[Shot] is none", "k4"},
    {"select id from Task where parent[TypedContext] has (status.name is todo)", "k1 k2"},
    {"select id from Task where parent[Shot].parent[Sequence].name is sq010", "k1 k2 k3"},
    {"select id from Shot where children any (name is light)", "s1"},
    {"select id from Shot where children.name is light", "s1"},
    {"select id from Shot where children.name is light and children.name is anim", "s1"},
    {"select id from Shot where children any (name is light and name is anim)", ""},
    {"select id from Context where children[Task] any ()", "p2 s1 s2"},
    {"select id from Shot where not children any (name is light)", "s2"},
    {"select id from Task where children is none", "k1 k2 k3 k4"},
    {"select id from Context where children is \"k4\"", "p2"},
    {"select id from Context where children in (k1, k4)", "p2 s1"},
    {"select id from Task where assignments any (resource.username is ada)", "k1 k2"},
    {"select id from Task where assignments.resource[User].username is bob", "k2"},
    {"select id from Task where not assignments.resource.username is ada", "k3 k4"},
    {"select id from Project where allocations.resource[Group].memberships.user.username is ada",
     "p1"},
    {"select id from Context where assignments any ()", "k1 k2"},
    {"select id from Context where appointments any ()", "p1 k1 k2"},
    {"select id from Task where scopes any (name like \"out%\")", "k1"},
    {"select id from Task where scopes.name is internal", "k1"},
    {"select id from Task where lists.name is today", "k1"},
    {"select id from TypedContextList where items any (name is sh010)", "li1"},
    {"select id from AssetVersion where uses_versions any (id is v1)", "v2"},
    {"select id from Asset where latest_version.version is 2", "as1"},
    {"select id from Asset where latest_version is v1", ""},
    {"select id from Task where ancestors any (name is sq010)", "k1 k2 k3"},
    {"select id from Task where ancestors.description like \"%%\"", "k1 k2 k3"},
    {"select id from Task where not ancestors any (name is sh010)", "k3 k4"},
    {"select id from Shot where descendants any (name is light)", "s1"},
    {"select id from TypedContext where descendants any (name is light)", "q1 s1"},
    {"select id from Project where descendants any (name is misc)", "p2"},
    {"select id from Note where recipients any (user.username is bob)", "n1"},
    {"select id from Note where in_reply_to.content is first", "n2"},
    {"select id from TypedContextLink where from.name is anim and to is k2", "dep1"},
    {"select id from Task where time_logged > 5000", "k1"},
    {"select id from Component where name is seq", "c2"},
    {"select id from ContainerComponent", "c2"},
    {"select id from FileComponent where container[SequenceComponent].name is seq", "c3"},
    {"select id from Component where component_locations.location.name is \"ftrack.server\"", "c1"},
    /* metadata and custom attributes */
    {"select id from Task where metadata any (key is fps and value is 24)", "k1"},
    {"select id from Task where metadata any (key is fps and value is A)", ""},
    {"select id from Task where metadata.key is fps and metadata.value is A", "k1"},
    {"select id from Shot where custom_attributes any (key is fstart and value is 990)", "s1"},
    {"select id from Shot where custom_attributes any (key is fstart and value is \"1001\")", "s2"},
    {"select id from Shot where custom_attributes any (key is fstart and value < 1000)", "s1"},
    {"select id from Shot where custom_attributes any (key is fstart and value in (990, 1001))",
     "s1 s2"},
    {"select id from Shot where custom_attributes any (key is tags and value is hero)", "s1"},
    {"select id from Shot where custom_attributes any (key is tags and value is_not hero)", "s2"},
    {"select id from Shot where custom_attributes any (key is tags and value like \"n%t\")", "s1"},
    {"select id from Context where custom_attributes.configuration.key is fstart", "s1 s2"},
    {"select id from AssetVersion where custom_attributes any (key is ok and value is True)", "v1"},
    {"select id from AssetVersion where custom_attributes any (key is ok and value is false)",
     "v2"},
    {"select id from User where custom_attributes any (key is nick and value is \"-\")", "u1 u2"},
    {"select id from Shot where custom_attribute_links any (configuration.key is lead and "
     "user.username "
     "is ada)",
     "s1"},
    {"select id from User where custom_attribute_links_from any (context.name is sh010)", "u1"},
    /* queries within queries */
    {"select id from Task where id in (select context_id from Appointment where resource.username "
     "is "
     "bob)",
     "k2"},
    {"select id from Task where status_id in (select id from Status where sort > 1)", "k2"},
    {"select id from Task where status in (Status where sort > 1)", "k2"},
    {"select id from Task where parent_id not_in (select id from Shot where name is sh010)",
     "k3 k4"},
    {"select id from Job where id not_in (select user_id from Job)", "j1 j2"},
    {"select id from Task where name in (select parent.name from Task) or name in (select name "
     "from "
     "Task order by sort desc limit 2)",
     "k1 k3 k4"},
    {"select id from Task where not id in (select task_id from AssetVersion where version > 1)",
     "k1 k3 k4"},
    /* types */
    {"select id from Context where name is anim", "k1 k3"},
    {"select id from Shot", "s1 s2"},
    {"select id from TypedContext where project.name is beta", "k4"},
    {"select id from NoteLabel", "nc1"},
    {"select id from NoteCategory", "nc1"},
    {"select id from CustomAttributeConfiguration where key is lead", ""},
    {"select id from CustomConfigurationBase where key is lead", "cf6"},
    {"select id from CustomAttributeLinkFrom", "cal1"},
    {"select id from ContextCustomAttributeLinkFrom where context.name is sh010", "cal1"},
    {"select id from UserCustomAttributeLinkFrom", ""},
    /* order and pages */
    {"select id from Task order by name", "k1 k3 k2 k4"},
    {"select id from Task order by name desc", "k4 k2 k3 k1"},
    {"select id from Task order by name descending, sort desc", "k4 k2 k3 k1"},
    {"select id from Task order by status.sort, sort desc", "k4 k3 k1 k2"},
    {"select id from Task order by parent.parent.name desc, parent asc, name ascending",
     "k1 k2 k3 k4"},
    {"select id from Task order by created_at desc limit 2", "k2 k1 k4"},
    {"select id from Task limit 1", "k1 k2"},
    {"select id from Task offset 2 limit 1", "k3 k4"},
    {"select id from Task limit 1 offset 2", "k3 k4"},
    {"select id from Task where id in (k3, k1, k2) offset 1 limit 9", "k2 k3"},
    {"select id from Task limit 0", "k1"},
    {"select id from Task offset 9", ""},
};

static void
test_found(void **state)
{
  for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
    struct ms_buffer json, ids;
    run(*state, found[i].query, &json);
    ms_buffer_init(&ids, 1 << 16);
    collect_ids(ms_buffer_string(&json), &ids);
    if (strcmp(ms_buffer_string(&ids), found[i].ids) != 0)
      fail_msg("%s\nexpected %s\nfound    %s", found[i].query, found[i].ids,
               ms_buffer_string(&ids));
    ms_buffer_free(&json);
    ms_buffer_free(&ids);
  }
}

static const struct {
  const char *query;
  const char *json;
} shown[] = {
    {"Job where id is j1", "{'__entity_type__':'Job','id':'j1'}"},
    {"select status, data, created_at, finished_at, user from Job where id is j1",
     "{'__entity_type__':'Job','status':'running','data':'{\\'description\\':\\'x\\'}','created_at'"
     ":"
     "{'__type__':'datetime','value':'2024-01-02T03:04:05'},'finished_at':null,'user':"
     "{'__entity_type__':'User','id':'u1','resource_type':'user'},'id':'j1'}"},
    {"select user, user.email, job_components.component.name from Job",
     "{'__entity_type__':'Job','user':{'__entity_type__':'User','email':'ada@x','id':'u1',"
     "'resource_type':'user'},'job_components':[{'__entity_type__':'JobComponent','component':"
     "{'__entity_type__':'FileComponent','name':'main','id':'c1','system_type':'file','version_id':"
     "'v1'},'component_id':'c1','job_id':'j1'}],'id':'j1'}\n"
     "{'__entity_type__':'Job','user':null,'job_components':[],'id':'j2'}"},
    {"select url, component.component_locations.location.name from JobComponent",
     "{'__entity_type__':'JobComponent','url':{'url':'http://h/get/"
     "c1'},'component':{'__entity_type__':"
     "'FileComponent','component_locations':[{'__entity_type__':'ComponentLocation','location':"
     "{'__entity_type__':'Location','name':'ftrack.server','id':'l1'},'id':'cl1','location_id':'l1'"
     ","
     "'component_id':'c1'}],'id':'c1','system_type':'file','version_id':'v1'},'component_id':'c1',"
     "'job_id':'j1'}"},
    {"select is_active, thumbnail_url from User",
     "{'__entity_type__':'User','is_active':true,'thumbnail_url':{'url':'http://h/thumbnail/"
     "c1'},'id':"
     "'u1','resource_type':'user'}\n"
     "{'__entity_type__':'User','is_active':false,'thumbnail_url':null,'id':'u2','resource_type':"
     "'user'}"},
    {"select name from Task where id is k1",
     "{'__entity_type__':'Task','name':'anim','id':'k1','project_id':'p1','context_type':'task','"
     "object_type_id':'o-task'}"},
    {"select children from Project where id is p1",
     "{'__entity_type__':'Project','children':[{'__entity_type__':'Sequence','context_type':'task',"
     "'id':"
     "'q1','name':'sq010'}],'id':'p1','context_type':'show'}"},
    {"select metadata, custom_attributes from Shot where id is s1",
     "{'__entity_type__':'Shot','metadata':[{'__entity_type__':'Metadata','key':'fps','value':'25',"
     "'parent_id':'s1','parent_type':'Shot'}],'custom_attributes':[{'__entity_type__':'"
     "ContextCustomAttributeValue','key':'fstart','value':990,'configuration_id':'cf1','entity_id':"
     "'s1'},{'__entity_type__':'ContextCustomAttributeValue','key':'tags','value':['Hero','night'],"
     "'configuration_id':'cf2','entity_id':'s1'}],'id':'s1','project_id':'p1','context_type':'task'"
     ",'object_type_id':'o-shot'}"},
    {"select value, configuration.is_hierarchical from ContextCustomAttributeValue where entity_id "
     "is "
     "k4",
     "{'__entity_type__':'ContextCustomAttributeValue','value':[],'configuration':{'__entity_type__"
     "':"
     "'CustomAttributeConfiguration','is_hierarchical':true,'id':'cf2','project_id':null},"
     "'configuration_id':'cf2','entity_id':'k4','key':'tags'}"},
    {"select value from UserCustomAttributeValue where entity_id is u1 and configuration_id is cf3",
     "{'__entity_type__':'UserCustomAttributeValue','value':'-','configuration_id':'cf3','entity_"
     "id':"
     "'u1','key':'nick'}"},
    {"select link from Task where id is k2",
     "{'__entity_type__':'Task','link':[{'id':'p1','name':'alpha','type':'Project'},{'id':'q1','"
     "name':'sq010','type':'Sequence'},{'id':'s1','name':'sh010','type':'Shot'},{'id':'k2','name':'"
     "light','type':'Task'}],'id':'k2','project_id':'p1','context_type':'task','object_type_id':'o-"
     "task'}"},
    {"select link from AssetVersion where id is v2",
     "{'__entity_type__':'AssetVersion','link':[{'id':'p1','name':'alpha','type':'Project'},{'id':'"
     "q1',"
     "'name':'sq010','type':'Sequence'},{'id':'s1','name':'sh010','type':'Shot'},{'id':'v2','name':"
     "'upload v2','type':'AssetVersion'}],'id':'v2','asset_id':'as1'}"},
    {"select link from Group where id is g2",
     "{'__entity_type__':'Group','link':[{'id':'g1','name':'Artists','type':'Group'},{'id':'g2','"
     "name':"
     "'Juniors','type':'Group'}],'id':'g2','resource_type':'group'}"},
    {"select ancestors.name from Task where id is k1",
     "{'__entity_type__':'Task','ancestors':[{'__entity_type__':'Sequence','name':'sq010','id':'q1'"
     ",'project_id':'p1','context_type':'task'},{'__entity_type__':'Shot','name':'sh010','id':'s1',"
     "'project_id':'p1','context_type':'task'}],'id':'k1','project_id':'p1','context_type':'task','"
     "object_type_id':'o-task'}"},
    {"select time_logged, bid_time_logged_difference from Task where name is anim",
     "{'__entity_type__':'Task','time_logged':5400.5,'bid_time_logged_difference':30599.5,'id':'k1'"
     ",'project_id':'p1','context_type':'task','object_type_id':'o-task'}\n{'__entity_type__':'"
     "Task','time_logged':0.0,'bid_time_logged_difference':0.0,'id':'k3','project_id':'p1','"
     "context_type':'task','object_type_id':'o-task'}"},
    {"select scopes, lists.name from Task where id is k1",
     "{'__entity_type__':'Task','scopes':[{'__entity_type__':'Scope','id':'sc1'},{'__entity_type__'"
     ":'Scope','id':'sc2'}],'lists':[{'__entity_type__':'TypedContextList','name':'today','id':'"
     "li1','project_id':'p1','system_type':'task'}],'id':'k1','project_id':'p1','context_type':'"
     "task','object_type_id':'o-task'}"},
    {"select recipients.user from Note where id is n1",
     "{'__entity_type__':'Note','recipients':[{'__entity_type__':'Recipient','user':null,'note_id':"
     "'n1',"
     "'resource_id':'g1'},{'__entity_type__':'Recipient','user':{'__entity_type__':'User','id':'u2'"
     ","
     "'resource_type':'user'},'note_id':'n1','resource_id':'u2'}],'id':'n1'}"},
    {"select setting.value from SettingComponent",
     "{'__entity_type__':'SettingComponent','setting':{'__entity_type__':'Setting','value':'2','"
     "name':"
     "'one','group':'B'},'component_id':'c1','name':'one','group':'B'}"},
    {"select parent[Shot].status.name from Task where id is k1",
     "{'__entity_type__':'Task','parent':{'__entity_type__':'Shot','status':{'__entity_type__':'"
     "Status','name':'Todo','id':'x1'},'id':'s1','project_id':'p1','context_type':'task','object_"
     "type_id':'o-shot'},'id':'k1','project_id':'p1','context_type':'task','object_type_id':'o-"
     "task'}"},
    {"select latest_version.version from Asset",
     "{'__entity_type__':'Asset','latest_version':{'__entity_type__':'AssetVersion','version':2,'"
     "id':"
     "'v2','asset_id':'as1'},'id':'as1','context_id':'s1'}"},
    {"NoteLabel", "{'__entity_type__':'NoteCategory','id':'nc1'}"},
    {"select count(id), sum(bid), status_id from Task group by project_id, status_id",
     "{'count_id':2,'sum_bid':36000.0,'status_id':'x1','project_id':'p1'}\n"
     "{'count_id':1,'sum_bid':0.1,'status_id':'x2','project_id':'p1'}\n"
     "{'count_id':1,'sum_bid':0.0,'status_id':null,'project_id':'p2'}"},
    {"select max(created_at), avg(sort), min(name) from Task where status_id is_not none group by "
     "status.name order by status.name desc limit 1",
     "{'max_created_at':{'__type__':'datetime','value':'2024-01-02T03:04:05'},'avg_sort':2.0,'min_"
     "name':"
     "'Anim','status.name':'Todo'}\n"
     "{'max_created_at':{'__type__':'datetime','value':'2024-01-02T03:04:05.500000'},'avg_sort':2."
     "0,"
     "'min_name':'light','status.name':'Approved'}"},
    {"select count(id) from Job group by user",
     "{'count_id':1,'user':null}\n{'count_id':1,'user':'u1'}"},
};

/* Expectations are written with ' for ", \' for \". */
static void
expect_json(const char *query, const char *actual, const char *expected)
{
  struct ms_buffer wanted;
  ms_buffer_init(&wanted, 1 << 16);
  for (const char *c = expected; *c; c++)
    ms_buffer_append_char(&wanted, *c == '\'' ? '"' : *c);
  ms_buffer_append_char(&wanted, '\n');
  if (strcmp(actual, ms_buffer_string(&wanted)) != 0)
    fail_msg("%s\nexpected %s\nanswered %s", query, ms_buffer_string(&wanted), actual);
  ms_buffer_free(&wanted);
}

static void
test_shown(void **state)
{
  for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
    struct ms_buffer json;
    run(*state, shown[i].query, &json);
    expect_json(shown[i].query, ms_buffer_string(&json), shown[i].json);
    ms_buffer_free(&json);
  }
}

/* Only what was asked for, and what identifies the entity. */
static void
test_strict(void **state)
{
  struct studio *studio = *state;
  struct ms_buffer json;
  studio->context.strict_projections = true;
  run(studio, "select name, parent from Task where id is k1", &json);
  studio->context.strict_projections = false;
  expect_json("strict", ms_buffer_string(&json),
              "{'__entity_type__':'Task','name':'anim','parent':{'__entity_type__':'Shot',"
              "'context_type':'task','id':'s1','name':'sh010'},'id':'k1'}");
  ms_buffer_free(&json);
}

/* A condition beside the text narrows what that finds, however that is written. */
static void
test_also(void **state)
{
  static const struct {
    const char *query;
    const char *also;
    const char *ids;
  } rows[] = {
      {"select id from Task", "bid > 0", "k1 k2"},
      {"select id from Task where name is anim", "bid > 0", "k1"},
      {"select id from Task where name is anim or name is light", "bid > 0 and bid < 1", "k2"},
      {"select id from Task where name is anim order by bid", "bid >= 0 or bid < 0", "k3 k1"},
      {"select id from Task limit 1", "name like \"l%\"", "k2"},
  };
  struct studio *studio = *state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct ms_buffer json, ids;
    ms_buffer_init(&ids, 1024);
    studio->context.also = rows[i].also;
    run(studio, rows[i].query, &json);
    studio->context.also = NULL;
    collect_ids(ms_buffer_string(&json), &ids);
    assert_string_equal(ms_buffer_string(&ids), rows[i].ids);
    ms_buffer_free(&ids);
    ms_buffer_free(&json);
  }
}

/* Every attribute of every type can be selected alone, and every comparable one be compared. */
static void
test_every_attribute(void **state)
{
  struct studio *studio = *state;
  const struct ms_model *model = studio->context.model;
  for (size_t i = 0; i < model->type_count; i++) {
    const struct ms_entity_type *type = &model->types[i];
    for (size_t k = 0; k < type->attribute_count; k++) {
      const struct ms_attribute *attribute = type->attributes[k];
      struct ms_buffer json;
      char text[256];
      snprintf(text, sizeof text, "select %s from %s", attribute->name, type->name);
      if (!(attribute->flags & MS_ATTRIBUTE_RESTRICTED)) {
        run(studio, text, &json);
        ms_buffer_free(&json);
      }
      snprintf(text, sizeof text, "%s where %s is none and not %s is none", type->name,
               attribute->name, attribute->name);
      struct ms_error err = {0};
      ms_buffer_init(&json, 1 << 20);
      if (studio_query(studio, text, &json, &err) != MS_OK &&
          !strstr(err.message, "is made when it is read"))
        fail_msg("%s\n%s", text, err.message);
      assert_string_equal(ms_buffer_string(&json), "");
      ms_buffer_free(&json);
    }
  }
}

/* All attributes of a type in one query. */
static void
test_all_attributes_at_once(void **state)
{
  struct studio *studio = *state;
  const struct ms_model *model = studio->context.model;
  for (size_t i = 0; i < model->type_count; i++) {
    struct ms_buffer text, json;
    const char *separator = "select ";
    ms_buffer_init(&text, 1 << 16);
    for (size_t k = 0; k < model->types[i].attribute_count; k++) {
      const struct ms_attribute *attribute = model->types[i].attributes[k];
      if (attribute->flags & MS_ATTRIBUTE_RESTRICTED)
        continue;
      ms_buffer_printf(&text, "%s%s", separator, attribute->name);
      separator = ", ";
    }
    ms_buffer_printf(&text, " from %s", model->types[i].name);
    run(studio, ms_buffer_string(&text), &json);
    ms_buffer_free(&text);
    ms_buffer_free(&json);
  }
}

/* ---- one entity by its key ---- */

static void
get(struct studio *studio, const char *type_name, const char *const *attributes, size_t count,
    const char *key, const char *second_key, const char *expected)
{
  struct ms_arena arena;
  struct ms_error err = {0};
  struct ms_query_plan *plan;
  struct ms_buffer json;
  struct ms_parameter keys[] = {
      {.type = MS_PARAMETER_TEXT, .text = key, .text_bytes = strlen(key)},
      {.type = MS_PARAMETER_TEXT, .text = second_key, .text_bytes = strlen(second_key)}};
  ms_arena_init(&arena, MS_QUERY_ARENA_MAX_BYTES);
  ms_buffer_init(&json, 1 << 16);
  const struct ms_entity_type *type = ms_model_type(studio->context.model, type_name);
  if (ms_query_compile_get(&studio->context, type, attributes, count, &arena, &plan, &err) != MS_OK)
    fail_msg("%s", err.message);
  struct ms_parameter *parameters =
      MS_ARENA_ARRAY(&arena, struct ms_parameter, plan->parameter_count);
  for (size_t i = 0; i < plan->parameter_count; i++)
    parameters[i] = plan->parameters[i].type == MS_PARAMETER_KEY ? keys[plan->parameters[i].integer]
                                                                 : plan->parameters[i];
  plan->parameters = parameters;
  assert_int_equal(studio_run_plan(studio, plan, &json, &err), MS_OK);
  expect_json(type_name, ms_buffer_string(&json), expected);
  ms_buffer_free(&json);
  ms_arena_free(&arena);
}

static void
test_get(void **state)
{
  static const char *const job[] = {"status", "user"};
  static const char *const value[] = {"value"};
  get(*state, "Job", job, 2, "j1", "",
      "{'__entity_type__':'Job','status':'running','user':{'__entity_type__':'User','id':'u1',"
      "'resource_type':'user'},'id':'j1'}");
  get(*state, "JobComponent", NULL, 0, "c1", "j1",
      "{'__entity_type__':'JobComponent','component_id':'c1','job_id':'j1'}");
  get(*state, "ContextCustomAttributeValue", value, 1, "cf1", "s2",
      "{'__entity_type__':'ContextCustomAttributeValue','value':1001,'configuration_id':'cf1',"
      "'entity_id':'s2','key':'fstart'}");
}

static void
test_get_refused(void **state)
{
  struct studio *studio = *state;
  struct ms_arena arena;
  struct ms_error err = {0};
  struct ms_query_plan *plan;
  const char *unknown[] = {"stauts"};
  const struct ms_entity_type *type = ms_model_type(studio->context.model, "Job");
  ms_arena_init(&arena, MS_QUERY_ARENA_MAX_BYTES);
  assert_int_equal(ms_query_compile_get(&studio->context, type, unknown, 1, &arena, &plan, &err),
                   MS_PARSE);
  assert_non_null(strstr(err.message, "Did you mean 'status'?"));
  assert_null(plan);
  ms_arena_free(&arena);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_found),
      cmocka_unit_test(test_shown),
      cmocka_unit_test(test_strict),
      cmocka_unit_test(test_also),
      cmocka_unit_test(test_every_attribute),
      cmocka_unit_test(test_all_attributes_at_once),
      cmocka_unit_test(test_get),
      cmocka_unit_test(test_get_refused),
  };
  return cmocka_run_group_tests(tests, studio_open, studio_close);
}
