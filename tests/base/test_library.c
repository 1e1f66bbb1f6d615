#include "support/check.h"

#include "base/library.h"

static void
functions_are_found_and_work(void **state)
{
  (void)state;
  static const char *const names[] = {"cos", "sqrt"};
  union {
    struct {
      double (*cos)(double);
      double (*sqrt)(double);
    } call;
    void *slots[2];
  } math;
  struct ms_error err;
  check_ok(ms_library_load("libm.so.6", names, math.slots, COUNT(names), &err), &err);
  assert_true(math.call.sqrt(9.0) == 3.0);
  assert_true(math.call.cos(0.0) == 1.0);
  void *again[2];
  check_ok(ms_library_load("libm.so.6", names, again, COUNT(names), &err), &err);
  assert_memory_equal(again, math.slots, sizeof again);
}

static void
a_missing_library_is_named(void **state)
{
  (void)state;
  static const char *const names[] = {"cos"};
  void *slots[1];
  struct ms_error err;
  check_error(ms_library_load("libno-such-thing.so.7", names, slots, 1, &err), &err, MS_NOT_FOUND,
              "'libno-such-thing.so.7'");
}

static void
a_missing_function_is_named(void **state)
{
  (void)state;
  static const char *const names[] = {"cos", "no_such_function"};
  void *slots[2];
  struct ms_error err;
  check_error(ms_library_load("libm.so.6", names, slots, 2, &err), &err, MS_NOT_FOUND,
              "'no_such_function'");
  assert_non_null(strstr(err.message, "libm.so.6"));
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(functions_are_found_and_work),
      cmocka_unit_test(a_missing_library_is_named),
      cmocka_unit_test(a_missing_function_is_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
