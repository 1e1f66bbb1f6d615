/* One property fragment of a schema document. Its shape tells the kind: a $ref without a type is a
 * reference, type array a collection, mapped_array a mapped one, any other type a scalar. */
#include "model/document.h"

#include <string.h>

static const struct {
  const char *word;
  enum ms_value_type type;
} value_types[] = {
    {"string", MS_VALUE_STRING}, {"boolean", MS_VALUE_BOOLEAN}, {"integer", MS_VALUE_INTEGER},
    {"number", MS_VALUE_NUMBER}, {"object", MS_VALUE_OBJECT},   {"variable", MS_VALUE_VARIABLE},
};

static const char foreign_key_prefix[] = "Foreign key(s): ";

static bool
is_string(const char *string, const char *expected)
{
  return string && strcmp(string, expected) == 0;
}

static enum ms_status
copy_member(const struct ms_document *document, const struct ms_json_node *object, const char *key,
            const char **copy, struct ms_error *err)
{
  const char *string = ms_json_get_string(object, key);
  if (!string) {
    return MS_OK;
  }
  *copy = ms_arena_strdup(document->arena, string);
  return *copy ? MS_OK : ms_document_no_memory(err);
}

/* A type that newer servers may have is read as one that holds anything. */
static enum ms_value_type
value_type_of(const char *word, const char *format)
{
  if (!word || strcmp(word, "string") == 0) {
    if (is_string(format, "date-time")) {
      return MS_VALUE_DATETIME;
    }
    return is_string(format, "json") ? MS_VALUE_JSON : MS_VALUE_STRING;
  }
  for (size_t i = 0; i < sizeof value_types / sizeof *value_types; i++) {
    if (strcmp(value_types[i].word, word) == 0) {
      return value_types[i].type;
    }
  }
  return MS_VALUE_VARIABLE;
}

static void
read_kind(const struct ms_json_node *fragment, struct ms_attribute *attribute)
{
  const char *word = ms_json_get_string(fragment, "type");
  const char *reference = ms_json_get_string(fragment, "$ref");
  if (is_string(word, "array")) {
    attribute->kind = MS_KIND_COLLECTION;
  } else if (is_string(word, "mapped_array")) {
    attribute->kind = MS_KIND_MAPPED;
  } else if (!word && reference) {
    attribute->kind = MS_KIND_REFERENCE;
  } else {
    attribute->kind = MS_KIND_SCALAR;
    attribute->value_type = value_type_of(word, ms_json_get_string(fragment, "format"));
    attribute->flags |= word ? 0 : MS_ATTRIBUTE_UNTYPED;
    attribute->flags |= word && reference ? MS_ATTRIBUTE_LINKED : 0;
  }
}

static enum ms_status
read_target(const struct ms_document *document, const struct ms_json_node *fragment,
            struct ms_attribute *attribute, struct ms_error *err)
{
  bool has_items = attribute->kind == MS_KIND_COLLECTION || attribute->kind == MS_KIND_MAPPED;
  const struct ms_json_node *holder = has_items ? ms_json_get(fragment, "items") : fragment;
  const char *target = ms_json_get_string(holder, "$ref");
  const char *type = attribute->declared_by->name;
  if (!target && has_items) {
    return ms_fail(err, MS_PROTOCOL, "schema document: the collection %s.%s has no items.$ref",
                   type, attribute->name);
  }
  if (!target) {
    return MS_OK;
  }
  enum ms_status status =
      ms_document_find_type(document, type, attribute->name, target, &attribute->target, err);
  attribute->row_type = attribute->kind == MS_KIND_SCALAR ? NULL : attribute->target;
  return status;
}

static enum ms_status
read_default(const struct ms_document *document, const struct ms_json_node *fragment,
             struct ms_attribute *attribute, struct ms_error *err)
{
  const struct ms_json_node *value = ms_json_get(fragment, "default");
  if (!value || value->type == MS_JSON_NULL) {
    return MS_OK;
  }
  struct ms_buffer text;
  struct ms_json_writer writer;
  ms_buffer_init(&text, MS_MODEL_DOCUMENT_BYTES_MAX);
  ms_json_writer_init(&writer, &text);
  writer.python_style = true; /* so that the hash of what we print again stays the same */
  ms_json_node(&writer, value);
  enum ms_status status = ms_buffer_check(&text, "default", err);
  if (status == MS_OK) {
    attribute->default_json = ms_arena_strdup(document->arena, ms_buffer_string(&text));
    status = attribute->default_json ? MS_OK : ms_document_no_memory(err);
  }
  ms_buffer_free(&text);
  return status;
}

static enum ms_status
read_enum(const struct ms_document *document, const struct ms_json_node *fragment,
          struct ms_attribute *attribute, struct ms_error *err)
{
  const struct ms_json_node *list = ms_json_get(fragment, "enum");
  if (!list || list->type != MS_JSON_ARRAY || list->count == 0) {
    return MS_OK;
  }
  const char **values = MS_ARENA_ARRAY(document->arena, const char *, list->count);
  if (!values) {
    return ms_document_no_memory(err);
  }
  for (const struct ms_json_node *value = list->first; value; value = value->next) {
    if (value->type != MS_JSON_STRING) {
      return ms_fail(err, MS_PROTOCOL,
                     "schema document: the enum of %s.%s must list strings alone, not %s",
                     attribute->declared_by->name, attribute->name, ms_json_type_name(value->type));
    }
    values[attribute->enum_count] = ms_arena_strdup(document->arena, value->string);
    if (!values[attribute->enum_count++]) {
      return ms_document_no_memory(err);
    }
  }
  attribute->enum_values = values;
  return MS_OK;
}

/* The document tells foreign keys in prose alone: "Foreign key(s): User.user_id". */
static enum ms_status
read_foreign_key(const struct ms_document *document, const struct ms_json_node *fragment,
                 struct ms_attribute *attribute, struct ms_error *err)
{
  const char *description = ms_json_get_string(fragment, "description");
  size_t prefix_bytes = sizeof foreign_key_prefix - 1;
  if (!is_string(ms_json_get_string(fragment, "format"), "foreign_key") || !description ||
      strncmp(description, foreign_key_prefix, prefix_bytes) != 0) {
    return MS_OK;
  }
  const char *text = description + prefix_bytes;
  attribute->foreign_key = ms_arena_strdup(document->arena, text);
  attribute->foreign_key_type = ms_model_type_n(document->model, text, strcspn(text, "."));
  return attribute->foreign_key ? MS_OK : ms_document_no_memory(err);
}

static void
read_flags(const struct ms_json_node *fragment, struct ms_attribute *attribute)
{
  const struct ms_json_node *restricted = ms_json_get(fragment, "restricted_projection");
  const struct ms_json_node *transform = ms_json_get(fragment, "transform");
  if (restricted && restricted->type == MS_JSON_TRUE) {
    attribute->flags |= MS_ATTRIBUTE_RESTRICTED;
  }
  if (is_string(ms_json_get_string(transform, "client"), "{schema_id}") &&
      is_string(ms_json_get_string(transform, "server"), "{table_name}")) {
    attribute->flags |= MS_ATTRIBUTE_TYPE_NAME;
  }
}

static enum ms_status
read_key_value(const struct ms_document *document, const struct ms_json_node *fragment,
               struct ms_attribute *attribute, struct ms_error *err)
{
  const struct ms_json_node *pair = ms_json_get(fragment, "key_value_attributes");
  enum ms_status status = copy_member(document, pair, "key", &attribute->key_attribute, err);
  if (status == MS_OK) {
    status = copy_member(document, pair, "value", &attribute->value_attribute, err);
  }
  if (status == MS_OK && !attribute->key_attribute != !attribute->value_attribute) {
    return ms_fail(err, MS_PROTOCOL,
                   "schema document: %s.%s maps a key without a value, or the reverse",
                   attribute->declared_by->name, attribute->name);
  }
  return status;
}

enum ms_status
ms_document_read_attribute(const struct ms_document *document, const struct ms_json_node *fragment,
                           struct ms_attribute *attribute, struct ms_error *err)
{
  if (fragment->type != MS_JSON_OBJECT) {
    return ms_fail(
        err, MS_PROTOCOL, "schema document: the property %s.%s must be an object, not %s",
        attribute->declared_by->name, attribute->name, ms_json_type_name(fragment->type));
  }
  read_kind(fragment, attribute);
  read_flags(fragment, attribute);
  enum ms_status (*const readers[])(const struct ms_document *, const struct ms_json_node *,
                                    struct ms_attribute *, struct ms_error *) = {
      read_target, read_default, read_enum, read_foreign_key, read_key_value,
  };
  enum ms_status status = copy_member(document, fragment, "alias_for", &attribute->alias, err);
  for (size_t i = 0; status == MS_OK && i < sizeof readers / sizeof *readers; i++) {
    status = readers[i](document, fragment, attribute, err);
  }
  return status;
}
