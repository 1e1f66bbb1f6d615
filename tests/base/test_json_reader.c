#include "support/check.h"

#include <stdio.h>

#include "base/json.h"

/* The text's copy ends where its memory ends, so that a read beyond it is caught. */
static char *
exact_copy(const char *text, size_t size_bytes)
{
  char *copy = malloc(size_bytes ? size_bytes : 1);
  assert_non_null(copy);
  memcpy(copy, text, size_bytes);
  return copy;
}

static void
print_event(const struct ms_json_reader *reader, struct ms_buffer *out)
{
  switch (reader->type) {
  case MS_JSON_INTEGER:
    ms_buffer_printf(out, "%lld", (long long)reader->integer);
    break;
  case MS_JSON_NUMBER:
    ms_buffer_printf(out, "%a", reader->number);
    break;
  case MS_JSON_STRING:
  case MS_JSON_KEY:
    ms_buffer_printf(out, reader->type == MS_JSON_KEY ? "<%.*s>" : "'%.*s'",
                     (int)reader->string_bytes, reader->string);
    break;
  default: {
    static const char *const words[] = {
        [MS_JSON_NULL] = "null", [MS_JSON_FALSE] = "false", [MS_JSON_TRUE] = "true",
        [MS_JSON_ARRAY] = "[",   [MS_JSON_OBJECT] = "{",    [MS_JSON_END] = "end",
    };
    ms_buffer_append_string(out, words[reader->type]);
  }
  }
}

/* Reads the whole text; all events with a blank between them are in `out`. */
static enum ms_status
read_events(const char *text, size_t size_bytes, struct ms_buffer *out, struct ms_error *err)
{
  char *copy = exact_copy(text, size_bytes);
  struct ms_json_reader reader;
  ms_json_reader_init(&reader, copy, size_bytes);
  enum ms_status status;
  while ((status = ms_json_next(&reader, err)) == MS_OK && reader.type != MS_JSON_EOF) {
    if (out->size_bytes > 0) {
      ms_buffer_append_char(out, ' ');
    }
    print_event(&reader, out);
  }
  ms_json_reader_free(&reader);
  free(copy);
  return status;
}

static void
check_events(const char *text, const char *wanted)
{
  struct ms_buffer out;
  struct ms_error err;
  ms_buffer_init(&out, 1 << 20);
  check_ok(read_events(text, strlen(text), &out, &err), &err);
  assert_string_equal(ms_buffer_string(&out), wanted);
  ms_buffer_free(&out);
}

static void
check_refused_n(const char *text, size_t size_bytes, const char *part)
{
  struct ms_buffer out;
  struct ms_error err;
  ms_buffer_init(&out, 1 << 20);
  enum ms_status status = read_events(text, size_bytes, &out, &err);
  if (status == MS_OK) {
    fail_msg("accepted: %s", text);
  }
  check_error(status, &err, MS_PARSE, part);
  ms_buffer_free(&out);
}

static void
documents_become_events(void **state)
{
  (void)state;
  static const char *const rows[][2] = {
      {"null", "null"},
      {" true ", "true"},
      {"\t\r\n false", "false"},
      {"[]", "[ end"},
      {"{}", "{ end"},
      {"[[],{}]", "[ [ end { end end"},
      {"[1,2,3]", "[ 1 2 3 end"},
      {"{\"a\":1,\"b\":[true,null]}", "{ <a> 1 <b> [ true null end end"},
      {" { \"a\" : { \"b\" : \"c\" } , \"d\" : [ ] } ", "{ <a> { <b> 'c' end <d> [ end end"},
      {"\"\"", "''"},
      {"{\"\":\"\"}", "{ <> '' end"},
      {"{\"a\":1,\"a\":2}", "{ <a> 1 <a> 2 end"},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    check_events(rows[i][0], rows[i][1]);
  }
}

static void
strings_are_decoded(void **state)
{
  (void)state;
  static const char *const rows[][2] = {
      {"\"plain text of more than eight bytes\"", "'plain text of more than eight bytes'"},
      {"\"Gr\xC3\xBC\xC3\x9F"
       "e \xE2\x82\xAC \xF0\x9F\x9A\x80\"",
       "'Gr\xC3\xBC\xC3\x9F"
       "e \xE2\x82\xAC \xF0\x9F\x9A\x80'"},
      {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "'\"\\/\b\f\n\r\t'"},
      {"\"\\u0041\\u00e9\\u20AC\"", "'A\xC3\xA9\xE2\x82\xAC'"},
      {"\"\\ud83d\\ude80\"", "'\xF0\x9F\x9A\x80'"},
      {"\"\\uD800\\uDC00\\uDBFF\\uDFFF\"", "'\xF0\x90\x80\x80\xF4\x8F\xBF\xBF'"},
      {"\"before \\n after\"", "'before \n after'"},
      {"\"\x7F\"", "'\x7F'"},
      {"[\"a\\tb\",\"c\",\"d\\te\"]", "[ 'a\tb' 'c' 'd\te' end"},
      {"{\"k\\u0065y\":\"v\\u0061l\"}", "{ <key> 'val' end"},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    check_events(rows[i][0], rows[i][1]);
  }
}

/* Every special byte at every position of a word of eight is found. */
static void
specials_are_found_at_every_position(void **state)
{
  (void)state;
  for (size_t position = 0; position < 24; position++) {
    char text[] = "\"abcdefghijklmnopqrstuvwxyz\"";
    char *special = text + 1 + position;
    *special = '\n';
    check_refused_n(text, strlen(text), "control character");
    *special = '\x1F';
    check_refused_n(text, strlen(text), "control character");
    *special = '\0';
    check_refused_n(text, sizeof text - 1, "control character");
    *special = '\xFF';
    check_refused_n(text, strlen(text), "UTF-8");
    *special = '\\';
    if (!strchr("bfnrtu", special[1])) {
      check_refused_n(text, strlen(text), "unknown escape");
    }
    *special = '"';
    check_refused_n(text, strlen(text), "the end of the text");
  }
}

static void
strings_without_escapes_are_not_copied(void **state)
{
  (void)state;
  static const char text[] = "[\"in place \xC3\xA9\",\"esc\\taped\"]";
  struct ms_json_reader reader;
  struct ms_error err;
  ms_json_reader_init(&reader, text, sizeof text - 1);
  check_ok(ms_json_next(&reader, &err), &err);
  check_ok(ms_json_next(&reader, &err), &err);
  assert_ptr_equal(reader.string, text + 2);
  assert_null(reader.scratch.data);
  check_ok(ms_json_next(&reader, &err), &err);
  assert_ptr_equal(reader.string, reader.scratch.data);
  ms_json_reader_free(&reader);
}

static void
escaped_nuls_are_text(void **state)
{
  (void)state;
  struct ms_json_reader reader;
  struct ms_error err;
  ms_json_reader_init(&reader, "\"a\\u0000b\"", 10);
  check_ok(ms_json_next(&reader, &err), &err);
  assert_int_equal(reader.string_bytes, 3);
  assert_memory_equal(reader.string, "a\0b", 3);
  ms_json_reader_free(&reader);
}

static void
integers_are_exact(void **state)
{
  (void)state;
  static const char *const rows[][2] = {
      {"0", "0"},
      {"-0", "0"},
      {"13", "13"},
      {"-1", "-1"},
      {"9007199254740993", "9007199254740993"},
      {"9223372036854775807", "9223372036854775807"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"[1]", "[ 1 end"},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    check_events(rows[i][0], rows[i][1]);
  }
}

static void
an_integer_is_a_number_too(void **state)
{
  (void)state;
  struct ms_json_reader reader;
  struct ms_error err;
  ms_json_reader_init(&reader, "-24", 3);
  check_ok(ms_json_next(&reader, &err), &err);
  assert_int_equal(reader.type, MS_JSON_INTEGER);
  assert_true(reader.number == -24.0);
  ms_json_reader_free(&reader);
}

static void
doubles_are_the_nearest(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    double number;
  } rows[] = {
      {"24.0", 24.0},
      {"-0.0", -0.0},
      {"1e3", 1000.0},
      {"1E+2", 100.0},
      {"1e-2", 0.01},
      {"0.1", 0.1},
      {"23.976", 23.976},
      {"0e999999999999", 0.0},
      {"9223372036854775808", 9223372036854775808.0},
      {"-9223372036854775809", -9223372036854775808.0},
      {"18446744073709551616", 18446744073709551616.0}, /* the mantissa wraps */
      {"36893488147419103233", 36893488147419103232.0},
      {"123456789012345678901234567890", 123456789012345678901234567890.0},
      {"1e22", 1e22},
      {"1e23", 1e23},
      {"9007199254740993.0", 9007199254740992.0},
      {"1.7976931348623157e308", 1.7976931348623157e308},
      {"2.2250738585072011e-308", 2.2250738585072011e-308},
      {"4.9e-324", 4.9e-324},
      {"1e-400", 0.0},
      {"0.000000000000000000000000000000000000000000000000000000000000000000000000000001", 1e-78},
      {"1000000000000000000000000000000000000000000000000000000000000000000000000000000", 1e78},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    char wanted[64];
    snprintf(wanted, sizeof wanted, "%a", rows[i].number);
    check_events(rows[i].text, wanted);
  }
}

static void
bad_documents_are_refused_with_the_place(void **state)
{
  (void)state;
  static const char *const rows[][2] = {
      {"", "byte 0: expected a value, but the text ends"},
      {"   ", "byte 3"},
      {"[1,]", "byte 3: expected a value, found ']'"},
      {"[,1]", "byte 1: expected a value, found ','"},
      {"[1 2]", "byte 3: expected ',' or ']', found '2'"},
      {"[1}", "byte 2: expected ',' or ']', found '}'"},
      {"[1", "byte 2: expected ',' or ']', but the text ends"},
      {"{\"a\":1,}", "byte 7: expected a key in double quotes, found '}'"},
      {"{,}", "byte 1"},
      {"{a:1}", "byte 1: expected a key in double quotes, found 'a'"},
      {"{\"a\" 1}", "byte 5: expected ':' after the key, found '1'"},
      {"{\"a\"}", "byte 4"},
      {"{\"a\":}", "byte 5: expected a value, found '}'"},
      {"{\"a\":1 \"b\":2}", "byte 7: expected ',' or '}', found '\"'"},
      {"{1:2}", "byte 1"},
      {"1 2", "byte 2: expected the end of the text, found '2'"},
      {"{} x", "byte 3: expected the end of the text, found 'x'"},
      {"[]]", "byte 2"},
      {"]", "byte 0"},
      {":", "byte 0"},
      {"'a'", "byte 0"},
      {"nul", "byte 0"},
      {"nulL", "byte 0: unknown word"},
      {"True", "byte 0"},
      {"truex", "byte 4"},
      {"NaN", "byte 0"},
      {"Infinity", "byte 0"},
      {"-Infinity", "byte 1"},
      {"01", "byte 0: a number must not begin with a needless zero"},
      {"-01", "byte 1"},
      {"+1", "byte 0"},
      {"-", "byte 1: a digit must follow the minus sign"},
      {".5", "byte 0"},
      {"1.", "a digit must follow the number's point"},
      {"1.e5", "a digit must follow the number's point"},
      {"1e", "exponent"},
      {"1e+", "exponent"},
      {"0x10", "byte 1"},
      {"1e400", "byte 0: the number is outside the range of a double"},
      {"[0,-1e309]", "byte 3: the number is outside the range of a double"},
      {"\"abc", "byte 4: the text ends inside a string"},
      {"\"abc\\", "byte 4: the text ends inside a string"},
      {"\"a\nb\"", "byte 2: a control character"},
      {"\"\\x\"", "byte 1: unknown escape"},
      {"\"\\u12\"", "byte 1: four hexadecimal digits"},
      {"\"\\u12g4\"", "byte 1: four hexadecimal digits"},
      {"\"\\ud800\"", "byte 1: a surrogate without its partner"},
      {"\"\\udc00\"", "byte 1: a surrogate without its partner"},
      {"\"\\ud800\\ud800\"", "byte 1: a surrogate without its partner"},
      {"\"\\ud800\\n\"", "byte 1: a surrogate without its partner"},
      {"\"\\ud800abcdefgh\"", "byte 1: a surrogate without its partner"},
      {"\"\xED\xA0\x80\"", "byte 1: the string is not valid UTF-8"},
      {"\"abc\xC3\"", "byte 4: the string is not valid UTF-8"},
      {"{\"k\xFF\":1}", "byte 3: the string is not valid UTF-8"},
      {"\xEF\xBB\xBF{}", "byte 0: expected a value, found the byte 0xef"},
      {"[1,\x01]", "found the byte 0x01"},
      {"[1,2] // no", "byte 6"},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    check_refused_n(rows[i][0], strlen(rows[i][0]), rows[i][1]);
  }
}

static void
a_nul_byte_is_no_end(void **state)
{
  (void)state;
  check_refused_n("1\0", 2, "byte 1: expected the end of the text, found the byte 0x00");
  check_refused_n("[\0]", 3, "byte 1");
}

/* A document with every kind of token. */
static const char everything[] = "{\"a\":[1,-2.5e3,true,false,null,\"x\\u00e9\\ud83d\\ude80\"],"
                                 "\"b\":{\"\xC3\xA9\":\"\xE2\x82\xAC\"}}";

static void
no_beginning_of_a_document_is_a_document(void **state)
{
  (void)state;
  for (size_t size = 0; size < sizeof everything - 1; size++) {
    check_refused_n(everything, size, "byte");
  }
}

/* Whatever one byte is changed to, the reader ends inside its memory and agrees with itself. */
static void
changed_bytes_are_harmless(void **state)
{
  (void)state;
  size_t accepted = 0;
  for (size_t at = 0; at < sizeof everything - 1; at++) {
    for (int byte = 0; byte < 256; byte++) {
      char text[sizeof everything];
      memcpy(text, everything, sizeof text);
      text[at] = (char)byte;
      struct ms_buffer out;
      struct ms_error err = {MS_OK, ""};
      ms_buffer_init(&out, 1 << 16);
      enum ms_status status = read_events(text, sizeof text - 1, &out, &err);
      assert_true(status == MS_OK || (status == MS_PARSE && err.message[0]));
      accepted += status == MS_OK;
      ms_buffer_free(&out);
    }
  }
  assert_in_range(accepted, 500, sizeof everything * 256 / 2);
}

static void
failing_without_an_error_struct_works(void **state)
{
  (void)state;
  static const char *const rows[] = {"[", "\"\\ud800\"", "1e400", "{\"a\"", "01"};
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct ms_json_reader reader;
    ms_json_reader_init(&reader, rows[i], strlen(rows[i]));
    enum ms_status status;
    while ((status = ms_json_next(&reader, NULL)) == MS_OK) {
      assert_int_not_equal(reader.type, MS_JSON_EOF);
    }
    assert_int_equal(status, MS_PARSE);
    assert_int_equal(ms_json_next(&reader, NULL), MS_PARSE); /* and again */
    ms_json_reader_free(&reader);
  }
}

static void
depth_is_bounded(void **state)
{
  (void)state;
  char text[2 * (MS_JSON_DEPTH_MAX + 1)];
  struct ms_buffer out;
  struct ms_error err;
  ms_buffer_init(&out, 1 << 20);
  memset(text, '[', MS_JSON_DEPTH_MAX);
  memset(text + MS_JSON_DEPTH_MAX, ']', MS_JSON_DEPTH_MAX);
  check_ok(read_events(text, (size_t)2 * MS_JSON_DEPTH_MAX, &out, &err), &err);
  memset(text, '[', MS_JSON_DEPTH_MAX + 1);
  memset(text + MS_JSON_DEPTH_MAX + 1, ']', MS_JSON_DEPTH_MAX + 1);
  check_error(read_events(text, sizeof text, &out, &err), &err, MS_LIMIT, "byte 512");
  ms_buffer_free(&out);
}

static void
the_end_may_be_asked_for_again(void **state)
{
  (void)state;
  struct ms_json_reader reader;
  struct ms_error err;
  ms_json_reader_init(&reader, "7", 1);
  check_ok(ms_json_next(&reader, &err), &err);
  for (int i = 0; i < 2; i++) {
    check_ok(ms_json_next(&reader, &err), &err);
    assert_int_equal(reader.type, MS_JSON_EOF);
  }
  ms_json_reader_free(&reader);
}

static void
events_know_their_place(void **state)
{
  (void)state;
  static const char text[] = " { \"key\" : [ 12 , \"s\" ] } ";
  static const size_t places[] = {1, 3, 11, 13, 18, 22, 24, 26};
  struct ms_json_reader reader;
  struct ms_error err;
  ms_json_reader_init(&reader, text, sizeof text - 1);
  for (size_t i = 0; i < COUNT(places); i++) {
    check_ok(ms_json_next(&reader, &err), &err);
    assert_int_equal(reader.token_offset_bytes, places[i]);
  }
  assert_int_equal(reader.type, MS_JSON_EOF);
  ms_json_reader_free(&reader);
}

static void
values_are_skipped_whole(void **state)
{
  (void)state;
  static const char text[] = "[{\"a\":[1,{\"b\":[]}],\"c\":2},[[[]]],\"s\",7]";
  struct ms_json_reader reader;
  struct ms_error err;
  ms_json_reader_init(&reader, text, sizeof text - 1);
  static const enum ms_json_type wanted[] = {MS_JSON_OBJECT, MS_JSON_ARRAY, MS_JSON_STRING,
                                             MS_JSON_INTEGER, MS_JSON_END};
  check_ok(ms_json_next(&reader, &err), &err);
  for (size_t i = 0; i < COUNT(wanted); i++) {
    check_ok(ms_json_next(&reader, &err), &err);
    assert_int_equal(reader.type, wanted[i]);
    check_ok(ms_json_skip(&reader, &err), &err);
  }
  check_ok(ms_json_next(&reader, &err), &err);
  assert_int_equal(reader.type, MS_JSON_EOF);
  ms_json_reader_free(&reader);
}

static void
skipping_does_not_hide_bad_text(void **state)
{
  (void)state;
  struct ms_json_reader reader;
  struct ms_error err;
  ms_json_reader_init(&reader, "[1,[2,]]", 8);
  check_ok(ms_json_next(&reader, &err), &err);
  check_error(ms_json_skip(&reader, &err), &err, MS_PARSE, "byte 6");
  ms_json_reader_free(&reader);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(documents_become_events),
      cmocka_unit_test(strings_are_decoded),
      cmocka_unit_test(specials_are_found_at_every_position),
      cmocka_unit_test(strings_without_escapes_are_not_copied),
      cmocka_unit_test(escaped_nuls_are_text),
      cmocka_unit_test(integers_are_exact),
      cmocka_unit_test(an_integer_is_a_number_too),
      cmocka_unit_test(doubles_are_the_nearest),
      cmocka_unit_test(bad_documents_are_refused_with_the_place),
      cmocka_unit_test(a_nul_byte_is_no_end),
      cmocka_unit_test(no_beginning_of_a_document_is_a_document),
      cmocka_unit_test(changed_bytes_are_harmless),
      cmocka_unit_test(failing_without_an_error_struct_works),
      cmocka_unit_test(depth_is_bounded),
      cmocka_unit_test(the_end_may_be_asked_for_again),
      cmocka_unit_test(events_know_their_place),
      cmocka_unit_test(values_are_skipped_whole),
      cmocka_unit_test(skipping_does_not_hide_bad_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
