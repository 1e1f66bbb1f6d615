/* Values of custom attributes fit their configuration. */
#include "support.h"

static void
configure(struct tracker *tracker, const char *type_name, const char *config)
{
  char body[512];
  char expression[128];
  snprintf(expression, sizeof expression, "select id from CustomAttributeType where name is \"%s\"",
           type_name);
  query(tracker, expression, 1);
  snprintf(body, sizeof body,
           "[{'action':'delete','entity_type':'CustomAttributeConfiguration','entity_key':'k1'},"
           "{'action':'create','entity_type':'CustomAttributeConfiguration','entity_data':"
           "{'id':'k1','key':'extra','entity_type':'user','label':'Extra','type_id':'%s',"
           "'config':'%s'}}]",
           at(tracker, "0.data.0.id")->string, config);
  call(tracker, body);
}

static enum ms_status
set(struct tracker *tracker, const char *value)
{
  char body[512];
  snprintf(body, sizeof body,
           "[{'action':'update','entity_type':'UserCustomAttributeValue','entity_key':"
           "['k1','%s'],'entity_data':{'value':%s}}]",
           tracker->user_id, value);
  return call_status(tracker, body);
}

static void
values_fit_their_type(void **state)
{
  static const struct {
    const char *type_name;
    const char *config;
    const char *good[3];
    const char *bad[3];
  } cases[] = {
      {"text", "{}", {"'x'", "''", "null"}, {"1", "true", "['x']"}},
      {"boolean", "{}", {"true", "false", "null"}, {"1", "'true'", "[]"}},
      {"number", "not JSON", {"1", "1.5", "null"}, {"'1'", "true", "[1]"}},
      {"number", "{\\'isdecimal\\':false}", {"1", "2.0", "null"}, {"1.5", "'1'", "{}"}},
      {"enumerator", "{}", {"['a','b']", "'a'", "[]"}, {"1", "[1]", "{}"}},
      {"date",
       "{}",
       {"'2024-01-02'", "null", "{'__type__':'date','value':'2024-01-02'}"},
       {"'soon'", "5", "{}"}},
  };
  struct tracker *tracker = *state;
  for (size_t i = 0; i < COUNT(cases); i++) {
    configure(tracker, cases[i].type_name, cases[i].config);
    for (size_t k = 0; k < 3; k++)
      if (set(tracker, cases[i].good[k]) != MS_OK)
        fail_msg("%s: %s", cases[i].type_name, tracker->err.message);
    for (size_t k = 0; k < 3; k++)
      check_error(set(tracker, cases[i].bad[k]), &tracker->err, MS_INVALID,
                  "custom attribute 'extra' takes");
  }
}

static void
dates_are_answered_in_one_form(void **state)
{
  struct tracker *tracker = *state;
  configure(tracker, "date", "{}");
  assert_int_equal(set(tracker, "{'__type__':'datetime','value':'2024-01-02T03:04:05-05:00'}"),
                   MS_OK);
  expect(tracker, "0.data.value", "{'__type__':'datetime','value':'2024-01-02T08:04:05'}");
}

static void
values_are_kept_in_one_form(void **state)
{
  static const struct {
    const char *type_name;
    const char *given;
    const char *kept;
  } cases[] = {
      {"text", "{'__type__':'datetime','value':'2024-01-02T03:04:05.000Z'}",
       "'2024-01-02T03:04:05'"},
      {"date", "'2024-01-02'", "{'__type__':'datetime','value':'2024-01-02T00:00:00'}"},
      {"enumerator", "'a'", "['a']"},
      {"enumerator", "['a','b']", "['a','b']"},
      {"number", "2", "2"},
  };
  struct tracker *tracker = *state;
  for (size_t i = 0; i < COUNT(cases); i++) {
    configure(tracker, cases[i].type_name, "{}");
    assert_int_equal(set(tracker, cases[i].given), MS_OK);
    expect(tracker, "0.data.value", cases[i].kept);
  }
}

/* A client sends an empty text where nobody gave a default. */
static void
an_empty_default_is_a_text_alone(void **state)
{
  struct tracker *tracker = *state;
  configure(tracker, "number", "{}");
  call(tracker, "[{'action':'query','expression':'select default from CustomAttributeConfiguration"
                " where id is k1'}]");
  expect(tracker, "0.data.0.default", "null");
  configure(tracker, "text", "{}");
  call(tracker, "[{'action':'query','expression':'select default from CustomAttributeConfiguration"
                " where id is k1'}]");
  expect(tracker, "0.data.0.default", "''");
}

static void
expect_kept(struct tracker *tracker, const char *value)
{
  char expression[192];
  snprintf(expression, sizeof expression,
           "select value from UserCustomAttributeValue where entity_id is %s", tracker->user_id);
  query(tracker, expression, 1);
  expect(tracker, "0.data.0.value", value);
}

static void
set_as_base(struct tracker *tracker, const char *action, const char *value)
{
  char body[512];
  snprintf(body, sizeof body,
           "[{'action':'%s','entity_type':'CustomAttributeValue','entity_key':['k1','%s'],"
           "'entity_data':{'value':%s}}]",
           action, tracker->user_id, value);
  call(tracker, body);
  expect(tracker, "0.data.__entity_type__", "'UserCustomAttributeValue'");
}

static void
the_base_type_stands_for_the_entitys_own(void **state)
{
  struct tracker *tracker = *state;
  for (size_t i = 0; i < 2; i++) {
    configure(tracker, "number", "{}");
    set_as_base(tracker, i ? "create" : "update", "1");
    expect_kept(tracker, "1");
    assert_int_equal(set(tracker, "2"), MS_OK);
    set_as_base(tracker, "update", "3");
    expect_kept(tracker, "3");
  }
  expect_error(tracker,
               "[{'action':'update','entity_type':'CustomAttributeValue','entity_key':['k1','no'],"
               "'entity_data':{'value':1}}]",
               "ValidationError", "there is no entity 'no' with custom attributes");
}

static void
a_value_is_not_written_as_another_entitys(void **state)
{
  struct tracker *tracker = *state;
  configure(tracker, "number", "{}");
  for (size_t i = 0; i < 2; i++) { /* without a row and with one */
    char body[512];
    snprintf(body, sizeof body,
             "[{'action':'update','entity_type':'ContextCustomAttributeValue','entity_key':"
             "['k1','%s'],'entity_data':{'value':5}}]",
             tracker->user_id);
    expect_error(tracker, body, "ValidationError", "there is no ContextCustomAttributeValue");
    assert_int_equal(set(tracker, "1"), MS_OK);
  }
  expect_kept(tracker, "1");
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      WITH_TRACKER(values_fit_their_type),
      WITH_TRACKER(dates_are_answered_in_one_form),
      WITH_TRACKER(values_are_kept_in_one_form),
      WITH_TRACKER(an_empty_default_is_a_text_alone),
      WITH_TRACKER(the_base_type_stands_for_the_entitys_own),
      WITH_TRACKER(a_value_is_not_written_as_another_entitys),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
