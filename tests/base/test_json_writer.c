#include "support/check.h"

#include <math.h>

#include "base/json.h"

static struct ms_buffer out;
static struct ms_json_writer writer;

static int
begin(void **state)
{
  (void)state;
  ms_buffer_init(&out, 1 << 20);
  ms_json_writer_init(&writer, &out);
  return 0;
}

static int
end(void **state)
{
  (void)state;
  ms_buffer_free(&out);
  return 0;
}

/* Checks the text so far and begins anew. */
static void
check_text(const char *wanted)
{
  assert_string_equal(ms_buffer_string(&out), wanted);
  ms_buffer_clear(&out);
  bool python_style = writer.python_style;
  ms_json_writer_init(&writer, &out);
  writer.python_style = python_style;
}

static void
write_document(void)
{
  ms_json_begin_object(&writer);
  ms_json_member_string(&writer, "action", "query");
  ms_json_member_integer(&writer, "count", -3);
  ms_json_key(&writer, "data");
  ms_json_begin_array(&writer);
  ms_json_begin_object(&writer);
  ms_json_end_object(&writer);
  ms_json_null(&writer);
  ms_json_boolean(&writer, true);
  ms_json_boolean(&writer, false);
  ms_json_number(&writer, 0.5);
  ms_json_begin_array(&writer);
  ms_json_end_array(&writer);
  ms_json_raw(&writer, "{\"r\":1}", 7);
  ms_json_string(&writer, NULL);
  ms_json_end_array(&writer);
  ms_json_key(&writer, "last");
  ms_json_string_n(&writer, "a\0b", 3);
  ms_json_end_object(&writer);
}

static void
separators_fall_into_place(void **state)
{
  (void)state;
  write_document();
  check_text(
      "{\"action\":\"query\",\"count\":-3,\"data\":[{},null,true,false,0.5,[],{\"r\":1},null],"
      "\"last\":\"a\\u0000b\"}");
  writer.python_style = true;
  write_document();
  check_text("{\"action\": \"query\", \"count\": -3, \"data\": [{}, null, true, false, 0.5, [], "
             "{\"r\":1}, null], \"last\": \"a\\u0000b\"}");
}

/* The right columns are what Python's json.dumps prints with ensure_ascii off and on. */
static void
strings_are_escaped(void **state)
{
  (void)state;
  static const char *const rows[][3] = {
      {"", "\"\"", "\"\""},
      {"a quite ordinary text", "\"a quite ordinary text\"", "\"a quite ordinary text\""},
      {"\"\\/\b\f\n\r\t", "\"\\\"\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\""},
      {"\x01\x1F", "\"\\u0001\\u001f\"", "\"\\u0001\\u001f\""},
      {"\x7F", "\"\x7F\"", "\"\\u007f\""},
      {"\xC3\xA9", "\"\xC3\xA9\"", "\"\\u00e9\""},
      {"\xE2\x82\xAC", "\"\xE2\x82\xAC\"", "\"\\u20ac\""},
      {"\xF0\x9F\x9A\x80!", "\"\xF0\x9F\x9A\x80!\"", "\"\\ud83d\\ude80!\""},
      {"\xF4\x8F\xBF\xBF", "\"\xF4\x8F\xBF\xBF\"", "\"\\udbff\\udfff\""},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    writer.python_style = false;
    ms_json_string(&writer, rows[i][0]);
    check_text(rows[i][1]);
    writer.python_style = true;
    ms_json_string(&writer, rows[i][0]);
    check_text(rows[i][2]);
  }
}

static void
bad_bytes_become_replacement_characters(void **state)
{
  (void)state;
  ms_json_string(&writer, "a\xFF\xC3z");
  check_text("\"a\xEF\xBF\xBD\xEF\xBF\xBDz\"");
  ms_json_string(&writer, "\xED\xA0\x80");
  check_text("\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
  ms_json_string_n(&writer, "\xE2\x82\xAC", 2); /* cut inside a character */
  check_text("\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
  writer.python_style = true;
  ms_json_string(&writer, "\xFF");
  check_text("\"\\ufffd\"");
}

static void
keys_are_escaped_too(void **state)
{
  (void)state;
  ms_json_begin_object(&writer);
  ms_json_member_integer(&writer, "a\"\n", 1);
  ms_json_end_object(&writer);
  check_text("{\"a\\\"\\n\":1}");
}

static void
integers_print_in_full(void **state)
{
  (void)state;
  static const struct {
    int64_t integer;
    const char *text;
  } rows[] = {
      {0, "0"},
      {7, "7"},
      {-10, "-10"},
      {INT64_MAX, "9223372036854775807"},
      {INT64_MIN, "-9223372036854775808"},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    ms_json_integer(&writer, rows[i].integer);
    check_text(rows[i].text);
  }
}

/* As Python's repr spells them. */
static void
doubles_print_shortest_and_stay_doubles(void **state)
{
  (void)state;
  static const struct {
    double number;
    const char *text;
  } rows[] = {
      {0.0, "0.0"},
      {-0.0, "-0.0"},
      {1.0, "1.0"},
      {-24.0, "-24.0"},
      {0.1, "0.1"},
      {23.976, "23.976"},
      {1.0 / 3.0, "0.3333333333333333"},
      {0.1 + 0.2, "0.30000000000000004"},
      {100.0, "100.0"},
      {1234567.875, "1234567.875"},
      {1e15, "1000000000000000.0"},
      {9007199254740993.0, "9007199254740992.0"},
      {1e16, "1e+16"},
      {12345678901234567.0, "1.2345678901234568e+16"},
      {1e22, "1e+22"},
      {1e100, "1e+100"},
      {1.5e300, "1.5e+300"},
      {0.0001, "0.0001"},
      {0.00001, "1e-05"},
      {0.000123, "0.000123"},
      {-1.25e-7, "-1.25e-07"},
      {1.7976931348623157e308, "1.7976931348623157e+308"},
      {-2.2250738585072014e-308, "-2.2250738585072014e-308"},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    ms_json_number(&writer, rows[i].number);
    check_text(rows[i].text);
  }
}

static void
what_json_lacks_is_null(void **state)
{
  (void)state;
  ms_json_number(&writer, NAN);
  check_text("null");
  ms_json_number(&writer, INFINITY);
  check_text("null");
  ms_json_number(&writer, -INFINITY);
  check_text("null");
}

static void
a_full_buffer_is_told_at_the_end(void **state)
{
  (void)state;
  struct ms_buffer small;
  struct ms_error err;
  ms_buffer_init(&small, 20);
  struct ms_json_writer to_small;
  ms_json_writer_init(&to_small, &small);
  ms_json_begin_array(&to_small);
  for (int i = 0; i < 100; i++) {
    ms_json_string(&to_small, "\xC3\xA9\n");
    ms_json_number(&to_small, 0.5);
  }
  ms_json_end_array(&to_small);
  check_error(ms_buffer_check(&small, "request", &err), &err, MS_LIMIT, "request");
  ms_buffer_free(&small);
}

#define WITH_WRITER(test) cmocka_unit_test_setup_teardown(test, begin, end)

int
main(void)
{
  const struct CMUnitTest tests[] = {
      WITH_WRITER(separators_fall_into_place),
      WITH_WRITER(strings_are_escaped),
      WITH_WRITER(bad_bytes_become_replacement_characters),
      WITH_WRITER(keys_are_escaped_too),
      WITH_WRITER(integers_print_in_full),
      WITH_WRITER(doubles_print_shortest_and_stay_doubles),
      WITH_WRITER(what_json_lacks_is_null),
      cmocka_unit_test(a_full_buffer_is_told_at_the_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
