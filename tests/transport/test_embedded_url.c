/* The URLs of the embedded server. */
#include "transport/embedded_url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
test_parse(void **state)
{
  (void)state;
  struct ms_embedded_url url;
  assert_int_equal(ms_embedded_url_parse("embedded:/component/get?id=a-1&expires=99&signature=beef",
                                         "/component/get", &url, NULL),
                   MS_OK);
  assert_string_equal(url.id, "a-1");
  assert_string_equal(url.expires, "99");
  assert_string_equal(url.signature, "beef");
  assert_int_equal(ms_embedded_url_parse("embedded:/component/get?signature=x&&other=1&id=",
                                         "/component/get", &url, NULL),
                   MS_OK);
  assert_string_equal(url.id, "");
  assert_string_equal(url.expires, "");
  assert_string_equal(url.signature, "x");
}

static void
test_too_long_a_value_counts_as_none(void **state)
{
  (void)state;
  char text[400] = "embedded:/component/get?id=1&signature=";
  memset(text + strlen(text), 'f', MS_EMBEDDED_VALUE_MAX_BYTES + 1);
  struct ms_embedded_url url;
  assert_int_equal(ms_embedded_url_parse(text, "/component/get", &url, NULL), MS_OK);
  assert_string_equal(url.id, "1");
  assert_string_equal(url.signature, "");
}

static void
test_other_urls(void **state)
{
  (void)state;
  static const char *const urls[] = {
      "",
      "http://h/component/get?id=1&signature=secret",
      "embedded:/component/put?id=1&signature=secret",
      "embedded:/component/get",
      "embedded:/component/getx?id=1",
  };
  for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
    struct ms_embedded_url url;
    struct ms_error err;
    assert_int_equal(ms_embedded_url_parse(urls[i], "/component/get", &url, &err), MS_USAGE);
    assert_non_null(strstr(err.message, "embedded:/component/get?"));
    assert_null(strstr(err.message, "secret"));
  }
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_parse),
      cmocka_unit_test(test_too_long_a_value_counts_as_none),
      cmocka_unit_test(test_other_urls),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
