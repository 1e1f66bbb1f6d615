/* The tables of families: columns, keys, what a deletion does. */
#include "support.h"

static void
test_a_family_is_one_table(void **state)
{
  (void)state;
  const struct ms_entity_type *context = builtin_type("Context");
  assert_true(context->column_count > 0);
  assert_int_equal(builtin_type("Shot")->column_count, 0);
  assert_non_null(builtin_column("Context", "bid"));               /* of TypedContext */
  assert_non_null(builtin_column("Context", "project_schema_id")); /* of Project */
  const struct ms_column *type_column = builtin_column("Context", "__entity_type__");
  assert_non_null(type_column);
  assert_true(type_column->is_hidden);
  assert_null(builtin_column("Job", "__entity_type__"));
  assert_null(builtin_column("Context", "link"));
  assert_null(builtin_column("Context", "ancestors"));
}

static void
test_every_table_begins_with_its_key(void **state)
{
  (void)state;
  const struct ms_model *model = ms_model_builtin();
  for (size_t i = 0; i < model->type_count; i++) {
    const struct ms_entity_type *type = &model->types[i];
    if (type->root == type && strcmp(type->table, type->name) == 0) {
      assert_true(type->column_count >= type->primary_key_count);
      for (size_t j = 0; j < type->column_count; j++) {
        assert_int_equal(type->columns[j].is_key, j < type->primary_key_count);
      }
      for (size_t j = 0; j < type->primary_key_count; j++) {
        assert_string_equal(type->columns[j].name, type->primary_key[j]->name);
      }
    } else {
      assert_int_equal(type->column_count, 0);
    }
  }
}

static void
test_two_families_in_one_table(void **state)
{
  (void)state;
  const struct ms_entity_type *from = builtin_type("UserCustomAttributeLinkFrom");
  assert_string_equal(from->table, "CustomAttributeLink");
  assert_string_equal(from->type_column, "__entity_type_from__");
  assert_string_equal(builtin_type("UserCustomAttributeLink")->type_column, "__entity_type__");
  assert_int_equal(builtin_type("CustomAttributeLinkFrom")->column_count, 0);
  assert_non_null(builtin_column("CustomAttributeLink", "__entity_type_from__"));
  assert_non_null(builtin_column("CustomAttributeLink", "to_entity_type"));
}

static void
test_column_types(void **state)
{
  (void)state;
  assert_int_equal(builtin_column("Context", "bid")->type, MS_COLUMN_REAL);
  assert_int_equal(builtin_column("Context", "start_date")->type, MS_COLUMN_INTEGER);
  assert_int_equal(builtin_column("Context", "is_private")->type, MS_COLUMN_INTEGER);
  assert_int_equal(builtin_column("Context", "name")->type, MS_COLUMN_TEXT);
  assert_int_equal(builtin_column("CustomAttributeValue", "value")->type, MS_COLUMN_TEXT);
  assert_int_equal(builtin_column("Event", "id")->type, MS_COLUMN_INTEGER);
}

static void
test_deletion(void **state)
{
  (void)state;
  const struct ms_column *column = builtin_column("JobComponent", "component_id");
  assert_int_equal(column->on_delete, MS_ON_DELETE_CASCADE);
  assert_string_equal(column->references->name, "Component");
  column = builtin_column("Context", "thumbnail_id");
  assert_int_equal(column->on_delete, MS_ON_DELETE_CLEAR);
  column = builtin_column("Context", "status_id");
  assert_int_equal(column->on_delete, MS_ON_DELETE_REFUSE);
  column = builtin_column("Context", "parent_id");
  assert_int_equal(column->on_delete, MS_ON_DELETE_CASCADE);
  column = builtin_column("Metadata", "parent_id");
  assert_int_equal(column->on_delete, MS_ON_DELETE_CASCADE);
  assert_null(column->references);
  column = builtin_column("CustomAttributeValue", "entity_id");
  assert_int_equal(column->on_delete, MS_ON_DELETE_CASCADE);
  assert_null(column->references);
  column = builtin_column("Component", "id");
  assert_int_equal(column->on_delete, MS_ON_DELETE_NOTHING);
  column = builtin_column("Context", "name");
  assert_int_equal(column->on_delete, MS_ON_DELETE_NOTHING);
}

static void
test_keys_are_never_cleared(void **state)
{
  (void)state;
  const struct ms_model *model = ms_model_builtin();
  for (size_t i = 0; i < model->type_count; i++) {
    for (size_t j = 0; j < model->types[i].column_count; j++) {
      const struct ms_column *column = &model->types[i].columns[j];
      assert_false(column->is_key && column->on_delete == MS_ON_DELETE_CLEAR);
      assert_true(!column->references || column->on_delete != MS_ON_DELETE_NOTHING);
    }
  }
}

static void
test_uniques(void **state)
{
  (void)state;
  const struct ms_entity_type *resource = builtin_type("Resource");
  assert_int_equal(resource->unique_count, 1); /* User's, in the family's table */
  assert_string_equal(resource->uniques[0].columns[0], "username");
  assert_int_equal(builtin_type("User")->unique_count, 0);
  const struct ms_entity_type *location = builtin_type("ComponentLocation");
  assert_int_equal(location->uniques[0].column_count, 2);
  assert_string_equal(location->uniques[0].columns[1], "location_id");
}

static void
test_link_tables(void **state)
{
  (void)state;
  const struct ms_model *model = ms_model_builtin();
  assert_int_equal(model->link_table_count, 3);
  for (size_t i = 0; i < model->link_table_count; i++) {
    assert_null(ms_model_type(model, model->link_tables[i].name));
    assert_non_null(model->link_tables[i].types[0]);
    assert_non_null(model->link_tables[i].types[1]);
  }
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_family_is_one_table),
      cmocka_unit_test(test_every_table_begins_with_its_key),
      cmocka_unit_test(test_two_families_in_one_table),
      cmocka_unit_test(test_column_types),
      cmocka_unit_test(test_deletion),
      cmocka_unit_test(test_keys_are_never_cleared),
      cmocka_unit_test(test_uniques),
      cmocka_unit_test(test_link_tables),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
