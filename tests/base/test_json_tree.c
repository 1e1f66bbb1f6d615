#include "support/check.h"

#include "base/json.h"

static struct ms_arena arena;

static int
make_arena(void **state)
{
  (void)state;
  ms_arena_init(&arena, 1 << 20);
  return 0;
}

static int
free_arena(void **state)
{
  (void)state;
  ms_arena_free(&arena);
  return 0;
}

static struct ms_json_node *
parse(const char *text)
{
  struct ms_json_node *root;
  struct ms_error err;
  check_ok(ms_json_parse(&arena, text, strlen(text), &root, &err), &err);
  assert_non_null(root);
  return root;
}

static void
members_come_in_any_order(void **state)
{
  (void)state;
  const struct ms_json_node *root =
      parse("{\"entity_data\":{\"name\":\"sh010\"},\"count\":3,\"action\":\"create\"}");
  assert_int_equal(root->type, MS_JSON_OBJECT);
  assert_int_equal(root->count, 3);
  assert_string_equal(ms_json_get_string(root, "action"), "create");
  assert_int_equal(ms_json_get(root, "count")->integer, 3);
  const struct ms_json_node *data = ms_json_get(root, "entity_data");
  assert_string_equal(ms_json_get_string(data, "name"), "sh010");
}

static void
children_keep_their_order(void **state)
{
  (void)state;
  const struct ms_json_node *root = parse("[10,[],{},\"x\",20]");
  assert_int_equal(root->count, 5);
  static const enum ms_json_type wanted[] = {MS_JSON_INTEGER, MS_JSON_ARRAY, MS_JSON_OBJECT,
                                             MS_JSON_STRING, MS_JSON_INTEGER};
  const struct ms_json_node *child = root->first;
  for (size_t i = 0; i < COUNT(wanted); i++, child = child->next) {
    assert_int_equal(child->type, wanted[i]);
    assert_null(child->key);
    assert_int_equal(child->count, 0);
    assert_null(child->first);
  }
  assert_null(child);
}

static void
scalars_carry_their_values(void **state)
{
  (void)state;
  const struct ms_json_node *child = parse("[null,false,true,-7,2.5,\"a\\u0000b\"]")->first;
  assert_int_equal(child->type, MS_JSON_NULL);
  child = child->next;
  assert_int_equal(child->type, MS_JSON_FALSE);
  child = child->next;
  assert_int_equal(child->type, MS_JSON_TRUE);
  child = child->next;
  assert_int_equal(child->integer, -7);
  assert_true(child->number == -7.0);
  child = child->next;
  assert_int_equal(child->type, MS_JSON_NUMBER);
  assert_true(child->number == 2.5);
  child = child->next;
  assert_int_equal(child->string_bytes, 3);
  assert_memory_equal(child->string, "a\0b", 4);
}

static void
the_last_of_equal_keys_counts(void **state)
{
  (void)state;
  const struct ms_json_node *root = parse("{\"a\":1,\"b\":2,\"a\":3}");
  assert_int_equal(root->count, 3);
  assert_int_equal(ms_json_get(root, "a")->integer, 3);
}

static void
what_is_missing_is_null(void **state)
{
  (void)state;
  const struct ms_json_node *root = parse("{\"number\":1,\"none\":null}");
  assert_null(ms_json_get(root, "name"));
  assert_null(ms_json_get(NULL, "name"));
  assert_null(ms_json_get(ms_json_get(root, "number"), "name"));
  assert_null(ms_json_get_string(root, "number"));
  assert_null(ms_json_get_string(root, "none"));
  assert_null(ms_json_get_string(root, "missing"));
  assert_null(ms_json_get(parse("[1]"), "name"));
}

static void
a_tree_outlives_its_text(void **state)
{
  (void)state;
  char text[] = "{\"key\":\"value\"}";
  const struct ms_json_node *root = parse(text);
  memset(text, 'x', sizeof text);
  assert_string_equal(ms_json_get_string(root, "key"), "value");
}

static void
bad_text_has_no_tree(void **state)
{
  (void)state;
  static const char *const rows[] = {"", "[1,", "{\"a\":1}}", "{\"a\\u0000b\":1}"};
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct ms_error err;
    struct ms_json_node *root = (struct ms_json_node *)&err;
    check_error(ms_json_parse(&arena, rows[i], strlen(rows[i]), &root, &err), &err, MS_PARSE,
                "bad JSON at byte");
    assert_null(root);
  }
}

/* Every maximum from 0 on fails until the one that suffices. */
static void
a_full_arena_is_a_limit(void **state)
{
  (void)state;
  static const char text[] = "{\"key\":[\"string\",1,{\"other\":null}]}";
  size_t failures = 0;
  for (size_t maximum = 0;; maximum += 8) {
    struct ms_arena small;
    struct ms_json_node *root;
    struct ms_error err;
    ms_arena_init(&small, maximum);
    enum ms_status status = ms_json_parse(&small, text, sizeof text - 1, &root, &err);
    ms_arena_free(&small);
    if (status == MS_OK) {
      break;
    }
    check_error(status, &err, MS_LIMIT, "bytes of memory");
    failures++;
  }
  assert_in_range(failures, 20, 200);
}

static void
deep_documents_are_refused(void **state)
{
  (void)state;
  char text[100000];
  memset(text, '[', sizeof text);
  struct ms_json_node *root;
  struct ms_error err;
  check_error(ms_json_parse(&arena, text, sizeof text, &root, &err), &err, MS_LIMIT, "512");
}

static void
a_tree_writes_what_was_read(void **state)
{
  (void)state;
  static const char *const rows[] = {
      "null",
      "[]",
      "{}",
      "{\"a\":[1,-2,3.5,24.0,true,false,null,\"\"],\"b\":{\"c\":{}},\"\":[[]]}",
      "\"a\\u0000b\\n\xC3\xA9\"",
      "[9223372036854775807,-9223372036854775808,1e+300]",
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct ms_buffer out;
    struct ms_json_writer writer;
    ms_buffer_init(&out, 1000);
    ms_json_writer_init(&writer, &out);
    ms_json_node(&writer, parse(rows[i]));
    assert_string_equal(ms_buffer_string(&out), rows[i]);
    ms_buffer_free(&out);
  }
}

static void
types_have_names(void **state)
{
  (void)state;
  assert_string_equal(ms_json_type_name(MS_JSON_FALSE), "boolean");
  assert_string_equal(ms_json_type_name(MS_JSON_INTEGER), "number");
  assert_string_equal(ms_json_type_name(MS_JSON_NUMBER), "number");
  assert_string_equal(ms_json_type_name(MS_JSON_OBJECT), "object");
}

#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, make_arena, free_arena)

int
main(void)
{
  const struct CMUnitTest tests[] = {
      WITH_ARENA(members_come_in_any_order),  WITH_ARENA(children_keep_their_order),
      WITH_ARENA(scalars_carry_their_values), WITH_ARENA(the_last_of_equal_keys_counts),
      WITH_ARENA(what_is_missing_is_null),    WITH_ARENA(a_tree_outlives_its_text),
      WITH_ARENA(bad_text_has_no_tree),       cmocka_unit_test(a_full_arena_is_a_limit),
      WITH_ARENA(deep_documents_are_refused), WITH_ARENA(a_tree_writes_what_was_read),
      cmocka_unit_test(types_have_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
