/* The journal of events: what a batch writes into it, what is read from it, and what goes in time. */
#include "api/event_log.h"
#include "support.h"

#define DAY_US "86400000000"

static int64_t
newest(struct tracker *tracker)
{
  int64_t sequence = -1;
  check_ok(ms_event_log_newest(tracker->api, &sequence, &tracker->err), &tracker->err);
  return sequence;
}

static void
append(struct tracker *tracker, const char *event)
{
  check_ok(ms_event_log_append(tracker->api, event, strlen(event), &tracker->err), &tracker->err);
}

/* Reads a page into tracker->tree; answers how many events are on it. */
static size_t
read_page(struct tracker *tracker, int64_t after, int64_t limit)
{
  ms_buffer_clear(&tracker->answer);
  ms_arena_free(&tracker->arena);
  check_ok(ms_event_log_print(tracker->api, after, limit, &tracker->answer, &tracker->err),
           &tracker->err);
  check_ok(ms_json_parse(&tracker->arena, ms_buffer_string(&tracker->answer),
                         tracker->answer.size_bytes, &tracker->tree, &tracker->err),
           &tracker->err);
  return ms_json_get(tracker->tree, "events")->count;
}

static void
execute(struct tracker *tracker, const char *sql)
{
  check_ok(ms_database_execute(ms_api_database(tracker->api), sql, &tracker->err), &tracker->err);
}

static void
a_change_is_in_it_with_its_commit(void **state)
{
  struct tracker *tracker = *state;
  int64_t before = newest(tracker);
  call(tracker, "[{'action':'create','entity_type':'Scope','entity_data':{'name':'x'}}]");
  assert_int_equal(newest(tracker), before + 1);
  assert_int_equal(read_page(tracker, before, 10), 1);
  const struct ms_json_node *entry = ms_json_get(tracker->tree, "events")->first;
  const struct ms_json_node *event = ms_json_get(entry, "event");
  const struct ms_json_node *entities = ms_json_get(ms_json_get(event, "data"), "entities");
  assert_int_equal(ms_json_get(entry, "sequence")->integer, before + 1);
  assert_string_equal(ms_json_get_string(event, "topic"), "ftrack.update");
  assert_non_null(ms_json_get_string(event, "id"));
  assert_string_equal(ms_json_get_string(entities->first, "action"), "add");
}

static void
what_fails_or_reads_leaves_nothing(void **state)
{
  struct tracker *tracker = *state;
  int64_t before = newest(tracker);
  call(tracker, "[{'action':'query','expression':'User'}]");
  expect_error(tracker,
               "[{'action':'create','entity_type':'Scope','entity_data':{'name':'x'}},"
               "{'action':'update','entity_type':'Scope','entity_key':['no'],"
               "'entity_data':{'name':'y'}}]",
               "ValidationError", "no");
  assert_int_equal(newest(tracker), before);
}

static void
pages_follow_each_other(void **state)
{
  struct tracker *tracker = *state;
  int64_t start = newest(tracker);
  for (int i = 0; i < 5; i++)
    append(tracker, "{\"topic\":\"t\"}");
  assert_int_equal(read_page(tracker, start, 3), 3);
  assert_int_equal(ms_json_get(tracker->tree, "newest")->integer, start + 5);
  assert_int_equal(read_page(tracker, start + 3, 3), 2);
  assert_int_equal(read_page(tracker, start + 5, 3), 0);
  assert_int_equal(read_page(tracker, start, -4), 1);
}

static void
old_events_go_and_numbers_stay(void **state)
{
  struct tracker *tracker = *state;
  for (int i = 0; i < 10; i++)
    append(tracker, "{\"topic\":\"old\"}");
  int64_t last = newest(tracker);
  execute(tracker, "UPDATE moonshift_journal SET at = at - 8 * " DAY_US);
  for (int i = 0; i < 64; i++)
    append(tracker, "{\"topic\":\"young\"}");
  assert_int_equal(newest(tracker), last + 64);
  assert_int_equal(read_page(tracker, 0, 1000), 64);
}

static void
a_journal_that_is_too_large_loses_its_oldest(void **state)
{
  struct tracker *tracker = *state;
  char large[4096];
  memset(large, ' ', sizeof large - 1);
  memcpy(large, "{\"topic\":\"t\"}", strlen("{\"topic\":\"t\"}"));
  large[sizeof large - 1] = '\0';
  for (int i = 0; i < 10; i++)
    append(tracker, "{\"topic\":\"first\"}");
  int64_t start = newest(tracker) - 10;
  append(tracker, large);
  assert_int_equal(read_page(tracker, start, 1000), 11);
  execute(tracker, "UPDATE moonshift_journal SET end_bytes = end_bytes + 268435456 WHERE sequence ="
                   " (SELECT max(sequence) FROM moonshift_journal)");
  for (int i = 0; i < 64; i++)
    append(tracker, large);
  assert_int_equal(read_page(tracker, 0, 1000), 65);
}

static void
count_visit(void *context, const char *event, size_t event_bytes)
{
  (void)event, (void)event_bytes;
  ++*(int *)context;
}

static void
one_hears_of_others_alone(void **state)
{
  struct tracker *tracker = *state;
  struct ms_api *other = NULL;
  int64_t sequence = newest(tracker);
  int64_t other_sequence = sequence;
  int heard = 0, other_heard = 0;
  check_ok(ms_api_open(tracker->folder, &other, &tracker->err), &tracker->err);
  call(tracker, "[{'action':'create','entity_type':'Scope','entity_data':{'name':'x'}}]");
  append(tracker, "{\"topic\":\"t\"}");
  check_ok(ms_event_log_follow(tracker->api, MS_EVENT_LOG_OTHERS, &sequence, count_visit, &heard,
                               &tracker->err),
           &tracker->err);
  check_ok(ms_event_log_follow(other, MS_EVENT_LOG_OTHERS, &other_sequence, count_visit,
                               &other_heard, &tracker->err),
           &tracker->err);
  ms_api_close(other);
  assert_int_equal(heard, 0);
  assert_int_equal(other_heard, 2);
  assert_int_equal(sequence, newest(tracker));
  assert_int_equal(other_sequence, newest(tracker));
}

#define WITH_TRACKER(test) cmocka_unit_test_setup_teardown(test, open_tracker, close_tracker)

int
main(void)
{
  const struct CMUnitTest tests[] = {
      WITH_TRACKER(a_change_is_in_it_with_its_commit),
      WITH_TRACKER(what_fails_or_reads_leaves_nothing),
      WITH_TRACKER(pages_follow_each_other),
      WITH_TRACKER(old_events_go_and_numbers_stay),
      WITH_TRACKER(a_journal_that_is_too_large_loses_its_oldest),
      WITH_TRACKER(one_hears_of_others_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
