/* Requests and answers, good and bad, each through both doors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "fixture.h"

/* Longer than a machine stands still, for those who want to see a limit. */
enum { LIMIT_MS = 1500 };

/* What must come out of a request, whichever door it takes. */
struct expected {
  enum ms_status status;
  const char *message; /* a part of it */
  long http_status;
  const char *body;
  int attempts;
};

static void
check(const struct result *result, const struct expected *expected)
{
  if (result->status != expected->status) {
    fail_msg("status %s, message '%s', expected %s", ms_status_code(result->status),
             result->message, ms_status_code(expected->status));
  }
  if (expected->message && !strstr(result->message, expected->message)) {
    fail_msg("message '%s', expected '%s'", result->message, expected->message);
  }
  assert_int_equal(result->http_status, expected->http_status);
  if (expected->body) {
    assert_string_equal(result->body, expected->body);
  }
  assert_int_equal(result->attempts, expected->attempts);
}

/* Runs `request` (its URL is replaced) against a fresh peer, through each door. */
static void
both_doors(struct fixture *fixture, const struct peer_step *steps, size_t count, const char *method,
           bool retry, const struct expected *expected)
{
  for (enum door door = 0; door < DOOR_COUNT; door++) {
    struct peer *peer = peer_start(steps, count);
    struct ms_http_request request = get(peer_url(peer), "/path?key=secret");
    request.method = method;
    request.retry = retry;
    if (strcmp(method, "POST") == 0) {
      request.body = "[]";
      request.body_bytes = 2;
    }
    struct result result = exchange(&fixture->loop, fixture->http, door, &request);
    check(&result, expected);
    assert_null(strstr(result.message, "secret"));
    result_free(&result);
    peer_stop(peer);
  }
}

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void
test_answer(void **state)
{
  const struct peer_step steps[] = {
      {PEER_ANSWER, peer_text("200 OK", "Content-Type: text/plain\r\nETag: \"abc\"\r\n", "hello")}};
  struct fixture *fixture = *state;
  for (enum door door = 0; door < DOOR_COUNT; door++) {
    struct peer *peer = peer_start(steps, COUNT(steps));
    struct ms_http_request request = get(peer_url(peer), "/path");
    struct result result = exchange(&fixture->loop, fixture->http, door, &request);
    check(&result, &(struct expected){MS_OK, "", 200, "hello", 1});
    assert_string_equal(result.content_type, "text/plain");
    assert_string_equal(result.etag, "abc");
    assert_int_equal(result.downloaded_bytes, 5);
    result_free(&result);
    peer_stop(peer);
  }
}

static void
test_request_as_sent(void **state)
{
  const struct peer_step steps[] = {{PEER_ANSWER, peer_text("200 OK", "", "[]")}};
  struct fixture *fixture = *state;
  struct peer *peer = peer_start(steps, COUNT(steps));
  const struct ms_http_header headers[] = {
      {"content-type", "application/json"}, {"ftrack-user", "ada"}, {"x-empty", ""}};
  struct ms_http_request request = get(peer_url(peer), "/api");
  request.method = "POST";
  request.headers = headers;
  request.header_count = COUNT(headers);
  request.body = "[{}]";
  request.body_bytes = 4;
  struct result result = exchange(&fixture->loop, fixture->http, DOOR_LOOP, &request);
  char *text = peer_request(peer, 0);
  assert_non_null(strstr(text, "POST /api HTTP/1.1\r\n"));
  assert_non_null(strstr(text, "\r\ncontent-type: application/json\r\n"));
  assert_non_null(strstr(text, "\r\nftrack-user: ada\r\n"));
  assert_non_null(strcasestr(text, "\r\nx-empty:\r\n"));
  assert_non_null(strstr(text, "\r\nUser-Agent: moonshift\r\n"));
  assert_non_null(strstr(text, "\r\nAccept-Encoding: "));
  assert_null(strcasestr(text, "\r\nExpect:"));
  assert_non_null(strstr(text, "\r\n\r\n[{}]"));
  assert_int_equal(result.uploaded_bytes, 4);
  free(text);
  result_free(&result);
  peer_stop(peer);
}

static void
test_every_status_is_an_answer(void **state)
{
  static const char *const statuses[] = {"204 No Content", "400 Bad", "404 Not Found",
                                         "500 Internal Server Error"};
  for (size_t i = 0; i < COUNT(statuses); i++) {
    const struct peer_step steps[] = {{PEER_ANSWER, peer_text(statuses[i], "", "")}};
    both_doors(*state, steps, 1, "GET", true,
               &(struct expected){MS_OK, "", atol(statuses[i]), "", 1});
  }
}

static void
test_connection_is_kept(void **state)
{
  const struct peer_step steps[] = {{PEER_ANSWER, peer_text("200 OK", "", "hello")}};
  struct fixture *fixture = *state;
  for (enum door door = 0; door < DOOR_COUNT; door++) {
    struct peer *peer = peer_start(steps, COUNT(steps));
    for (int i = 0; i < 5; i++) {
      struct ms_http_request request = get(peer_url(peer), "/");
      struct result result = exchange(&fixture->loop, fixture->http, door, &request);
      assert_int_equal(result.status, MS_OK);
      result_free(&result);
    }
    assert_int_equal(peer_requests(peer), 5);
    assert_int_equal(peer_connections(peer), 1);
    peer_stop(peer);
  }
}

static void
test_compressed_answer(void **state)
{
  const struct peer_step good[] = {
      {PEER_ANSWER, peer_text("200 OK", "Content-Encoding: deflate\r\n",
                              "\x78\x9c\xcb\x48\xcd\xc9\xc9\x57\xc8\x40\x27\x01\x68\x03\x08\xb1")}};
  both_doors(*state, good, 1, "GET", true,
             &(struct expected){MS_OK, "", 200, "hello hello hello hello", 1});
  const struct peer_step bad[] = {
      {PEER_ANSWER, peer_text("200 OK", "Content-Encoding: gzip\r\n", "nope")}};
  both_doors(*state, bad, 1, "GET", true,
             &(struct expected){MS_PROTOCOL, "cannot be decompressed", 200, NULL, 1});
}

static void
test_refused(void **state)
{
  struct fixture *fixture = *state;
  for (enum door door = 0; door < DOOR_COUNT; door++) {
    struct ms_http_request request = get(peer_nowhere(), "/path?key=secret");
    request.retry = false;
    struct result result = exchange(&fixture->loop, fixture->http, door, &request);
    check(&result, &(struct expected){MS_NETWORK, "cannot reach http://127.0.0.1:", 0, "", 3});
    assert_non_null(strstr(result.message, "Connection refused"));
    assert_null(strstr(result.message, "secret"));
    assert_null(strstr(result.message, "proxy"));
    result_free(&result);
  }
}

static void
test_refused_by_a_proxy(void **state)
{
  struct fixture *fixture = *state;
  setenv("http_proxy", peer_nowhere(), 1);
  struct ms_http_request request = get("http://tracker.invalid", "/");
  struct result result = exchange(&fixture->loop, fixture->http, DOOR_IN_PLACE, &request);
  unsetenv("http_proxy");
  assert_int_equal(result.status, MS_NETWORK);
  assert_non_null(
      strstr(result.message, "cannot reach http://tracker.invalid: Connection refused"));
  assert_non_null(strstr(result.message, "check http_proxy"));
  result_free(&result);
}

/* A label of 64 letters: the resolver refuses it without asking the network. */
#define IMPOSSIBLE_HOST "abcdefghabcdefghabcdefghabcdefghabcdefghabcdefghabcdefghabcdefgh.example"

static void
test_unknown_host(void **state)
{
  struct fixture *fixture = *state;
  struct ms_http_request request = get("http://" IMPOSSIBLE_HOST, "/");
  struct result result = exchange(&fixture->loop, fixture->http, DOOR_LOOP, &request);
  assert_int_equal(result.status, MS_NETWORK);
  assert_string_equal(result.message,
                      "cannot reach http://" IMPOSSIBLE_HOST ": no such host is known");
  result_free(&result);
}

static void
test_hangs(void **state)
{
  const struct peer_step steps[] = {{PEER_HANG}};
  struct fixture *fixture = *state;
  for (enum door door = 0; door < DOOR_COUNT; door++) {
    struct peer *peer = peer_start(steps, COUNT(steps));
    struct ms_http_request request = get(peer_url(peer), "/");
    request.timeout_ms = LIMIT_MS;
    struct result result = exchange(&fixture->loop, fixture->http, door, &request);
    char message[MS_ERROR_MESSAGE_MAX];
    snprintf(message, sizeof message, "%s gave no complete answer in 1.5 s", peer_url(peer));
    check(&result, &(struct expected){MS_TIMEOUT, NULL, 0, "", 1});
    assert_string_equal(result.message, message);
    result_free(&result);
    peer_stop(peer);
  }
}

/* The limit is for all attempts together, and is told as it was set. */
static void
test_hangs_when_tried_again(void **state)
{
  const struct peer_step steps[] = {{PEER_RESET}, {PEER_HANG}};
  struct fixture *fixture = *state;
  for (enum door door = 0; door < DOOR_COUNT; door++) {
    struct peer *peer = peer_start(steps, COUNT(steps));
    struct ms_http_request request = get(peer_url(peer), "/");
    request.timeout_ms = 2250;
    struct result result = exchange(&fixture->loop, fixture->http, door, &request);
    assert_int_equal(result.status, MS_TIMEOUT);
    assert_non_null(strstr(result.message, " gave no complete answer in 2250 ms"));
    result_free(&result);
    peer_stop(peer);
  }
}

/* Connects to a listener whose queue is full, so that no connection comes about. */
static int
deaf_listener(char url[64], int fds[3])
{
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(bind(listener, (struct sockaddr *)&address, length), 0);
  assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
  assert_int_equal(listen(listener, 0), 0);
  for (int i = 0; i < 3; i++) {
    fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    connect(fds[i], (struct sockaddr *)&address, length);
  }
  snprintf(url, 64, "http://127.0.0.1:%d", ntohs(address.sin_port));
  return listener;
}

static void
test_no_connection_in_time(void **state)
{
  struct fixture *fixture = *state;
  char url[64], message[MS_ERROR_MESSAGE_MAX];
  int fds[3];
  int listener = deaf_listener(url, fds);
  snprintf(message, sizeof message, "cannot reach %s: no connection after 0.3 s", url);
  for (enum door door = 0; door < DOOR_COUNT; door++) {
    struct ms_http_request request = get(url, "/");
    request.timeout_ms = 300;
    struct result result = exchange(&fixture->loop, fixture->http, door, &request);
    check(&result, &(struct expected){MS_TIMEOUT, NULL, 0, "", 1});
    assert_string_equal(result.message, message);
    result_free(&result);
  }
  for (int i = 0; i < 3; i++) {
    close(fds[i]);
  }
  close(listener);
}

static void
test_drips(void **state)
{
  const struct peer_step steps[] = {{PEER_DRIP, peer_text("200 OK", "", "hello"), 200}};
  struct fixture *fixture = *state;
  struct peer *peer = peer_start(steps, COUNT(steps));
  struct ms_http_request request = get(peer_url(peer), "/");
  request.timeout_ms = LIMIT_MS;
  struct result result = exchange(&fixture->loop, fixture->http, DOOR_LOOP, &request);
  check(&result, &(struct expected){MS_TIMEOUT, "gave no complete answer in 1.5 s", 0, NULL, 1});
  result_free(&result);
  peer_stop(peer);
}

static void
test_half_an_answer(void **state)
{
  const char *half = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello";
  const struct peer_step always[] = {{PEER_CLOSE, half}};
  both_doors(*state, always, 1, "POST", false,
             &(struct expected){MS_NETWORK, "broke before the answer was complete", 200, NULL, 1});
  const struct peer_step once[] = {{PEER_CLOSE, half},
                                   {PEER_ANSWER, peer_text("200 OK", "", "hello")}};
  both_doors(*state, once, 2, "POST", true, &(struct expected){MS_OK, "", 200, "hello", 2});
}

static void
test_closed_without_an_answer(void **state)
{
  const struct peer_step steps[] = {{PEER_CLOSE, NULL}};
  both_doors(*state, steps, 1, "GET", false,
             &(struct expected){MS_NETWORK, "was closed without an answer", 0, "", 1});
  both_doors(*state, steps, 1, "GET", true,
             &(struct expected){MS_NETWORK, "was closed without an answer", 0, "", 5});
}

static void
test_reset(void **state)
{
  const struct peer_step steps[] = {
      {PEER_RESET}, {PEER_RESET}, {PEER_ANSWER, peer_text("200 OK", "", "hello")}};
  both_doors(*state, steps, COUNT(steps), "GET", true,
             &(struct expected){MS_OK, "", 200, "hello", 3});
  both_doors(*state, steps, COUNT(steps), "POST", false,
             &(struct expected){MS_NETWORK, "broke", 0, "", 1});
}

static void
test_no_http(void **state)
{
  const struct peer_step steps[] = {{PEER_CLOSE, "SSH-2.0-OpenSSH_9.2\r\n"}};
  both_doors(*state, steps, 1, "GET", true,
             &(struct expected){MS_PROTOCOL, "does not speak HTTP", 0, NULL, 1});
}

static void
test_no_tls(void **state)
{
  const struct peer_step steps[] = {{PEER_ANSWER, "HTTP/1.1 400 Bad Request\r\n\r\n"}};
  struct fixture *fixture = *state;
  struct peer *peer = peer_start(steps, COUNT(steps));
  char base[80];
  snprintf(base, sizeof base, "https%s", peer_url(peer) + strlen("http"));
  struct ms_http_request request = get(base, "/");
  request.timeout_ms = 300;
  struct result result = exchange(&fixture->loop, fixture->http, DOOR_LOOP, &request);
  assert_true(result.status == MS_TIMEOUT || result.status == MS_NETWORK);
  assert_non_null(strstr(result.message, base));
  result_free(&result);
  peer_stop(peer);
}

static void
test_certificate_file_is_missing(void **state)
{
  struct fixture *fixture = *state;
  const struct peer_step steps[] = {{PEER_HANG}};
  struct peer *peer = peer_start(steps, COUNT(steps));
  char base[80];
  snprintf(base, sizeof base, "https%s", peer_url(peer) + strlen("http"));
  setenv("REQUESTS_CA_BUNDLE", "/nonexistent/ca.pem", 1);
  struct ms_http_request request = get(base, "/");
  struct result result = exchange(&fixture->loop, fixture->http, DOOR_LOOP, &request);
  unsetenv("REQUESTS_CA_BUNDLE");
  assert_int_equal(result.status, MS_NETWORK);
  assert_non_null(strstr(result.message, "/nonexistent/ca.pem"));
  assert_non_null(strstr(result.message, "REQUESTS_CA_BUNDLE"));
  result_free(&result);
  peer_stop(peer);
}

static void
test_busy_then_fine(void **state)
{
  const struct peer_step steps[] = {
      {PEER_ANSWER, peer_text("503 Service Unavailable", "", "later")},
      {PEER_ANSWER, peer_text("503 Service Unavailable", "", "later still")},
      {PEER_ANSWER, peer_text("200 OK", "", "hello")}};
  both_doors(*state, steps, COUNT(steps), "POST", true,
             &(struct expected){MS_OK, "", 200, "hello", 3});
  both_doors(*state, steps, COUNT(steps), "POST", false,
             &(struct expected){MS_OK, "", 503, "later", 1});
}

static void
test_retry_after_is_honoured(void **state)
{
  const struct peer_step steps[] = {
      {PEER_ANSWER, peer_text("429 Too Many Requests", "Retry-After: 1\r\n", "")},
      {PEER_ANSWER, peer_text("200 OK", "", "hello")}};
  struct fixture *fixture = *state;
  struct peer *peer = peer_start(steps, COUNT(steps));
  struct ms_http_request request = get(peer_url(peer), "/");
  int64_t begin_ms = ms_clock_monotonic_ms();
  struct result result = exchange(&fixture->loop, fixture->http, DOOR_LOOP, &request);
  check(&result, &(struct expected){MS_OK, "", 200, "hello", 2});
  assert_true(ms_clock_monotonic_ms() - begin_ms >= 1000);
  result_free(&result);
  peer_stop(peer);
}

static void
test_retry_after_beyond_the_timeout(void **state)
{
  const struct peer_step steps[] = {
      {PEER_ANSWER, peer_text("503 Service Unavailable", "Retry-After: 100\r\n", "later")}};
  both_doors(*state, steps, COUNT(steps), "GET", true,
             &(struct expected){MS_OK, "", 503, "later", 1});
}

/* A kept-alive connection that died is not a reason to send twice what must not be sent twice. */
static void
test_unsafe_request_takes_a_fresh_connection(void **state)
{
  const struct peer_step steps[] = {{PEER_ANSWER, peer_text("200 OK", "", "hello")},
                                    {PEER_CLOSE, NULL},
                                    {PEER_ANSWER, peer_text("200 OK", "", "again")}};
  struct fixture *fixture = *state;
  struct peer *peer = peer_start(steps, COUNT(steps));
  struct ms_http_request request = get(peer_url(peer), "/");
  struct result result = exchange(&fixture->loop, fixture->http, DOOR_LOOP, &request);
  assert_int_equal(result.status, MS_OK);
  result_free(&result);
  request.method = "POST";
  request.retry = false;
  result = exchange(&fixture->loop, fixture->http, DOOR_LOOP, &request);
  assert_int_equal(result.status, MS_NETWORK);
  assert_int_equal(peer_requests(peer), 2);
  assert_int_equal(peer_connections(peer), 2);
  result_free(&result);
  peer_stop(peer);
}

static void
test_bad_requests_are_not_started(void **state)
{
  struct fixture *fixture = *state;
  const struct ms_http_header two_lines = {"ftrack-api-key", "secret\r\nx: y"};
  const struct ms_http_header bad_name = {"a b", "c"};
  struct ms_http_request base = get("http://127.0.0.1:1", "/");
  struct ms_http_request requests[] = {base, base, base, base};
  requests[0].method = "BREW";
  requests[1].url = "gopher://host/";
  requests[2].headers = &two_lines;
  requests[2].header_count = 1;
  requests[3].headers = &bad_name;
  requests[3].header_count = 1;
  static const char *const messages[] = {"'BREW'", "'gopher'", "'ftrack-api-key' has a line break",
                                         "'a b'"};
  for (size_t i = 0; i < COUNT(requests); i++) {
    for (enum door door = 0; door < DOOR_COUNT; door++) {
      struct result result = exchange(&fixture->loop, fixture->http, door, &requests[i]);
      assert_int_equal(result.status, MS_USAGE);
      assert_non_null(strstr(result.message, messages[i]));
      assert_null(strstr(result.message, "secret"));
      result_free(&result);
    }
  }
}

static void
count_done(void *user, enum ms_status status, struct ms_http_answer *answer,
           const struct ms_error *err)
{
  (void)err;
  if (status == MS_OK && answer->status == 200) {
    ++*(int *)user;
  }
}

/* A child process must not hold on to our connections. */
static void
test_sockets_are_closed_on_exec(void **state)
{
  const struct peer_step steps[] = {{PEER_ANSWER, peer_text("200 OK", "", "hello")}};
  struct fixture *fixture = *state;
  struct peer *peer = peer_start(steps, 1);
  int port = atoi(strrchr(peer_url(peer), ':') + 1);
  struct ms_http_request request = get(peer_url(peer), "/");
  struct result result = exchange(&fixture->loop, fixture->http, DOOR_LOOP, &request);
  int found = 0;
  for (int fd = 0; fd < 256; fd++) {
    struct sockaddr_in address = {0};
    socklen_t length = sizeof address;
    if (getpeername(fd, (struct sockaddr *)&address, &length) == 0 &&
        address.sin_family == AF_INET && ntohs(address.sin_port) == port) {
      found++;
      assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    }
  }
  assert_int_equal(found, 1);
  result_free(&result);
  peer_stop(peer);
}

static void
test_many_at_once(void **state)
{
  const struct peer_step steps[] = {{PEER_ANSWER, peer_text("200 OK", "", "hello"), 5}};
  struct fixture *fixture = *state;
  struct peer *peer = peer_start(steps, COUNT(steps));
  int count = 0;
  for (int i = 0; i < 100; i++) {
    struct ms_http_request request = get(peer_url(peer), "/");
    request.user = &count;
    assert_int_equal(ms_http_send(fixture->http, &request, count_done, NULL, NULL), MS_OK);
  }
  uv_run(&fixture->loop, UV_RUN_DEFAULT);
  assert_int_equal(count, 100);
  assert_true(peer_connections(peer) <= MS_HTTP_CONNECTIONS_MAX);
  peer_stop(peer);
}

int
main(void)
{
  forget_proxies();
  const struct CMUnitTest tests[] = {
      TEST(test_answer),
      TEST(test_request_as_sent),
      TEST(test_every_status_is_an_answer),
      TEST(test_connection_is_kept),
      TEST(test_compressed_answer),
      TEST(test_refused),
      TEST(test_refused_by_a_proxy),
      TEST(test_unknown_host),
      TEST(test_hangs),
      TEST(test_hangs_when_tried_again),
      TEST(test_no_connection_in_time),
      TEST(test_drips),
      TEST(test_half_an_answer),
      TEST(test_closed_without_an_answer),
      TEST(test_reset),
      TEST(test_no_http),
      TEST(test_no_tls),
      TEST(test_certificate_file_is_missing),
      TEST(test_busy_then_fine),
      TEST(test_retry_after_is_honoured),
      TEST(test_retry_after_beyond_the_timeout),
      TEST(test_unsafe_request_takes_a_fresh_connection),
      TEST(test_bad_requests_are_not_started),
      TEST(test_sockets_are_closed_on_exec),
      TEST(test_many_at_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
