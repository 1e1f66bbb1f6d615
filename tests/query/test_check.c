/* Names that are refused before a query is sent, and those that are left to the server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "query/check.h"

/* Of a server that tells neither how types inherit nor the type that Task.feed leads to. */
static const char document[] =
    "[{\"id\":\"Task\",\"primary_key\":[\"id\"],\"system_projections\":[\"showid\",\"_hidden\"],"
    "\"properties\":{\"id\":{\"type\":\"string\"},\"name\":{\"type\":\"string\"},"
    "\"project_id\":{\"type\":\"string\",\"alias_for\":\"prjectid\"},"
    "\"link\":{\"type\":\"string\"},\"feed\":{\"$ref\":\"Nowhere\"},"
    "\"status\":{\"$ref\":\"Status\"},\"parent\":{\"$ref\":\"Context\"},"
    "\"scopes\":{\"type\":\"array\",\"items\":{\"$ref\":\"Status\"}}}},"
    "{\"id\":\"Context\",\"primary_key\":[\"id\"],\"properties\":{\"id\":{\"type\":\"string\"},"
    "\"name\":{\"type\":\"string\"},\"statuses\":{\"type\":\"string\"},"
    "\"parent\":{\"$ref\":\"Context\"}}},"
    "{\"id\":\"Status\",\"primary_key\":[\"id\"],\"properties\":{\"id\":{\"type\":\"string\"},"
    "\"name\":{\"type\":\"string\"},\"color\":{\"type\":\"string\"}}}]";

static const struct {
  const char *text;
  const char *message; /* how it begins */
} refused[] = {
    {"Taks", "No entity type 'Taks' exists. Did you mean 'Task'? At position 1:\n  Taks\n  ^"},
    {"select nmae from Task",
     "No attribute 'nmae' exists for schema 'Task'. Did you mean 'name'? At position 8:\n  select "
     "nmae from Task\n         ^"},
    {"select status.nmae from Task", "No attribute 'nmae' exists for schema 'Status'. Did you mean "
                                     "'name'? At position 15:"},
    {"Task where status.colour is \"x\"",
     "No attribute 'colour' exists for schema 'Status'. Did you mean 'color'? At position 19:"},
    {"Task where not (name is a or (statsu has (name is b)))",
     "No attribute 'statsu' exists for schema 'Task'. Did you mean 'status'?"},
    {"Task where scopes any (name is a and colr is b)",
     "No attribute 'colr' exists for schema 'Status'. Did you mean 'color'?"},
    {"Task where id in (select idd from Status)",
     "No attribute 'idd' exists for schema 'Status'. Did you mean 'id'?"},
    {"Task where id in (select id from Statu)", "No entity type 'Statu' exists."},
    {"Task order by status.nam desc", "No attribute 'nam' exists for schema 'Status'."},
    {"select count(idd) from Task group by status.name", "No attribute 'idd' exists for schema"},
    {"select count(id) from Task group by status.nme", "No attribute 'nme' exists for schema"},
    {"select parent[Statsu].name from Task", "No entity type 'Statsu' exists."},
    {"select parent[Status].colr from Task", "No attribute 'colr' exists for schema 'Status'."},
    {"select parent.parent.nam from Task", "No attribute 'nam' exists for schema 'Context'."},
};

static const char *const passed[] = {
    "Task",
    "select name, status.name, parent.parent.name from Task where scopes any () order by name",
    "select prjectid, showid from Task", /* aliases, listed hidden columns */
    "select _nam from Task",             /* hidden by its underscore */
    "select feed.anything from Task",    /* leads to a type that the document does not have */
    "select feeed from Task where feed has (nothing is a)",
    "select link.nmae, name.nmae from Task", /* within values */
    "select parent.status.nmae from Task",   /* Context has none, but types below ours do */
    "select bananas from Task",              /* nothing resembles it */
    "select parent[Creature].nmae from Task",
    "Bananas where nmae is a",
    "Task where custom_attributes any (key is x)",
    "Task where nmae", /* not a query that we can read */
    "Task where nmae is \"",
    "",
};

static void
test_refused(void **state)
{
  struct ms_model *model;
  struct ms_error err;
  (void)state;
  assert_int_equal(ms_model_parse(document, sizeof document - 1, &model, &err), MS_OK);
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    const char *text = refused[i].text;
    if (ms_query_check_names(model, text, strlen(text), &err) != MS_PARSE)
      fail_msg("passed: %s", text);
    if (strncmp(err.message, refused[i].message, strlen(refused[i].message)) != 0)
      fail_msg("%s\n  %s\nis not what was expected:\n  %s", text, err.message, refused[i].message);
  }
  ms_model_free(model);
}

static void
test_passed(void **state)
{
  struct ms_model *model;
  struct ms_error err;
  (void)state;
  assert_int_equal(ms_model_parse(document, sizeof document - 1, &model, &err), MS_OK);
  for (size_t i = 0; i < sizeof passed / sizeof *passed; i++)
    if (ms_query_check_names(model, passed[i], strlen(passed[i]), &err) != MS_OK)
      fail_msg("%s\n  %s", passed[i], err.message);
  ms_model_free(model);
}

static void
test_builtin(void **state)
{
  static const char *const texts[] = {
      "select parent[Shot].parent.name, custom_attributes.value from Task where "
      "custom_attributes any (configuration.key is x and value is y)",
      "Task where custom_attribute_links any (configuration.key is x and user.username is y)",
      "select assignments.resource[User].username, resource.first_name from Appointment",
      "select metadata.key, incoming_links.from.name from Task where notes any (author has (id is "
      "a))",
  };
  struct ms_error err;
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (ms_query_check_names(ms_model_builtin(), texts[i], strlen(texts[i]), &err) != MS_OK)
      fail_msg("%s\n  %s", texts[i], err.message);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_refused),
      cmocka_unit_test(test_passed),
      cmocka_unit_test(test_builtin),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
