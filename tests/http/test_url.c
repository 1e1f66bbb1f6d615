/* URLs: which are accepted, and what of them may be seen. */
#include "http/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
test_check(void **state)
{
  (void)state;
  static const char *const good[] = {
      "http://localhost",      "https://tracker.example.com:8443/api?x=1#y", "HTTP://127.0.0.1:0/",
      "http://[::1]:8000/api", "http://user:word@host_with.under-score/",    "http://host:/path",
  };
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    struct ms_error err;
    if (ms_http_url_check(good[i], &err) != MS_OK) {
      fail_msg("%s: %s", good[i], err.message);
    }
  }
  static const struct {
    const char *url, *message;
  } bad[] = {
      {"", "'' is not the beginning of a URL"},
      {"tracker.example.com", "'tracker.example.com' is not"},
      {"ftp://host/", "'ftp' is not"},
      {"file:///etc/passwd", "'file' is not"},
      {"http://", "no valid host"},
      {"http:///path", "no valid host"},
      {"http://host:65536/", "bad port '65536'"},
      {"http://host:80x/", "bad port '80x'"},
      {"http://a b/", "a blank"},
      {"http://host/a\nb", "control character"},
      {"http://good\\@evil/", "backslash"},
      {"http://[::1/", "no valid host"},
      {"http://a%2fb/", "no valid host"},
      {"http://user:word@/", "no valid host"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    struct ms_error err;
    assert_int_equal(ms_http_url_check(bad[i].url, &err), MS_USAGE);
    if (!strstr(err.message, bad[i].message)) {
      fail_msg("%s: %s", bad[i].url, err.message);
    }
  }
}

static void
test_too_long(void **state)
{
  (void)state;
  char *url = malloc(MS_HTTP_URL_MAX_BYTES + 2);
  memset(url, 'a', MS_HTTP_URL_MAX_BYTES + 1);
  memcpy(url, "http://h/", 9);
  url[MS_HTTP_URL_MAX_BYTES + 1] = '\0';
  assert_int_equal(ms_http_url_check(url, NULL), MS_USAGE);
  url[MS_HTTP_URL_MAX_BYTES] = '\0';
  assert_int_equal(ms_http_url_check(url, NULL), MS_OK);
  free(url);
}

static void
test_origin_and_public_form(void **state)
{
  (void)state;
  static const struct {
    const char *url, *origin, *public;
  } cases[] = {
      {"http://Host", "http://host", "http://host"},
      {"http://host:80/Api", "http://host", "http://host/Api"},
      {"https://host:443/?key=1", "https://host", "https://host/"},
      {"https://host:80", "https://host:80", "https://host:80"},
      {"http://u:p@host:1/a?secret=1#x", "http://host:1", "http://host:1/a"},
      {"http://u:p@x@host/", "http://host", "http://host/"},
      {"http://[::1]:8000?a", "http://[::1]:8000", "http://[::1]:8000"},
      {"http://host#frag", "http://host", "http://host"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char *origin = ms_http_url_origin(cases[i].url);
    char *public = ms_http_url_public(cases[i].url);
    assert_string_equal(origin, cases[i].origin);
    assert_string_equal(public, cases[i].public);
    free(origin);
    free(public);
  }
}

static void
test_same_origin(void **state)
{
  (void)state;
  assert_true(ms_http_url_same_origin("http://Host/a", "http://host:80/b?c"));
  assert_true(ms_http_url_same_origin("https://host:443", "HTTPS://u:p@host/"));
  assert_false(ms_http_url_same_origin("http://host", "https://host"));
  assert_false(ms_http_url_same_origin("http://host", "http://host:8080"));
  assert_false(ms_http_url_same_origin("http://host", "http://host.evil"));
  assert_false(ms_http_url_same_origin("http://host:1", "http://host:12"));
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_check),
      cmocka_unit_test(test_too_long),
      cmocka_unit_test(test_origin_and_public_form),
      cmocka_unit_test(test_same_origin),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
