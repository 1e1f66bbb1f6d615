/* Where values are: every attribute is stored or computed, and what it goes by exists. */
#include "support.h"

/* Whether the table of `type`'s family has the column. */
static bool
has_column(const struct ms_entity_type *type, const char *name)
{
  return builtin_column(type->table, name) != NULL;
}

static const struct ms_link_table *
find_link_table(const char *name)
{
  const struct ms_model *model = ms_model_builtin();
  for (size_t i = 0; i < model->link_table_count; i++) {
    if (strcmp(model->link_tables[i].name, name) == 0) {
      return &model->link_tables[i];
    }
  }
  return NULL;
}

static void
check_link(const struct ms_entity_type *type, const struct ms_attribute *attribute)
{
  const struct ms_storage *storage = &attribute->storage;
  const struct ms_link_table *link = find_link_table(storage->link_table);
  if (link) {
    assert_string_equal(link->columns[0], storage->link_own_column);
    assert_string_equal(link->columns[1], storage->link_target_column);
    assert_true(ms_type_is_a(type, link->types[0]));
    assert_ptr_equal(attribute->row_type, link->types[1]);
  } else {
    const struct ms_entity_type *pairs = builtin_type(storage->link_table);
    assert_true(has_column(pairs, storage->link_own_column));
    assert_true(has_column(pairs, storage->link_target_column));
  }
}

static void
check_attribute(const struct ms_entity_type *type, const struct ms_attribute *attribute)
{
  const struct ms_storage *storage = &attribute->storage;
  assert_int_equal(storage->kind == MS_STORED_COMPUTED, storage->computed != MS_COMPUTED_NOT);
  assert_int_equal(attribute->kind == MS_KIND_SCALAR, attribute->value_type != MS_VALUE_NONE);
  assert_int_equal(attribute->kind != MS_KIND_SCALAR, attribute->row_type != NULL);
  switch (storage->kind) {
  case MS_STORED_COLUMN:
    assert_true(attribute->kind == MS_KIND_SCALAR || attribute->kind == MS_KIND_REFERENCE);
    assert_true(has_column(type, storage->column));
    break;
  case MS_STORED_INVERSE:
    assert_true(attribute->kind == MS_KIND_COLLECTION || attribute->kind == MS_KIND_MAPPED);
    assert_true(has_column(attribute->row_type, storage->column));
    assert_true(!storage->filter_column || has_column(attribute->row_type, storage->filter_column));
    break;
  case MS_STORED_LINK:
    assert_int_equal(attribute->kind, MS_KIND_COLLECTION);
    check_link(type, attribute);
    break;
  case MS_STORED_COMPUTED:
    assert_true(strlen(ms_computed_name(storage->computed)) > 0);
    break;
  case MS_STORED_UNKNOWN:
    fail_msg("%s.%s is stored nowhere", type->name, attribute->name);
  }
}

static void
test_every_attribute_is_stored(void **state)
{
  (void)state;
  const struct ms_model *model = ms_model_builtin();
  for (size_t i = 0; i < model->type_count; i++) {
    for (size_t j = 0; j < model->types[i].attribute_count; j++) {
      check_attribute(&model->types[i], model->types[i].attributes[j]);
    }
  }
}

static void
test_every_relation_finds_rows_by_an_index(void **state)
{
  (void)state;
  const struct ms_model *model = ms_model_builtin();
  for (size_t i = 0; i < model->type_count; i++) {
    for (size_t j = 0; j < model->types[i].attribute_count; j++) {
      const struct ms_attribute *attribute = model->types[i].attributes[j];
      if (attribute->storage.kind != MS_STORED_INVERSE) {
        continue;
      }
      const struct ms_entity_type *owner = builtin_type(attribute->row_type->table);
      const struct ms_column *column = builtin_column(owner->name, attribute->storage.column);
      assert_true(column->is_indexed || column == &owner->columns[0]);
    }
  }
}

static void
assert_column(const char *type, const char *name, const char *column)
{
  const struct ms_storage *storage = &builtin_attribute(type, name)->storage;
  assert_int_equal(storage->kind, MS_STORED_COLUMN);
  assert_string_equal(storage->column, column);
}

static void
assert_inverse(const char *type, const char *name, const char *column, const char *filter)
{
  const struct ms_storage *storage = &builtin_attribute(type, name)->storage;
  assert_int_equal(storage->kind, MS_STORED_INVERSE);
  assert_string_equal(storage->column, column);
  if (filter) {
    assert_string_equal(storage->filter_value, filter);
  } else {
    assert_null(storage->filter_column);
  }
}

static void
assert_link(const char *type, const char *name, const char *table, const char *own,
            const char *target)
{
  const struct ms_storage *storage = &builtin_attribute(type, name)->storage;
  assert_int_equal(storage->kind, MS_STORED_LINK);
  assert_string_equal(storage->link_table, table);
  assert_string_equal(storage->link_own_column, own);
  assert_string_equal(storage->link_target_column, target);
}

static void
test_references(void **state)
{
  (void)state;
  assert_column("Job", "user", "user_id");
  assert_column("Job", "status", "status");
  assert_column("Asset", "parent", "context_id");
  assert_column("Status", "state", "state_id");
  assert_column("Recipient", "user", "resource_id");
  assert_column("AssetCustomAttributeLink", "asset", "to_id");
  assert_column("AssetCustomAttributeLinkFrom", "asset", "from_id");
  assert_column("SettingComponent", "setting", "name");
  assert_string_equal(builtin_attribute("SettingComponent", "setting")->storage.second_column,
                      "group");
  assert_null(builtin_attribute("Job", "user")->storage.second_column);
  assert_column("Schema", "object_type_id", "type_id");
}

static void
test_collections(void **state)
{
  (void)state;
  assert_inverse("Job", "job_components", "job_id", NULL);
  assert_inverse("Task", "children", "parent_id", NULL);
  assert_inverse("Task", "metadata", "parent_id", NULL);
  assert_inverse("Project", "descendants", "project_id", NULL);
  assert_inverse("User", "appointments", "resource_id", NULL);
  assert_inverse("User", "assignments", "resource_id", "assignment");
  assert_inverse("Task", "allocations", "context_id", "allocation");
  assert_inverse("Task", "custom_attributes", "entity_id", NULL);
  assert_inverse("Task", "custom_attribute_links_from", "to_id", NULL);
  assert_string_equal(builtin_attribute("Task", "metadata")->key_attribute, "key");
  assert_null(builtin_attribute("Task", "custom_attribute_links")->key_attribute);
}

static void
test_collections_through_tables_of_pairs(void **state)
{
  (void)state;
  assert_link("Task", "scopes", "ContextScope", "context_id", "scope_id");
  assert_link("WorkflowSchema", "statuses", "WorkflowSchemaStatus", "workflow_schema_id",
              "status_id");
  assert_link("AssetVersionList", "items", "ListObject", "list_id", "entity_id");
  assert_link("AssetVersion", "lists", "ListObject", "entity_id", "list_id");
  assert_link("AssetVersion", "uses_versions", "AssetVersionLink", "to_id", "from_id");
  assert_link("AssetVersion", "used_in_versions", "AssetVersionLink", "from_id", "to_id");
}

static void
test_declared_type_may_be_too_narrow(void **state)
{
  (void)state;
  const struct ms_attribute *tasks = builtin_attribute("Status", "tasks");
  assert_string_equal(tasks->target->name, "Task");
  assert_string_equal(tasks->row_type->name, "TypedContext");
  const struct ms_attribute *children = builtin_attribute("Group", "children");
  assert_ptr_equal(children->target, children->row_type);
}

static void
test_computed(void **state)
{
  (void)state;
  assert_int_equal(builtin_attribute("Task", "link")->storage.computed, MS_COMPUTED_LINK);
  assert_int_equal(builtin_attribute("Task", "_link")->storage.computed, MS_COMPUTED_LINK);
  assert_int_equal(builtin_attribute("Task", "ancestors")->storage.computed, MS_COMPUTED_ANCESTORS);
  assert_int_equal(builtin_attribute("JobComponent", "url")->storage.computed,
                   MS_COMPUTED_COMPONENT_URL);
  assert_int_equal(builtin_attribute("NoteComponent", "thumbnail_url")->storage.computed,
                   MS_COMPUTED_COMPONENT_THUMBNAIL_URL);
  assert_int_equal(builtin_attribute("ContextCustomAttributeValue", "key")->storage.computed,
                   MS_COMPUTED_CONFIGURATION_KEY);
  assert_string_equal(ms_computed_name(MS_COMPUTED_LATEST_VERSION), "latest_version");
  assert_string_equal(ms_computed_name(MS_COMPUTED_NOT), "");
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_attribute_is_stored),
      cmocka_unit_test(test_every_relation_finds_rows_by_an_index),
      cmocka_unit_test(test_references),
      cmocka_unit_test(test_collections),
      cmocka_unit_test(test_collections_through_tables_of_pairs),
      cmocka_unit_test(test_declared_type_may_be_too_narrow),
      cmocka_unit_test(test_computed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
