/* Notes are written as JSON while their values are at hand. Names are those of classic servers, which is
 * what listeners compare with. */
#include "api/update_note.h"

#include <string.h>

#include "api/owner.h"
#include "base/clock.h"

/* ---- texts ---- */

/* A copy of the buffer, which is freed; NULL when there was no room. */
static const char *
keep(struct ms_batch *batch, struct ms_buffer *buffer)
{
  struct ms_error ignored;
  bool is_whole = ms_buffer_check(buffer, "an event", &ignored) == MS_OK;
  const char *copy =
      is_whole ? ms_arena_strndup(batch->arena, ms_buffer_string(buffer), buffer->size_bytes)
               : NULL;
  ms_buffer_free(buffer);
  return copy;
}

static void
begin(struct ms_buffer *buffer, struct ms_json_writer *writer)
{
  ms_buffer_init(buffer, MS_UPDATE_EVENT_MAX_BYTES);
  ms_json_writer_init(writer, buffer);
}

/* A relation and its foreign key are one column: listeners know the key. */
static const struct ms_attribute *
scalar_of(const struct ms_entity_type *type, const struct ms_attribute *given, const char *column)
{
  if (given->kind == MS_KIND_SCALAR)
    return given;
  for (size_t i = 0; i < type->attribute_count; i++) {
    const struct ms_attribute *attribute = type->attributes[i];
    if (attribute->kind == MS_KIND_SCALAR && attribute->storage.kind == MS_STORED_COLUMN &&
        strcmp(attribute->storage.column, column) == 0)
      return attribute;
  }
  return given;
}

static const char *
key_of(const struct ms_attribute *attribute)
{
  return attribute->alias ? attribute->alias : attribute->name;
}

static void
print_value(struct ms_json_writer *writer, const struct ms_attribute *attribute,
            const struct ms_parameter *value)
{
  char time[MS_TIME_TEXT_SIZE];
  if (value->type == MS_PARAMETER_NULL) {
    ms_json_null(writer);
  } else if (attribute->value_type == MS_VALUE_VARIABLE) {
    ms_json_raw(writer, value->text, value->text_bytes);
  } else if (value->type == MS_PARAMETER_TEXT) {
    ms_json_string_n(writer, value->text, value->text_bytes);
  } else if (value->type == MS_PARAMETER_NUMBER) {
    ms_json_number(writer, value->number);
  } else if (attribute->value_type == MS_VALUE_BOOLEAN) {
    ms_json_boolean(writer, value->integer);
  } else if (attribute->value_type == MS_VALUE_DATETIME) {
    ms_time_format(value->integer, time);
    ms_json_string(writer, time);
  } else {
    ms_json_integer(writer, value->integer);
  }
}

static void
print_change(struct ms_json_writer *writer, const char *key, const struct ms_attribute *attribute,
             const struct ms_parameter *old, const struct ms_parameter *new)
{
  ms_json_key(writer, key);
  ms_json_begin_object(writer);
  ms_json_key(writer, "old");
  print_value(writer, attribute, old);
  ms_json_key(writer, "new");
  print_value(writer, attribute, new);
  ms_json_end_object(writer);
}

/* ["KEY"] */
static const char *
print_one_key(struct ms_batch *batch, const char *key)
{
  struct ms_buffer text;
  struct ms_json_writer writer;
  begin(&text, &writer);
  ms_json_begin_array(&writer);
  ms_json_string(&writer, key);
  ms_json_end_array(&writer);
  return keep(batch, &text);
}

/* {"KEY": {"old", "new"}} */
static const char *
print_one_change(struct ms_batch *batch, const char *key, const struct ms_attribute *attribute,
                 const struct ms_parameter *old, const struct ms_parameter *new)
{
  struct ms_buffer text;
  struct ms_json_writer writer;
  begin(&text, &writer);
  ms_json_begin_object(&writer);
  print_change(&writer, key, attribute, old, new);
  ms_json_end_object(&writer);
  return keep(batch, &text);
}

/* ---- notes ---- */

static enum ms_status
add_note(struct ms_batch *batch, const struct ms_update_note *note, struct ms_error *err)
{
  struct ms_update_note *copy = MS_ARENA_NEW(batch->arena, struct ms_update_note);
  if (!copy || !note->id || !note->keys || !note->changes)
    return ms_batch_out_of_memory(err);
  *copy = *note;
  if (batch->last_update)
    batch->last_update->next = copy;
  else
    batch->updates = copy;
  batch->last_update = copy;
  return MS_OK;
}

static const char *
print_key(struct ms_batch *batch, const struct ms_key *key)
{
  const char *text = key->parts[0].text;
  if (key->parts[0].type != MS_PARAMETER_TEXT)
    return ms_arena_printf(batch->arena, "%lld", (long long)key->parts[0].integer);
  for (size_t i = 1; i < key->count && text; i++)
    text = ms_arena_printf(batch->arena, "%s,%s", text, key->parts[i].text);
  return text ? ms_arena_strdup(batch->arena, text) : NULL;
}

static struct ms_parameter
old_value(const struct ms_change *change, size_t cell)
{
  return change->old && cell < change->old_count ? change->old[cell]
                                                 : (struct ms_parameter){.type = MS_PARAMETER_NULL};
}

/* Of a cell with an attribute: whether its value is another than before. */
static bool
is_changed(const struct ms_change *change, size_t cell)
{
  struct ms_parameter old = old_value(change, cell);
  return change->row->cells[cell].attribute &&
         !ms_value_equal(&old, &change->row->cells[cell].value);
}

static const struct ms_attribute *
attribute_of(const struct ms_change *change, size_t cell)
{
  const struct ms_cell *changed = &change->row->cells[cell];
  return scalar_of(change->row->type, changed->attribute, changed->column);
}

static bool
has_changed(const struct ms_change *change)
{
  bool has = !change->old || change->row->memberships;
  for (size_t i = 0; i < change->row->cell_count && !has; i++)
    has = is_changed(change, i);
  return has;
}

static const char *
print_keys(struct ms_batch *batch, const struct ms_change *change)
{
  struct ms_buffer text;
  struct ms_json_writer writer;
  begin(&text, &writer);
  ms_json_begin_array(&writer);
  for (size_t i = 0; i < change->row->cell_count; i++)
    if (is_changed(change, i))
      ms_json_string(&writer, key_of(attribute_of(change, i)));
  for (const struct ms_membership *list = change->row->memberships; list; list = list->next)
    ms_json_string(&writer, key_of(list->attribute));
  ms_json_end_array(&writer);
  return keep(batch, &text);
}

static const char *
print_changes(struct ms_batch *batch, const struct ms_change *change)
{
  struct ms_buffer text;
  struct ms_json_writer writer;
  begin(&text, &writer);
  ms_json_begin_object(&writer);
  for (size_t i = 0; i < change->row->cell_count; i++) {
    struct ms_parameter old = old_value(change, i);
    if (is_changed(change, i)) {
      const struct ms_attribute *attribute = attribute_of(change, i);
      print_change(&writer, key_of(attribute), attribute, &old, &change->row->cells[i].value);
    }
  }
  ms_json_end_object(&writer);
  return keep(batch, &text);
}

/* ---- values of custom attributes ---- */

static const char *
read_custom_key(struct ms_batch *batch, const char *configuration_id)
{
  struct ms_statement *statement = NULL;
  struct ms_error ignored;
  bool row = false;
  const char *text = NULL;
  if (ms_database_prepare(batch->api->database,
                          "SELECT key FROM CustomConfigurationBase WHERE id = ?1", &statement,
                          &ignored) != MS_OK)
    return NULL;
  ms_statement_bind_string(statement, 1, configuration_id);
  if (ms_statement_step(statement, &row, &ignored) == MS_OK && row)
    text = ms_statement_text(statement, 0, NULL);
  text = text ? ms_arena_strdup(batch->arena, text) : NULL;
  ms_statement_done(statement);
  return text;
}

/* A custom attribute's value changes the entity that has it, under the attribute's own key. */
static enum ms_status
note_custom_value(struct ms_batch *batch, const struct ms_change *change, struct ms_error *err)
{
  const struct ms_attribute *attribute = ms_type_attribute(change->row->type, "value");
  const struct ms_attribute *entity = ms_type_attribute(change->row->type, "entity_id");
  const struct ms_cell *cell = ms_row_cell(change->row, attribute->storage.column);
  const char *key = read_custom_key(batch, change->row->key.parts[0].text);
  const char *type = NULL;
  const char *id = change->row->key.parts[1].text;
  if (!cell || !key || !entity->foreign_key_type)
    return MS_OK;
  enum ms_status status =
      ms_find_type_of(batch, change->row->type, entity->storage.column, id, &type, err);
  if (status != MS_OK || !type)
    return status;
  struct ms_parameter old = old_value(change, (size_t)(cell - change->row->cells));
  const struct ms_update_note note = {
      .action = "update",
      .type = ms_model_type(batch->api->model, type),
      .id = ms_arena_strdup(batch->arena, id),
      .keys = print_one_key(batch, key),
      .changes = print_one_change(batch, key, attribute, &old, &cell->value)};
  return add_note(batch, &note, err);
}

enum ms_status
ms_update_note_write(struct ms_batch *batch, const struct ms_change *change, struct ms_error *err)
{
  ms_place_forget(batch);
  if (!has_changed(change))
    return MS_OK;
  if (strcmp(change->row->type->root->name, "CustomAttributeValue") == 0)
    return note_custom_value(batch, change, err);
  const struct ms_update_note note = {.action = change->old ? "update" : "add",
                                      .type = change->row->type,
                                      .id = print_key(batch, &change->row->key),
                                      .keys = print_keys(batch, change),
                                      .changes = print_changes(batch, change)};
  return add_note(batch, &note, err);
}

/* ---- consequences ---- */

bool
ms_update_note_has_room(const struct ms_batch *batch)
{
  return batch->consequences < MS_UPDATE_CONSEQUENCES_MAX;
}

enum ms_status
ms_update_note_removal(struct ms_batch *batch, const struct ms_entity_type *type,
                       const struct ms_key *key, struct ms_error *err)
{
  const struct ms_update_note note = {.action = "remove",
                                      .type = type,
                                      .id = print_key(batch, key),
                                      .keys = "[]",
                                      .changes = "null"};
  return add_note(batch, &note, err);
}

enum ms_status
ms_update_note_removed(struct ms_batch *batch, const struct ms_place *place, struct ms_error *err)
{
  const struct ms_update_note note = {.action = "remove",
                                      .type = place->type,
                                      .id = place->id,
                                      .keys = "[]",
                                      .changes = "null",
                                      .place = place};
  batch->consequences++;
  return add_note(batch, &note, err);
}

static struct ms_parameter
text_or_null(const char *text)
{
  return text ? ms_text_parameter(text) : (struct ms_parameter){.type = MS_PARAMETER_NULL};
}

/* The scalar attribute of a column, or NULL. */
static const struct ms_attribute *
find_scalar(const struct ms_entity_type *type, const char *column)
{
  const struct ms_attribute none = {.kind = MS_KIND_REFERENCE};
  const struct ms_attribute *scalar = scalar_of(type, &none, column);
  return scalar == &none ? NULL : scalar;
}

enum ms_status
ms_update_note_column(struct ms_batch *batch, const struct ms_entity_type *type, const char *id,
                      const char *column, const char *old, const char *new, struct ms_error *err)
{
  const struct ms_attribute *attribute = find_scalar(type, column);
  if (!attribute)
    return MS_OK;
  const struct ms_parameter values[2] = {text_or_null(old), text_or_null(new)};
  const struct ms_update_note note = {
      .action = "update",
      .type = type,
      .id = ms_arena_strdup(batch->arena, id),
      .keys = print_one_key(batch, key_of(attribute)),
      .changes = print_one_change(batch, key_of(attribute), attribute, &values[0], &values[1])};
  batch->consequences++;
  ms_place_forget(batch);
  return add_note(batch, &note, err);
}
