/* The emitter's text, parameters and limits. */
#include "query/emitter.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

void
ms_emit(struct ms_emitter *emitter, const char *format, ...)
{
  char text[512]; /* longer than any piece: names are words, the rest is ours */
  va_list arguments;
  va_start(arguments, format);
  int size = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (size < 0 || (size_t)size >= sizeof text)
    ms_emit_fail(emitter, MS_INTERNAL);
  else
    ms_buffer_append(&emitter->sql, text, (size_t)size);
}

void
ms_emit_fail(struct ms_emitter *emitter, enum ms_status status)
{
  if (emitter->status == MS_OK)
    emitter->status = status;
}

bool
ms_emit_enter(struct ms_emitter *emitter, int weight)
{
  emitter->weight += weight;
  if (emitter->weight > MS_WEIGHT_MAX)
    ms_emit_fail(emitter, MS_LIMIT);
  return emitter->weight <= MS_WEIGHT_MAX;
}

void
ms_emit_leave(struct ms_emitter *emitter, int weight)
{
  emitter->weight -= weight;
}

/* Room for one more parameter. */
static bool
grow_parameters(struct ms_emitter *emitter)
{
  if (emitter->parameter_count < emitter->parameter_capacity)
    return true;
  size_t capacity = emitter->parameter_capacity ? emitter->parameter_capacity * 2 : 16;
  struct ms_parameter *parameters = MS_ARENA_ARRAY(emitter->arena, struct ms_parameter, capacity);
  if (!parameters) {
    ms_emit_fail(emitter, MS_LIMIT);
    return false;
  }
  if (emitter->parameter_count > 0)
    memcpy(parameters, emitter->parameters, emitter->parameter_count * sizeof *parameters);
  emitter->parameters = parameters;
  emitter->parameter_capacity = capacity;
  return true;
}

void
ms_emit_parameter(struct ms_emitter *emitter, const struct ms_parameter *parameter)
{
  if (!grow_parameters(emitter))
    return;
  emitter->parameters[emitter->parameter_count++] = *parameter;
  ms_emit(emitter, "?%zu", emitter->parameter_count);
}

static void
write_literal(struct ms_json_writer *writer, const struct ms_parameter *literal)
{
  switch (literal->type) {
  case MS_PARAMETER_NULL:
    ms_json_null(writer);
    return;
  case MS_PARAMETER_INTEGER:
    ms_json_integer(writer, literal->integer);
    return;
  case MS_PARAMETER_NUMBER:
    ms_json_number(writer, literal->number);
    return;
  case MS_PARAMETER_TEXT:
    ms_json_string_n(writer, literal->text, literal->text_bytes);
    return;
  case MS_PARAMETER_KEY:
    assert(!"a key is no literal of a list");
    return;
  }
}

void
ms_emit_list_parameter(struct ms_emitter *emitter, const struct ms_parameter *literals,
                       size_t count)
{
  struct ms_buffer json;
  struct ms_json_writer writer;
  ms_buffer_init(&json, MS_QUERY_ARENA_MAX_BYTES);
  ms_json_writer_init(&writer, &json);
  ms_json_begin_array(&writer);
  for (size_t i = 0; i < count; i++)
    write_literal(&writer, &literals[i]);
  ms_json_end_array(&writer);
  struct ms_parameter parameter = {.type = MS_PARAMETER_TEXT, .text_bytes = json.size_bytes};
  parameter.text =
      json.status == MS_OK ? ms_arena_strndup(emitter->arena, json.data, json.size_bytes) : NULL;
  ms_buffer_free(&json);
  if (parameter.text)
    ms_emit_parameter(emitter, &parameter);
  else
    ms_emit_fail(emitter, MS_LIMIT);
}

void
ms_emit_base_url(struct ms_emitter *emitter)
{
  if (emitter->base_url_index > 0) {
    ms_emit(emitter, "?%zu", emitter->base_url_index);
    return;
  }
  const char *base_url = emitter->context->base_url;
  struct ms_parameter parameter = {.type = MS_PARAMETER_NULL};
  if (base_url) {
    parameter.type = MS_PARAMETER_TEXT;
    parameter.text = ms_arena_strdup(emitter->arena, base_url);
    parameter.text_bytes = strlen(base_url);
    if (!parameter.text)
      ms_emit_fail(emitter, MS_LIMIT);
  }
  ms_emit_parameter(emitter, &parameter);
  emitter->base_url_index = emitter->parameter_count;
}
