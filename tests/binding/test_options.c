/* Options tables: every type, and every way of being wrong. */
#include <lauxlib.h>
#include <lualib.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "binding/options.h"
#include "binding/raise.h"

struct sample {
  const char *name;
  int64_t count;
  double ratio;
  bool quiet;
  int64_t timeout_ms;
  int callback;
};

static const struct ms_option table[] = {
    {"name", MS_OPTION_STRING, offsetof(struct sample, name), true},
    {"count", MS_OPTION_INTEGER, offsetof(struct sample, count), false},
    {"ratio", MS_OPTION_NUMBER, offsetof(struct sample, ratio), false},
    {"quiet", MS_OPTION_BOOLEAN, offsetof(struct sample, quiet), false},
    {"timeout", MS_OPTION_DURATION, offsetof(struct sample, timeout_ms), false},
    {"callback", MS_OPTION_VALUE, offsetof(struct sample, callback), false},
};

/* What the last call read. */
static struct sample result;
static char result_name[32];
static int callback_type;

static int
read_sample(lua_State *L)
{
  result = (struct sample){.count = -1, .timeout_ms = -1};
  callback_type = LUA_TNONE;
  ms_options_read(L, 1, "sample", table, sizeof table / sizeof table[0], &result);
  strncpy(result_name, result.name != NULL ? result.name : "", sizeof result_name - 1);
  callback_type = result.callback != 0 ? lua_type(L, result.callback) : LUA_TNONE;
  return 0;
}

static int
open_state(void **state)
{
  lua_State *L = luaL_newstate();
  luaL_openlibs(L);
  lua_register(L, "sample", read_sample);
  *state = L;
  return 0;
}

static int
close_state(void **state)
{
  lua_close(*state);
  return 0;
}

/* Runs a call; NULL when it succeeds, else the message. */
static const char *
call(lua_State *L, const char *text)
{
  lua_settop(L, 0);
  return luaL_dostring(L, text) == LUA_OK ? NULL : ms_error_text(L, -1);
}

static void
test_reads_every_type(void **state)
{
  assert_null(call(*state, "sample { name = 'x', count = 2^53|0, ratio = 0.5, quiet = true,"
                           " timeout = '1m30s', callback = print }"));
  assert_string_equal(result_name, "x");
  assert_int_equal(result.count, INT64_C(1) << 53);
  assert_true(fabs(result.ratio - 0.5) < 1e-9);
  assert_true(result.quiet);
  assert_int_equal(result.timeout_ms, 90000);
  assert_int_equal(callback_type, LUA_TFUNCTION);
}

static void
test_leaves_what_is_not_given(void **state)
{
  assert_null(call(*state, "sample { name = 'x' }"));
  assert_int_equal(result.count, -1);
  assert_int_equal(result.timeout_ms, -1);
  assert_int_equal(callback_type, LUA_TNONE);
}

static void
test_durations(void **state)
{
  assert_null(call(*state, "sample { name = 'x', timeout = 1.5 }"));
  assert_int_equal(result.timeout_ms, 1500);
  assert_null(call(*state, "sample { name = 'x', timeout = '500ms' }"));
  assert_int_equal(result.timeout_ms, 500);
}

static void
test_refuses(void **state)
{
  static const struct {
    const char *call, *message;
  } cases[] = {
      {"sample()", "sample: option 'name' is missing"},
      {"sample {}", "sample: option 'name' is missing"},
      {"sample 'x'", "sample: options are a table, not a string"},
      {"sample { nam = 'x' }", "sample: unknown option 'nam'; did you mean 'name'?"},
      {"sample { name = 'x', zzzzzz = 1 }",
       "sample: unknown option 'zzzzzz'; there are: name, count, ratio, quiet, timeout, callback"},
      {"sample { 'x' }", "sample: an option's name is a string, not a number"},
      {"sample { name = 7 }", "sample: option 'name' is a string, not number"},
      {"sample { name = 'x', count = 1.5 }", "sample: option 'count' is an integer, not 1.5"},
      {"sample { name = 'x', count = '1' }", "sample: option 'count' is an integer, not 1"},
      {"sample { name = 'x', ratio = '1' }", "sample: option 'ratio' is a number, not 1"},
      {"sample { name = 'x', quiet = 1 }", "sample: option 'quiet' is a boolean, not 1"},
      {"sample { name = 'x', timeout = 'soon' }",
       "sample: option 'timeout' is a duration: seconds, or text such as \"1h30m\", not soon"},
      {"sample { name = 'x', timeout = -1 }",
       "sample: option 'timeout' is a duration: seconds, or text such as \"1h30m\", not -1"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const char *message = call(*state, cases[i].call);
    assert_non_null(message);
    assert_string_equal(message, cases[i].message);
  }
}

static void
test_raises_error_objects(void **state)
{
  lua_State *L = *state;
  assert_non_null(call(L, "sample { nam = 1 }"));
  assert_true(ms_is_error(L, 1));
  lua_getfield(L, 1, "code");
  assert_string_equal(lua_tostring(L, -1), "usage");
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_reads_every_type, open_state, close_state),
      cmocka_unit_test_setup_teardown(test_leaves_what_is_not_given, open_state, close_state),
      cmocka_unit_test_setup_teardown(test_durations, open_state, close_state),
      cmocka_unit_test_setup_teardown(test_refuses, open_state, close_state),
      cmocka_unit_test_setup_teardown(test_raises_error_objects, open_state, close_state),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
