/* The compiler by what it prints, the matcher by events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "events/expression.h"

static const struct {
  const char *source;
  const char *printed;
} compiled[] = {
    {"topic=ftrack.update", "(= topic \"ftrack.update\")"},
    {"  topic  =  ftrack.*  ", "(= topic \"ftrack.*\")"},
    {"topic='two words'", "(= topic \"two words\")"},
    {"topic=\"it's\"", "(= topic \"it's\")"},
    {"topic=\"\"", "(= topic \"\")"},
    {"a.b.c != x", "(!= a.b.c \"x\")"},
    {"a>=1", "(>= a \"1\")"},
    {"a<=1", "(<= a \"1\")"},
    {"a>1", "(> a \"1\")"},
    {"a<1", "(< a \"1\")"},
    {"a=b-c,d./*@+_", "(= a \"b-c,d./*@+_\")"},
    {"a=1 and b=2 or c=3", "(or (and (= a \"1\") (= b \"2\")) (= c \"3\"))"},
    {"a=1 or b=2 and c=3", "(or (= a \"1\") (and (= b \"2\") (= c \"3\")))"},
    {"(a=1 or b=2) and c=3", "(and (or (= a \"1\") (= b \"2\")) (= c \"3\"))"},
    {"not a=1 and b=2", "(and (not (= a \"1\")) (= b \"2\"))"},
    {"not (a=1 and b=2)", "(not (and (= a \"1\") (= b \"2\")))"},
    {"NOT a=1 AND b=2 Or c=3", "(or (and (not (= a \"1\")) (= b \"2\")) (= c \"3\"))"},
    {"not not a=1", "(not (not (= a \"1\")))"},
    {"(((a=1)))", "(= a \"1\")"},
    {"android=1 and order=2", "(and (= android \"1\") (= order \"2\"))"},
    {"a=\"x\"and b=1", "(and (= a \"x\") (= b \"1\"))"},
    {"a=1 and b=2 and c=3", "(and (and (= a \"1\") (= b \"2\")) (= c \"3\"))"},
    {"name='Zoë'", "(= name \"Zoë\")"},
};

static void
test_compile(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof compiled / sizeof compiled[0]; i++) {
    struct ms_expression *expression;
    struct ms_error err;
    struct ms_buffer out;
    const char *source = compiled[i].source;
    if (ms_expression_compile(source, strlen(source), &expression, &err) != MS_OK) {
      fail_msg("%s: %s", source, err.message);
    }
    ms_buffer_init(&out, 4096);
    ms_expression_print(expression, &out);
    assert_string_equal(ms_buffer_string(&out), compiled[i].printed);
    ms_buffer_free(&out);
    ms_expression_free(expression);
  }
}

static const struct {
  const char *source;
  const char *message; /* part of it */
} refused[] = {
    {"", "character 1: expected a field, 'not' or '(', found the end"},
    {"   ", "character 4: expected a field"},
    {"topic", "character 6: expected one of = != >= <= > <, found the end"},
    {"topic=", "character 7: expected a value, found the end"},
    {"topic=?", "character 7: expected a value, found '?'"},
    {"topic='open", "closing quote"},
    {"topic=a b", "character 9: expected 'and', 'or' or the end, found 'b'"},
    {"topic=a and", "character 12: expected a field"},
    {"topic=a or or", "expected one of"},
    {"(topic=a", "character 9: expected 'and', 'or' or ')', found the end"},
    {"topic=a)", "character 8: expected 'and', 'or' or the end, found ')'"},
    {"()", "character 2: expected a field"},
    {"not", "character 4: expected a field"},
    {"=a", "character 1: expected a field"},
    {"topic=Zo\xC3\xAB", "expected 'and', 'or' or the end"},
};

static void
test_refuse(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
    struct ms_expression *expression;
    struct ms_error err;
    const char *source = refused[i].source;
    assert_int_equal(ms_expression_compile(source, strlen(source), &expression, &err), MS_PARSE);
    if (!strstr(err.message, refused[i].message)) {
      fail_msg("'%s': %s", source, err.message);
    }
  }
}

/* `count` times `piece`, then `end`. */
static enum ms_status
compile_repeated(const char *piece, size_t count, const char *end)
{
  struct ms_buffer text;
  struct ms_expression *expression = NULL;
  struct ms_error err;
  ms_buffer_init(&text, 1 << 20);
  for (size_t i = 0; i < count; i++) {
    ms_buffer_append_string(&text, piece);
  }
  ms_buffer_append_string(&text, end);
  enum ms_status status = ms_expression_compile(text.data, text.size_bytes, &expression, &err);
  ms_expression_free(expression);
  ms_buffer_free(&text);
  return status;
}

static void
test_limits(void **state)
{
  (void)state;
  assert_int_equal(compile_repeated("not ", 63, "a=1"), MS_OK);
  assert_int_equal(compile_repeated("not ", 64, "a=1"), MS_LIMIT);
  assert_int_equal(compile_repeated("(", 5000, ""), MS_LIMIT);
  assert_int_equal(compile_repeated("a=1 or ", 2000, "b=2"), MS_OK);
  assert_int_equal(compile_repeated("a", MS_EXPRESSION_MAX_BYTES - 1, "=1"), MS_LIMIT);
}

static void
test_nul_inside(void **state)
{
  (void)state;
  struct ms_expression *expression;
  struct ms_error err;
  assert_int_equal(ms_expression_compile("a=1\0b=2", 7, &expression, &err), MS_PARSE);
}

static const char event[] =
    "{\"topic\": \"ftrack.update\", \"target\": \"\", \"sent\": null, \"data\": {\"n\": 10,"
    " \"flag\": true, \"name\": \"b\", \"list\": [1], \"deep\": {\"er\": \"x\"}},"
    " \"source\": {\"id\": \"i1\", \"user\": {\"username\": \"ada\"}}}";

static const struct {
  const char *source;
  bool matches;
} matched[] = {
    {"topic=ftrack.update", true},
    {"topic=ftrack.updat", false},
    {"topic=ftrack.*", true},
    {"topic=*", true},
    {"topic=update*", false},
    {"topic=*update", false},
    {"topic='ftrack.*'", true},
    {"topic!=ftrack.*", true},
    {"topic!=ftrack.update", false},
    {"source.user.username=ada", true},
    {"source.user.username=eve", false},
    {"source.user.username.x=ada", false},
    {"source.user=ada", false},
    {"missing=1", false},
    {"missing!=1", false},
    {"not missing=1", true},
    {"data.n=10", false},
    {"data.n!=10", true},
    {"data.n<99", false},
    {"data.flag=true", false},
    {"data.list.0=1", false},
    {"data.name<c", true},
    {"data.name<=b", true},
    {"data.name<b", false},
    {"data.name>a", true},
    {"data.name>=b", true},
    {"data.name>b", false},
    {"data.deep.er=x", true},
    {"data..deep=x", false},
    {"target=\"\"", true},
    {"sent=null", false},
    {"topic=ftrack.update and data.name=b", true},
    {"topic=ftrack.update and data.name=c", false},
    {"topic=nothing or data.name=b", true},
    {"topic=nothing or data.name=c", false},
    {"not (topic=nothing or data.name=c)", true},
};

static void
test_match(void **state)
{
  (void)state;
  struct ms_arena arena;
  struct ms_json_node *object;
  struct ms_error err;
  ms_arena_init(&arena, 1 << 20);
  assert_int_equal(ms_json_parse(&arena, event, sizeof event - 1, &object, &err), MS_OK);
  for (size_t i = 0; i < sizeof matched / sizeof matched[0]; i++) {
    struct ms_expression *expression;
    const char *source = matched[i].source;
    assert_int_equal(ms_expression_compile(source, strlen(source), &expression, &err), MS_OK);
    if (ms_expression_matches(expression, object) != matched[i].matches) {
      fail_msg("'%s' should%s match", source, matched[i].matches ? "" : " not");
    }
    ms_expression_free(expression);
  }
  ms_arena_free(&arena);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_compile), cmocka_unit_test(test_refuse),
      cmocka_unit_test(test_limits),  cmocka_unit_test(test_nul_inside),
      cmocka_unit_test(test_match),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
