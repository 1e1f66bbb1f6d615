/* Batches: all or nothing, errors in the protocol's form, limits, readers that hold up nobody. */
#include "support.h"

static void
an_empty_batch_has_an_empty_answer(void **state)
{
  struct tracker *tracker = *state;
  call(tracker, "[]");
  assert_string_equal(ms_buffer_string(&tracker->answer), "[]");
}

static void
a_batch_is_all_or_nothing(void **state)
{
  struct tracker *tracker = *state;
  expect_error(tracker,
               "[{'action':'create','entity_type':'Job','entity_data':{'id':'j1'}},"
               "{'action':'query','expression':'select id from Nothing'}]",
               "ParseError", "Nothing");
  query(tracker, "select id from Job", 0);
  expect_error(tracker,
               "[{'action':'create','entity_type':'Job','entity_data':{'id':'j1'}},"
               "{'action':'move'}]",
               "ValidationError", "Invalid action u'move'");
  query(tracker, "select id from Job", 0);
}

static void
a_refused_batch_names_its_operation(void **state)
{
  struct tracker *tracker = *state;
  expect_error(tracker,
               "[{'action':'create','entity_type':'User','entity_data':{'username':'twin'}},"
               "{'action':'create','entity_type':'User','entity_data':{'username':'twin'}}]",
               "DuplicateEntryError", "(operation 2 of 2: create User)");
  /* What is found out when all have run: the reference of the second. */
  expect_error(tracker,
               "[{'action':'create','entity_type':'Job','entity_data':{'id':'j1'}},"
               "{'action':'create','entity_type':'Job','entity_data':{'id':'j2','user_id':'u'}},"
               "{'action':'create','entity_type':'Job','entity_data':{'id':'j3'}}]",
               "IntegrityError", "(operation 2 of 3: create Job)");
}

static void
queries_see_what_was_written_before_them(void **state)
{
  struct tracker *tracker = *state;
  call(tracker, "[{'action':'query','expression':'select id from Job'},"
                "{'action':'create','entity_type':'Job','entity_data':{'id':'j1'}},"
                "{'action':'query','expression':'select id from Job'}]");
  expect_count(tracker, "0.data", 0);
  expect_count(tracker, "2.data", 1);
}

static void
bodies_that_are_no_batch(void **state)
{
  static const struct {
    const char *body;
    const char *exception;
    const char *part;
  } cases[] = {
      {"", "ParseError", ""},
      {"[", "ParseError", ""},
      {"{'action':'query'}", "ValidationError", "list of operations"},
      {"null", "ValidationError", "list of operations"},
      {"[1]", "ValidationError", "'action'"},
      {"[{}]", "ValidationError", "'action'"},
      {"[{'action':7}]", "ValidationError", "'action'"},
      {"[{'action':'query'}]", "ValidationError", "'expression'"},
      {"[{'action':'query','expression':7}]", "ValidationError", "'expression'"},
      {"[{'action':'create'}]", "ValidationError", "'entity_type'"},
      {"[{'action':'create','entity_type':'Jobb','entity_data':{}}]", "ValidationError",
       "did you mean 'Job'?"},
      {"[{'action':'create','entity_type':'Job'}]", "ValidationError", "'entity_data'"},
      {"[{'action':'create','entity_type':'Job','entity_data':[]}]", "ValidationError",
       "'entity_data'"},
  };
  struct tracker *tracker = *state;
  for (size_t i = 0; i < COUNT(cases); i++)
    expect_error(tracker, cases[i].body, cases[i].exception, cases[i].part);
}

/* A client formats the text of an error: braces in it would make that fail. */
static void
errors_hold_no_braces(void **state)
{
  struct tracker *tracker = *state;
  expect_error(
      tracker,
      "[{'action':'create','entity_type':'Job','entity_data':{'id':'{x}','user_id':'{}'}}]",
      "IntegrityError", "User ()");
  expect_error(tracker, "[{'action':'{0}'}]", "ValidationError", "u'(0)'");
  expect(tracker, "error_code", "'invalid'");
}

static void
exceptions_follow_from_statuses(void **state)
{
  static const struct {
    enum ms_status status;
    const char *exception;
  } cases[] = {
      {MS_PARSE, "ParseError"},
      {MS_INVALID, "ValidationError"},
      {MS_NOT_FOUND, "ValidationError"},
      {MS_EXISTS, "DuplicateEntryError"},
      {MS_INTEGRITY, "IntegrityError"},
      {MS_AUTHENTICATION, "InvalidCredentialsError"},
      {MS_PERMISSION, "PermissionError"},
      {MS_LIMIT, "LimitError"},
      {MS_IO, "ServerError"},
      {MS_INTERNAL, "ServerError"},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct ms_error err;
    struct ms_buffer answer;
    char wanted[64];
    ms_buffer_init(&answer, 4096);
    ms_fail(&err, cases[i].status, "words");
    ms_api_print_error(&err, &answer);
    snprintf(wanted, sizeof wanted, "{\"exception\":\"%s\"", cases[i].exception);
    assert_memory_equal(answer.data, wanted, strlen(wanted));
    ms_buffer_free(&answer);
  }
}

static void
a_query_ends_where_its_limit_is(void **state)
{
  struct tracker *tracker = *state;
  call(tracker, "[{'action':'create','entity_type':'Job','entity_data':{'id':'j1'}},"
                "{'action':'create','entity_type':'Job','entity_data':{'id':'j2'}},"
                "{'action':'create','entity_type':'Job','entity_data':{'id':'j3'}}]");
  query(tracker, "select id from Job limit 2", 2);
  expect(tracker, "0.metadata.next.offset", "2");
  query(tracker, "select id from Job offset 1 limit 2", 2);
  expect(tracker, "0.metadata.next.offset", "null");
  query(tracker, "select id from Job limit 3", 3);
  expect(tracker, "0.metadata.next.offset", "null");
  query(tracker, "select id from Job", 3);
  expect(tracker, "0.metadata", "{'next':{'offset':null}}");
  expect(tracker, "0.action", "'query'");
}

/* A writer in another process holds the lock: reads pass, writes would wait for it. */
static void
reading_waits_for_no_writer(void **state)
{
  struct tracker *tracker = *state;
  struct ms_api *other = NULL;
  check_ok(ms_api_open(tracker->folder, &other, &tracker->err), &tracker->err);
  check_ok(ms_database_begin(ms_api_database(other), &tracker->err), &tracker->err);
  call(tracker, "[{'action':'query','expression':'select id from Job'},"
                "{'action':'query','expression':'select id from User'},"
                "{'action':'query_server_information'}]");
  ms_database_rollback(ms_api_database(other));
  ms_api_close(other);
}

static void
too_many_operations_are_refused(void **state)
{
  struct tracker *tracker = *state;
  struct ms_buffer body;
  ms_buffer_init(&body, 16 * 1024 * 1024);
  ms_buffer_append_char(&body, '[');
  for (int i = 0; i <= MS_API_OPERATIONS_MAX; i++)
    ms_buffer_append_string(&body, i ? ",{}" : "{}");
  ms_buffer_append_char(&body, ']');
  assert_int_equal(call_n(tracker, body.data, body.size_bytes), MS_LIMIT);
  expect(tracker, "exception", "'LimitError'");
  ms_buffer_free(&body);
}

static void
an_answer_beyond_its_limit_is_an_error(void **state)
{
  struct tracker *tracker = *state;
  struct ms_buffer small;
  static const char body[] = "[{\"action\":\"query_schemas\"}]";
  const struct ms_api_request request = {
      .body = body, .body_bytes = strlen(body), .base_url = "http://tracker"};
  ms_buffer_init(&small, 1000);
  assert_int_equal(ms_api_call(tracker->api, &request, &small, &tracker->err), MS_LIMIT);
  assert_non_null(strstr(ms_buffer_string(&small), "LimitError"));
  ms_buffer_free(&small);
}

static void
the_server_tells_about_itself(void **state)
{
  struct tracker *tracker = *state;
  char hash[MS_MD5_HEX_SIZE];
  call(tracker, "[{'action':'query_server_information'},{'action':'query_schemas'}]");
  check_ok(ms_model_schema_hash(ms_model_builtin(), hash, &tracker->err), &tracker->err);
  assert_string_equal(at(tracker, "0.schema_hash")->string, hash);
  expect(tracker, "0.version", "'dev'");
  expect(tracker, "0.storage_scenario", "{'scenario':'ftrack.automatic','data':{}}");
  expect(tracker, "0.is_timezone_support_enabled", "true");
  expect(tracker, "0.user_information.username", "'ada'");
  assert_int_equal(strlen(at(tracker, "0.tracker_id")->string), 32);
  expect_count(tracker, "1", ms_model_builtin()->type_count);
  call(tracker, "[{'action':'query_server_information','values':['version','no_such']}]");
  expect(tracker, "0", "{'version':'dev'}");
}

static enum ms_status
call_together(struct tracker *tracker, const char *body, bool *is_uncommitted)
{
  const struct ms_api_request request = {.body = body,
                                         .body_bytes = strlen(body),
                                         .user_id = tracker->user_id,
                                         .base_url = "",
                                         .is_uncommitted = is_uncommitted};
  ms_buffer_clear(&tracker->answer);
  return ms_api_call(tracker->api, &request, &tracker->answer, &tracker->err);
}

static void
count_event(void *context, const char *event, size_t event_bytes)
{
  (void)event_bytes;
  assert_non_null(strstr(event, "ftrack.update"));
  ++*(int *)context;
}

#define CREATE_SCOPE(id)                                                            \
  "[{\"action\":\"create\",\"entity_type\":\"Scope\",\"entity_data\":{\"id\":\"" id \
  "\",\"name\":\"" id "\"}}]"

static void
batches_share_a_commit(void **state)
{
  struct tracker *tracker = *state;
  bool is_uncommitted = false;
  int events = 0;
  ms_api_listen(tracker->api, count_event, &events);
  check_ok(call_together(tracker, CREATE_SCOPE("x"), &is_uncommitted), &tracker->err);
  assert_true(is_uncommitted);
  assert_int_not_equal(
      call_together(tracker,
                    "[{\"action\":\"create\",\"entity_type\":\"Scope\",\"entity_data\":{\"id\":"
                    "\"lost\",\"name\":\"lost\"}},{\"action\":\"update\",\"entity_type\":\"Scope\","
                    "\"entity_key\":[\"no\"],\"entity_data\":{}}]",
                    &is_uncommitted),
      MS_OK);
  assert_false(is_uncommitted);
  check_ok(call_together(tracker, CREATE_SCOPE("y"), &is_uncommitted), &tracker->err);
  check_ok(
      call_together(tracker, "[{\"action\":\"query\",\"expression\":\"Scope\"}]", &is_uncommitted),
      &tracker->err);
  assert_false(is_uncommitted);
  assert_int_equal(events, 0);
  check_ok(ms_api_commit(tracker->api, &tracker->err), &tracker->err);
  assert_int_equal(events, 2);
  check_ok(ms_api_commit(tracker->api, &tracker->err), &tracker->err);
  assert_int_equal(events, 2);
  call(tracker, "[{'action':'query','expression':'select id from Scope order by id'}]");
  expect(tracker, "0.data.0.id", "'x'");
  expect(tracker, "0.data.1.id", "'y'");
  expect_count(tracker, "0.data", 2);
  ms_api_listen(tracker->api, NULL, NULL);
}

/* Somebody who does not share commits what was there before, in its order. */
static void
a_batch_of_its_own_comes_after_the_shared_ones(void **state)
{
  struct tracker *tracker = *state;
  bool is_uncommitted = false;
  int events = 0;
  ms_api_listen(tracker->api, count_event, &events);
  check_ok(call_together(tracker, CREATE_SCOPE("x"), &is_uncommitted), &tracker->err);
  call(tracker, "[{'action':'create','entity_type':'Scope','entity_data':{'name':'y'}}]");
  assert_int_equal(events, 2);
  check_ok(call_together(tracker, CREATE_SCOPE("z"), &is_uncommitted), &tracker->err);
  check_ok(ms_api_commit(tracker->api, &tracker->err), &tracker->err);
  assert_int_equal(events, 3);
  ms_api_listen(tracker->api, NULL, NULL);
}

/* A large batch does not come after others in their transaction: undoing it would cost. */
static void
a_large_batch_begins_a_transaction(void **state)
{
  struct tracker *tracker = *state;
  struct ms_buffer body;
  bool is_uncommitted = false;
  int events = 0;
  ms_buffer_init(&body, 64 * 1024);
  for (int i = 0; i < 60; i++)
    ms_buffer_printf(&body,
                     "%c{\"action\":\"create\",\"entity_type\":\"Scope\",\"entity_data\":{\"name\":"
                     "\"scope %d\"}}",
                     i ? ',' : '[', i);
  ms_buffer_append_char(&body, ']');
  ms_api_listen(tracker->api, count_event, &events);
  check_ok(call_together(tracker, CREATE_SCOPE("x"), &is_uncommitted), &tracker->err);
  assert_int_equal(events, 0);
  check_ok(call_together(tracker, body.data, &is_uncommitted), &tracker->err);
  assert_true(is_uncommitted);
  assert_int_equal(events, 1);
  check_ok(ms_api_commit(tracker->api, &tracker->err), &tracker->err);
  assert_int_equal(events, 2);
  ms_api_listen(tracker->api, NULL, NULL);
  ms_buffer_free(&body);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      WITH_TRACKER(an_empty_batch_has_an_empty_answer),
      WITH_TRACKER(a_batch_is_all_or_nothing),
      WITH_TRACKER(a_refused_batch_names_its_operation),
      WITH_TRACKER(queries_see_what_was_written_before_them),
      WITH_TRACKER(bodies_that_are_no_batch),
      WITH_TRACKER(errors_hold_no_braces),
      cmocka_unit_test(exceptions_follow_from_statuses),
      WITH_TRACKER(a_query_ends_where_its_limit_is),
      WITH_TRACKER(reading_waits_for_no_writer),
      WITH_TRACKER(too_many_operations_are_refused),
      WITH_TRACKER(an_answer_beyond_its_limit_is_an_error),
      WITH_TRACKER(the_server_tells_about_itself),
      WITH_TRACKER(batches_share_a_commit),
      WITH_TRACKER(a_batch_of_its_own_comes_after_the_shared_ones),
      WITH_TRACKER(a_large_batch_begins_a_transaction),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
