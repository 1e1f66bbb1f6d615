/* The journal of events over HTTP, and what other processes on the same data folder write into it. */
#include "websocket_client.h"

enum { TRIES = 250, PAUSE_US = 100 * 1000 };

static char *
get_events(struct fixture *fixture, const char *arguments, const char *headers)
{
  char request[1024];
  snprintf(request, sizeof request,
           "GET /events%s HTTP/1.1\r\nHost: x\r\n%sConnection: close\r\n\r\n", arguments, headers);
  return exchange(fixture, request, strlen(request));
}

static long long
newest(struct fixture *fixture)
{
  char *answer = get_events(fixture, "?limit=1", credentials(fixture));
  const char *member = strstr(answer, "\"newest\":");
  assert_non_null(member);
  long long sequence = atoll(member + strlen("\"newest\":"));
  free(answer);
  return sequence;
}

static void
subscribe(int fd, const char *expression)
{
  char event[1024];
  snprintf(event, sizeof event,
           "5:1+::{\"name\":\"ftrack.event\",\"args\":[{\"topic\":\"ftrack.meta.subscribe\","
           "\"data\":{\"subscriber\":{\"id\":\"s\"},\"subscription\":\"%s\"}}]}",
           expression);
  assert_true(send_message(fd, event));
  char *message = read_message(fd);
  assert_non_null(message);
  assert_non_null(strstr(message, "\"success\":true"));
  free(message);
}

static void
a_published_event_can_be_read_later(void **state)
{
  struct fixture *fixture = *state;
  char arguments[64];
  int fd = connect_hub(fixture);
  snprintf(arguments, sizeof arguments, "?after=%lld", newest(fixture));
  assert_true(send_message(fd,
                           "5:::{\"name\":\"ftrack.event\",\"args\":[{\"topic\":\"studio.news\","
                           "\"id\":\"n1\",\"data\":{\"word\":\"hello\"}}]}"));
  close(fd);
  char *answer = NULL;
  for (int i = 0; i < TRIES && (!answer || !strstr(answer, "studio.news")); i++) {
    free(answer);
    usleep(PAUSE_US);
    answer = get_events(fixture, arguments, credentials(fixture));
  }
  assert_int_equal(count_of(answer, "\"sequence\":"), 1);
  assert_non_null(
      strstr(answer, "\"topic\":\"studio.news\",\"id\":\"n1\",\"data\":{\"word\":\"hello\"}"));
  free(answer);
}

/* Writes as another process would: over an API of its own. */
static void
write_elsewhere(struct fixture *fixture, const char *body)
{
  struct ms_api *api = NULL;
  struct ms_error err;
  struct ms_buffer answer;
  ms_buffer_init(&answer, ANSWER_MAX_BYTES);
  must(ms_api_open(fixture->folder, &api, &err), &err);
  const struct ms_api_request request = {
      .body = body, .body_bytes = strlen(body), .user_id = fixture->user_id, .base_url = ""};
  must(ms_api_call(api, &request, &answer, &err), &err);
  ms_api_close(api);
  ms_buffer_free(&answer);
}

static void
a_subscriber_sees_what_other_processes_do(void **state)
{
  struct fixture *fixture = *state;
  int fd = connect_hub(fixture);
  subscribe(fd, "topic=ftrack.update");
  write_elsewhere(fixture, "[{\"action\":\"create\",\"entity_type\":\"Scope\","
                           "\"entity_data\":{\"name\":\"elsewhere\"}}]");
  char *message = read_message(fd);
  assert_non_null(message);
  assert_int_equal(count_of(message, "\"new\":\"elsewhere\""), 1);
  free(message);
  /* A second copy would come before the next event. */
  write_elsewhere(fixture, "[{\"action\":\"create\",\"entity_type\":\"Scope\","
                           "\"entity_data\":{\"name\":\"again\"}}]");
  message = read_message(fd);
  assert_non_null(message);
  assert_int_equal(count_of(message, "\"new\":\"again\""), 1);
  free(message);
  close(fd);
}

static void
own_changes_come_once(void **state)
{
  struct fixture *fixture = *state;
  static const char *const names[] = {"one", "two"};
  int fd = connect_hub(fixture);
  subscribe(fd, "topic=ftrack.update");
  for (size_t i = 0; i < 2; i++) {
    char body[256], request[1024];
    snprintf(
        body, sizeof body,
        "[{\"action\":\"create\",\"entity_type\":\"Scope\",\"entity_data\":{\"name\":\"%s\"}}]",
        names[i]);
    snprintf(
        request, sizeof request,
        "POST /api HTTP/1.1\r\nHost: x\r\n%sConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
        credentials(fixture), strlen(body), body);
    free(exchange(fixture, request, strlen(request)));
    usleep(4 * PAUSE_US); /* in which the journal is looked at */
    char *message = read_message(fd);
    assert_non_null(message);
    char change[32];
    snprintf(change, sizeof change, "\"new\":\"%s\"", names[i]);
    assert_int_equal(count_of(message, change), 1);
    free(message);
  }
  close(fd);
}

static void
strangers_and_nonsense_are_refused(void **state)
{
  struct fixture *fixture = *state;
  static const char *const wrong[] = {"?after=x", "?after=-1", "?limit=", "?after=1e3",
                                      "?after=99999999999999999999"};
  char *answer = get_events(fixture, "", "");
  assert_non_null(strstr(answer, "HTTP/1.1 401"));
  free(answer);
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    answer = get_events(fixture, wrong[i], credentials(fixture));
    assert_non_null(strstr(answer, "is a number from 0 up"));
    free(answer);
  }
  assert_alive(fixture);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_published_event_can_be_read_later),
      cmocka_unit_test(a_subscriber_sees_what_other_processes_do),
      cmocka_unit_test(own_changes_come_once),
      cmocka_unit_test(strangers_and_nonsense_are_refused),
  };
  return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
