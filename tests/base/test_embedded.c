/* Files in the program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/embedded.h"

static const struct ms_embedded_file table[] = {
    {"no/such/one.lua", "first", 5},
    {"no/such/two.lua", "", 0},
    {NULL, NULL, 0},
};

static void
test_finds_by_name(void **state)
{
  struct ms_embedded file;
  (void)state;
  assert_true(ms_embedded_open(table, "no/such/one.lua", &file));
  assert_int_equal(file.size_bytes, 5);
  assert_memory_equal(file.data, "first", 5);
  ms_embedded_free(&file);
  assert_true(ms_embedded_open(table, "no/such/two.lua", &file));
  assert_int_equal(file.size_bytes, 0);
  ms_embedded_free(&file);
}

static void
test_tells_what_is_missing(void **state)
{
  struct ms_embedded file;
  (void)state;
  assert_false(ms_embedded_open(table, "no/such/three.lua", &file));
  assert_false(ms_embedded_open(table, "no/such", &file));
  assert_false(ms_embedded_open(table, "", &file));
  assert_null(file.copy);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_finds_by_name),
      cmocka_unit_test(test_tells_what_is_missing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
