/* The proof of RFC 6455, by its own example. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/websocket_key.h"

static void
test_example_of_the_standard(void **state)
{
  (void)state;
  char accept[MS_WEBSOCKET_ACCEPT_SIZE];
  ms_websocket_accept("dGhlIHNhbXBsZSBub25jZQ==", accept);
  assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

static void
test_keys_differ(void **state)
{
  (void)state;
  char one[MS_WEBSOCKET_KEY_SIZE], other[MS_WEBSOCKET_KEY_SIZE];
  ms_websocket_key_new(one);
  ms_websocket_key_new(other);
  assert_int_equal(strlen(one), MS_WEBSOCKET_KEY_SIZE - 1);
  assert_string_equal(one + MS_WEBSOCKET_KEY_SIZE - 3, "==");
  assert_string_not_equal(one, other);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_example_of_the_standard),
      cmocka_unit_test(test_keys_differ),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
