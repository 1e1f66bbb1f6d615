/* Tokens: {source, printed tokens}, and what the lexer refuses. */
#include "stages.h"

#include "query/lex.h"

static enum ms_status
lex(const char *text, size_t text_bytes, struct ms_buffer *out, struct ms_error *err)
{
  struct ms_arena arena;
  ms_arena_init(&arena, MS_QUERY_ARENA_MAX_BYTES);
  struct ms_query_source source = {.text = text, .text_bytes = text_bytes, .arena = &arena};
  struct ms_token *tokens;
  size_t count;
  enum ms_status status = ms_query_lex(&source, &tokens, &count, err);
  if (status == MS_OK)
    ms_query_print_tokens(tokens, count, out);
  ms_arena_free(&arena);
  return status;
}

static enum ms_status
lex_text(const char *text, struct ms_buffer *out, struct ms_error *err)
{
  return lex(text, strlen(text), out, err);
}

static const struct sample good[] = {
    {"", "0 end\n"},
    {" \t\r\n", "4 end\n"},
    {"User", "0 word \"User\"\n4 end\n"},
    {"name is \"a b\"", "0 word \"name\"\n5 word \"is\"\n8 string \"a b\"\n13 end\n"},
    {"key=some_key", "0 word \"key\"\n3 operator \"=\"\n4 word \"some_key\"\n12 end\n"},
    {"a!=b", "0 word \"a\"\n1 operator \"!=\"\n3 word \"b\"\n4 end\n"},
    {"wow! <=>", "0 word \"wow!\"\n5 operator \"<=\"\n7 operator \">\"\n8 end\n"},
    {"in (a,b)", "0 word \"in\"\n3 open \"(\"\n4 word \"a\"\n5 comma \",\"\n6 word \"b\"\n"
                 "7 close \")\"\n8 end\n"},
    {"\"p\"and key", "0 string \"p\"\n3 word \"and\"\n7 word \"key\"\n10 end\n"},
    {"'it\\'s'", "0 string \"it's\"\n7 end\n"},
    {"\"say \\\"x\\\"\"", "0 string \"say \\\"x\\\"\"\n11 end\n"},
    {"\"C:\\new\\%\"", "0 string \"C:\\\\new\\\\%\"\n10 end\n"},
    {"''", "0 string \"\"\n2 end\n"},
    {"\"it's\"", "0 string \"it's\"\n6 end\n"},
    {"parent[Shot].parent[Sequence].name",
     "0 word \"parent[Shot].parent[Sequence].name\"\n34 end\n"},
    {"3a372bde-05bc-11e4-8908-20c9d081909b",
     "0 word \"3a372bde-05bc-11e4-8908-20c9d081909b\"\n36 end\n"},
    {"\"\xc3\xa5\"", "0 string \"\xc3\xa5\"\n4 end\n"},
};

static void
test_tokens(void **state)
{
  (void)state;
  check_printed(lex_text, good, COUNT(good));
}

static const struct {
  const char *source;
  size_t size;
  const char *message; /* how it begins */
} bad[] = {
    {"name is \"abc", 12,
     "This quote is never closed; inside quotes write \\\" for \". At position 9:\n"
     "  name is \"abc\n"
     "          ^"},
    {"'", 1, "This quote is never closed"},
    {"\"\\\"", 3, "This quote is never closed"},
    {"User\0x", 6, "A zero byte in the query. At position 5:"},
    {"\"a\0b\"", 5, "A zero byte in the query. At position 3:"},
    {"a\x01"
     "b",
     3, "Control character 1 in the query"},
};

static void
test_refused(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct ms_error err = {0};
    assert_int_equal(lex(bad[i].source, bad[i].size, NULL, &err), MS_PARSE);
    assert_memory_equal(err.message, bad[i].message, strlen(bad[i].message));
  }
}

static void
test_too_many_tokens(void **state)
{
  (void)state;
  struct ms_buffer text;
  struct ms_error err = {0};
  ms_buffer_init(&text, 1 << 22);
  for (int i = 0; i < MS_QUERY_TOKENS_MAX; i++)
    ms_buffer_append_string(&text, "a,");
  assert_int_equal(lex(text.data, text.size_bytes, NULL, &err), MS_LIMIT);
  assert_non_null(strstr(err.message, "more than 200000 words"));
  ms_buffer_free(&text);
}

/* Long lines are cut around the place, characters of several bytes count once. */
static void
test_caret(void **state)
{
  (void)state;
  struct ms_error err = {0};
  char text[400];
  memset(text, 'x', sizeof text);
  memcpy(text + 196, "\xc3\xa5 '{", 5);
  assert_int_equal(lex(text, sizeof text, NULL, &err), MS_PARSE);
  assert_non_null(strstr(err.message, "At position 199:\n  ... xxx"));
  const char *line = strstr(err.message, "\n  ") + 3;
  const char *caret_line = strchr(line, '\n') + 1;
  size_t caret = (size_t)(strchr(caret_line, '^') - caret_line) - 2;
  assert_int_equal(line[caret + 1], '\''); /* one more byte than characters before it */
  assert_int_equal(line[caret + 2], '(');
  assert_null(strchr(err.message, '{'));
  assert_int_equal(strncmp(caret_line - 5, " ...\n", 5), 0);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tokens),
      cmocka_unit_test(test_refused),
      cmocka_unit_test(test_too_many_tokens),
      cmocka_unit_test(test_caret),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
