/* Reading the schema documents of other servers: our own round trip, strange ones, broken ones. */
#include "support.h"

static struct ms_model *
parse(const char *text)
{
  struct ms_model *model = NULL;
  struct ms_error err;
  if (ms_model_parse(text, strlen(text), &model, &err) != MS_OK) {
    fail_msg("%s", err.message);
  }
  return model;
}

static void
assert_same_name(const char *what, const char *left, const char *right)
{
  if ((left == NULL) != (right == NULL) || (left && strcmp(left, right) != 0)) {
    fail_msg("%s: '%s', not '%s'", what, left ? left : "(none)", right ? right : "(none)");
  }
}

static const char *
name_of(const struct ms_entity_type *type)
{
  return type ? type->name : NULL;
}

static void
assert_same_attribute(const struct ms_attribute *left, const struct ms_attribute *right)
{
  assert_string_equal(left->name, right->name);
  assert_int_equal(left->kind, right->kind);
  assert_int_equal(left->value_type, right->value_type);
  assert_int_equal(left->flags, right->flags);
  assert_int_equal(left->enum_count, right->enum_count);
  assert_same_name(left->name, name_of(left->target), name_of(right->target));
  assert_same_name(left->name, name_of(left->foreign_key_type), name_of(right->foreign_key_type));
  assert_same_name(left->name, left->foreign_key, right->foreign_key);
  assert_same_name(left->name, left->alias, right->alias);
  assert_same_name(left->name, left->default_json, right->default_json);
  assert_same_name(left->name, left->key_attribute, right->key_attribute);
  assert_same_name(left->name, left->value_attribute, right->value_attribute);
  assert_int_equal(left->storage.kind, MS_STORED_UNKNOWN);
}

/* Attributes that only the built-in model knows: hidden and in no list. */
static bool
is_private(const struct ms_attribute *attribute)
{
  unsigned listed = MS_ATTRIBUTE_REQUIRED | MS_ATTRIBUTE_IMMUTABLE | MS_ATTRIBUTE_COMPUTED |
                    MS_ATTRIBUTE_DEFAULT_PROJECTION;
  return attribute->flags & MS_ATTRIBUTE_HIDDEN && (attribute->flags & listed) == 0;
}

static void
assert_same_type(const struct ms_entity_type *left, const struct ms_entity_type *right)
{
  assert_string_equal(left->name, right->name);
  assert_same_name(left->name, left->alias, right->alias);
  assert_same_name(left->name, left->classifier_column, right->classifier_column);
  assert_same_name(left->name, left->classifier_value, right->classifier_value);
  assert_same_name(left->name, name_of(left->base), name_of(right->base));
  assert_same_name(left->name, name_of(left->root), name_of(right->root));
  assert_int_equal(left->is_polymorphic, right->is_polymorphic);
  assert_int_equal(left->is_group_by, right->is_group_by);
  assert_int_equal(left->primary_key_count, right->primary_key_count);
  assert_int_equal(left->default_projection_count, right->default_projection_count);
  assert_int_equal(left->system_projection_count, right->system_projection_count);
  assert_int_equal(left->descendant_count, right->descendant_count);
  for (size_t i = 0; i < left->descendant_count; i++) {
    assert_string_equal(left->descendants[i]->name, right->descendants[i]->name);
  }
  for (size_t i = 0; i < right->attribute_count; i++) {
    const struct ms_attribute *expected = right->attributes[i];
    const struct ms_attribute *attribute = ms_type_attribute(left, expected->name);
    if (is_private(expected)) {
      assert_null(attribute);
    } else if (expected->flags & MS_ATTRIBUTE_HIDDEN) {
      assert_true(attribute->flags & MS_ATTRIBUTE_HIDDEN);
    } else {
      assert_same_attribute(attribute, expected);
    }
  }
}

static void
test_round_trip(void **state)
{
  (void)state;
  const struct ms_model *builtin = ms_model_builtin();
  char *text = print_document(builtin, false);
  struct ms_model *model = parse(text);
  assert_int_equal(model->type_count, builtin->type_count);
  for (size_t i = 0; i < model->type_count; i++) {
    assert_same_type(&model->types[i], &builtin->types[i]);
  }
  char *again = print_document(model, false);
  assert_string_equal(again, text);
  free(again);
  free(text);
  ms_model_free(model);
}

static void
test_hash_of_a_model_that_was_read(void **state)
{
  (void)state;
  char expected[MS_MD5_HEX_SIZE];
  char hash[MS_MD5_HEX_SIZE];
  struct ms_error err;
  char *text = print_document(ms_model_builtin(), false);
  struct ms_model *model = parse(text);
  assert_int_equal(ms_model_schema_hash(ms_model_builtin(), expected, &err), MS_OK);
  assert_int_equal(ms_model_schema_hash(model, hash, &err), MS_OK);
  assert_string_equal(hash, expected);
  free(text);
  ms_model_free(model);
}

static void
test_strange_but_sound(void **state)
{
  (void)state;
  struct ms_model *model =
      parse("[{\"id\":\"Zoo\",\"type\":\"object\",\"novelty\":[1,{}],\"primary_key\":[\"id\"],"
            "\"alias_for\":{\"id\":\"Place\",\"classifiers\":{\"kind\":\"zoo\"}},"
            "\"required\":[\"id\",\"ghost\"],\"properties\":{"
            "\"name\":{\"type\":\"wavelength\"},\"id\":{\"type\":\"string\"},"
            "\"sort\":{\"type\":\"integer\",\"default\":7,\"alias_for\":\"kind\"},"
            "\"note\":{\"description\":\"free text\",\"type\":\"string\",\"enum\":[]},"
            "\"next\":{\"$ref\":\"Ape\"}}},"
            "{\"id\":\"Ape\",\"$mixin\":{\"$ref\":\"Zoo\",\"hints\":{}},\"primary_key\":[\"id\"],"
            "\"properties\":{\"id\":{\"type\":\"string\"}}}]");
  const struct ms_entity_type *zoo = ms_model_type(model, "Zoo");
  assert_ptr_equal(zoo, &model->types[0]); /* the document's order */
  assert_int_equal(ms_type_attribute(zoo, "name")->value_type, MS_VALUE_VARIABLE);
  assert_string_equal(ms_type_attribute(zoo, "sort")->default_json, "7");
  assert_ptr_equal(zoo->classifier, ms_type_attribute(zoo, "sort"));
  assert_int_equal(ms_type_attribute(zoo, "ghost")->flags,
                   MS_ATTRIBUTE_HIDDEN | MS_ATTRIBUTE_REQUIRED);
  assert_null(ms_type_attribute(zoo, "note")->foreign_key);
  assert_ptr_equal(ms_type_attribute(zoo, "next")->target, ms_model_type(model, "Ape"));
  assert_true(ms_type_is_a(ms_model_type(model, "Ape"), zoo));
  assert_int_equal(zoo->descendant_count, 2);
  ms_model_free(model);
}

#define TYPE(properties)                                                        \
  "[{\"id\":\"Zoo\",\"primary_key\":[\"id\"],\"properties\":{\"id\":{\"type\":" \
  "\"string\"}" properties "}}]"

static const struct {
  const char *text;
  enum ms_status status;
  const char *message; /* a part of it */
} broken[] = {
    {"", MS_PARSE, "schema document: "},
    {"[{]", MS_PARSE, "schema document: "},
    {"{}", MS_PROTOCOL, "must be a list of schemas, not object"},
    {"[]", MS_PROTOCOL, "not an empty array"},
    {"[7]", MS_PROTOCOL, "item 0 is no object with an id"},
    {"[{\"id\":7}]", MS_PROTOCOL, "item 0"},
    {"[{\"id\":\"Zoo\"}]", MS_PROTOCOL, "Zoo has no object named properties"},
    {"[{\"id\":\"Zoo\",\"properties\":[]}]", MS_PROTOCOL, "Zoo has no object named properties"},
    {"[{\"id\":\"Zoo\",\"properties\":{}}]", MS_PROTOCOL, "Zoo has no primary_key"},
    {"[{\"id\":\"Zoo\",\"properties\":{},\"primary_key\":[]}]", MS_PROTOCOL, "no primary_key"},
    {"[{\"id\":\"Zoo\",\"properties\":{},\"primary_key\":[\"id\"]}]", MS_PROTOCOL,
     "primary_key of Zoo names 'id', which is no property"},
    {"[{\"id\":\"Zoo\",\"properties\":{},\"primary_key\":\"id\"}]", MS_PROTOCOL,
     "primary_key of Zoo must be a list of names, not string"},
    {"[{\"id\":\"Zoo\",\"properties\":{},\"required\":[1]}]", MS_PROTOCOL,
     "required of Zoo must list strings alone, not number"},
    {"[{\"id\":\"Zoo\",\"$mixin\":{\"$ref\":\"Zoo\"},\"primary_key\":[\"id\"],"
     "\"properties\":{\"id\":{\"type\":\"string\"}}}]",
     MS_PROTOCOL, "Zoo has more than 16 types above it, or is above itself"},
    {TYPE(",\"id\":{\"type\":\"string\"}"), MS_PROTOCOL, "Zoo has the property id twice"},
    {TYPE(",\"ape\":7"), MS_PROTOCOL, "the property Zoo.ape must be an object, not number"},
    {TYPE(",\"apes\":{\"type\":\"array\"}"), MS_PROTOCOL, "collection Zoo.apes has no items.$ref"},
    {TYPE(",\"meta\":{\"type\":\"mapped_array\",\"items\":{\"$ref\":\"Zoo\"},"
          "\"key_value_attributes\":{\"key\":\"id\"}}"),
     MS_PROTOCOL, "Zoo.meta maps a key without a value"},
    {TYPE(",\"kind\":{\"type\":\"string\",\"enum\":[\"a\",1]}"), MS_PROTOCOL,
     "the enum of Zoo.kind must list strings alone, not number"},
};

static void
test_what_leads_to_a_missing_type_is_left_out(void **state)
{
  static const char text[] =
      "[{\"id\":\"Zoo\",\"$mixin\":{\"$ref\":\"Park\"},\"primary_key\":[\"id\"],"
      "\"immutable\":[\"ape\"],\"properties\":{\"id\":{\"type\":\"string\"},"
      "\"ape\":{\"$ref\":\"Ape\"},\"apes\":{\"type\":\"array\",\"items\":{\"$ref\":\"Ape\"}},"
      "\"next\":{\"$ref\":\"Zoo\"}}}]";
  struct ms_model *model = NULL;
  (void)state;
  assert_int_equal(ms_model_parse(text, strlen(text), &model, NULL), MS_OK);
  const struct ms_entity_type *zoo = ms_model_type(model, "Zoo");
  assert_non_null(ms_type_attribute(zoo, "next"));
  assert_null(ms_type_attribute(zoo, "apes"));
  assert_null(zoo->base);
  ms_model_free(model);
}

static void
test_broken_documents_are_refused(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
    struct ms_model *model = NULL;
    struct ms_error err;
    enum ms_status status = ms_model_parse(broken[i].text, strlen(broken[i].text), &model, &err);
    if (status != broken[i].status || !strstr(err.message, broken[i].message)) {
      fail_msg("%s\ngave %s: %s", broken[i].text, ms_status_code(status),
               status == MS_OK ? "" : err.message);
    }
    assert_null(model);
  }
}

static void
test_the_same_type_twice(void **state)
{
  (void)state;
  const char text[] = "[{\"id\":\"Zoo\"},{\"id\":\"Ape\"},{\"id\":\"Zoo\"}]";
  struct ms_model *model = NULL;
  struct ms_error err;
  assert_int_equal(ms_model_parse(text, strlen(text), &model, &err), MS_PROTOCOL);
  assert_non_null(strstr(err.message, "the type Zoo is there twice"));
}

/* A document with `count` repetitions of `item` between `head` and `tail`. */
static void
assert_limit(const char *head, const char *item, size_t count, const char *tail)
{
  struct ms_buffer text;
  struct ms_model *model = NULL;
  struct ms_error err;
  ms_buffer_init(&text, MS_MODEL_DOCUMENT_BYTES_MAX);
  ms_buffer_append_string(&text, head);
  for (size_t i = 0; i < count; i++) {
    ms_buffer_printf(&text, item, (int)i);
  }
  ms_buffer_append_string(&text, tail);
  assert_int_equal(ms_model_parse(text.data, text.size_bytes, &model, &err), MS_LIMIT);
  assert_null(model);
  ms_buffer_free(&text);
}

static void
test_limits(void **state)
{
  (void)state;
  assert_limit("[", "{\"id\":\"T%d\"},", MS_MODEL_TYPES_MAX, "{\"id\":\"Zoo\"}]");
  assert_limit("[{\"id\":\"Zoo\",\"properties\":{", "\"a%d\":{},", MS_MODEL_ATTRIBUTES_MAX,
               "\"z\":{}}}]");
  assert_limit("[{\"id\":\"Zoo\",\"properties\":{},\"required\":[", "\"a%d\",",
               MS_MODEL_ATTRIBUTES_MAX, "\"z\"]}]");
  assert_limit("[{\"id\":\"Zoo\",\"primary_key\":[\"id\"],\"properties\":{\"id\":{}},"
               "\"system_projections\":[",
               "\"a%d\",", MS_MODEL_ATTRIBUTES_MAX, "\"z\"]}]");
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_round_trip),
      cmocka_unit_test(test_hash_of_a_model_that_was_read),
      cmocka_unit_test(test_strange_but_sound),
      cmocka_unit_test(test_what_leads_to_a_missing_type_is_left_out),
      cmocka_unit_test(test_broken_documents_are_refused),
      cmocka_unit_test(test_the_same_type_twice),
      cmocka_unit_test(test_limits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
