/* What is large or deep: it works, or it is MS_LIMIT; never a statement that the database refuses. */
#include "query/studio.h"

static enum ms_status
run_text(struct studio *studio, struct ms_buffer *text, struct ms_error *err)
{
  struct ms_buffer json;
  ms_buffer_init(&json, 1 << 26);
  assert_int_equal(text->status, MS_OK);
  enum ms_status status = studio_query(studio, ms_buffer_string(text), &json, err);
  ms_buffer_free(&json);
  return status;
}

static void
repeat(struct ms_buffer *text, const char *piece, int count)
{
  for (int i = 0; i < count; i++)
    ms_buffer_append_string(text, piece);
}

/* Begins with `head`, goes on with `open` as often as `depth` says, then `middle`, then `close`. */
static void
nest(struct ms_buffer *text, const char *head, const char *open, const char *middle,
     const char *close, int depth)
{
  ms_buffer_clear(text);
  ms_buffer_append_string(text, head);
  repeat(text, open, depth);
  ms_buffer_append_string(text, middle);
  repeat(text, close, depth);
}

/* How conditions and paths can be nested; `least` levels of it must work. */
static const struct {
  const char *head, *open, *middle, *close;
  int least;
} nestings[] = {
    {"Task where ", "(", "id is x", ")", 63},
    {"Task where ", "not ", "id is x", "", 20},
    {"Task where ", "(id is x and (id is y or ", "id is z", "))", 10},
    {"Task where ", "children[Task] any (", "id is x", ")", 30},
    {"Task where ", "parent[Task] has (name like \"%x\" and ", "id is x", ")", 5},
    {"Task where ", "not parent[Task] has (name like \"%x\" or ", "id is x", ")", 4},
    {"Task where ", "parent[Task] has (name is x and ", "name is x", ")", 5},
    {"Task where ", "scopes has () and children[Task] any (", "name is x", ")", 5},
    {"Task where ", "id in (select id from Task where ", "name is x", ")", 3},
    {"Task where ", "custom_attributes any () and children[Task] any (", "name is x", ")", 3},
    {"Task where ", "id in (select parent.parent.id from Task where ", "name is x", ")", 3},
    {"Task where ", "ancestors[Task] any (name like \"%\" and ", "name is x", ")", 2},
    {"Task where ", "ancestors[Task] any (name is y and ", "name is x", ")", 2},
    {"select ", "parent.", "name from Context", "", 8},
    {"select ", "children.", "name from Context", "", 5},
    {"select ", "children.", "link from Context", "", 4},
    {"select ", "children.", "custom_attributes from Context", "", 3},
    {"Context order by ", "parent.", "name", "", 15},
};

static void
test_nesting(void **state)
{
  struct ms_buffer text;
  ms_buffer_init(&text, 1 << 20);
  for (size_t i = 0; i < sizeof nestings / sizeof *nestings; i++) {
    int deepest = 0;
    for (int depth = 0; depth < 70; depth++) {
      struct ms_error err = {0};
      nest(&text, nestings[i].head, nestings[i].open, nestings[i].middle, nestings[i].close, depth);
      enum ms_status status = run_text(*state, &text, &err);
      if (status != MS_OK && status != MS_LIMIT)
        fail_msg("%s\n%s", ms_buffer_string(&text), err.message);
      if (status == MS_OK)
        deepest = depth;
    }
    if (deepest < nestings[i].least)
      fail_msg("%s%s works to %d levels only", nestings[i].head, nestings[i].open, deepest);
  }
  ms_buffer_free(&text);
}

/* All ways of nesting, mixed. */
static void
test_mixed_nesting(void **state)
{
  static const char *const opens[] = {"(id is x or ",
                                      "not (id is y and ",
                                      "parent[Task] has (",
                                      "children[Task] any (name is x and ",
                                      "not children[Task] any (name like \"%\" or ",
                                      "ancestors[Task] any (",
                                      "descendants[Task] any (name is x and ",
                                      "id in (select id from Task where ",
                                      "(scopes any () and ",
                                      "(custom_attributes any (key is x and value > 3) or "};
  struct ms_buffer text;
  unsigned seed = 1;
  int worked = 0;
  ms_buffer_init(&text, 1 << 20);
  for (int i = 0; i < 1500; i++) {
    int depth = 1 + i % 9;
    struct ms_error err = {0};
    ms_buffer_clear(&text);
    ms_buffer_append_string(&text, "Task where ");
    for (int k = 0; k < depth; k++, seed = seed * 1103515245 + 12345)
      ms_buffer_append_string(&text, opens[(seed >> 16) % (sizeof opens / sizeof *opens)]);
    ms_buffer_append_string(&text, "custom_attributes any (value in (a, 3))");
    repeat(&text, ")", depth);
    enum ms_status status = run_text(*state, &text, &err);
    if (status != MS_OK && status != MS_LIMIT)
      fail_msg("%s\n%s", ms_buffer_string(&text), err.message);
    worked += status == MS_OK;
  }
  assert_true(worked > 400);
  ms_buffer_free(&text);
}

static void
test_long_lists(void **state)
{
  struct ms_buffer text;
  struct ms_error err = {0};
  ms_buffer_init(&text, 1 << 24);
  ms_buffer_append_string(&text, "Task where id in (k1");
  for (int i = 0; i < 20000; i++)
    ms_buffer_printf(&text, ",%08d-0000-0000-0000-%012d", i, i);
  ms_buffer_append_char(&text, ')');
  assert_int_equal(run_text(*state, &text, &err), MS_OK);

  ms_buffer_clear(&text);
  ms_buffer_append_string(&text, "JobComponent where ");
  repeat(&text, "(component_id is \"c1\"and job_id is \"j1\") or ", 4000);
  ms_buffer_append_string(&text, "(component_id is \"c1\"and job_id is \"j1\")");
  if (run_text(*state, &text, &err) != MS_OK)
    fail_msg("%s", err.message);

  ms_buffer_clear(&text);
  ms_buffer_append_string(&text, "Job where ");
  repeat(&text, "status is x and ", 9000);
  ms_buffer_append_string(&text, "status is x");
  if (run_text(*state, &text, &err) != MS_OK)
    fail_msg("%s", err.message);
  ms_buffer_free(&text);
}

static void
test_too_long(void **state)
{
  struct ms_buffer text;
  struct ms_error err = {0};
  ms_buffer_init(&text, MS_QUERY_TEXT_MAX_BYTES * 2);
  repeat(&text, " ", MS_QUERY_TEXT_MAX_BYTES + 1);
  assert_int_equal(run_text(*state, &text, &err), MS_LIMIT);
  assert_non_null(strstr(err.message, "1048577 bytes"));
  ms_buffer_clear(&text);
  ms_buffer_append_string(&text, "Job where data like \"");
  repeat(&text, "%", 40000);
  ms_buffer_append_char(&text, '"');
  assert_int_equal(run_text(*state, &text, &err), MS_LIMIT);
  ms_buffer_free(&text);
}

/* A small arena is a limit, too. */
static void
test_small_arena(void **state)
{
  struct studio *studio = *state;
  static const char text[] =
      "select name, parent.name, children from Task where id in (a, b, c) and name like \"%x\" and "
      "created_at is 2024-01-01 and custom_attributes any (value is 3) order by name";
  for (size_t bytes = 0; bytes < 1 << 16; bytes += 16) {
    struct ms_arena arena;
    struct ms_error err = {0};
    struct ms_query_plan *plan;
    ms_arena_init(&arena, bytes);
    enum ms_status status =
        ms_query_compile(&studio->context, text, strlen(text), &arena, &plan, &err);
    ms_arena_free(&arena);
    if (status == MS_OK)
      return;
    assert_true(status == MS_LIMIT || status == MS_MEMORY);
    assert_true(err.message[0] != '\0');
  }
  fail_msg("never compiled");
}

/* ---- explain ---- */

static void
test_explain(void **state)
{
  struct studio *studio = *state;
  struct ms_buffer out;
  struct ms_error err = {0};
  ms_buffer_init(&out, 1 << 16);
  assert_int_equal(ms_query_explain(&studio->context, "Job where id is x", 17, &out, &err), MS_OK);
  assert_string_equal(
      ms_buffer_string(&out),
      "Tokens\n"
      "0 word \"Job\"\n4 word \"where\"\n10 word \"id\"\n13 word \"is\"\n16 word \"x\"\n"
      "17 end\n"
      "\nTree\n(query Job (where (is id x)))\n"
      "\nResolved\n(rows Job (show id) (where (is id \"x\")))\n"
      "\nSQL\nSELECT ms_object('__entity_type__ id', 'Job', t1.\"id\") FROM "
      "\"Job\" AS t1 WHERE t1.\"id\" = ?1 ORDER BY t1.rowid LIMIT ?2 OFFSET ?3\n"
      "\nParameters\n?1 = \"x\"\n?2 = 100001\n?3 = 0\n");
  ms_buffer_clear(&out);
  assert_int_equal(ms_query_explain(&studio->context, "Job where x is y", 16, &out, &err),
                   MS_PARSE);
  assert_non_null(strstr(ms_buffer_string(&out), "\nTree\n(query Job (where (is x y)))\n"));
  assert_null(strstr(ms_buffer_string(&out), "Resolved"));
  ms_buffer_free(&out);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_nesting),     cmocka_unit_test(test_mixed_nesting),
      cmocka_unit_test(test_long_lists),  cmocka_unit_test(test_too_long),
      cmocka_unit_test(test_small_arena), cmocka_unit_test(test_explain),
  };
  return cmocka_run_group_tests(tests, studio_open, studio_close);
}
