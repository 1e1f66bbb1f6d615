/* The schema document: one object per type, keys in alphabetical order.
 *
 * That order makes the printed text, in Python's style, the very text whose MD5 is the schema hash:
 * printing for clients and for the hash is one piece of code. */
#include "model/model.h"

#include <string.h>

#include "base/checksum.h"
#include "model/catalogue.h"

static const char *const type_words[] = {
    [MS_VALUE_STRING] = "string",   [MS_VALUE_JSON] = "string",
    [MS_VALUE_BOOLEAN] = "boolean", [MS_VALUE_INTEGER] = "integer",
    [MS_VALUE_NUMBER] = "number",   [MS_VALUE_DATETIME] = "string",
    [MS_VALUE_OBJECT] = "object",   [MS_VALUE_VARIABLE] = "variable",
};

/* ---- one property ---- */

static void
print_items(const struct ms_attribute *attribute, struct ms_json_writer *writer)
{
  ms_json_key(writer, "items");
  ms_json_begin_object(writer);
  ms_json_member_string(writer, "$ref", attribute->target->name);
  ms_json_end_object(writer);
}

static void
print_enum(const struct ms_attribute *attribute, struct ms_json_writer *writer)
{
  ms_json_key(writer, "enum");
  ms_json_begin_array(writer);
  for (size_t i = 0; i < attribute->enum_count; i++) {
    ms_json_string(writer, attribute->enum_values[i]);
  }
  ms_json_end_array(writer);
}

static void
print_key_value(const struct ms_attribute *attribute, struct ms_json_writer *writer)
{
  ms_json_key(writer, "key_value_attributes");
  ms_json_begin_object(writer);
  ms_json_member_string(writer, "key", attribute->key_attribute);
  ms_json_member_string(writer, "value", attribute->value_attribute);
  ms_json_end_object(writer);
}

static void
print_transform(struct ms_json_writer *writer)
{
  ms_json_key(writer, "transform");
  ms_json_begin_object(writer);
  ms_json_member_string(writer, "client", "{schema_id}");
  ms_json_member_string(writer, "server", "{table_name}");
  ms_json_end_object(writer);
}

static void
print_description(const struct ms_attribute *attribute, struct ms_json_writer *writer)
{
  struct ms_buffer description;
  ms_buffer_init(&description, 1024);
  ms_buffer_printf(&description, "Foreign key(s): %s", attribute->foreign_key);
  ms_json_member_string(writer, "description", ms_buffer_string(&description));
  ms_buffer_free(&description);
}

static const char *
format_of(const struct ms_attribute *attribute)
{
  if (attribute->foreign_key) {
    return "foreign_key";
  }
  switch (attribute->value_type) {
  case MS_VALUE_DATETIME:
    return "date-time";
  case MS_VALUE_JSON:
    return "json";
  default:
    return NULL;
  }
}

static const char *
type_word_of(const struct ms_attribute *attribute)
{
  switch (attribute->kind) {
  case MS_KIND_REFERENCE:
    return NULL;
  case MS_KIND_COLLECTION:
    return "array";
  case MS_KIND_MAPPED:
    return "mapped_array";
  case MS_KIND_SCALAR:
    break;
  }
  return attribute->flags & MS_ATTRIBUTE_UNTYPED ? NULL : type_words[attribute->value_type];
}

static void
print_member(struct ms_json_writer *writer, const char *key, const char *string)
{
  if (string) {
    ms_json_member_string(writer, key, string);
  }
}

static void
print_attribute(const struct ms_attribute *attribute, struct ms_json_writer *writer)
{
  bool has_items = attribute->kind == MS_KIND_COLLECTION || attribute->kind == MS_KIND_MAPPED;
  ms_json_begin_object(writer);
  if (attribute->target && !has_items) {
    ms_json_member_string(writer, "$ref", attribute->target->name);
  }
  print_member(writer, "alias_for", attribute->alias);
  if (attribute->default_json) {
    ms_json_key(writer, "default");
    ms_json_raw(writer, attribute->default_json, strlen(attribute->default_json));
  }
  if (attribute->foreign_key) {
    print_description(attribute, writer);
  }
  if (attribute->enum_count > 0) {
    print_enum(attribute, writer);
  }
  print_member(writer, "format", format_of(attribute));
  if (has_items) {
    print_items(attribute, writer);
  }
  if (attribute->key_attribute) {
    print_key_value(attribute, writer);
  }
  if (attribute->flags & MS_ATTRIBUTE_RESTRICTED) {
    ms_json_key(writer, "restricted_projection");
    ms_json_boolean(writer, true);
  }
  if (attribute->flags & MS_ATTRIBUTE_TYPE_NAME) {
    print_transform(writer);
  }
  print_member(writer, "type", type_word_of(attribute));
  ms_json_end_object(writer);
}

/* ---- one type ---- */

static void
print_alias(const struct ms_entity_type *type, struct ms_json_writer *writer)
{
  ms_json_key(writer, "alias_for");
  if (!type->classifier_column) {
    ms_json_string(writer, type->alias);
    return;
  }
  ms_json_begin_object(writer);
  ms_json_key(writer, "classifiers");
  ms_json_begin_object(writer);
  ms_json_member_string(writer, type->classifier_column, type->classifier_value);
  ms_json_end_object(writer);
  ms_json_member_string(writer, "id", type->alias);
  ms_json_end_object(writer);
}

/* The names of the attributes that have `flag`. */
static void
print_flagged(const struct ms_entity_type *type, const char *key, unsigned flag,
              struct ms_json_writer *writer)
{
  ms_json_key(writer, key);
  ms_json_begin_array(writer);
  for (size_t i = 0; i < type->attribute_count; i++) {
    if (type->attributes[i]->flags & flag) {
      ms_json_string(writer, type->attributes[i]->name);
    }
  }
  ms_json_end_array(writer);
}

static bool
has_flagged(const struct ms_entity_type *type, unsigned flag)
{
  for (size_t i = 0; i < type->attribute_count; i++) {
    if (type->attributes[i]->flags & flag) {
      return true;
    }
  }
  return false;
}

static void
print_names(const char *key, const struct ms_attribute *const *attributes, size_t count,
            struct ms_json_writer *writer)
{
  ms_json_key(writer, key);
  ms_json_begin_array(writer);
  for (size_t i = 0; i < count; i++) {
    ms_json_string(writer, attributes[i]->name);
  }
  ms_json_end_array(writer);
}

static void
print_properties(const struct ms_entity_type *type, struct ms_json_writer *writer)
{
  ms_json_key(writer, "properties");
  ms_json_begin_object(writer);
  for (size_t i = 0; i < type->attribute_count; i++) {
    const struct ms_attribute *attribute = type->attributes[i];
    if ((attribute->flags & MS_ATTRIBUTE_HIDDEN) == 0) {
      ms_json_key(writer, attribute->name);
      print_attribute(attribute, writer);
    }
  }
  ms_json_end_object(writer);
}

static void
print_system_projections(const struct ms_entity_type *type, struct ms_json_writer *writer)
{
  ms_json_key(writer, "system_projections");
  ms_json_begin_array(writer);
  for (const char *const *name = type->system_projection_names; *name; name++) {
    ms_json_string(writer, *name);
  }
  ms_json_end_array(writer);
}

static void
print_type(const struct ms_entity_type *type, struct ms_json_writer *writer)
{
  ms_json_begin_object(writer);
  if (type->base) {
    ms_json_key(writer, "$mixin");
    ms_json_begin_object(writer);
    ms_json_member_string(writer, "$ref", type->base->name);
    ms_json_end_object(writer);
  }
  if (type->alias) {
    print_alias(type, writer);
  }
  if (has_flagged(type, MS_ATTRIBUTE_COMPUTED)) {
    print_flagged(type, "computed", MS_ATTRIBUTE_COMPUTED, writer);
  }
  print_names("default_projections", type->default_projections, type->default_projection_count,
              writer);
  ms_json_member_string(writer, "id", type->name);
  print_flagged(type, "immutable", MS_ATTRIBUTE_IMMUTABLE, writer);
  if (type->is_group_by) {
    ms_json_key(writer, "metadata");
    ms_json_begin_object(writer);
    ms_json_key(writer, "group_by");
    ms_json_boolean(writer, true);
    ms_json_end_object(writer);
  }
  print_names("primary_key", type->primary_key, type->primary_key_count, writer);
  print_properties(type, writer);
  print_flagged(type, "required", MS_ATTRIBUTE_REQUIRED, writer);
  if (type->system_projection_names) {
    print_system_projections(type, writer);
  }
  ms_json_member_string(writer, "type", "object");
  ms_json_end_object(writer);
}

/* ---- the document ---- */

void
ms_model_print_schemas(const struct ms_model *model, struct ms_json_writer *writer)
{
  ms_json_begin_array(writer);
  for (size_t i = 0; i < model->type_count; i++) {
    print_type(&model->types[i], writer);
  }
  ms_json_end_array(writer);
}

static enum ms_status
hash_document(const struct ms_model *model, char hash[MS_MD5_HEX_SIZE], struct ms_error *err)
{
  struct ms_buffer document;
  struct ms_json_writer writer;
  ms_buffer_init(&document, MS_MODEL_DOCUMENT_BYTES_MAX);
  ms_json_writer_init(&writer, &document);
  writer.python_style = true;
  ms_model_print_schemas(model, &writer);
  enum ms_status status = ms_buffer_check(&document, "schema document", err);
  if (status == MS_OK) {
    ms_md5_hex(document.data, document.size_bytes, hash);
  }
  ms_buffer_free(&document);
  return status;
}

enum ms_status
ms_model_schema_hash(const struct ms_model *model, char hash[MS_MD5_HEX_SIZE], struct ms_error *err)
{
  static char builtin_hash[MS_MD5_HEX_SIZE];
  if (model != &ms_catalogue) {
    return hash_document(model, hash, err);
  }
  if (builtin_hash[0] == '\0') {
    enum ms_status status = hash_document(model, builtin_hash, err);
    if (status != MS_OK) {
      return status;
    }
  }
  memcpy(hash, builtin_hash, MS_MD5_HEX_SIZE);
  return MS_OK;
}
