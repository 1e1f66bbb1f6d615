/* The HTTP transport against a peer that answers by script. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "loop/loop.h"
#include "support/folder.h"
#include "support/peer.h"
#include "transport/transport.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

struct fixture {
  uv_loop_t loop;
  struct peer *peer;
  struct ms_transport *transport;
  char folder[FOLDER_BYTES],
      path[FOLDER_PATH_BYTES]; /* a temporary folder, and a file in it that does not exist yet */
  /* the last result */
  int done, progressed;
  enum ms_status status;
  struct ms_error err;
  char *answer;
  int64_t size_bytes, progress_bytes;
};

/* Nothing takes as long, however busy the machine is, but the one that shall see the limit. */
enum { PATIENCE_MS = 60000, LIMIT_MS = 1500 };

static struct fixture *
set_up_with(const struct peer_step *steps, size_t count, int64_t timeout_ms)
{
  static struct fixture fixture;
  fixture = (struct fixture){0};
  assert_int_equal(folder_make(fixture.folder), 0);
  snprintf(fixture.path, sizeof fixture.path, "%s/file", fixture.folder);
  assert_int_equal(ms_loop_open(&fixture.loop, NULL), MS_OK);
  fixture.peer = peer_start(steps, count);
  const struct ms_transport_options options = {.server_url = peer_url(fixture.peer),
                                               .user = "ada",
                                               .key = "the-key",
                                               .timeout_ms = timeout_ms};
  assert_int_equal(ms_transport_open(&fixture.loop, &options, &fixture.transport, NULL), MS_OK);
  return &fixture;
}

static struct fixture *
set_up(const struct peer_step *steps, size_t count)
{
  return set_up_with(steps, count, PATIENCE_MS);
}

static void
tear_down(struct fixture *fixture)
{
  ms_transport_close(fixture->transport);
  ms_loop_close(&fixture->loop);
  peer_stop(fixture->peer);
  free(fixture->answer);
  unlink(fixture->path);
  assert_int_equal(rmdir(fixture->folder), 0); /* nothing else was left behind */
}

/* ---- opening ---- */

static void
test_bad_options(void **state)
{
  (void)state;
  static const struct {
    struct ms_transport_options options;
    const char *message;
  } cases[] = {
      {{.server_url = "tracker", .user = "ada", .key = "the-key"},
       "FTRACK_SERVER: 'tracker' is not the beginning of a URL"},
      {{.server_url = "http://h/?x", .user = "ada", .key = "the-key"}, "no '?'"},
      {{.server_url = "http://h", .key = "the-key"}, "set FTRACK_API_USER"},
      {{.server_url = "http://h", .user = "", .key = "the-key"}, "set FTRACK_API_USER"},
      {{.server_url = "http://h", .user = "ada"}, "set FTRACK_API_KEY"},
      {{.server_url = "http://h", .user = "ada", .key = ""}, "user 'ada': set FTRACK_API_KEY"},
  };
  uv_loop_t loop;
  assert_int_equal(ms_loop_open(&loop, NULL), MS_OK);
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct ms_transport *transport;
    struct ms_error err;
    assert_int_equal(ms_transport_open(&loop, &cases[i].options, &transport, &err), MS_USAGE);
    if (!strstr(err.message, cases[i].message) || strstr(err.message, "the-key")) {
      fail_msg("%s", err.message);
    }
  }
  ms_loop_close(&loop);
}

static void
test_name(void **state)
{
  (void)state;
  uv_loop_t loop;
  assert_int_equal(ms_loop_open(&loop, NULL), MS_OK);
  const struct ms_transport_options options = {
      .server_url = "https://me:word@Host:443/tracker//", .user = "ada", .key = "the-key"};
  struct ms_transport *transport;
  assert_int_equal(ms_transport_open(&loop, &options, &transport, NULL), MS_OK);
  assert_string_equal(ms_transport_name(transport), "https://host/tracker");
  assert_string_equal(ms_transport_user(transport), "ada");
  assert_false(ms_transport_is_embedded(transport));
  ms_transport_close(transport);
  ms_transport_close(NULL);
  ms_loop_close(&loop);
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

/* Sends "[{}]" on the loop, or in place. */
static void
call(struct fixture *fixture, bool in_place)
{
  if (in_place) {
    struct ms_buffer answer;
    enum ms_status status =
        ms_transport_perform(fixture->transport, "[{}]", 4, true, &answer, &fixture->err);
    struct ms_error err = fixture->err;
    on_done(fixture, status, &answer, &err);
    ms_buffer_free(&answer);
    return;
  }
  assert_int_equal(
      ms_transport_send(fixture->transport, "[{}]", 4, true, on_done, fixture, NULL, &fixture->err),
      MS_OK);
  assert_int_equal(fixture->done, 0);
  uv_run(&fixture->loop, UV_RUN_DEFAULT);
  assert_int_equal(fixture->done, 1);
}

static void
test_batch(void **state)
{
  (void)state;
  const struct peer_step steps[] = {{PEER_ANSWER, peer_text("200 OK", "", "[{\"data\": 1}]")}};
  for (int in_place = 0; in_place < 2; in_place++) {
    struct fixture *fixture = set_up(steps, COUNT(steps));
    call(fixture, in_place);
    assert_int_equal(fixture->status, MS_OK);
    assert_string_equal(fixture->answer, "[{\"data\": 1}]");
    char *text = peer_request(fixture->peer, 0);
    static const char *const parts[] = {"POST /api HTTP/1.1\r\n",
                                        "\r\nftrack-user: ada\r\n",
                                        "\r\nftrack-api-key: the-key",
                                        "\r\nftrack-strict-api: true\r\n",
                                        "\r\naccept: application/json",
                                        "\r\ncontent-type: application/json\r\n",
                                        "\r\n\r\n[{}]"};
    for (size_t i = 0; i < COUNT(parts); i++) {
      if (!strstr(text, parts[i])) {
        fail_msg("no '%s' in '%s'", parts[i], text);
      }
    }
    free(text);
    tear_down(fixture);
  }
}

static void
test_bad_answers(void **state)
{
  (void)state;
  const struct {
    struct peer_step step;
    enum ms_status status;
    const char *message;
  } cases[] = {
      {{PEER_ANSWER, peer_text("401 Unauthorized", "Content-Type: application/json\r\n",
                               "{\"exception\": \"InvalidCredentialsError\", \"content\": "
                               "\"the-key is wrong\", \"error_code\": null}")},
       MS_AUTHENTICATION,
       "does not accept user 'ada' with this key: check FTRACK_API_USER and FTRACK_API_KEY"},
      {{PEER_ANSWER, peer_text("200 OK", "Content-Type: text/html\r\n", "<html></html>")},
       MS_PROTOCOL,
       "answered text/html, not JSON (status 200): is this an ftrack server?"},
      {{PEER_CLOSE, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[{\"data\":"},
       MS_PROTOCOL,
       "sent only a part of its answer"},
      {{PEER_CLOSE, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[{\"data\":"},
       MS_NETWORK,
       "broke before the answer was complete; check FTRACK_SERVER"},
      {{PEER_HANG},
       MS_TIMEOUT,
       " gave no complete answer in 1.5 s; check FTRACK_SERVER and the network"},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    for (int in_place = 0; in_place < 2; in_place++) {
      bool hangs = cases[i].step.action == PEER_HANG;
      struct fixture *fixture = set_up_with(&cases[i].step, 1, hangs ? LIMIT_MS : PATIENCE_MS);
      call(fixture, in_place);
      assert_int_equal(fixture->status, cases[i].status);
      if (!strstr(fixture->err.message, cases[i].message) ||
          !strstr(fixture->err.message, peer_url(fixture->peer)) ||
          strstr(fixture->err.message, "the-key")) {
        fail_msg("%s", fixture->err.message);
      }
      assert_string_equal(fixture->answer, "");
      tear_down(fixture);
    }
  }
}

static void
test_key_with_a_line_break(void **state)
{
  (void)state;
  const struct peer_step steps[] = {{PEER_HANG}};
  struct fixture *fixture = set_up(steps, 1);
  const struct ms_transport_options options = {
      .server_url = peer_url(fixture->peer), .user = "ada", .key = "the-key\n"};
  struct ms_transport *transport;
  struct ms_error err;
  assert_int_equal(ms_transport_open(&fixture->loop, &options, &transport, NULL), MS_OK);
  assert_int_equal(ms_transport_send(transport, "[]", 2, true, on_done, fixture, NULL, &err),
                   MS_USAGE);
  assert_non_null(strstr(err.message, "'ftrack-api-key' has a line break"));
  assert_null(strstr(err.message, "the-key"));
  ms_transport_close(transport);
  assert_int_equal(fixture->done, 0);
  tear_down(fixture);
}

static void
run_until_received(struct fixture *fixture)
{
  while (peer_requests(fixture->peer) == 0) {
    uv_run(&fixture->loop, UV_RUN_NOWAIT);
  }
}

static void
test_cancel_and_close(void **state)
{
  (void)state;
  const struct peer_step steps[] = {{PEER_HANG}};
  struct fixture *fixture = set_up(steps, 1);
  struct ms_transport_call *first = NULL, *second = NULL;
  ms_transport_send(fixture->transport, "[]", 2, true, on_done, fixture, &first, NULL);
  ms_transport_send(fixture->transport, "[]", 2, true, on_done, fixture, &second, NULL);
  assert_non_null(first);
  assert_non_null(second);
  run_until_received(fixture);
  ms_transport_cancel(first);
  tear_down(fixture);
  assert_int_equal(fixture->done, 0);
}

static void
close_in_done(void *user, enum ms_status status, struct ms_buffer *answer,
              const struct ms_error *err)
{
  on_done(user, status, answer, err);
  struct fixture *fixture = user;
  ms_transport_close(fixture->transport);
  fixture->transport = NULL;
}

static void
test_close_in_done(void **state)
{
  (void)state;
  const struct peer_step steps[] = {{PEER_ANSWER, peer_text("200 OK", "", "[]")}};
  struct fixture *fixture = set_up(steps, 1);
  for (int i = 0; i < 2; i++) {
    ms_transport_send(fixture->transport, "[]", 2, true, close_in_done, fixture, NULL, NULL);
  }
  uv_run(&fixture->loop, UV_RUN_DEFAULT);
  assert_int_equal(fixture->done, 1);
  assert_int_equal(fixture->status, MS_OK);
  tear_down(fixture);
}

/* ---- files ---- */

static void
write_file(const char *path, const char *text)
{
  assert_int_equal(ms_path_write(path, text, strlen(text), 0644, NULL), MS_OK);
}

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
  (void)total_bytes;
  fixture->progressed++;
  fixture->progress_bytes = done_bytes;
}

enum direction { UPLOAD, DOWNLOAD };

static void
move(struct fixture *fixture, enum direction direction, bool in_place,
     struct ms_transport_file *file)
{
  char url[128];
  snprintf(url, sizeof url, "%s/component?id=1&signature=secret", peer_url(fixture->peer));
  file->url = url;
  if (!file->path) {
    file->path = fixture->path;
  }
  if (in_place) {
    file->progress_user = fixture;
    int64_t size_bytes = -1;
    enum ms_status status =
        (direction == UPLOAD ? ms_transport_upload_in_place : ms_transport_download_in_place)(
            fixture->transport, file, &size_bytes, &fixture->err);
    struct ms_error err = fixture->err;
    on_file_done(fixture, status, size_bytes, &err);
  } else {
    fixture->status = (direction == UPLOAD ? ms_transport_upload : ms_transport_download)(
        fixture->transport, file, on_file_done, fixture, NULL, &fixture->err);
    uv_run(&fixture->loop, UV_RUN_DEFAULT);
  }
  if (fixture->status != MS_OK) {
    assert_null(strstr(fixture->err.message, "secret"));
  }
}

static void
test_upload(void **state)
{
  (void)state;
  const struct peer_step steps[] = {{PEER_ANSWER, peer_text("200 OK", "", "")}};
  for (int in_place = 0; in_place < 2; in_place++) {
    struct fixture *fixture = set_up(steps, 1);
    write_file(fixture->path, "hello");
    const struct ms_http_header headers[] = {
        {"Content-Type", "text/plain"}, {"Content-Length", "99"}, {"Content-MD5", "abc="}};
    struct ms_transport_file file = {
        .headers = headers, .header_count = COUNT(headers), .progress = on_progress};
    move(fixture, UPLOAD, in_place, &file);
    assert_int_equal(fixture->status, MS_OK);
    assert_int_equal(fixture->size_bytes, 5);
    assert_int_equal(fixture->progress_bytes, 5);
    char *text = peer_request(fixture->peer, 0);
    assert_non_null(strstr(text, "PUT /component?id=1&signature=secret HTTP/1.1\r\n"));
    assert_non_null(strstr(text, "\r\nContent-Type: text/plain\r\n"));
    assert_non_null(strstr(text, "\r\nContent-MD5: abc=\r\n"));
    assert_non_null(strstr(text, "\r\nContent-Length: 5\r\n"));
    assert_null(strstr(text, "Content-Length: 99"));
    assert_null(strstr(text, "the-key"));
    assert_string_equal(strstr(text, "\r\n\r\n") + 4, "hello");
    free(text);
    tear_down(fixture);
  }
}

static void
test_what_cannot_be_uploaded(void **state)
{
  (void)state;
  const struct peer_step steps[] = {{PEER_HANG}};
  for (int in_place = 0; in_place < 2; in_place++) {
    struct fixture *fixture = set_up(steps, 1);
    struct ms_transport_file missing = {.path = "/nonexistent/file"};
    move(fixture, UPLOAD, in_place, &missing);
    assert_int_equal(fixture->status, MS_NOT_FOUND);
    assert_non_null(strstr(fixture->err.message, "'/nonexistent/file'"));
    struct ms_transport_file folder = {.path = fixture->folder};
    move(fixture, UPLOAD, in_place, &folder);
    assert_int_equal(fixture->status, MS_INVALID);
    assert_non_null(strstr(fixture->err.message, "is a folder"));
    assert_int_equal(mkfifo(fixture->path, 0600), 0);
    struct ms_transport_file fifo = {0};
    move(fixture, UPLOAD, in_place, &fifo);
    assert_int_equal(fixture->status, MS_INVALID);
    assert_non_null(strstr(fixture->err.message, "is not a regular file"));
    assert_int_equal(peer_requests(fixture->peer), 0);
    tear_down(fixture);
  }
}

static void
test_upload_refused(void **state)
{
  (void)state;
  const struct peer_step steps[] = {{PEER_ANSWER, peer_text("403 Forbidden", "", "")}};
  for (int in_place = 0; in_place < 2; in_place++) {
    struct fixture *fixture = set_up(steps, 1);
    write_file(fixture->path, "hello");
    struct ms_transport_file file = {0};
    move(fixture, UPLOAD, in_place, &file);
    assert_int_equal(fixture->status, MS_PERMISSION);
    assert_int_equal(fixture->size_bytes, 0);
    assert_non_null(strstr(fixture->err.message, "/component (status 403)"));
    tear_down(fixture);
  }
}

static void
test_file_that_grows_while_it_is_uploaded(void **state)
{
  (void)state;
  const struct peer_step steps[] = {{PEER_ANSWER, peer_text("200 OK", "", ""), 100}};
  struct fixture *fixture = set_up(steps, 1);
  write_file(fixture->path, "hello");
  char url[128];
  snprintf(url, sizeof url, "%s/component", peer_url(fixture->peer));
  struct ms_transport_file file = {.url = url, .path = fixture->path};
  assert_int_equal(
      ms_transport_upload(fixture->transport, &file, on_file_done, fixture, NULL, NULL), MS_OK);
  run_until_received(fixture);
  int fd = open(fixture->path, O_WRONLY | O_APPEND | O_CLOEXEC);
  assert_int_equal(write(fd, " world", 6), 6);
  close(fd);
  uv_run(&fixture->loop, UV_RUN_DEFAULT);
  assert_int_equal(fixture->status, MS_IO);
  assert_non_null(
      strstr(fixture->err.message, "changed while it was uploaded (5 bytes before, 11"));
  tear_down(fixture);
}

static void
test_download(void **state)
{
  (void)state;
  const struct peer_step steps[] = {{PEER_ANSWER, peer_text("200 OK", "", "hello")}};
  for (int in_place = 0; in_place < 2; in_place++) {
    struct fixture *fixture = set_up(steps, 1);
    write_file(fixture->path, "an older and longer text");
    struct ms_transport_file file = {.progress = on_progress};
    move(fixture, DOWNLOAD, in_place, &file);
    assert_int_equal(fixture->status, MS_OK);
    assert_int_equal(fixture->size_bytes, 5);
    assert_int_equal(fixture->progress_bytes, 5);
    char *text;
    size_t size_bytes;
    assert_int_equal(ms_path_read(fixture->path, 100, &text, &size_bytes, NULL), MS_OK);
    assert_string_equal(text, "hello");
    free(text);
    text = peer_request(fixture->peer, 0);
    assert_null(strstr(text, "the-key"));
    free(text);
    tear_down(fixture);
  }
}

static void
test_failed_downloads_leave_nothing(void **state)
{
  (void)state;
  /* Half of it comes first; the second attempt finds nothing. */
  const struct peer_step steps[] = {
      {PEER_CLOSE, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"},
      {PEER_ANSWER, peer_text("404 Not Found", "", "not here")}};
  for (int in_place = 0; in_place < 2; in_place++) {
    struct fixture *fixture = set_up(steps, COUNT(steps));
    struct ms_transport_file file = {0};
    move(fixture, DOWNLOAD, in_place, &file);
    assert_int_equal(fixture->status, MS_NOT_FOUND);
    assert_int_equal(fixture->size_bytes, 0);
    assert_non_null(strstr(fixture->err.message, "/component (status 404) has no data there"));
    assert_int_equal(access(fixture->path, F_OK), -1);
    tear_down(fixture);
  }
}

static void
test_download_to_where_it_cannot_be_written(void **state)
{
  (void)state;
  const struct peer_step steps[] = {{PEER_ANSWER, peer_text("200 OK", "", "hello")}};
  struct fixture *fixture = set_up(steps, 1);
  struct ms_transport_file file = {.path = "/nonexistent/file"};
  move(fixture, DOWNLOAD, false, &file);
  assert_int_equal(fixture->status, MS_NOT_FOUND);
  assert_non_null(strstr(fixture->err.message, "cannot write '/nonexistent/file'"));
  assert_int_equal(peer_requests(fixture->peer), 0);
  /* A link could lead anywhere. */
  assert_int_equal(symlink("/tmp/elsewhere", fixture->path), 0);
  struct ms_transport_file link = {0};
  move(fixture, DOWNLOAD, false, &link);
  assert_int_equal(fixture->status, MS_IO);
  tear_down(fixture);
}

static void
test_cancelled_download_leaves_nothing(void **state)
{
  (void)state;
  const struct peer_step steps[] = {
      {PEER_DRIP, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello and so on", 10}};
  for (int by_closing = 0; by_closing < 2; by_closing++) {
    struct fixture *fixture = set_up(steps, 1);
    char url[128];
    snprintf(url, sizeof url, "%s/component", peer_url(fixture->peer));
    struct ms_transport_file file = {.url = url, .path = fixture->path};
    struct ms_transport_call *download = NULL;
    assert_int_equal(
        ms_transport_download(fixture->transport, &file, on_file_done, fixture, &download, NULL),
        MS_OK);
    run_until_received(fixture);
    assert_int_equal(access(fixture->path, F_OK), 0);
    if (by_closing) {
      ms_transport_close(fixture->transport);
      fixture->transport = NULL;
    } else {
      ms_transport_cancel(download);
    }
    assert_int_equal(access(fixture->path, F_OK), -1);
    assert_int_equal(fixture->done, 0);
    tear_down(fixture);
  }
}

/* While it is fetched, while it is synced, and just before it would have been told. */
static void
test_cancel_at_any_turn(void **state)
{
  (void)state;
  const struct peer_step steps[] = {{PEER_ANSWER, peer_text("200 OK", "", "hello")}};
  bool is_over = false;
  for (int turns = 0; !is_over; turns++) {
    struct fixture *fixture = set_up(steps, 1);
    char url[128];
    snprintf(url, sizeof url, "%s/component", peer_url(fixture->peer));
    struct ms_transport_file file = {.url = url, .path = fixture->path};
    struct ms_transport_call *download = NULL;
    assert_int_equal(
        ms_transport_download(fixture->transport, &file, on_file_done, fixture, &download, NULL),
        MS_OK);
    for (int turn = 0; turn < turns && fixture->done == 0; turn++) {
      uv_run(&fixture->loop, UV_RUN_ONCE);
    }
    is_over = fixture->done > 0;
    if (!is_over) {
      ms_transport_cancel(download);
      ms_transport_close(fixture->transport);
      fixture->transport = NULL;
      uv_run(&fixture->loop, UV_RUN_DEFAULT); /* until no worker has it */
      assert_int_equal(fixture->done, 0);
    }
    assert_int_equal(access(fixture->path, F_OK), is_over ? 0 : -1);
    tear_down(fixture);
  }
}

int
main(void)
{
  unsetenv("http_proxy");
  unsetenv("all_proxy");
  unsetenv("ALL_PROXY");
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_bad_options),
      cmocka_unit_test(test_name),
      cmocka_unit_test(test_batch),
      cmocka_unit_test(test_bad_answers),
      cmocka_unit_test(test_key_with_a_line_break),
      cmocka_unit_test(test_cancel_and_close),
      cmocka_unit_test(test_close_in_done),
      cmocka_unit_test(test_upload),
      cmocka_unit_test(test_what_cannot_be_uploaded),
      cmocka_unit_test(test_upload_refused),
      cmocka_unit_test(test_file_that_grows_while_it_is_uploaded),
      cmocka_unit_test(test_download),
      cmocka_unit_test(test_failed_downloads_leave_nothing),
      cmocka_unit_test(test_download_to_where_it_cannot_be_written),
      cmocka_unit_test(test_cancelled_download_leaves_nothing),
      cmocka_unit_test(test_cancel_at_any_turn),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
