/* What goes over the wire for requests that are small: routing, credentials, framing, CORS. */
#include "support.h"

enum { REQUEST_MAX_BYTES = 8192 };

/* In requests "@" stands for the lines with user and key, "^" for the letter that this leaves out, "~" for
 * an end of line, "$" for username=…&apiKey=…. */
static char *
expand(struct fixture *fixture, const char *template, size_t *size_bytes)
{
  struct ms_buffer text;
  ms_buffer_init(&text, REQUEST_MAX_BYTES);
  for (const char *at = template; *at; at++) {
    if (*at == '@') {
      ms_buffer_append_string(&text, credentials(fixture));
    } else if (*at == '^') {
      ms_buffer_append_char(&text, '@');
    } else if (*at == '~') {
      ms_buffer_append_string(&text, "\r\n");
    } else if (*at == '$') {
      ms_buffer_printf(&text, "username=%s&apiKey=%s", fixture->username, fixture->key);
    } else {
      ms_buffer_append_char(&text, *at);
    }
  }
  *size_bytes = text.size_bytes;
  return ms_buffer_take(&text);
}

#define POST "POST /api HTTP/1.1~Host: h~Connection: close~"
#define GET(path) "GET " path " HTTP/1.1~Host: h~Connection: close~"

static const struct probe {
  const char *name;
  const char *request;
  const char *has[4];
  const char *lacks;
} probes[] = {
    {"empty batch",
     POST "@Content-Length: 2~~[]",
     {"HTTP/1.1 200", "Content-Type: application/json", "\r\n\r\n[]"}},
    {"no credentials, lenient",
     POST "Content-Length: 2~~[]",
     {"HTTP/1.1 200", "InvalidCredentialsError", "ftrack-api-key"}},
    {"no credentials, strict",
     POST "ftrack-strict-api: true~Content-Length: 2~~[]",
     {"HTTP/1.1 401", "InvalidCredentialsError"}},
    {"wrong key",
     POST "ftrack-strict-api: true~ftrack-user: root~ftrack-api-key: nonsense~"
          "Content-Length: 2~~[]",
     {"HTTP/1.1 401", "InvalidCredentialsError"},
     "nonsense"},
    {"body is no JSON, lenient",
     POST "@Content-Length: 3~~[1,",
     {"HTTP/1.1 200", "\"exception\"", "\"error_code\""}},
    {"body is no JSON, strict",
     POST "@ftrack-strict-api: true~Content-Length: 3~~[1,",
     {"HTTP/1.1 4", "\"exception\""}},
    {"unknown entity type, strict",
     POST "@ftrack-strict-api: true~Content-Length: "
          "58~~[{\"action\":\"query\",\"expression\":\"select id from Nowhere\"}]",
     {"HTTP/1.1 422", "ParseError", "Nowhere"}},
    {"unknown entity type, lenient",
     POST "@Content-Length: 58~~[{\"action\":\"query\",\"expression\":\"select id from Nowhere\"}]",
     {"HTTP/1.1 200", "ParseError", "Nowhere"}},
    {"a query",
     POST "@Content-Length: 69~~[{\"action\":\"query\",\"expression\":\"select username from User "
          "limit 1\"}]",
     {"HTTP/1.1 200", "\"action\":\"query\"", "\"username\":\""}},
    {"chunked body",
     POST "@Transfer-Encoding: chunked~~1~[~1~]~0~~",
     {"HTTP/1.1 200", "\r\n\r\n[]"}},
    {"expect",
     POST "@Expect: 100-continue~Content-Length: 2~~[]",
     {"HTTP/1.1 100 Continue", "HTTP/1.1 200", "\r\n\r\n[]"}},
    {"expect, refused at once",
     POST "Expect: 100-continue~ftrack-strict-api: true~"
          "Content-Length: 2~~",
     {"HTTP/1.1 401", "InvalidCredentialsError"},
     "100 Continue"},
    {"no length", POST "@~", {"HTTP/1.1 411", "\"exception\""}},
    {"two lengths",
     POST "@Content-Length: 2~Content-Length: 2~~[]",
     {"HTTP/1.1 400", "\"exception\""}},
    {"length and chunks",
     POST "@Content-Length: 2~Transfer-Encoding: chunked~~1~[~1~]~0~~",
     {"HTTP/1.1 400", "\"exception\""}},
    {"body above the limit",
     POST "@ftrack-strict-api: true~Expect: 100-continue~"
          "Content-Length: 67108865~~",
     {"HTTP/1.1 413", "67108864"}},
    {"two requests in one packet",
     "POST /api HTTP/1.1~Host: h~@Content-Length: 2~~[]" POST "@Content-Length: 2~~[]",
     {"\r\n\r\n[]HTTP/1.1 200"}},
    {"welcome", GET("/") "~", {"HTTP/1.1 200", "text/html", "Content-Security-Policy", "</html>"}},
    {"health", GET("/healthz") "~", {"HTTP/1.1 200", "{\"status\": \"ok\"}"}},
    {"head",
     "HEAD /healthz HTTP/1.1~Host: h~Connection: close~~",
     {"HTTP/1.1 200", "Content-Length: 16"},
     "status"},
    {"nothing there", GET("/nowhere") "~", {"HTTP/1.1 404", "application/json", "/nowhere"}},
    {"case counts", GET("/API") "~", {"HTTP/1.1 404"}},
    {"dots", GET("/component/../../../etc/passwd") "~", {"HTTP/1.1 404"}, "root:"},
    {"escaped dots", GET("/%2e%2e/%2e%2e/etc/passwd") "~", {"HTTP/1.1 404"}, "root:"},
    {"bad escapes", GET("/%zz%1?id=%&%%%=%ff") "~", {"HTTP/1.1 404", "\"exception\""}},
    {"escaped end of line", GET("/a%0d%0aX-Evil:%201") "~", {"HTTP/1.1 404"}, "\r\nX-Evil"},
    {"wrong method", GET("/api") "~", {"HTTP/1.1 405", "Allow: POST, OPTIONS", "\"exception\""}},
    {"unknown method",
     "BREW / HTTP/1.1~Host: h~Connection: close~~",
     {"HTTP/1.1 405", "Allow: GET, HEAD, OPTIONS"}},
    {"preflight",
     "OPTIONS /api HTTP/1.1~Host: h~Connection: close~Origin: http://a.b~"
     "Access-Control-Request-Method: POST~Access-Control-Request-Headers: ftrack-user~~",
     {"HTTP/1.1 204", "Access-Control-Allow-Origin: http://a.b", "ftrack-clienttoken",
      "Access-Control-Allow-Credentials: true"}},
    {"origin is echoed",
     POST "@Origin: https://studio.example~Content-Length: 2~~[]",
     {"HTTP/1.1 200", "Access-Control-Allow-Origin: https://studio.example",
      "Access-Control-Expose-Headers: ETag", "Vary: Origin"}},
    {"no origin, no CORS", POST "@Content-Length: 2~~[]", {"HTTP/1.1 200"}, "Access-Control"},
    {"download without proof", GET("/component/get?id=abc") "~", {"HTTP/1.1 401", "\"exception\""}},
    {"download with a wrong key",
     GET("/component/get?id=abc&username=root&apiKey=nonsense") "~",
     {"HTTP/1.1 401", "\"exception\""},
     "nonsense"},
    {"download of nothing",
     GET("/component/get?id=abc&$") "~",
     {"HTTP/1.1 404", "\"exception\"", "abc"}},
    {"download by headers", GET("/component/get?id=abc") "@~", {"HTTP/1.1 404"}},
    {"download without an id", GET("/component/get?$") "~", {"HTTP/1.1 422", "\"exception\""}},
    {"download outside the folder",
     GET("/component/get?id=../../moonshift.db&$") "~",
     {"HTTP/1.1 422", "\"exception\""}},
    {"wrong signature",
     GET("/component/get?id=abc&expires=9999999999&signature=00") "~",
     {"HTTP/1.1 403", "\"exception\""}},
    {"wrong signature with a right key",
     GET("/component/get?id=abc&expires=9999999999&signature=00&$") "~",
     {"HTTP/1.1 403"}},
    {"remove of nothing", GET("/component/remove?id=abc&$") "~", {"HTTP/1.1 404", "\"exception\""}},
    {"remove without proof", GET("/component/remove?id=abc") "~", {"HTTP/1.1 401"}},
    {"placeholder", GET("/component/thumbnail?id=abc&$") "~", {"HTTP/1.1 200", "image/svg+xml"}},
    {"placeholder by path", GET("/img/thumbnail2.png") "~", {"HTTP/1.1 200", "image/svg+xml"}},
    {"thumbnail without proof", GET("/component/thumbnail?id=abc") "~", {"HTTP/1.1 401"}},
    {"no HTTP", "hello there~~", {"HTTP/1.1 400"}},
    {"a whole URL", GET("http://h/healthz") "~", {"HTTP/1.1 200", "{\"status\": \"ok\"}"}},
    {"a whole URL in capitals", GET("HTTP://H/healthz") "~", {"HTTP/1.1 200"}},
    {"a whole URL with a port",
     "GET http://h:8000/healthz HTTP/1.1~Host: h:8000~Connection: close~~",
     {"HTTP/1.1 200"}},
    {"a whole URL of an IPv6 host",
     "GET http://[::1]:8000//healthz HTTP/1.1~Host: [::1]:8000~Connection: close~~",
     {"HTTP/1.1 200"}},
    {"a whole URL without a path", GET("http://h") "~", {"HTTP/1.1 200", "text/html", "</html>"}},
    {"a whole URL with a query alone", GET("http://h?x=1") "~", {"HTTP/1.1 200", "text/html"}},
    {"a whole URL, and no Host in HTTP/1.0",
     "GET http://h/healthz HTTP/1.0~~",
     {" 200 OK", "{\"status\": \"ok\"}"}},
    {"a whole URL with a body",
     "POST http://h/api HTTP/1.1~Host: h~Connection: close~@Content-Length: 2~~[]",
     {"HTTP/1.1 200", "\r\n\r\n[]"}},
    {"a whole URL with a key in its query",
     GET("http://h/component/get?id=abc&$") "~",
     {"HTTP/1.1 404", "abc"}},
    {"preflight of a whole URL",
     "OPTIONS http://h/api HTTP/1.1~Host: h~Connection: close~Origin: http://a.b~~",
     {"HTTP/1.1 204"}},
    {"a whole URL of nothing",
     GET("http://h/nowhere") "~",
     {"HTTP/1.1 404", "'/nowhere'"},
     "http://h"},
    {"a URL within a path", GET("/http://h/healthz") "~", {"HTTP/1.1 404"}},
    {"another host", GET("http://other/healthz") "~", {"HTTP/1.1 400", "\"exception\""}, "other"},
    {"another port", GET("http://h:81/healthz") "~", {"HTTP/1.1 400"}},
    {"a longer host", GET("http://hh/healthz") "~", {"HTTP/1.1 400"}},
    {"no host", GET("http:///healthz") "~", {"HTTP/1.1 400"}},
    {"nothing but a scheme", GET("http://") "~", {"HTTP/1.1 400"}},
    {"a user in a URL", GET("http://root:hidden^h/healthz") "~", {"HTTP/1.1 400"}, "hidden"},
    {"a user in a URL and in Host",
     "GET http://root:hidden^h/ HTTP/1.1~Host: root:hidden^h~Connection: close~~",
     {"HTTP/1.1 400"},
     "hidden"},
    {"a user in a URL of HTTP/1.0",
     "GET http://root:hidden^h/healthz HTTP/1.0~~",
     {" 400 "},
     "hidden"},
    {"an escape in a host", GET("http://h%40other/healthz") "~", {"HTTP/1.1 400"}},
    {"https", GET("https://h/healthz") "~", {"HTTP/1.1 421", "\"exception\"", "http://"}},
    {"another scheme",
     GET("ftp://root:hidden^h/healthz") "~",
     {"HTTP/1.1 421", "\"exception\""},
     "hidden"},
    {"half a scheme", GET("h://h/healthz") "~", {"HTTP/1.1 421"}},
    {"one slash for two", GET("http:/h/healthz") "~", {"HTTP/1.1 404"}},
    {"a proxy's tunnel", "CONNECT h:80 HTTP/1.1~Host: h:80~Connection: close~~", {"HTTP/1.1 404"}},
    {"GET with a body",
     "GET /healthz HTTP/1.1~Host: h~Content-Length: 5~~hello" GET("/healthz") "~",
     {"{\"status\": \"ok\"}HTTP/1.1 200"}},
};

static void
test_probes(void **state)
{
  struct fixture *fixture = *state;
  for (size_t i = 0; i < sizeof probes / sizeof probes[0]; i++) {
    size_t size_bytes;
    char *request = expand(fixture, probes[i].request, &size_bytes);
    char *answer = exchange(fixture, request, size_bytes);
    for (size_t j = 0; j < 4 && probes[i].has[j]; j++) {
      if (!strstr(answer, probes[i].has[j])) {
        fail_msg("%s: no '%s' in the answer:\n%s", probes[i].name, probes[i].has[j], answer);
      }
    }
    if (probes[i].lacks && strstr(answer, probes[i].lacks)) {
      fail_msg("%s: '%s' in the answer:\n%s", probes[i].name, probes[i].lacks, answer);
    }
    free(request);
    free(answer);
  }
}

static void
test_pipelined_posts(void **state)
{
  struct fixture *fixture = *state;
  struct ms_buffer text;
  ms_buffer_init(&text, 1 << 20);
  for (int i = 0; i < 100; i++) {
    ms_buffer_printf(&text, "POST /api HTTP/1.1\r\nHost: h\r\n%sContent-Length: 2\r\n%s\r\n[]",
                     credentials(fixture), i == 99 ? "Connection: close\r\n" : "");
  }
  char *answer = exchange(fixture, text.data, text.size_bytes);
  assert_int_equal(count_of(answer, "HTTP/1.1 200"), 100);
  assert_int_equal(count_of(answer, "\r\n\r\n[]"), 100);
  free(answer);
  ms_buffer_free(&text);
}

static void
test_headers_of_64_KB(void **state)
{
  struct fixture *fixture = *state;
  struct ms_buffer text;
  ms_buffer_init(&text, 1 << 20);
  ms_buffer_append_string(&text, "GET /healthz HTTP/1.1\r\nHost: h\r\n");
  for (int i = 0; i < 640; i++) {
    ms_buffer_printf(&text, "X-Filler-%d: %084d\r\n", i, i);
  }
  ms_buffer_append_string(&text, "\r\n");
  char *answer = exchange(fixture, text.data, text.size_bytes);
  assert_null(strstr(answer, "HTTP/1.1 200"));
  free(answer);
  ms_buffer_free(&text);
  assert_alive(fixture);
}

static void
test_large_body_without_credentials(void **state)
{
  struct fixture *fixture = *state;
  enum { SIZE = 4 * 1024 * 1024 };
  char *body = calloc(1, SIZE);
  assert_non_null(body);
  int fd = dial(fixture);
  send_text(
      fd, "POST /api HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 4194304\r\n\r\n");
  assert_true(send_bytes(fd, body, SIZE));
  struct ms_buffer answer;
  read_all(fd, &answer);
  assert_non_null(strstr(ms_buffer_string(&answer), "InvalidCredentialsError"));
  ms_buffer_free(&answer);
  close(fd);
  free(body);
}

/* In chunks nobody knows how long a body gets: it is refused where it passes the limit, and the client,
 * who goes on sending for a while, reads why. */
static void
test_chunks_above_the_limit(void **state)
{
  struct fixture *fixture = *state;
  enum { PIECE = 1024 * 1024, PIECES = 66 };
  char *piece = calloc(1, PIECE);
  char head[1024];
  assert_non_null(piece);
  snprintf(head, sizeof head,
           "POST /api HTTP/1.1\r\nHost: h\r\nConnection: close\r\n%sftrack-strict-api: true\r\n"
           "Transfer-Encoding: chunked\r\n\r\n",
           credentials(fixture));
  int fd = dial(fixture);
  send_text(fd, head);
  for (int i = 0; i < PIECES; i++) {
    send_text(fd, "100000\r\n");
    assert_true(send_bytes(fd, piece, PIECE));
    send_text(fd, "\r\n");
  }
  send_text(fd, "0\r\n\r\n");
  struct ms_buffer answer;
  read_all(fd, &answer);
  assert_non_null(strstr(ms_buffer_string(&answer), "HTTP/1.1 413"));
  ms_buffer_free(&answer);
  close(fd);
  free(piece);
}

static void
test_endless_body_is_cut(void **state)
{
  struct fixture *fixture = *state;
  enum { PIECE = 1024 * 1024, PIECES = 512 };
  char *piece = calloc(1, PIECE);
  assert_non_null(piece);
  int fd = dial(fixture);
  send_text(fd, "POST /nowhere HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\n");
  int sent = 0;
  while (sent < PIECES && send_bytes(fd, piece, PIECE)) {
    sent++;
  }
  assert_in_range(sent, 64, PIECES - 1);
  close(fd);
  free(piece);
  assert_alive(fixture);
}

/* A server that closes while clients are in every state must neither hang nor leak; the fixture's end
 * is the test. */
static void
test_close_with_open_connections(void **state)
{
  struct fixture *fixture = *state;
  int idle = dial(fixture);
  int in_headers = dial(fixture);
  send_text(in_headers, "POST /api HTTP/1.1\r\nHo");
  int in_body = dial(fixture);
  char text[1024];
  snprintf(text, sizeof text, "POST /api HTTP/1.1\r\nHost: h\r\n%sContent-Length: 1000\r\n\r\n[",
           credentials(fixture));
  send_text(in_body, text);
  assert_alive(fixture);
  assert_int_equal(fixture_close(state), 0);
  close(idle);
  close(in_headers);
  close(in_body);
}

static const struct {
  const char *address;
  enum ms_status expected;
} addresses[] = {
    {"nonsense", MS_USAGE},     {"127.0.0.1", MS_USAGE},
    {"127.0.0.1:", MS_USAGE},   {"127.0.0.1:65536", MS_USAGE},
    {"127.0.0.1:-1", MS_USAGE}, {"127.0.0.1:8x", MS_USAGE},
    {"::1:8000", MS_USAGE},     {"203.0.113.7:0", MS_USAGE},
    {"[::1", MS_USAGE},         {"no.such.host.invalid:0", MS_USAGE},
};

static void
test_bad_addresses(void **state)
{
  struct fixture *fixture = *state;
  uv_loop_t loop;
  struct ms_error err;
  must(ms_loop_open(&loop, &err), &err);
  for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
    struct ms_server_options options = {.listen = addresses[i].address};
    struct ms_server *server = NULL;
    assert_int_equal(ms_server_open(&loop, fixture->api, &options, &server, &err),
                     addresses[i].expected);
    assert_non_null(strstr(err.message, addresses[i].address));
  }
  char taken[32];
  snprintf(taken, sizeof taken, "127.0.0.1:%d", fixture->port);
  struct ms_server_options options = {.listen = taken};
  struct ms_server *server = NULL;
  assert_int_equal(ms_server_open(&loop, fixture->api, &options, &server, &err), MS_BUSY);
  ms_loop_close(&loop);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_probes),
      cmocka_unit_test(test_pipelined_posts),
      cmocka_unit_test(test_headers_of_64_KB),
      cmocka_unit_test(test_large_body_without_credentials),
      cmocka_unit_test(test_chunks_above_the_limit),
      cmocka_unit_test(test_endless_body_is_cut),
      cmocka_unit_test(test_bad_addresses),
  };
  const struct CMUnitTest closing[] = {
      cmocka_unit_test_setup(test_close_with_open_connections, fixture_open),
  };
  return cmocka_run_group_tests(tests, fixture_open, fixture_close) +
         cmocka_run_group_tests(closing, NULL, NULL);
}
