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
  int done, progressed;
  enum ms_status status;
  struct ms_error err;
  char *answer;
  int64_t size_bytes, progress_bytes;
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

/* ---- files ---- */

static void
on_file_done(void *user, enum ms_status status, int64_t size_bytes, const struct ms_error *err)
{
  struct fixture *fixture = user;
  fixture->done++;
  fixture->status = status;
  fixture->size_bytes = size_bytes;
  fixture->err = *err;
}

static void
on_progress(void *user, int64_t done_bytes, int64_t total_bytes)
{
  struct fixture *fixture = user;
  fixture->progressed++;
  fixture->progress_bytes = done_bytes;
  assert_true(done_bytes <= total_bytes);
}

typedef enum ms_status (*start_function)(struct ms_transport *, const struct ms_transport_file *,
                                         ms_transport_file_done, void *,
                                         struct ms_transport_call **, struct ms_error *);
typedef enum ms_status (*in_place_function)(struct ms_transport *, const struct ms_transport_file *,
                                            int64_t *, struct ms_error *);

static void
move(struct fixture *fixture, start_function start, in_place_function in_place, const char *url,
     const char *path)
{
  struct ms_transport_file file = {.url = url, .path = path, .progress = on_progress};
  fixture->progressed = fixture->done = 0;
  if (start) {
    assert_int_equal(start(fixture->transport, &file, on_file_done, fixture, NULL, NULL), MS_OK);
    assert_int_equal(fixture->done, 1);
  } else {
    file.progress_user = fixture;
    fixture->status = in_place(fixture->transport, &file, &fixture->size_bytes, &fixture->err);
  }
}

/* The URL that the server gives for an upload of the component; owned. */
static char *
upload_url(struct fixture *fixture, const char *component_id)
{
  char body[256];
  snprintf(body, sizeof body,
           "[{\"action\": \"get_upload_metadata\", \"component_id\": \"%s\", \"file_name\": "
           "\"file.txt\", \"file_size\": 5, \"checksum\": null}]",
           component_id);
  call(fixture, body, true);
  if (fixture->status != MS_OK) {
    fail_msg("%s", fixture->err.message);
  }
  struct ms_arena arena;
  ms_arena_init(&arena, 1024 * 1024);
  struct ms_json_node *root;
  assert_int_equal(ms_json_parse(&arena, fixture->answer, strlen(fixture->answer), &root, NULL),
                   MS_OK);
  const char *url = ms_json_get_string(root->first, "url");
  assert_non_null(url);
  char *copy = strdup(url);
  ms_arena_free(&arena);
  return copy;
}

#define COMPONENT "c0ffee00-0000-4000-8000-000000000001"

/* Makes a component with data, and gives the URL to fetch it from; owned. */
static char *
stored(struct fixture *fixture)
{
  char *url = upload_url(fixture, COMPONENT);
  assert_int_equal(ms_path_write(fixture->path, "hello", 5, 0600, NULL), MS_OK);
  move(fixture, ms_transport_upload, NULL, url, fixture->path);
  free(url);
  assert_int_equal(fixture->status, MS_OK);
  call(fixture,
       "[{\"action\": \"create\", \"entity_type\": \"FileComponent\", \"entity_key\": [\"" COMPONENT
       "\"], \"entity_data\": {\"__entity_type__\": \"FileComponent\", \"id\": \"" COMPONENT
       "\", \"name\": \"file\", \"file_type\": \".txt\"}},"
       "{\"action\": \"create\", \"entity_type\": \"ComponentLocation\", \"entity_data\": "
       "{\"__entity_type__\": \"ComponentLocation\", \"component_id\": \"" COMPONENT
       "\", \"location_id\": \"3a372bde-05bc-11e4-8908-20c9d081909b\", \"resource_identifier\": "
       "\"" COMPONENT "\"}}]",
       true);
  if (fixture->status != MS_OK) {
    fail_msg("%s", fixture->err.message);
  }
  call(fixture,
       "[{\"action\": \"query\", \"expression\": \"select url from ComponentLocation where "
       "component_id is \\\"" COMPONENT "\\\"\"}]",
       true);
  if (fixture->status != MS_OK) {
    fail_msg("%s", fixture->err.message);
  }
  char *begin = strstr(fixture->answer, "embedded:/component/get?");
  if (!begin) {
    fail_msg("no URL in %s", fixture->answer);
  }
  return strndup(begin, strcspn(begin, "\""));
}

static void
fetch_and_check(struct fixture *fixture, bool in_place, const char *url, const char *target)
{
  move(fixture, in_place ? NULL : ms_transport_download, ms_transport_download_in_place, url,
       target);
  if (fixture->status != MS_OK) {
    fail_msg("%s", fixture->err.message);
  }
  assert_int_equal(fixture->size_bytes, 5);
  assert_int_equal(fixture->progress_bytes, 5);
  char *text;
  size_t size_bytes;
  assert_int_equal(ms_path_read(target, 100, &text, &size_bytes, NULL), MS_OK);
  assert_string_equal(text, "hello");
  free(text);
  unlink(target);
}

static void
test_in_and_out(void **state)
{
  struct fixture *fixture = *state;
  char *url = stored(fixture);
  assert_int_equal(fixture->progressed, 1);
  char target[FOLDER_PATH_BYTES];
  snprintf(target, sizeof target, "%s/fetched", fixture->folder);
  fetch_and_check(fixture, false, url, target);
  fetch_and_check(fixture, true, url, target);
  /* On another file system, where the kernel cannot share blocks. */
  snprintf(target, sizeof target, "/dev/shm/%s", ms_path_basename(fixture->folder));
  fetch_and_check(fixture, false, url, target);
  free(url);
}

static void
test_what_cannot_be_uploaded(void **state)
{
  struct fixture *fixture = *state;
  char *url = upload_url(fixture, COMPONENT);
  move(fixture, ms_transport_upload, NULL, url, fixture->folder);
  assert_int_equal(fixture->status, MS_INVALID);
  assert_int_equal(fixture->size_bytes, 0);
  assert_non_null(strstr(fixture->err.message, "is a folder"));
  move(fixture, NULL, ms_transport_upload_in_place, url, "/nonexistent/file");
  assert_int_equal(fixture->status, MS_NOT_FOUND);
  assert_non_null(strstr(fixture->err.message, "'/nonexistent/file'"));
  assert_int_equal(fixture->progressed, 0);
  free(url);
}

static void
test_urls_that_do_not_open(void **state)
{
  struct fixture *fixture = *state;
  char *url = stored(fixture);
  char target[FOLDER_PATH_BYTES];
  snprintf(target, sizeof target, "%s/fetched", fixture->folder);
  /* A URL to read with is none to write with. */
  move(fixture, ms_transport_upload, NULL, url, fixture->path);
  assert_int_equal(fixture->status, MS_USAGE);
  /* Nor does it open another component. */
  char *id = strstr(url, COMPONENT);
  id[strlen(COMPONENT) - 1] = '2';
  move(fixture, ms_transport_download, NULL, url, target);
  assert_int_equal(fixture->status, MS_PERMISSION);
  assert_int_equal(access(target, F_OK), -1);
  move(fixture, ms_transport_download, NULL, "http://127.0.0.1:1/component/get?id=1", target);
  assert_int_equal(fixture->status, MS_USAGE);
  free(url);
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
      TEST(test_in_and_out),
      TEST(test_what_cannot_be_uploaded),
      TEST(test_urls_that_do_not_open),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
