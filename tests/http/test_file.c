/* Bodies from and to files, progress, redirects and what the trace shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "fixture.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Above a megabyte, libcurl would ask for leave to send. */
enum { BIG_BYTES = 2000000 };

/* A file without a name that holds `text` `times` times. */
static int
file_with(const char *text, int times)
{
  int fd = memfd_create("test", MFD_CLOEXEC);
  assert_true(fd >= 0);
  for (int i = 0; i < times; i++) {
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
  }
  return fd;
}

/* What the file holds, as a static string. */
static const char *
text_of(int fd)
{
  static char text[4096];
  ssize_t length = pread(fd, text, sizeof text - 1, 0);
  assert_true(length >= 0);
  text[length] = '\0';
  return text;
}

static struct ms_http_request
put(const char *base, int fd, int64_t offset, int64_t size_bytes)
{
  struct ms_http_request request = get(base, "/file");
  request.method = "PUT";
  request.upload_fd = fd;
  request.upload_offset = offset;
  request.upload_bytes = size_bytes;
  return request;
}

/* ---- uploads ---- */

static void
test_upload(void **state)
{
  struct fixture *fixture = *state;
  const struct peer_step steps[] = {{PEER_ANSWER, peer_text("200 OK", "ETag: \"7\"\r\n", "")}};
  for (enum door door = 0; door < DOOR_COUNT; door++) {
    struct peer *peer = peer_start(steps, 1);
    int fd = file_with("0123456789", 1);
    struct ms_http_request request = put(peer_url(peer), fd, 2, 5);
    struct result result = exchange(&fixture->loop, fixture->http, door, &request);
    assert_int_equal(result.status, MS_OK);
    assert_int_equal(result.http_status, 200);
    assert_int_equal(result.uploaded_bytes, 5);
    assert_string_equal(result.etag, "7");
    char *text = peer_request(peer, 0);
    assert_non_null(strstr(text, "PUT /file HTTP/1.1\r\n"));
    assert_non_null(strstr(text, "\r\nContent-Length: 5\r\n"));
    assert_null(strcasestr(text, "\r\nTransfer-Encoding:"));
    assert_string_equal(strstr(text, "\r\n\r\n") + 4, "23456");
    free(text);
    result_free(&result);
    close(fd);
    peer_stop(peer);
  }
}

static void
test_upload_of_nothing(void **state)
{
  struct fixture *fixture = *state;
  const struct peer_step steps[] = {{PEER_ANSWER, peer_text("200 OK", "", "")}};
  struct peer *peer = peer_start(steps, 1);
  int fd = file_with("", 0);
  struct ms_http_request request = put(peer_url(peer), fd, 0, 0);
  struct result result = exchange(&fixture->loop, fixture->http, DOOR_LOOP, &request);
  assert_int_equal(result.http_status, 200);
  char *text = peer_request(peer, 0);
  assert_non_null(strstr(text, "\r\nContent-Length: 0\r\n"));
  free(text);
  result_free(&result);
  close(fd);
  peer_stop(peer);
}

static void
test_upload_begins_again(void **state)
{
  struct fixture *fixture = *state;
  const struct peer_step steps[] = {{PEER_RESET},
                                    {PEER_ANSWER, peer_text("503 Busy", "", "")},
                                    {PEER_ANSWER, peer_text("200 OK", "", "")}};
  for (enum door door = 0; door < DOOR_COUNT; door++) {
    struct peer *peer = peer_start(steps, COUNT(steps));
    int fd = file_with("0123456789", BIG_BYTES / 10);
    struct ms_http_request request = put(peer_url(peer), fd, 0, BIG_BYTES);
    struct result result = exchange(&fixture->loop, fixture->http, door, &request);
    assert_int_equal(result.status, MS_OK);
    assert_int_equal(result.http_status, 200);
    assert_int_equal(result.attempts, 3);
    char *text = peer_request(peer, 2);
    assert_null(strcasestr(text, "\r\nExpect:"));
    assert_int_equal(strlen(strstr(text, "\r\n\r\n") + 4), BIG_BYTES);
    free(text);
    result_free(&result);
    close(fd);
    peer_stop(peer);
  }
}

/* libcurl itself begins again when a connection that was kept turns out dead. */
static void
test_upload_over_a_dead_connection(void **state)
{
  struct fixture *fixture = *state;
  const struct peer_step steps[] = {{PEER_ANSWER, peer_text("200 OK", "", "")},
                                    {PEER_CLOSE, NULL},
                                    {PEER_ANSWER, peer_text("200 OK", "", "")}};
  struct peer *peer = peer_start(steps, COUNT(steps));
  struct ms_http_request first = get(peer_url(peer), "/");
  struct result result = exchange(&fixture->loop, fixture->http, DOOR_LOOP, &first);
  assert_int_equal(result.status, MS_OK);
  result_free(&result);
  int fd = file_with("0123456789", 10);
  struct ms_http_request request = put(peer_url(peer), fd, 0, 100);
  result = exchange(&fixture->loop, fixture->http, DOOR_LOOP, &request);
  assert_int_equal(result.status, MS_OK);
  assert_int_equal(result.attempts, 1);
  char *text = peer_request(peer, 2);
  assert_int_equal(strlen(strstr(text, "\r\n\r\n") + 4), 100);
  free(text);
  result_free(&result);
  close(fd);
  peer_stop(peer);
}

static void
test_upload_of_a_file_that_is_shorter(void **state)
{
  struct fixture *fixture = *state;
  const struct peer_step steps[] = {{PEER_ANSWER, peer_text("200 OK", "", "")}};
  for (enum door door = 0; door < DOOR_COUNT; door++) {
    struct peer *peer = peer_start(steps, 1);
    int fd = file_with("0123456789", 1);
    struct ms_http_request request = put(peer_url(peer), fd, 0, 20);
    struct result result = exchange(&fixture->loop, fixture->http, door, &request);
    assert_int_equal(result.status, MS_IO);
    assert_non_null(strstr(result.message, "became shorter"));
    assert_non_null(strstr(result.message, "10 of 20 bytes"));
    assert_int_equal(result.attempts, 1);
    assert_int_equal(peer_requests(peer), 0);
    result_free(&result);
    close(fd);
    peer_stop(peer);
  }
}

/* ---- downloads ---- */

static void
test_download(void **state)
{
  struct fixture *fixture = *state;
  const struct peer_step steps[] = {{PEER_ANSWER, peer_text("200 OK", "", "hello")}};
  for (enum door door = 0; door < DOOR_COUNT; door++) {
    struct peer *peer = peer_start(steps, 1);
    int fd = file_with("> ", 1);
    struct ms_http_request request = get(peer_url(peer), "/file");
    request.download_fd = fd;
    struct result result = exchange(&fixture->loop, fixture->http, door, &request);
    assert_int_equal(result.status, MS_OK);
    assert_int_equal(result.downloaded_bytes, 5);
    assert_int_equal(result.body_bytes, 0);
    assert_string_equal(text_of(fd), "> hello");
    char *text = peer_request(peer, 0);
    assert_null(strcasestr(text, "\r\nAccept-Encoding:"));
    free(text);
    result_free(&result);
    close(fd);
    peer_stop(peer);
  }
}

static void
test_download_begins_again(void **state)
{
  struct fixture *fixture = *state;
  const struct peer_step steps[] = {
      {PEER_CLOSE, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of something longer"},
      {PEER_ANSWER, peer_text("503 Busy", "", "not for the file")},
      {PEER_ANSWER, peer_text("200 OK", "", "hello")}};
  for (enum door door = 0; door < DOOR_COUNT; door++) {
    struct peer *peer = peer_start(steps, COUNT(steps));
    int fd = file_with("> ", 1);
    struct ms_http_request request = get(peer_url(peer), "/file");
    request.download_fd = fd;
    struct result result = exchange(&fixture->loop, fixture->http, door, &request);
    assert_int_equal(result.status, MS_OK);
    assert_int_equal(result.attempts, 3);
    assert_int_equal(result.downloaded_bytes, 5);
    assert_string_equal(text_of(fd), "> hello");
    result_free(&result);
    close(fd);
    peer_stop(peer);
  }
}

static void
test_download_into_a_pipe_cannot_begin_again(void **state)
{
  struct fixture *fixture = *state;
  const struct peer_step steps[] = {
      {PEER_CLOSE, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"},
      {PEER_ANSWER, peer_text("200 OK", "", "hello")}};
  struct peer *peer = peer_start(steps, COUNT(steps));
  int ends[2];
  assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
  struct ms_http_request request = get(peer_url(peer), "/file");
  request.download_fd = ends[1];
  struct result result = exchange(&fixture->loop, fixture->http, DOOR_LOOP, &request);
  assert_int_equal(result.status, MS_NETWORK);
  assert_int_equal(result.attempts, 1);
  result_free(&result);
  close(ends[0]);
  close(ends[1]);
  peer_stop(peer);
}

static void
test_error_does_not_go_into_the_file(void **state)
{
  struct fixture *fixture = *state;
  const struct peer_step steps[] = {{PEER_ANSWER, peer_text("404 Not Found", "", "no such file")}};
  struct peer *peer = peer_start(steps, 1);
  int fd = file_with("", 0);
  struct ms_http_request request = get(peer_url(peer), "/file");
  request.download_fd = fd;
  struct result result = exchange(&fixture->loop, fixture->http, DOOR_LOOP, &request);
  assert_int_equal(result.status, MS_OK);
  assert_int_equal(result.http_status, 404);
  assert_string_equal(result.body, "no such file");
  assert_string_equal(text_of(fd), "");
  result_free(&result);
  close(fd);
  peer_stop(peer);
}

static void
test_disk_full(void **state)
{
  struct fixture *fixture = *state;
  const struct peer_step steps[] = {{PEER_ANSWER, peer_text("200 OK", "", "hello")}};
  int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
  assert_true(fd >= 0);
  for (enum door door = 0; door < DOOR_COUNT; door++) {
    struct peer *peer = peer_start(steps, 1);
    struct ms_http_request request = get(peer_url(peer), "/file");
    request.download_fd = fd;
    struct result result = exchange(&fixture->loop, fixture->http, door, &request);
    assert_int_equal(result.status, MS_FULL);
    assert_non_null(strstr(result.message, "No space left on device"));
    assert_int_equal(result.attempts, 1);
    result_free(&result);
    peer_stop(peer);
  }
  close(fd);
}

static void
test_download_stalls(void **state)
{
  struct fixture *fixture = *state;
  const struct peer_step steps[] = {{PEER_HANG}};
  const struct ms_http_options hasty = {.stall_timeout_s = 1};
  struct ms_http *http;
  assert_int_equal(ms_http_new(&fixture->loop, &hasty, &http, NULL), MS_OK);
  for (enum door door = 0; door < DOOR_COUNT; door++) {
    struct peer *peer = peer_start(steps, 1);
    int fd = file_with("", 0);
    struct ms_http_request request = get(peer_url(peer), "/file");
    request.download_fd = fd;
    request.retry = false;
    struct result result = exchange(&fixture->loop, http, door, &request);
    assert_int_equal(result.status, MS_TIMEOUT);
    assert_non_null(strstr(result.message, "stalled: no byte moved for 1 s"));
    result_free(&result);
    close(fd);
    peer_stop(peer);
  }
  ms_http_free(http);
}

/* ---- progress ---- */

struct watched {
  struct result result; /* first, so that on_result finds it */
  int calls;
  int64_t begin_ms, done_bytes, total_bytes;
};

static void
on_progress(void *user, int64_t done_bytes, int64_t total_bytes)
{
  struct watched *watched = user;
  assert_true(done_bytes >= watched->done_bytes);
  watched->calls++;
  watched->done_bytes = done_bytes;
  watched->total_bytes = total_bytes;
}

static void
test_progress(void **state)
{
  struct fixture *fixture = *state;
  const struct peer_step steps[] = {
      {PEER_DRIP, peer_text("200 OK", "", "hello hello hello hello hello"), 5}};
  struct peer *peer = peer_start(steps, 1);
  int fd = file_with("", 0);
  struct watched watched = {.begin_ms = ms_clock_monotonic_ms()};
  struct ms_http_request request = get(peer_url(peer), "/file");
  request.download_fd = fd;
  request.progress = on_progress;
  request.user = &watched;
  assert_int_equal(ms_http_send(fixture->http, &request, on_result, NULL, NULL), MS_OK);
  uv_run(&fixture->loop, UV_RUN_DEFAULT);
  assert_int_equal(watched.result.status, MS_OK);
  assert_int_equal(watched.done_bytes, 29);
  assert_int_equal(watched.total_bytes, 29);
  /* At most ten times a second, and at the end. */
  assert_in_range(watched.calls, 1, (ms_clock_monotonic_ms() - watched.begin_ms) / 100 + 2);
  result_free(&watched.result);
  close(fd);
  peer_stop(peer);
}

/* ---- redirects ---- */

static void
test_redirects(void **state)
{
  struct fixture *fixture = *state;
  const struct peer_step target_steps[] = {{PEER_ANSWER, peer_text("200 OK", "", "there")}};
  struct peer *target = peer_start(target_steps, 1);
  char elsewhere[160];
  snprintf(elsewhere, sizeof elsewhere, "Location: %s/stored?signature=1\r\n", peer_url(target));
  const struct peer_step steps[] = {
      {PEER_ANSWER, peer_text("302 Found", "Location: /moved\r\n", "")},
      {PEER_ANSWER, peer_text("307 Temporary Redirect", elsewhere, "")}};
  for (enum door door = 0; door < DOOR_COUNT; door++) {
    struct peer *peer = peer_start(steps, COUNT(steps));
    const struct ms_http_header key = {"ftrack-api-key", "secret"};
    struct ms_http_request request = get(peer_url(peer), "/file");
    request.headers = &key;
    request.header_count = 1;
    struct result result = exchange(&fixture->loop, fixture->http, door, &request);
    assert_int_equal(result.http_status, 200);
    assert_string_equal(result.body, "there");
    assert_int_equal(result.attempts, 1);
    char *same_host = peer_request(peer, 1);
    char *other_host = peer_request(target, (int)door);
    assert_non_null(strstr(same_host, "GET /moved "));
    assert_non_null(strstr(same_host, "ftrack-api-key: secret"));
    assert_non_null(strstr(other_host, "GET /stored?signature=1 "));
    assert_null(strstr(other_host, "secret"));
    free(same_host);
    free(other_host);
    result_free(&result);
    peer_stop(peer);
  }
  peer_stop(target);
}

static void
test_redirects_without_end(void **state)
{
  struct fixture *fixture = *state;
  const struct peer_step steps[] = {
      {PEER_ANSWER, peer_text("302 Found", "Location: /again?key=secret\r\n", "")}};
  struct peer *peer = peer_start(steps, 1);
  struct ms_http_request request = get(peer_url(peer), "/");
  struct result result = exchange(&fixture->loop, fixture->http, DOOR_LOOP, &request);
  assert_int_equal(result.status, MS_PROTOCOL);
  assert_non_null(strstr(result.message, "in a circle"));
  assert_null(strstr(result.message, "secret"));
  assert_int_equal(peer_requests(peer), 1 + MS_HTTP_REDIRECTS_MAX);
  result_free(&result);
  peer_stop(peer);
}

static void
test_redirect_to_another_scheme(void **state)
{
  struct fixture *fixture = *state;
  const struct peer_step steps[] = {
      {PEER_ANSWER, peer_text("302 Found", "Location: file:///etc/passwd\r\n", "")}};
  struct peer *peer = peer_start(steps, 1);
  struct ms_http_request request = get(peer_url(peer), "/");
  struct result result = exchange(&fixture->loop, fixture->http, DOOR_LOOP, &request);
  assert_int_equal(result.status, MS_PROTOCOL);
  assert_non_null(strstr(result.message, "no http:// or https:// URL"));
  result_free(&result);
  peer_stop(peer);
}

static void
test_post_is_not_redirected(void **state)
{
  struct fixture *fixture = *state;
  const struct peer_step steps[] = {
      {PEER_ANSWER,
       peer_text("301 Moved", "Location: https://tracker.example.com/api?key=secret\r\n", "")}};
  struct peer *peer = peer_start(steps, 1);
  struct ms_http_request request = get(peer_url(peer), "/api");
  request.method = "POST";
  struct result result = exchange(&fixture->loop, fixture->http, DOOR_LOOP, &request);
  assert_int_equal(result.status, MS_OK);
  assert_int_equal(result.http_status, 301);
  assert_string_equal(result.location, "https://tracker.example.com/api");
  result_free(&result);
  peer_stop(peer);
}

/* ---- the trace ---- */

static void
test_trace_shows_no_secret(void **state)
{
  struct fixture *fixture = *state;
  const struct peer_step steps[] = {{PEER_ANSWER, peer_text("200 OK", "", "hello")}};
  struct peer *peer = peer_start(steps, 1);
  const struct ms_http_header key = {"ftrack-api-key", "secret"};
  struct ms_http_request request = get(peer_url(peer), "/file?signature=secret");
  request.headers = &key;
  request.header_count = 1;
  int shown = memfd_create("stderr", MFD_CLOEXEC);
  int kept = dup(STDERR_FILENO);
  setenv("MOONSHIFT_TRACE", "requests", 1);
  ms_log_init();
  dup2(shown, STDERR_FILENO);
  struct result result = exchange(&fixture->loop, fixture->http, DOOR_LOOP, &request);
  dup2(kept, STDERR_FILENO);
  unsetenv("MOONSHIFT_TRACE");
  ms_log_init();
  assert_int_equal(result.status, MS_OK);
  char line[256];
  snprintf(line, sizeof line, "moonshift: requests: GET %s/file: 0 bytes up, 5 bytes down, ",
           peer_url(peer));
  assert_non_null(strstr(text_of(shown), line));
  assert_non_null(strstr(text_of(shown), "status 200, attempt 1\n"));
  assert_null(strstr(text_of(shown), "secret"));
  result_free(&result);
  close(shown);
  close(kept);
  peer_stop(peer);
}

int
main(void)
{
  forget_proxies();
  const struct CMUnitTest tests[] = {
      TEST(test_upload),
      TEST(test_upload_of_nothing),
      TEST(test_upload_begins_again),
      TEST(test_upload_over_a_dead_connection),
      TEST(test_upload_of_a_file_that_is_shorter),
      TEST(test_download),
      TEST(test_download_begins_again),
      TEST(test_download_into_a_pipe_cannot_begin_again),
      TEST(test_error_does_not_go_into_the_file),
      TEST(test_disk_full),
      TEST(test_download_stalls),
      TEST(test_progress),
      TEST(test_redirects),
      TEST(test_redirects_without_end),
      TEST(test_redirect_to_another_scheme),
      TEST(test_post_is_not_redirected),
      TEST(test_trace_shows_no_secret),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
