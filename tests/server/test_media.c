#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/blob_tag.h"
#include "server/call.h"
#include "server/media.h"

static const struct {
  const char *name;
  const char *expected;
} dispositions[] = {
    {"plain.mov", "attachment; filename=\"plain.mov\""},
    {"two words.txt", "attachment; filename=\"two words.txt\""},
    {"Größe.txt", "attachment; filename=\"Gr__e.txt\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe.txt"},
    {"a\"b\\c", "attachment; filename=\"a_b_c\"; filename*=UTF-8''a%22b%5Cc"},
    {"100%.txt", "attachment; filename=\"100_.txt\"; filename*=UTF-8''100%25.txt"},
    {"a\r\nX-Evil: 1", "attachment; filename=\"a__X-Evil: 1\"; "
                       "filename*=UTF-8''a__X-Evil%3A%201"},
    {"../../etc/passwd", "attachment; filename=\"passwd\""},
    {"", "attachment; filename=\"\""},
};

static void
test_disposition(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof dispositions / sizeof dispositions[0]; i++) {
    struct ms_buffer value;
    ms_buffer_init(&value, 4096);
    ms_media_disposition(dispositions[i].name, &value);
    assert_string_equal(ms_buffer_string(&value), dispositions[i].expected);
    ms_buffer_free(&value);
  }
}

static void
test_type(void **state)
{
  (void)state;
  assert_string_equal(ms_media_type("a.MOV"), "video/quicktime");
  assert_string_equal(ms_media_type("a.b.json"), "application/json");
  assert_string_equal(ms_media_type("no_extension"), "application/octet-stream");
  assert_string_equal(ms_media_type(".mov"), "application/octet-stream");
  assert_string_equal(ms_media_type(""), "application/octet-stream");
}

static void
test_tag_list(void **state)
{
  (void)state;
  assert_true(ms_blob_tag_matches("\"a\"", "\"a\""));
  assert_true(ms_blob_tag_matches("\"b\", W/\"a\" ,\"c\"", "\"a\""));
  assert_true(ms_blob_tag_matches("*", "\"a\""));
  assert_false(ms_blob_tag_matches(NULL, "\"a\""));
  assert_false(ms_blob_tag_matches("", "\"a\""));
  assert_false(ms_blob_tag_matches("\"ab\"", "\"a\""));
  assert_false(ms_blob_tag_matches(",,,  ,", "\"a\""));
}

static const struct {
  const char *text;
  struct ms_call_options expected;
} option_rows[] = {
    {NULL, {false, false}},
    {"", {false, false}},
    {"strict:1;denormalize:1", {true, true}},
    {"denormalize=1;strict=1", {true, true}},
    {"denormalize=True; strict=false", {false, true}},
    {"strict=true", {true, false}},
    {"strict=0;denormalize=False", {false, false}},
    {"strict", {false, false}},
    {"strict=;denormalize", {false, false}},
    {";;;=:=;:", {false, false}},
    {"stricter=1;other:2;strict:1", {true, false}},
    {"strict=11", {false, false}},
};

static void
test_call_options(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof option_rows / sizeof option_rows[0]; i++) {
    struct ms_call_options options = ms_call_options_parse(option_rows[i].text);
    if (options.strict_projections != option_rows[i].expected.strict_projections ||
        options.denormalize != option_rows[i].expected.denormalize) {
      fail_msg("'%s': strict %d, denormalize %d", option_rows[i].text, options.strict_projections,
               options.denormalize);
    }
  }
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_disposition),
      cmocka_unit_test(test_type),
      cmocka_unit_test(test_tag_list),
      cmocka_unit_test(test_call_options),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
