/* The schema document and its hash. */
#include "support.h"

#include "base/checksum.h"

/* The document as a tree; `arena` owns it. */
static struct ms_json_node *
read_document(struct ms_arena *arena)
{
  struct ms_json_node *root;
  struct ms_error err;
  char *text = print_document(ms_model_builtin(), false);
  ms_arena_init(arena, 64 * 1024 * 1024);
  if (ms_json_parse(arena, text, strlen(text), &root, &err) != MS_OK) {
    fail_msg("%s", err.message);
  }
  free(text);
  return root;
}

static const struct ms_json_node *
find_schema(const struct ms_json_node *document, const char *id)
{
  const struct ms_json_node *schema = document->first;
  while (schema && strcmp(ms_json_get_string(schema, "id"), id) != 0) {
    schema = schema->next;
  }
  assert_non_null(schema);
  return schema;
}

static const struct ms_json_node *
find_property(const struct ms_json_node *document, const char *id, const char *name)
{
  const struct ms_json_node *property =
      ms_json_get(ms_json_get(find_schema(document, id), "properties"), name);
  assert_non_null(property);
  return property;
}

/* The node printed compactly, compared. */
static void
assert_prints(const struct ms_json_node *node, const char *expected)
{
  struct ms_buffer text;
  struct ms_json_writer writer;
  assert_non_null(node);
  ms_buffer_init(&text, 65536);
  ms_json_writer_init(&writer, &text);
  ms_json_node(&writer, node);
  assert_string_equal(ms_buffer_string(&text), expected);
  ms_buffer_free(&text);
}

static void
test_one_schema(void **state)
{
  (void)state;
  struct ms_arena arena;
  const struct ms_json_node *document = read_document(&arena);
  assert_int_equal(document->count, 116);
  assert_prints(find_schema(document, "JobComponent"),
                "{\"computed\":[\"url\"],\"default_projections\":[\"component_id\",\"job_id\"],"
                "\"id\":\"JobComponent\",\"immutable\":[\"component_id\",\"job_id\",\"url\"],"
                "\"primary_key\":[\"component_id\",\"job_id\"],\"properties\":{"
                "\"component\":{\"$ref\":\"Component\"},"
                "\"component_id\":{\"description\":\"Foreign key(s): Component.id\","
                "\"format\":\"foreign_key\",\"type\":\"string\"},"
                "\"job\":{\"$ref\":\"Job\"},"
                "\"job_id\":{\"description\":\"Foreign key(s): Job.id\","
                "\"format\":\"foreign_key\",\"type\":\"string\"},"
                "\"url\":{\"type\":\"object\"}},"
                "\"required\":[\"component_id\",\"job_id\"],\"type\":\"object\"}");
  ms_arena_free(&arena);
}

static void
test_keys_of_types(void **state)
{
  (void)state;
  struct ms_arena arena;
  const struct ms_json_node *document = read_document(&arena);
  const struct ms_json_node *task = find_schema(document, "Task");
  assert_prints(ms_json_get(task, "$mixin"), "{\"$ref\":\"TypedContext\"}");
  assert_prints(ms_json_get(task, "alias_for"),
                "{\"classifiers\":{\"object_typeid\":\"11c137c0-ee7e-4f9c-91c5-8c77cec22b2c\"},"
                "\"id\":\"Task\"}");
  assert_prints(ms_json_get(task, "system_projections"), "[\"showid\",\"context_type\"]");
  assert_prints(ms_json_get(task, "metadata"), "{\"group_by\":true}");
  assert_prints(ms_json_get(find_schema(document, "Project"), "alias_for"), "\"Show\"");
  const struct ms_json_node *job = find_schema(document, "Job");
  assert_null(ms_json_get(job, "$mixin"));
  assert_null(ms_json_get(job, "alias_for"));
  assert_null(ms_json_get(job, "metadata"));
  assert_null(ms_json_get(job, "computed"));
  assert_null(ms_json_get(job, "system_projections"));
  ms_arena_free(&arena);
}

static void
test_properties(void **state)
{
  (void)state;
  struct ms_arena arena;
  const struct ms_json_node *document = read_document(&arena);
  assert_prints(find_property(document, "Job", "status"),
                "{\"default\":\"queued\",\"enum\":[\"queued\",\"running\",\"done\",\"failed\"],"
                "\"type\":\"string\"}");
  assert_prints(find_property(document, "Job", "data"),
                "{\"format\":\"json\",\"type\":\"string\"}");
  assert_prints(find_property(document, "Job", "created_at"),
                "{\"format\":\"date-time\",\"type\":\"string\"}");
  assert_prints(
      find_property(document, "Task", "priority_id"),
      "{\"alias_for\":\"priorityid\",\"default\":\"9661b320-3a0c-11e2-81c1-0800200c9a66\","
      "\"description\":\"Foreign key(s): Priority.id\",\"format\":\"foreign_key\","
      "\"type\":\"string\"}");
  assert_prints(find_property(document, "Task", "children"),
                "{\"items\":{\"$ref\":\"Context\"},\"type\":\"array\"}");
  assert_prints(find_property(document, "Task", "metadata"),
                "{\"alias_for\":\"meta\",\"items\":{\"$ref\":\"Metadata\"},"
                "\"key_value_attributes\":{\"key\":\"key\",\"value\":\"value\"},"
                "\"type\":\"mapped_array\"}");
  assert_prints(find_property(document, "Task", "custom_attribute_links"),
                "{\"items\":{\"$ref\":\"CustomAttributeLink\"},\"restricted_projection\":true,"
                "\"type\":\"mapped_array\"}");
  assert_prints(find_property(document, "Note", "parent_type"),
                "{\"transform\":{\"client\":\"{schema_id}\",\"server\":\"{table_name}\"},"
                "\"type\":\"string\"}");
  assert_prints(find_property(document, "User", "user_type_id"),
                "{\"alias_for\":\"typeid\",\"description\":\"Foreign key(s): UserType.id\","
                "\"format\":\"foreign_key\"}");
  assert_prints(find_property(document, "DashboardResource", "dashboard_id"),
                "{\"$ref\":\"Dashboard\",\"description\":\"Foreign key(s): Dashboard.id\","
                "\"format\":\"foreign_key\",\"type\":\"string\"}");
  ms_arena_free(&arena);
}

static void
test_hidden_attributes_are_no_properties(void **state)
{
  (void)state;
  struct ms_arena arena;
  const struct ms_json_node *document = read_document(&arena);
  assert_null(ms_json_get(ms_json_get(find_schema(document, "Status"), "properties"), "state_id"));
  /* classic servers list these two although they are no properties, and clients select them */
  const struct ms_json_node *link = find_schema(document, "AssetCustomAttributeLink");
  assert_prints(ms_json_get(link, "default_projections"),
                "[\"id\",\"to_id\",\"to_entity_type\",\"configuration_id\",\"from_id\"]");
  assert_null(ms_json_get(ms_json_get(link, "properties"), "to_entity_type"));
  ms_arena_free(&arena);
}

/* Sorts the members of every object, whoever printed them in whichever order. */
static void
sort_members(struct ms_json_node *node)
{
  struct ms_json_node *sorted = NULL;
  for (struct ms_json_node *child = node->first; child; child = child->next) {
    sort_members(child);
  }
  if (node->type != MS_JSON_OBJECT) {
    return;
  }
  while (node->first) {
    struct ms_json_node *child = node->first;
    struct ms_json_node **place = &sorted;
    node->first = child->next;
    while (*place && strcmp((*place)->key, child->key) < 0) {
      place = &(*place)->next;
    }
    child->next = *place;
    *place = child;
  }
  node->first = sorted;
}

static void
test_hash_is_that_of_the_sorted_document(void **state)
{
  (void)state;
  struct ms_arena arena;
  struct ms_buffer text;
  struct ms_json_writer writer;
  struct ms_error err;
  char expected[MS_MD5_HEX_SIZE];
  char hash[MS_MD5_HEX_SIZE];
  struct ms_json_node *document = read_document(&arena);
  sort_members(document);
  ms_buffer_init(&text, MS_MODEL_DOCUMENT_BYTES_MAX);
  ms_json_writer_init(&writer, &text);
  writer.python_style = true;
  ms_json_node(&writer, document);
  ms_md5_hex(text.data, text.size_bytes, expected);

  assert_int_equal(ms_model_schema_hash(ms_model_builtin(), hash, &err), MS_OK);
  assert_string_equal(hash, expected);
  assert_int_equal(strspn(hash, "0123456789abcdef"), 32);
  assert_int_equal(ms_model_schema_hash(ms_model_builtin(), hash, &err), MS_OK);
  assert_string_equal(hash, expected);
  ms_buffer_free(&text);
  ms_arena_free(&arena);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_one_schema),
      cmocka_unit_test(test_keys_of_types),
      cmocka_unit_test(test_properties),
      cmocka_unit_test(test_hidden_attributes_are_no_properties),
      cmocka_unit_test(test_hash_is_that_of_the_sorted_document),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
