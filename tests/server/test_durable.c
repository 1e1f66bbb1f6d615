/* Many clients that write at once: each is answered, and whoever goes away while waiting harms nobody. */
#include "support.h"

enum { CLIENTS = 24 };

/* Sends the creation of a scope, with `also` for another operation of the same batch. */
static int
send_batch(struct fixture *fixture, const char *name, const char *also, const char *more)
{
  char body[512], request[1024];
  snprintf(
      body, sizeof body,
      "[{\"action\":\"create\",\"entity_type\":\"Scope\",\"entity_data\":{\"name\":\"%s\"}}%s]",
      name, also);
  snprintf(request, sizeof request,
           "POST /api HTTP/1.1\r\nHost: x\r\n%s%sContent-Length: %zu\r\n\r\n%s",
           credentials(fixture), more, strlen(body), body);
  int fd = dial(fixture);
  assert_true(send_text(fd, request));
  return fd;
}

static int
send_create(struct fixture *fixture, const char *name, const char *more)
{
  return send_batch(fixture, name, "", more);
}

static char *
query_scopes(struct fixture *fixture)
{
  static const char body[] = "[{\"action\":\"query\",\"expression\":\"select name from Scope\"}]";
  char request[1024];
  snprintf(request, sizeof request,
           "POST /api HTTP/1.1\r\nHost: x\r\n%sConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
           credentials(fixture), sizeof body - 1, body);
  return exchange(fixture, request, strlen(request));
}

static void
all_writers_are_answered(void **state)
{
  struct fixture *fixture = *state;
  int clients[CLIENTS];
  char name[32];
  hold_server(fixture);
  for (int i = 0; i < CLIENTS; i++) {
    snprintf(name, sizeof name, "scope %d", i);
    clients[i] = send_create(fixture, name, "Connection: close\r\n");
  }
  release_server(fixture);
  for (int i = 0; i < CLIENTS; i++) {
    struct ms_buffer answer;
    snprintf(name, sizeof name, "\"scope %d\"", i);
    read_all(clients[i], &answer);
    assert_non_null(strstr(answer.data, name));
    ms_buffer_free(&answer);
    close(clients[i]);
  }
  char *answer = query_scopes(fixture);
  assert_int_equal(count_of(answer, "\"scope "), CLIENTS);
  free(answer);
}

static void
a_refusal_undoes_nobody_elses(void **state)
{
  static const char bad[] = ",{\"action\":\"update\",\"entity_type\":\"Scope\",\"entity_key\":"
                            "[\"none\"],\"entity_data\":{\"name\":\"x\"}}";
  struct fixture *fixture = *state;
  int clients[CLIENTS];
  char name[32];
  hold_server(fixture);
  for (int i = 0; i < CLIENTS; i++) {
    snprintf(name, sizeof name, "%s %d", i % 3 ? "taken" : "refused", i);
    clients[i] = send_batch(fixture, name, i % 3 ? "" : bad, "Connection: close\r\n");
  }
  release_server(fixture);
  for (int i = 0; i < CLIENTS; i++) {
    struct ms_buffer answer;
    read_all(clients[i], &answer);
    assert_non_null(strstr(answer.data, i % 3 ? "\"taken " : "\"exception\""));
    ms_buffer_free(&answer);
    close(clients[i]);
  }
  char *answer = query_scopes(fixture);
  assert_int_equal(count_of(answer, "\"taken "), CLIENTS - (CLIENTS + 2) / 3);
  assert_int_equal(count_of(answer, "\"refused "), 0);
  free(answer);
}

static void
writers_that_go_away_harm_nobody(void **state)
{
  struct fixture *fixture = *state;
  char name[32];
  for (int i = 0; i < CLIENTS; i++) {
    snprintf(name, sizeof name, "gone %d", i);
    close(send_create(fixture, name, ""));
  }
  assert_alive(fixture);
}

static void
a_server_closes_while_clients_wait(void **state)
{
  struct fixture *fixture = *state;
  int clients[CLIENTS];
  for (int i = 0; i < CLIENTS; i++) {
    clients[i] = send_create(fixture, "last", "");
  }
  fixture_close(state); /* frees everything, or the sanitizer tells */
  for (int i = 0; i < CLIENTS; i++) {
    close(clients[i]);
  }
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_writers_are_answered),
      cmocka_unit_test(a_refusal_undoes_nobody_elses),
      cmocka_unit_test(writers_that_go_away_harm_nobody),
  };
  const struct CMUnitTest closing[] = {
      cmocka_unit_test_setup(a_server_closes_while_clients_wait, fixture_open),
  };
  return cmocka_run_group_tests(tests, fixture_open, fixture_close) +
         cmocka_run_group_tests(closing, NULL, NULL);
}
