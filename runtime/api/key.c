/* Primary keys: as clients send them, in messages, and in statements. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "api/row.h"

/* A text that holds a whole number: Python's client sends every part of a key as text. */
static bool
is_integer_text(const struct ms_json_node *node, int64_t *integer)
{
  char *end = NULL;
  if (node->type != MS_JSON_STRING || node->string_bytes == 0 || node->string_bytes > 20)
    return false;
  *integer = strtoll(node->string, &end, 10);
  return *end == '\0';
}

enum ms_status
ms_key_check_part(const struct ms_attribute *attribute, const struct ms_parameter *part,
                  struct ms_error *err)
{
  if (part->type == MS_PARAMETER_NULL || (part->type == MS_PARAMETER_TEXT && part->text_bytes == 0))
    return ms_fail(err, MS_INVALID, "attribute '%s' is part of the key and cannot be empty",
                   attribute->name);
  if (part->text_bytes > MS_ID_MAX_BYTES)
    return ms_fail(err, MS_INVALID, "attribute '%s' is part of the key and takes up to %d bytes",
                   attribute->name, MS_ID_MAX_BYTES);
  return MS_OK;
}

static enum ms_status
decode_part(struct ms_batch *batch, const struct ms_attribute *attribute,
            const struct ms_json_node *node, struct ms_parameter *part, struct ms_error *err)
{
  int64_t integer = 0;
  if (attribute->value_type == MS_VALUE_INTEGER && is_integer_text(node, &integer)) {
    *part = (struct ms_parameter){.type = MS_PARAMETER_INTEGER, .integer = integer};
    return MS_OK;
  }
  enum ms_status status = ms_value_decode(batch, attribute, node, part, err);
  return status == MS_OK ? ms_key_check_part(attribute, part, err) : status;
}

enum ms_status
ms_key_decode(struct ms_batch *batch, const struct ms_entity_type *type,
              const struct ms_json_node *node, struct ms_key *key, struct ms_error *err)
{
  if (!node)
    return ms_fail(err, MS_INVALID, "the operation has no 'entity_key'");
  bool is_list = node->type == MS_JSON_ARRAY;
  const struct ms_json_node *part = is_list ? node->first : node;
  size_t count = is_list ? node->count : 1;
  if (count != type->primary_key_count)
    return ms_fail(err, MS_INVALID, "the key of %s has %zu part(s), 'entity_key' has %zu",
                   type->name, type->primary_key_count, count);
  enum ms_status status = MS_OK;
  key->count = 0;
  for (; key->count < count && status == MS_OK; key->count++, part = part->next)
    status = decode_part(batch, type->primary_key[key->count], part, &key->parts[key->count], err);
  return status;
}

static enum ms_status
check_reference_type(struct ms_batch *batch, const struct ms_attribute *attribute,
                     const struct ms_json_node *node, struct ms_error *err)
{
  const char *name = ms_json_get_string(node, "__entity_type__");
  if (!name)
    return MS_OK;
  const struct ms_entity_type *type = ms_model_type(batch->api->model, name);
  if (type && (ms_type_is_a(type, attribute->row_type) || ms_type_is_a(attribute->row_type, type)))
    return MS_OK; /* a base's name is fine: what the entity is shows when the batch ends */
  return ms_fail(err, MS_INVALID, "attribute '%s' takes a %s, not a '%.100s'", attribute->name,
                 attribute->target->name, name);
}

enum ms_status
ms_key_decode_reference(struct ms_batch *batch, const struct ms_attribute *attribute,
                        const struct ms_json_node *node, struct ms_key *key, struct ms_error *err)
{
  const struct ms_entity_type *target = attribute->target;
  if (node->type != MS_JSON_OBJECT)
    return ms_fail(err, MS_INVALID,
                   "attribute '%s' takes a reference to a %s (its type and key), not a %s",
                   attribute->name, target->name, ms_json_type_name(node->type));
  enum ms_status status = check_reference_type(batch, attribute, node, err);
  for (key->count = 0; key->count < target->primary_key_count && status == MS_OK; key->count++) {
    const struct ms_attribute *part = target->primary_key[key->count];
    const struct ms_json_node *value = ms_json_get(node, part->name);
    if (!value)
      return ms_fail(err, MS_INVALID, "the reference in attribute '%s' lacks the '%s' of the %s",
                     attribute->name, part->name, target->name);
    status = decode_part(batch, part, value, &key->parts[key->count], err);
  }
  return status;
}

const char *
ms_key_describe(struct ms_batch *batch, const struct ms_entity_type *type, const struct ms_key *key)
{
  const char *text = type->name;
  for (size_t i = 0; i < key->count && text; i++) {
    const struct ms_parameter *part = &key->parts[i];
    const char *separator = i ? "," : "";
    if (part->type == MS_PARAMETER_TEXT)
      text = ms_arena_printf(batch->arena, "%s%s %.100s", text, separator, part->text);
    else
      text = ms_arena_printf(batch->arena, "%s%s %" PRId64, text, separator, part->integer);
  }
  return text ? text : type->name;
}

void
ms_key_print_condition(struct ms_buffer *sql, const struct ms_entity_type *type,
                       int first_parameter)
{
  for (size_t i = 0; i < type->primary_key_count; i++)
    ms_buffer_printf(sql, "%s \"%s\" = ?%d", i ? " AND" : " WHERE",
                     type->primary_key[i]->storage.column, first_parameter + (int)i);
}

void
ms_key_bind(struct ms_statement *statement, int first_parameter, const struct ms_key *key)
{
  for (size_t i = 0; i < key->count; i++)
    ms_value_bind(statement, first_parameter + (int)i, &key->parts[i]);
}
