/* Component data in and out of a real tracker in a temporary folder. */
#include "support/check.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/path.h"
#include "loop/loop.h"
#include "store/blob.h"
#include "support/folder.h"
#include "transport/transport.h"

#define COMPONENT "c0ffee00-0000-4000-8000-000000000001"

enum { MIB = 1024 * 1024, LARGE_BYTES = 70 * MIB + 5 };

struct fixture {
  uv_loop_t loop;
  struct ms_transport *transport;
  char folder[FOLDER_BYTES], data[FOLDER_PATH_BYTES], path[FOLDER_PATH_BYTES];
  char target[FOLDER_PATH_BYTES];
  int done, progressed;
  bool closes_in_progress;
  enum ms_status status;
  struct ms_error err;
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
  snprintf(fixture.target, sizeof fixture.target, "%s/fetched", fixture.folder);
  const struct ms_transport_options options = {.data_folder = fixture.data};
  struct ms_error err;
  check_ok(ms_loop_open(&fixture.loop, &err), &err);
  check_ok(ms_transport_open(&fixture.loop, &options, &fixture.transport, &err), &err);
  return 0;
}

static int
tear_down(void **state)
{
  struct fixture *fixture = *state;
  ms_transport_close(fixture->transport);
  ms_loop_close(&fixture->loop);
  return folder_remove(fixture->folder);
}

/* ---- moving ---- */

static void
on_done(void *user, enum ms_status status, int64_t size_bytes, const struct ms_error *err)
{
  struct fixture *fixture = user;
  fixture->done++;
  fixture->status = status;
  fixture->size_bytes = size_bytes;
  if (status != MS_OK) {
    fixture->err = *err;
  }
}

static void
on_progress(void *user, int64_t done_bytes, int64_t total_bytes)
{
  struct fixture *fixture = user;
  assert_true(done_bytes >= fixture->progress_bytes);
  assert_true(done_bytes <= total_bytes);
  fixture->progressed++;
  fixture->progress_bytes = done_bytes;
  if (fixture->closes_in_progress) {
    ms_transport_close(fixture->transport);
    fixture->transport = NULL;
  }
}

enum direction { UP, DOWN };

static enum ms_status
start(struct fixture *fixture, enum direction direction, const char *url, const char *path,
      struct ms_transport_call **call)
{
  struct ms_transport_file file = {.url = url, .path = path, .progress = on_progress};
  fixture->progressed = fixture->done = 0;
  fixture->size_bytes = fixture->progress_bytes = 0;
  return (direction == UP ? ms_transport_upload : ms_transport_download)(
      fixture->transport, &file, on_done, fixture, call, &fixture->err);
}

/* To the end, on the loop. */
static enum ms_status
move(struct fixture *fixture, enum direction direction, const char *url, const char *path)
{
  enum ms_status status = start(fixture, direction, url, path, NULL);
  if (status != MS_OK) {
    return status;
  }
  assert_int_equal(fixture->done, 0); /* nobody waits for it in there */
  uv_run(&fixture->loop, UV_RUN_DEFAULT);
  assert_int_equal(fixture->done, 1);
  return fixture->status;
}

static enum ms_status
move_in_place(struct fixture *fixture, enum direction direction, const char *url, const char *path)
{
  struct ms_transport_file file = {
      .url = url, .path = path, .progress = on_progress, .progress_user = fixture};
  fixture->progressed = 0;
  fixture->progress_bytes = 0;
  return (direction == UP ? ms_transport_upload_in_place : ms_transport_download_in_place)(
      fixture->transport, &file, &fixture->size_bytes, &fixture->err);
}

/* ---- the tracker ---- */

/* The first answer of a batch as a tree in `arena`. */
static const struct ms_json_node *
call(struct fixture *fixture, const char *body, struct ms_arena *arena)
{
  struct ms_buffer answer;
  struct ms_error err;
  struct ms_json_node *root;
  check_ok(ms_transport_perform(fixture->transport, body, strlen(body), true, &answer, &err), &err);
  check_ok(ms_json_parse(arena, ms_buffer_string(&answer), answer.size_bytes, &root, &err), &err);
  ms_buffer_free(&answer);
  return root->first;
}

/* The URL that the tracker gives for an upload; owned. */
static char *
upload_url(struct fixture *fixture)
{
  struct ms_arena arena;
  ms_arena_init(&arena, MIB);
  const struct ms_json_node *answer =
      call(fixture,
           "[{\"action\": \"get_upload_metadata\", \"component_id\": \"" COMPONENT
           "\", \"file_name\": \"file.txt\", \"file_size\": 5, \"checksum\": null}]",
           &arena);
  char *url = strdup(ms_json_get_string(answer, "url"));
  ms_arena_free(&arena);
  return url;
}

/* And the one to fetch the data from; owned. */
static char *
download_url(struct fixture *fixture)
{
  struct ms_arena arena;
  ms_arena_init(&arena, MIB);
  call(fixture,
       "[{\"action\": \"create\", \"entity_type\": \"FileComponent\", \"entity_key\": [\"" COMPONENT
       "\"], \"entity_data\": {\"__entity_type__\": \"FileComponent\", \"id\": \"" COMPONENT
       "\", \"name\": \"file\", \"file_type\": \".txt\"}},"
       "{\"action\": \"create\", \"entity_type\": \"ComponentLocation\", \"entity_data\": "
       "{\"__entity_type__\": \"ComponentLocation\", \"component_id\": \"" COMPONENT
       "\", \"location_id\": \"3a372bde-05bc-11e4-8908-20c9d081909b\", \"resource_identifier\": "
       "\"" COMPONENT "\"}}]",
       &arena);
  const struct ms_json_node *answer =
      call(fixture,
           "[{\"action\": \"query\", \"expression\": \"select url from ComponentLocation where "
           "component_id is \\\"" COMPONENT "\\\"\"}]",
           &arena);
  const struct ms_json_node *url = ms_json_get(ms_json_get(answer, "data")->first, "url");
  char *text = strdup(ms_json_get_string(url, "url"));
  ms_arena_free(&arena);
  return text;
}

static void
remove_component(struct fixture *fixture)
{
  struct ms_arena arena;
  ms_arena_init(&arena, MIB);
  call(fixture,
       "[{\"action\": \"delete\", \"entity_type\": \"FileComponent\", \"entity_key\": "
       "[\"" COMPONENT "\"]}]",
       &arena);
  ms_arena_free(&arena);
}

/* ---- files ---- */

static void
make_file(const char *path, int64_t size_bytes)
{
  char *data = malloc((size_t)size_bytes + 1);
  assert_non_null(data);
  for (int64_t i = 0; i < size_bytes; i++) {
    data[i] = (char)(i * 7 + i / 4093);
  }
  check_ok(ms_path_write(path, data, (size_t)size_bytes, 0600, NULL), &(struct ms_error){0});
  free(data);
}

static void
expect_same(const char *path, const char *other)
{
  char *ours, *theirs;
  size_t size_bytes, other_bytes;
  assert_int_equal(ms_path_read(path, LARGE_BYTES * 2, &ours, &size_bytes, NULL), MS_OK);
  assert_int_equal(ms_path_read(other, LARGE_BYTES * 2, &theirs, &other_bytes, NULL), MS_OK);
  assert_int_equal(size_bytes, other_bytes);
  assert_memory_equal(ours, theirs, size_bytes);
  free(ours);
  free(theirs);
}

/* Stores a file of so many bytes; the URL to fetch it from is owned. */
static char *
stored(struct fixture *fixture, int64_t size_bytes)
{
  char *url = upload_url(fixture);
  make_file(fixture->path, size_bytes);
  check_ok(move(fixture, UP, url, fixture->path), &fixture->err);
  assert_int_equal(fixture->size_bytes, size_bytes);
  free(url);
  return download_url(fixture);
}

static char *
blob_path(struct fixture *fixture)
{
  char *path;
  check_ok(ms_transport_local_path(fixture->transport, COMPONENT, &path, &fixture->err),
           &fixture->err);
  return path;
}

/* No data, and no temporary file of the tracker. */
static void
expect_nothing_stored(struct fixture *fixture)
{
  char pattern[FOLDER_PATH_BYTES * 2];
  snprintf(pattern, sizeof pattern, "test -z \"$(find '%s/blobs' -type f)\"", fixture->data);
  assert_int_equal(system(pattern), 0);
}

/* ---- tests ---- */

static void
fetch_and_check(struct fixture *fixture, bool in_place, const char *url, const char *target,
                int64_t size_bytes)
{
  check_ok((in_place ? move_in_place : move)(fixture, DOWN, url, target), &fixture->err);
  assert_int_equal(fixture->size_bytes, size_bytes);
  assert_int_equal(fixture->progress_bytes, size_bytes);
  expect_same(fixture->path, target);
  unlink(target);
}

static void
in_and_out(void **state)
{
  struct fixture *fixture = *state;
  const int64_t sizes[] = {5, 0, 20 * MIB, LARGE_BYTES};
  for (size_t i = 0; i < COUNT(sizes); i++) {
    char *url = stored(fixture, sizes[i]);
    assert_true(fixture->progressed >= 1);
    fetch_and_check(fixture, false, url, fixture->target, sizes[i]);
    fetch_and_check(fixture, true, url, fixture->target, sizes[i]);
    char elsewhere[FOLDER_PATH_BYTES]; /* another file system */
    snprintf(elsewhere, sizeof elsewhere, "/dev/shm/%s", ms_path_basename(fixture->folder));
    fetch_and_check(fixture, false, url, elsewhere, sizes[i]);
    free(url);
    remove_component(fixture);
  }
}

static void
uploads_in_place(void **state)
{
  struct fixture *fixture = *state;
  char *url = upload_url(fixture);
  make_file(fixture->path, LARGE_BYTES);
  check_ok(move_in_place(fixture, UP, url, fixture->path), &fixture->err);
  assert_int_equal(fixture->progress_bytes, LARGE_BYTES);
  char *path = blob_path(fixture);
  expect_same(fixture->path, path);
  free(path);
  free(url);
}

static void
what_cannot_be_uploaded(void **state)
{
  struct fixture *fixture = *state;
  char *url = upload_url(fixture);
  check_error(move(fixture, UP, url, fixture->folder), &fixture->err, MS_INVALID, "is a folder");
  check_error(move_in_place(fixture, UP, url, "/nonexistent/file"), &fixture->err, MS_NOT_FOUND,
              "'/nonexistent/file'");
  assert_int_equal(fixture->size_bytes, 0);
  assert_int_equal(fixture->progressed, 0);
  expect_nothing_stored(fixture);
  free(url);
}

static void
urls_that_do_not_open(void **state)
{
  struct fixture *fixture = *state;
  char *url = stored(fixture, 5);
  /* A URL to read with is none to write with. */
  assert_int_equal(move(fixture, UP, url, fixture->path), MS_USAGE);
  /* Nor does it open another component. */
  char *id = strstr(url, COMPONENT);
  id[strlen(COMPONENT) - 1] = '2';
  assert_int_equal(move(fixture, DOWN, url, fixture->target), MS_PERMISSION);
  assert_int_equal(access(fixture->target, F_OK), -1);
  assert_int_equal(move(fixture, DOWN, "http://127.0.0.1:1/component/get?id=1", fixture->target),
                   MS_USAGE);
  free(url);
}

static void
what_is_cancelled_leaves_nothing(void **state)
{
  struct fixture *fixture = *state;
  for (int turns = 0; turns < 4; turns++) {
    char *url = upload_url(fixture);
    struct ms_transport_call *upload;
    make_file(fixture->path, LARGE_BYTES);
    check_ok(start(fixture, UP, url, fixture->path, &upload), &fixture->err);
    for (int turn = 0; turn < turns; turn++) {
      uv_run(&fixture->loop, UV_RUN_ONCE);
    }
    if (fixture->done > 0) { /* where the file system shares blocks there is no meanwhile */
      free(url);
      return;
    }
    ms_transport_cancel(upload);
    uv_run(&fixture->loop, UV_RUN_DEFAULT);
    assert_int_equal(fixture->done, 0);
    expect_nothing_stored(fixture);
    free(url);
  }
  char *url = stored(fixture, LARGE_BYTES);
  struct ms_transport_call *download;
  check_ok(start(fixture, DOWN, url, fixture->target, &download), &fixture->err);
  uv_run(&fixture->loop, UV_RUN_ONCE);
  assert_int_equal(access(fixture->target, F_OK), 0);
  ms_transport_cancel(download);
  uv_run(&fixture->loop, UV_RUN_DEFAULT);
  assert_int_equal(fixture->done, 0);
  assert_int_equal(access(fixture->target, F_OK), -1);
  free(url);
}

static void
closing_ends_what_is_under_way(void **state)
{
  struct fixture *fixture = *state;
  char *url = upload_url(fixture);
  make_file(fixture->path, LARGE_BYTES);
  check_ok(start(fixture, UP, url, fixture->path, NULL), &fixture->err);
  ms_transport_close(fixture->transport);
  fixture->transport = NULL;
  uv_run(&fixture->loop, UV_RUN_DEFAULT);
  assert_int_equal(fixture->done, 0);
  expect_nothing_stored(fixture);
  free(url);
}

static void
progress_may_close_the_transport(void **state)
{
  struct fixture *fixture = *state;
  char *url = stored(fixture, 5);
  fixture->closes_in_progress = true;
  check_ok(start(fixture, DOWN, url, fixture->target, NULL), &fixture->err);
  uv_run(&fixture->loop, UV_RUN_DEFAULT);
  assert_int_equal(fixture->progressed, 1);
  assert_int_equal(fixture->done, 0);
  free(url);
}

/* A file that is written to all the time; that a worker is quicker than this thread may happen, not always. */
static void
a_file_that_changes_is_noticed(void **state)
{
  struct fixture *fixture = *state;
  char *url = upload_url(fixture);
  enum ms_status status = MS_OK;
  for (int i = 0; i < 50 && status == MS_OK; i++) {
    make_file(fixture->path, LARGE_BYTES);
    check_ok(start(fixture, UP, url, fixture->path, NULL), &fixture->err);
    assert_int_equal(truncate(fixture->path, i % 2 ? LARGE_BYTES + 1 : MIB), 0);
    uv_run(&fixture->loop, UV_RUN_DEFAULT);
    status = fixture->status;
  }
  check_error(status, &fixture->err, MS_IO, "changed while it was uploaded");
  free(url);
}

/* One bit of what is stored becomes another. */
static void
rot(const char *path, int64_t offset)
{
  char byte;
  assert_int_equal(chmod(path, 0600), 0);
  int fd = open(path, O_RDWR | O_CLOEXEC);
  assert_int_equal(pread(fd, &byte, 1, offset), 1);
  byte ^= 4;
  assert_int_equal(pwrite(fd, &byte, 1, offset), 1);
  close(fd);
}

static bool
has_checksum(const char *path)
{
  char checksum[MS_BLOB_CHECKSUM_SIZE];
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  bool is_known = ms_blob_checksum(fd, checksum);
  close(fd);
  return is_known;
}

static void
data_that_changed_on_the_disk_are_noticed(void **state)
{
  struct fixture *fixture = *state;
  const int64_t sizes[] = {1000, LARGE_BYTES};
  for (size_t i = 0; i < COUNT(sizes); i++) {
    char *url = stored(fixture, sizes[i]), *path = blob_path(fixture);
    if (has_checksum(path)) { /* not where blocks are shared, or nothing can be noted */
      rot(path, sizes[i] - 7);
      check_error(move(fixture, DOWN, url, fixture->target), &fixture->err, MS_IO,
                  "are not what was stored");
      assert_int_equal(access(fixture->target, F_OK), -1);
    }
    free(path);
    free(url);
    remove_component(fixture);
  }
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(in_and_out),
      TEST(uploads_in_place),
      TEST(what_cannot_be_uploaded),
      TEST(urls_that_do_not_open),
      TEST(what_is_cancelled_leaves_nothing),
      TEST(closing_ends_what_is_under_way),
      TEST(progress_may_close_the_transport),
      TEST(a_file_that_changes_is_noticed),
      TEST(data_that_changed_on_the_disk_are_noticed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
