/* The embedded transport over a real tracker in a temporary folder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "base/path.h"
#include "support/folder.h"
#include "transport/transport.h"

struct fixture {
  struct ms_transport *transport;
  char folder[FOLDER_BYTES], data[FOLDER_PATH_BYTES], path[FOLDER_PATH_BYTES];
  int done;
  enum ms_status status;
  struct ms_error err;
  char *answer;
};

static int
set_up(void **state)
{
  static struct fixture fixture;
  fixture = (struct fixture){0};
  *state = &fixture;
  assert_int_equal(folder_make(fixture.folder), 0);
  snprintf(fixture.data, sizeof fixture.data, "%s/data", fixture.folder);
  snprintf(fixture.path, sizeof fixture.path, "%s/file", fixture.folder);
  const struct ms_transport_options options = {.data_folder = fixture.data};
  struct ms_error err;
  if (ms_transport_open(NULL, &options, &fixture.transport, &err) != MS_OK) {
    fail_msg("%s", err.message);
  }
  return 0;
}

static int
tear_down(void **state)
{
  struct fixture *fixture = *state;
  ms_transport_close(fixture->transport);
  free(fixture->answer);
  return folder_remove(fixture->folder);
}

/* ---- batches ---- */

static void
on_done(void *user, enum ms_status status, struct ms_buffer *answer, const struct ms_error *err)
{
  struct fixture *fixture = user;
  fixture->done++;
  fixture->status = status;
  fixture->err = *err;
  free(fixture->answer);
  fixture->answer = ms_buffer_take(answer);
}

static void
call(struct fixture *fixture, const char *body, bool in_place)
{
  fixture->done = 0;
  if (in_place) {
    struct ms_buffer answer;
    struct ms_error err = {0};
    enum ms_status status =
        ms_transport_perform(fixture->transport, body, strlen(body), true, &answer, &err);
    on_done(fixture, status, &answer, &err);
    ms_buffer_free(&answer);
    return;
  }
  struct ms_transport_call *pending = (struct ms_transport_call *)fixture;
  assert_int_equal(ms_transport_send(fixture->transport, body, strlen(body), true, on_done, fixture,
                                     &pending, NULL),
                   MS_OK);
  assert_null(pending);
  assert_int_equal(fixture->done, 1);
}

static void
test_batch(void **state)
{
  struct fixture *fixture = *state;
  for (int in_place = 0; in_place < 2; in_place++) {
    call(fixture, "[]", in_place);
    assert_int_equal(fixture->status, MS_OK);
    assert_string_equal(fixture->answer, "[]");
    call(fixture,
         "[{\"action\": \"query\", \"expression\": \"select name from Location where name is "
         "\\\"ftrack.server\\\"\"}]",
         in_place);
    assert_int_equal(fixture->status, MS_OK);
    assert_non_null(strstr(fixture->answer, "3a372bde-05bc-11e4-8908-20c9d081909b"));
  }
}

static void
test_failures(void **state)
{
  struct fixture *fixture = *state;
  static const struct {
    const char *body;
    enum ms_status status;
    const char *message;
  } cases[] = {
      {"[{\"action\": \"query\", \"expression\": \"select id from Nonsense\"}]", MS_PARSE,
       "Nonsense"},
      {"[{\"action\": \"query\", \"expression\": \"select nonsense from Job\"}]", MS_PARSE,
       "nonsense"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    for (int in_place = 0; in_place < 2; in_place++) {
      call(fixture, cases[i].body, in_place);
      assert_int_equal(fixture->status, cases[i].status);
      assert_non_null(strstr(fixture->err.message, cases[i].message));
      assert_string_equal(fixture->answer, "");
    }
  }
  call(fixture, "[{\"action\"", true);
  assert_int_not_equal(fixture->status, MS_OK);
}

static void
test_name_and_user(void **state)
{
  struct fixture *fixture = *state;
  char name[FOLDER_PATH_BYTES + 16];
  snprintf(name, sizeof name, "embedded:%s", fixture->data);
  assert_string_equal(ms_transport_name(fixture->transport), name);
  assert_true(ms_transport_is_embedded(fixture->transport));
  const char *user = ms_transport_user(fixture->transport);
  assert_string_not_equal(user, "");
  assert_ptr_equal(ms_transport_user(fixture->transport), user);
}

static void
test_transports_share_the_tracker(void **state)
{
  struct fixture *fixture = *state;
  char spelled_otherwise[FOLDER_PATH_BYTES + 16];
  snprintf(spelled_otherwise, sizeof spelled_otherwise, "%s/../data/", fixture->data);
  const struct ms_transport_options options = {.server_url = "", .data_folder = spelled_otherwise};
  struct ms_transport *second;
  assert_int_equal(ms_transport_open(NULL, &options, &second, NULL), MS_OK);
  ms_transport_close(fixture->transport);
  fixture->transport = second;
  call(fixture, "[]", true);
  assert_int_equal(fixture->status, MS_OK);
}

static void
test_folder_that_cannot_be_opened(void **state)
{
  struct fixture *fixture = *state;
  assert_int_equal(ms_path_write(fixture->path, "x", 1, 0600, NULL), MS_OK);
  const struct ms_transport_options options = {.data_folder = fixture->path};
  struct ms_transport *transport;
  struct ms_error err;
  assert_int_not_equal(ms_transport_open(NULL, &options, &transport, &err), MS_OK);
  assert_non_null(strstr(err.message, fixture->path));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(test_batch),
      TEST(test_failures),
      TEST(test_name_and_user),
      TEST(test_transports_share_the_tracker),
      TEST(test_folder_that_cannot_be_opened),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
