/* JSON values as columns hold them: one decoder per value type, in a table.
 *
 * Clients are taken at their odd words: dates come as {"__type__": "datetime"|"date", "value": …} or as
 * plain text, and a text that looks like a date may come dressed as one. */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "api/row.h"
#include "base/clock.h"

/* 2^63: the first double beyond the integers. */
#define INTEGER_LIMIT 9223372036854775808.0

typedef enum ms_status (*decoder)(struct ms_batch *batch, const struct ms_json_node *node,
                                  struct ms_parameter *value, struct ms_error *err);

struct ms_parameter
ms_text_parameter(const char *text)
{
  return (struct ms_parameter){.type = MS_PARAMETER_TEXT, .text = text, .text_bytes = strlen(text)};
}

static struct ms_parameter
integer_parameter(int64_t integer)
{
  return (struct ms_parameter){.type = MS_PARAMETER_INTEGER, .integer = integer};
}

/* The text of {"__type__": "datetime", "value": TEXT}, or NULL. */
static const char *
dressed_date(const struct ms_json_node *node)
{
  const char *type = ms_json_get_string(node, "__type__");
  if (!type || (strcmp(type, "datetime") != 0 && strcmp(type, "date") != 0))
    return NULL;
  return ms_json_get_string(node, "value");
}

static enum ms_status
decode_string(struct ms_batch *batch, const struct ms_json_node *node, struct ms_parameter *value,
              struct ms_error *err)
{
  (void)batch;
  const char *date = dressed_date(node);
  if (date) {
    *value = ms_text_parameter(date);
    return MS_OK;
  }
  if (node->type != MS_JSON_STRING)
    return ms_fail(err, MS_INVALID, "takes a string");
  if (memchr(node->string, '\0', node->string_bytes))
    return ms_fail(err, MS_INVALID, "takes a string without NUL characters");
  value->type = MS_PARAMETER_TEXT;
  value->text = node->string;
  value->text_bytes = node->string_bytes;
  return MS_OK;
}

static enum ms_status
decode_json(struct ms_batch *batch, const struct ms_json_node *node, struct ms_parameter *value,
            struct ms_error *err)
{
  if (node->type == MS_JSON_OBJECT || node->type == MS_JSON_ARRAY)
    return ms_fail(err, MS_INVALID, "takes a string that holds JSON: encode the %s first",
                   ms_json_type_name(node->type));
  return decode_string(batch, node, value, err);
}

static enum ms_status
decode_boolean(struct ms_batch *batch, const struct ms_json_node *node, struct ms_parameter *value,
               struct ms_error *err)
{
  (void)batch;
  bool is_number = node->type == MS_JSON_INTEGER && (node->integer == 0 || node->integer == 1);
  if (node->type != MS_JSON_TRUE && node->type != MS_JSON_FALSE && !is_number)
    return ms_fail(err, MS_INVALID, "takes true or false");
  *value = integer_parameter(is_number ? node->integer : node->type == MS_JSON_TRUE);
  return MS_OK;
}

static enum ms_status
decode_integer(struct ms_batch *batch, const struct ms_json_node *node, struct ms_parameter *value,
               struct ms_error *err)
{
  (void)batch;
  if (node->type == MS_JSON_INTEGER) {
    *value = integer_parameter(node->integer);
    return MS_OK;
  }
  if (node->type != MS_JSON_NUMBER || node->number != floor(node->number) ||
      fabs(node->number) >= INTEGER_LIMIT)
    return ms_fail(err, MS_INVALID, "takes a whole number");
  *value = integer_parameter((int64_t)node->number);
  return MS_OK;
}

static enum ms_status
decode_number(struct ms_batch *batch, const struct ms_json_node *node, struct ms_parameter *value,
              struct ms_error *err)
{
  (void)batch;
  if (node->type != MS_JSON_INTEGER && node->type != MS_JSON_NUMBER)
    return ms_fail(err, MS_INVALID, "takes a number");
  value->type = MS_PARAMETER_NUMBER;
  value->number = node->number;
  return MS_OK;
}

static enum ms_status
decode_time(struct ms_batch *batch, const struct ms_json_node *node, struct ms_parameter *value,
            struct ms_error *err)
{
  (void)batch;
  const char *text = node->type == MS_JSON_STRING ? node->string : dressed_date(node);
  if (!text)
    return ms_fail(err, MS_INVALID, "takes a date");
  int64_t time_us = 0;
  enum ms_status status = ms_time_parse(text, strlen(text), &time_us, err);
  *value = integer_parameter(time_us);
  return status;
}

enum ms_status
ms_value_as_json(struct ms_batch *batch, const struct ms_json_node *node,
                 struct ms_parameter *value, struct ms_error *err)
{
  struct ms_buffer json;
  struct ms_json_writer writer;
  ms_buffer_init(&json, MS_VALUE_MAX_BYTES);
  ms_json_writer_init(&writer, &json);
  ms_json_node(&writer, node);
  enum ms_status status = ms_buffer_check(&json, "a value", err);
  const char *copy = NULL;
  if (status == MS_OK) {
    copy = ms_arena_strndup(batch->arena, ms_buffer_string(&json), json.size_bytes);
    status = copy ? MS_OK : ms_batch_out_of_memory(err);
  }
  if (status == MS_OK)
    *value = ms_text_parameter(copy);
  ms_buffer_free(&json);
  return status;
}

/* Any value as JSON text; a date in the one form that every client reads. */
static enum ms_status
decode_variable(struct ms_batch *batch, const struct ms_json_node *node, struct ms_parameter *value,
                struct ms_error *err)
{
  int64_t time_us = 0;
  char time[MS_TIME_TEXT_SIZE];
  const char *date = node->type == MS_JSON_OBJECT ? dressed_date(node) : NULL;
  if (!date)
    return ms_value_as_json(batch, node, value, err);
  enum ms_status status = ms_time_parse(date, strlen(date), &time_us, err);
  if (status != MS_OK)
    return status;
  ms_time_format(time_us, time);
  const char *json =
      ms_arena_printf(batch->arena, "{\"__type__\":\"datetime\",\"value\":\"%s\"}", time);
  if (!json)
    return ms_batch_out_of_memory(err);
  *value = ms_text_parameter(json);
  return MS_OK;
}

static const decoder decoders[] = {
    [MS_VALUE_STRING] = decode_string,    [MS_VALUE_JSON] = decode_json,
    [MS_VALUE_BOOLEAN] = decode_boolean,  [MS_VALUE_INTEGER] = decode_integer,
    [MS_VALUE_NUMBER] = decode_number,    [MS_VALUE_DATETIME] = decode_time,
    [MS_VALUE_OBJECT] = ms_value_as_json, [MS_VALUE_VARIABLE] = decode_variable,
};

static enum ms_status
fail_enum(const struct ms_attribute *attribute, const struct ms_parameter *value,
          struct ms_error *err)
{
  char choices[256] = "";
  size_t size = 0;
  for (size_t i = 0; i < attribute->enum_count && size < sizeof choices; i++)
    size += (size_t)snprintf(choices + size, sizeof choices - size, "%s%s", i ? ", " : "",
                             attribute->enum_values[i]);
  return ms_fail(err, MS_INVALID, "takes one of %s, not '%.100s'", choices, value->text);
}

static bool
is_allowed(const struct ms_attribute *attribute, const struct ms_parameter *value)
{
  if (attribute->enum_count == 0 || value->type != MS_PARAMETER_TEXT)
    return true;
  for (size_t i = 0; i < attribute->enum_count; i++)
    if (strcmp(attribute->enum_values[i], value->text) == 0)
      return true;
  return false;
}

static enum ms_status
check_value(const struct ms_attribute *attribute, const struct ms_parameter *value,
            struct ms_error *err)
{
  if (value->text_bytes > MS_VALUE_MAX_BYTES)
    return ms_fail(err, MS_LIMIT, "takes up to %d bytes, not %zu", MS_VALUE_MAX_BYTES,
                   value->text_bytes);
  if (!is_allowed(attribute, value))
    return fail_enum(attribute, value, err);
  return MS_OK;
}

enum ms_status
ms_value_decode(struct ms_batch *batch, const struct ms_attribute *attribute,
                const struct ms_json_node *node, struct ms_parameter *value, struct ms_error *err)
{
  *value = (struct ms_parameter){.type = MS_PARAMETER_NULL};
  if (node->type == MS_JSON_NULL)
    return MS_OK;
  enum ms_status status = decoders[attribute->value_type](batch, node, value, err);
  if (status == MS_OK)
    status = check_value(attribute, value, err);
  if (status != MS_OK && err && status != MS_MEMORY)
    ms_error_prefix(err, "attribute '%s'", attribute->name);
  return status;
}

enum ms_status
ms_value_decode_text(struct ms_batch *batch, const struct ms_attribute *attribute, const char *json,
                     struct ms_parameter *value, struct ms_error *err)
{
  struct ms_json_node *node = NULL;
  enum ms_status status = ms_json_parse(batch->arena, json, strlen(json), &node, err);
  return status == MS_OK ? ms_value_decode(batch, attribute, node, value, err) : status;
}

bool
ms_value_equal(const struct ms_parameter *a, const struct ms_parameter *b)
{
  if (a->type != b->type)
    return false;
  switch (a->type) {
  case MS_PARAMETER_NULL:
    return true;
  case MS_PARAMETER_INTEGER:
  case MS_PARAMETER_KEY:
    return a->integer == b->integer;
  case MS_PARAMETER_NUMBER:
    return a->number == b->number;
  case MS_PARAMETER_TEXT:
    return a->text_bytes == b->text_bytes && memcmp(a->text, b->text, a->text_bytes) == 0;
  }
  return false;
}

void
ms_value_bind(struct ms_statement *statement, int index, const struct ms_parameter *value)
{
  switch (value->type) {
  case MS_PARAMETER_NULL:
    ms_statement_bind_null(statement, index);
    break;
  case MS_PARAMETER_INTEGER:
    ms_statement_bind_integer(statement, index, value->integer);
    break;
  case MS_PARAMETER_NUMBER:
    ms_statement_bind_number(statement, index, value->number);
    break;
  case MS_PARAMETER_TEXT:
    ms_statement_bind_text(statement, index, value->text, value->text_bytes);
    break;
  case MS_PARAMETER_KEY:
    assert(!"the key's part stands for it");
    break;
  }
}

enum ms_status
ms_value_read(struct ms_batch *batch, struct ms_statement *statement, int column,
              enum ms_column_type type, struct ms_parameter *value, struct ms_error *err)
{
  *value = (struct ms_parameter){.type = MS_PARAMETER_NULL};
  if (ms_statement_is_null(statement, column))
    return MS_OK;
  if (type == MS_COLUMN_INTEGER) {
    *value = integer_parameter(ms_statement_integer(statement, column));
    return MS_OK;
  }
  if (type == MS_COLUMN_REAL) {
    value->type = MS_PARAMETER_NUMBER;
    value->number = ms_statement_number(statement, column);
    return MS_OK;
  }
  value->type = MS_PARAMETER_TEXT;
  const char *text = ms_statement_text(statement, column, &value->text_bytes);
  value->text = ms_arena_strndup(batch->arena, text, value->text_bytes);
  return value->text ? MS_OK : ms_batch_out_of_memory(err);
}
