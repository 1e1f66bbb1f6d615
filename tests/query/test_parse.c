/* Trees: {source, printed tree}, and what the parser refuses. */
#include "stages.h"

#include "query/tree.h"

static enum ms_status
parse(const char *text, struct ms_buffer *out, struct ms_error *err)
{
  struct ms_arena arena;
  ms_arena_init(&arena, MS_QUERY_ARENA_MAX_BYTES);
  struct ms_query_source source = {.text = text, .text_bytes = strlen(text), .arena = &arena};
  struct ms_token *tokens;
  size_t count;
  struct ms_query_tree *tree;
  enum ms_status status = ms_query_lex(&source, &tokens, &count, err);
  if (status == MS_OK)
    status = ms_query_parse(&source, tokens, &tree, err);
  if (status == MS_OK)
    ms_query_print_tree(tree, out);
  ms_arena_free(&arena);
  return status;
}

static const struct sample good[] = {
    {"User", "(query User)"},
    {"select id from User", "(query User (select id))"},
    {"SELECT id,name FROM User WHERE id IS x ORDER BY name DESC LIMIT 1 OFFSET 2",
     "(query User (select id name) (where (is id x)) (order (desc name)) (offset 2) (limit 1))"},
    {"select id from User  offset 0 limit 5", "(query User (select id) (offset 0) (limit 5))"},
    {"User limit 5 offset 0", "(query User (offset 0) (limit 5))"},
    {"select from, to.name from TypedContextLink where from is none",
     "(query TypedContextLink (select from to.name) (where (is from none)))"},
    {"CustomAttributeConfiguration where group is none order by group",
     "(query CustomAttributeConfiguration (where (is group none)) (order group))"},
    {"Task where a is 1 or b is 2 and not c is 3",
     "(query Task (where (or (is a 1) (and (is b 2) (not (is c 3))))))"},
    {"Task where (a is 1 or b is 2) and c is 3",
     "(query Task (where (and (or (is a 1) (is b 2)) (is c 3))))"},
    {"Task where ((a is 1))", "(query Task (where (is a 1)))"},
    {"Task where not (a is 1 and b is 2)", "(query Task (where (not (and (is a 1) (is b 2)))))"},
    {"Task where not not a is 1", "(query Task (where (not (not (is a 1)))))"},
    {"T where a = 1 and a != 2 and a is_not 3",
     "(query T (where (and (is a 1) (is_not a 2) (is_not a 3))))"},
    {"T where a < 1 and a before 2 and a less_than 3 and a <= 4",
     "(query T (where (and (< a 1) (< a 2) (< a 3) (<= a 4))))"},
    {"T where a > 1 and a after 2 and a greater_than 3 and a >= 4",
     "(query T (where (and (> a 1) (> a 2) (> a 3) (>= a 4))))"},
    {"T where a like \"%x\" and a not_like 'y\\%'",
     "(query T (where (and (like a \"%x\") (not_like a \"y\\\\%\"))))"},
    {"T where key=some_key", "(query T (where (is key some_key)))"},
    {"T where a is x=y<z", "(query T (where (is a x=y<z)))"},
    {"T where a>=2020-01-01T00:00:00+01:00", "(query T (where (>= a 2020-01-01T00:00:00+01:00)))"},
    {"T where id in (a,b , 'c')", "(query T (where (in id a b \"c\")))"},
    {"T where id in(a)", "(query T (where (in id a)))"},
    {"T where id not_in (a-1, b)", "(query T (where (not_in id a-1 b)))"},
    {"T where id in (select)", "(query T (where (in id select)))"},
    {"T where id in (select x.y from U where z is 1 limit 2)",
     "(query T (where (in id (query U (select x.y) (where (is z 1)) (limit 2)))))"},
    {"T where id not_in (U where z is 1)",
     "(query T (where (not_in id (query U (where (is z 1))))))"},
    {"T where a any (b is 1) and c has (d is 2 or e any ())",
     "(query T (where (and (any a (is b 1)) (any c (or (is d 2) (any e))))))"},
    {"T where a any()", "(query T (where (any a)))"},
    {"JobComponent where (component_id is \"c\"and job_id is \"j\") or (component_id is 'd'and "
     "job_id "
     "is 'k')",
     "(query JobComponent (where (or (and (is component_id \"c\") (is job_id \"j\")) (and (is "
     "component_id \"d\") (is job_id \"k\")))))"},
    {"select parent[Shot].parent[Sequence].name from Task where children[Task] any ()",
     "(query Task (select parent[Shot].parent[Sequence].name) (where (any children[Task])))"},
    {"T order by a, b asc, c.d descending, e ascending, f desc limit 3",
     "(query T (order a b (desc c.d) e (desc f)) (limit 3))"},
    {"select count(id), sum (bid),status_id from Task where a is 1 group by project_id, status_id "
     "order by status_id",
     "(query Task (select (count id) (sum bid) status_id) (where (is a 1)) (group project_id "
     "status_id) (order status_id))"},
    {"T where a is not", "(query T (where (is a not)))"},
    {"T where a is \"\"", "(query T (where (is a \"\")))"},
};

static void
test_trees(void **state)
{
  (void)state;
  check_printed(parse, good, COUNT(good));
}

static const struct sample bad[] = {
    {"", "Expected an entity type, but the query ends. At position 1:\n  \n  ^"},
    {"where a is 1", "Expected an entity type, found where. At position 1:"},
    {"select from User", "Expected ',' or 'from' after the selected attributes, found User."},
    {"select a, from User", "Expected ',' or 'from' after the selected attributes, found User."},
    {"select a", "Expected ',' or 'from' after the selected attributes, but the query ends."},
    {"select (a) from User", "Expected an attribute to select, found (."},
    {"select total(a) from User", "Expected count, sum, avg, min or max before '(', found total."},
    {"select count(a from User", "Expected ')', found from."},
    {"User foo",
     "Expected 'where', 'group by', 'order by', 'offset', 'limit' or the end, found foo."},
    {"User where", "Expected a condition, but the query ends. At position 11:"},
    {"User where a", "Expected an operator"},
    {"User where a iz 1", "No operator 'iz'. Did you mean 'is'? At position 14:\n"
                          "  User where a iz 1\n"
                          "               ^"},
    {"User where a not in (1)", "Expected is_not, not_in or not_like in one word, found not."},
    {"User where a is", "Expected a value, but the query ends."},
    {"User where a is (1)", "Expected a value, found (."},
    {"User where a = = 1", "Expected a value, found =."},
    {"User where a is In Progress",
     "Expected 'and', 'or', 'group by', 'order by', 'offset', 'limit' or "
     "the end (text with blanks needs quotes), found Progress."},
    {"User where a in ()", "Expected a value, found )."},
    {"User where a in (1,)", "Expected a value, found )."},
    {"User where a in (1 2", "Expected ',' or ')', found 2."},
    {"User where a in 1", "Expected '(' and a list of values or a query, found 1."},
    {"User where a in (1", "Expected ',' or ')', but the query ends."},
    {"User where a any", "Expected '(' and a condition, but the query ends."},
    {"User where a any (b is 1", "Expected 'and', 'or' or ')', but the query ends."},
    {"User where (a is 1", "Expected 'and', 'or' or ')', but the query ends."},
    {"User where a is 1)", "Expected 'and', 'or'"},
    {"User where ()", "Expected a condition, found )."},
    {"User where a is 1 and", "Expected a condition, but the query ends."},
    {"User where not", "Expected a condition, but the query ends."},
    {"User where \"a\" is 1", "Expected a condition, found \"a\"."},
    {"User where .a is 1", "An attribute's name is missing here. At position 12:"},
    {"User where a..b is 1", "An attribute's name is missing here. At position 14:"},
    {"User where a. is 1", "An attribute's name is missing here."},
    {"User where a[ is 1", "A cast is written name[Type]"},
    {"User where a] is 1", "A cast is written name[Type]"},
    {"User where a]b[ is 1", "A cast is written name[Type]"},
    {"User where a[T]b is 1", "A cast is written name[Type]"},
    {"User where [T] is 1", "An attribute's name is missing here."},
    {"User where a[] is 1", "The brackets of a cast need a type's name. At position 13:"},
    {"User order name", "Expected 'by', found name."},
    {"User order by", "Expected an attribute to order by, but the query ends."},
    {"User order by a order by b", "Expected 'where', 'group by'"},
    {"User limit", "Expected a whole number, but the query ends."},
    {"User limit -1", "Expected a whole number, found -1."},
    {"User limit 1.5", "Expected a whole number, found 1.5."},
    {"User limit 99999999999999999999", "Expected a whole number, found 99999999999999999999."},
    {"User limit 1 limit 2", "Expected offset and limit at most once each, found 2."},
};

static void
test_refused(void **state)
{
  (void)state;
  check_refused(parse, bad, COUNT(bad));
}

static void
nest(struct ms_buffer *text, const char *open, int depth, const char *middle)
{
  ms_buffer_append_string(text, "T where ");
  for (int i = 0; i < depth; i++)
    ms_buffer_append_string(text, open);
  ms_buffer_append_string(text, middle);
  for (int i = 0; i < depth && strchr(open, '('); i++)
    ms_buffer_append_char(text, ')');
}

static void
test_depth(void **state)
{
  (void)state;
  static const char *const opens[] = {"(", "not ", "a any (", "a in (select b from T where "};
  for (size_t i = 0; i < sizeof opens / sizeof *opens; i++) {
    struct ms_buffer text, out;
    struct ms_error err = {0};
    ms_buffer_init(&text, 1 << 24);
    ms_buffer_init(&out, 1 << 24);
    nest(&text, opens[i], MS_QUERY_DEPTH_MAX - 1, "a is 1");
    assert_int_equal(parse(ms_buffer_string(&text), &out, &err), MS_OK);
    ms_buffer_clear(&text);
    nest(&text, opens[i], MS_QUERY_DEPTH_MAX, "a is 1");
    assert_int_equal(parse(ms_buffer_string(&text), &out, &err), MS_LIMIT);
    ms_buffer_clear(&text);
    nest(&text, opens[i], 20000, "a is 1");
    assert_int_equal(parse(ms_buffer_string(&text), &out, &err), MS_LIMIT);
    ms_buffer_free(&text);
    ms_buffer_free(&out);
  }
}

static void
test_long_path(void **state)
{
  (void)state;
  struct ms_error err = {0};
  assert_int_equal(parse("select a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a from T", NULL, &err), MS_LIMIT);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_trees),
      cmocka_unit_test(test_refused),
      cmocka_unit_test(test_depth),
      cmocka_unit_test(test_long_path),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
