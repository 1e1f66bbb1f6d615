/* Types and attributes: lookup, inheritance, what the catalogue says of single attributes. */
#include "support.h"

static void
test_counts(void **state)
{
  (void)state;
  const struct ms_model *model = ms_model_builtin();
  size_t attributes = 0;
  for (size_t i = 0; i < model->type_count; i++) {
    for (size_t j = 0; j < model->types[i].attribute_count; j++) {
      attributes += (model->types[i].attributes[j]->flags & MS_ATTRIBUTE_HIDDEN) == 0;
    }
  }
  assert_int_equal(model->type_count, 116);
  assert_int_equal(attributes, 1299);
}

static void
test_everything_is_found_by_its_name(void **state)
{
  (void)state;
  const struct ms_model *model = ms_model_builtin();
  for (size_t i = 0; i < model->type_count; i++) {
    const struct ms_entity_type *type = &model->types[i];
    assert_ptr_equal(ms_model_type(model, type->name), type);
    for (size_t j = 0; j < type->attribute_count; j++) {
      assert_ptr_equal(ms_type_attribute(type, type->attributes[j]->name), type->attributes[j]);
    }
  }
}

static void
test_lookup_is_exact(void **state)
{
  (void)state;
  const struct ms_model *model = ms_model_builtin();
  assert_null(ms_model_type(model, "task"));
  assert_null(ms_model_type(model, "Tas"));
  assert_null(ms_model_type(model, "Taskk"));
  assert_null(ms_model_type(model, ""));
  assert_null(ms_type_attribute(builtin_type("Task"), "nam"));
  assert_null(ms_type_attribute(builtin_type("Task"), "showid"));
  assert_string_equal(ms_model_type_n(model, "TaskTemplateItem", 4)->name, "Task");
  assert_string_equal(ms_type_attribute_n(builtin_type("Task"), "status.name", 6)->name, "status");
}

static void
test_nearest_names(void **state)
{
  (void)state;
  const struct ms_model *model = ms_model_builtin();
  assert_string_equal(ms_model_nearest_type(model, "tsak"), "Task");
  assert_string_equal(ms_model_nearest_type(model, "AssetVerison"), "AssetVersion");
  assert_null(ms_model_nearest_type(model, "Quaternion"));
  assert_string_equal(ms_type_nearest_attribute(builtin_type("Task"), "assignmnets"),
                      "assignments");
  assert_null(ms_type_nearest_attribute(builtin_type("Task"), "zzzzzz"));
  /* hidden ones are not given away */
  assert_null(
      ms_type_nearest_attribute(builtin_type("AssetCustomAttributeLink"), "from_entity_type"));
}

static void
test_families(void **state)
{
  (void)state;
  const struct ms_entity_type *context = builtin_type("Context");
  const struct ms_entity_type *typed = builtin_type("TypedContext");
  const struct ms_entity_type *shot = builtin_type("Shot");
  assert_ptr_equal(shot->base, typed);
  assert_ptr_equal(shot->root, context);
  assert_ptr_equal(context->root, context);
  assert_string_equal(shot->table, "Context");
  assert_string_equal(shot->type_column, "__entity_type__");
  assert_true(ms_type_is_a(shot, context));
  assert_true(ms_type_is_a(shot, shot));
  assert_false(ms_type_is_a(typed, shot));
  assert_false(ms_type_is_a(shot, builtin_type("Project")));
  assert_true(typed->is_polymorphic);
  assert_false(shot->is_polymorphic);
  assert_int_equal(typed->descendant_count, 8);
  assert_ptr_equal(typed->descendants[0], typed);
  assert_string_equal(typed->descendants[1]->name, "AssetBuild");
  assert_string_equal(typed->descendants[7]->name, "Task");
  assert_int_equal(context->descendant_count, 10);
  assert_null(builtin_type("Job")->type_column);
}

static void
test_inheritance_shares_what_is_not_overridden(void **state)
{
  (void)state;
  assert_ptr_equal(builtin_attribute("Task", "notes"), builtin_attribute("Context", "notes"));
  assert_ptr_equal(builtin_attribute("Task", "bid"), builtin_attribute("TypedContext", "bid"));
  assert_string_equal(builtin_attribute("Task", "notes")->declared_by->name, "Context");
  assert_string_equal(builtin_attribute("Shot", "bid")->declared_by->name, "Shot");
  assert_true(builtin_attribute("Shot", "bid")->flags & MS_ATTRIBUTE_IMMUTABLE);
  assert_false(builtin_attribute("Task", "bid")->flags & MS_ATTRIBUTE_IMMUTABLE);
  assert_null(builtin_attribute("Context", "project_id")->alias);
  assert_string_equal(builtin_attribute("Task", "project_id")->alias, "showid");
}

static void
test_classifiers(void **state)
{
  (void)state;
  const struct ms_entity_type *task = builtin_type("Task");
  assert_string_equal(task->alias, "Task");
  assert_string_equal(task->classifier_column, "object_typeid");
  assert_string_equal(task->classifier_value, "11c137c0-ee7e-4f9c-91c5-8c77cec22b2c");
  assert_ptr_equal(task->classifier, builtin_attribute("Task", "object_type_id"));
  assert_string_equal(task->classifier->default_json, "\"11c137c0-ee7e-4f9c-91c5-8c77cec22b2c\"");
  assert_null(builtin_type("TypedContext")->classifier);
  assert_string_equal(builtin_type("Project")->alias, "Show");
  assert_null(builtin_type("Job")->alias);
}

static void
test_keys_and_projections_keep_their_order(void **state)
{
  (void)state;
  const struct ms_entity_type *link = builtin_type("JobComponent");
  assert_int_equal(link->primary_key_count, 2);
  assert_string_equal(link->primary_key[0]->name, "component_id");
  assert_string_equal(link->primary_key[1]->name, "job_id");
  const struct ms_entity_type *setting = builtin_type("EntitySetting");
  assert_int_equal(setting->primary_key_count, 3);
  assert_string_equal(setting->primary_key[1]->name, "group");
  const struct ms_entity_type *task = builtin_type("Task");
  assert_int_equal(task->default_projection_count, 3);
  assert_string_equal(task->default_projections[0]->name, "context_type");
  assert_int_equal(task->system_projection_count, 2);
  assert_string_equal(task->system_projections[0]->name, "project_id");
  assert_string_equal(task->system_projection_names[0], "showid");
  assert_null(task->system_projection_names[2]);
}

static void
test_flags_agree_with_lists(void **state)
{
  (void)state;
  const struct ms_model *model = ms_model_builtin();
  for (size_t i = 0; i < model->type_count; i++) {
    const struct ms_entity_type *type = &model->types[i];
    size_t keys = 0;
    size_t shown = 0;
    for (size_t j = 0; j < type->attribute_count; j++) {
      keys += (type->attributes[j]->flags & MS_ATTRIBUTE_PRIMARY_KEY) != 0;
      shown += (type->attributes[j]->flags & MS_ATTRIBUTE_DEFAULT_PROJECTION) != 0;
    }
    assert_int_equal(keys, type->primary_key_count);
    assert_int_equal(shown, type->default_projection_count);
    assert_true(keys > 0);
    for (size_t j = 0; j < type->primary_key_count; j++) {
      assert_true(type->primary_key[j]->flags & MS_ATTRIBUTE_PRIMARY_KEY);
    }
  }
}

static void
test_scalars(void **state)
{
  (void)state;
  const struct ms_attribute *status = builtin_attribute("Job", "status");
  assert_int_equal(status->kind, MS_KIND_SCALAR);
  assert_int_equal(status->value_type, MS_VALUE_STRING);
  assert_string_equal(status->default_json, "\"queued\"");
  assert_int_equal(status->enum_count, 4);
  assert_string_equal(status->enum_values[3], "failed");
  assert_int_equal(builtin_attribute("Job", "data")->value_type, MS_VALUE_JSON);
  assert_int_equal(builtin_attribute("Job", "created_at")->value_type, MS_VALUE_DATETIME);
  assert_int_equal(builtin_attribute("Task", "bid")->value_type, MS_VALUE_NUMBER);
  assert_int_equal(builtin_attribute("Component", "size")->value_type, MS_VALUE_INTEGER);
  assert_int_equal(builtin_attribute("User", "is_active")->value_type, MS_VALUE_BOOLEAN);
  assert_int_equal(builtin_attribute("Task", "thumbnail_url")->value_type, MS_VALUE_OBJECT);
  assert_int_equal(builtin_attribute("CustomAttributeValue", "value")->value_type,
                   MS_VALUE_VARIABLE);
  const struct ms_attribute *id = builtin_attribute("Job", "id");
  assert_string_equal(id->default_json, "\"{uid}\"");
  assert_int_equal(id->flags, MS_ATTRIBUTE_REQUIRED | MS_ATTRIBUTE_IMMUTABLE |
                                  MS_ATTRIBUTE_PRIMARY_KEY | MS_ATTRIBUTE_DEFAULT_PROJECTION);
}

static void
test_oddities(void **state)
{
  (void)state;
  const struct ms_attribute *user = builtin_attribute("Job", "user_id");
  assert_ptr_equal(user->foreign_key_type, builtin_type("User"));
  assert_string_equal(user->foreign_key, "User.user_id");
  const struct ms_attribute *role = builtin_attribute("SecurityRole", "type");
  assert_null(role->foreign_key_type);
  assert_string_equal(role->foreign_key, "SecurityRoleType.id");
  assert_true(builtin_attribute("User", "user_type_id")->flags & MS_ATTRIBUTE_UNTYPED);
  const struct ms_attribute *linked = builtin_attribute("DashboardResource", "dashboard_id");
  assert_true(linked->flags & MS_ATTRIBUTE_LINKED);
  assert_int_equal(linked->kind, MS_KIND_SCALAR);
  assert_ptr_equal(linked->target, builtin_type("Dashboard"));
  assert_true(builtin_attribute("Note", "parent_type")->flags & MS_ATTRIBUTE_TYPE_NAME);
  assert_true(builtin_attribute("Task", "custom_attribute_links")->flags & MS_ATTRIBUTE_RESTRICTED);
  assert_true(builtin_attribute("Status", "state_id")->flags & MS_ATTRIBUTE_HIDDEN);
  assert_string_equal(builtin_type("NoteLabel")->stored_as, "NoteCategory");
  assert_string_equal(builtin_type("Task")->stored_as, "Task");
}

static void
test_fills(void **state)
{
  (void)state;
  assert_int_equal(builtin_attribute("Job", "created_at")->fill, MS_FILL_NOW);
  assert_int_equal(builtin_attribute("AssetVersion", "version")->fill, MS_FILL_VERSION);
  assert_int_equal(builtin_attribute("Job", "data")->fill, MS_FILL_NOTHING);
  const struct ms_attribute *kind = builtin_attribute("SequenceComponent", "system_type");
  assert_int_equal(kind->fill, MS_FILL_VALUE);
  assert_string_equal(kind->fill_argument, "\"sequence\"");
  const struct ms_attribute *parent_type = builtin_attribute("Metadata", "parent_type");
  assert_int_equal(parent_type->fill, MS_FILL_TYPE_OF);
  assert_string_equal(parent_type->fill_argument, "parent_id");
  assert_string_equal(ms_fill_name(MS_FILL_VALUE), "value");
  assert_string_equal(ms_fill_name(MS_FILL_TYPE_OF), "type_of");
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_counts),
      cmocka_unit_test(test_everything_is_found_by_its_name),
      cmocka_unit_test(test_lookup_is_exact),
      cmocka_unit_test(test_nearest_names),
      cmocka_unit_test(test_families),
      cmocka_unit_test(test_inheritance_shares_what_is_not_overridden),
      cmocka_unit_test(test_classifiers),
      cmocka_unit_test(test_keys_and_projections_keep_their_order),
      cmocka_unit_test(test_flags_agree_with_lists),
      cmocka_unit_test(test_scalars),
      cmocka_unit_test(test_oddities),
      cmocka_unit_test(test_fills),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
