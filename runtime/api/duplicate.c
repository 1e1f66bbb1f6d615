/* Sending a commit twice must do no harm, and a real clash must be told in words.
 *
 * What later operations of the same batch change need not agree: the first time, they have changed it
 * already. */
#include "api/duplicate.h"

#include <stdio.h>
#include <string.h>

enum { CLASH_MAX_BYTES = 1024 };

/* ---- words ---- */

static bool
names_column(const char *message, const char *table, const char *column)
{
  char name[256];
  snprintf(name, sizeof name, "%s.%s", table, column);
  const char *found = strstr(message, name);
  return found && (found[strlen(name)] == '\0' || found[strlen(name)] == ',');
}

static bool
names_unique(const char *message, const char *table, const struct ms_unique *unique)
{
  for (size_t i = 0; i < unique->column_count; i++)
    if (!names_column(message, table, unique->columns[i]))
      return false;
  return true;
}

static void
print_clash(struct ms_buffer *out, const struct ms_row *row, const struct ms_unique *unique)
{
  for (size_t i = 0; i < unique->column_count; i++) {
    struct ms_row *cells = (struct ms_row *)row;
    const struct ms_cell *cell = ms_row_cell(cells, unique->columns[i]);
    ms_buffer_printf(out, "%s%s", i ? " and " : " with ", unique->columns[i]);
    if (cell && cell->value.type == MS_PARAMETER_TEXT)
      ms_buffer_printf(out, " '%.100s'", cell->value.text);
  }
}

enum ms_status
ms_duplicate_fail(struct ms_batch *batch, const struct ms_row *row, struct ms_error *err)
{
  const struct ms_entity_type *owner = ms_type_owner(batch->api->model, row->type);
  struct ms_buffer clash;
  ms_buffer_init(&clash, CLASH_MAX_BYTES);
  for (size_t i = 0; i < owner->unique_count; i++)
    if (names_unique(err->message, owner->table, &owner->uniques[i]))
      print_clash(&clash, row, &owner->uniques[i]);
  ms_fail(err, MS_EXISTS, "there already is a %s%s", row->type->name, ms_buffer_string(&clash));
  ms_buffer_free(&clash);
  return MS_EXISTS;
}

/* ---- the same commit again ---- */

static bool
is_same_entity(struct ms_batch *batch, const struct ms_json_node *operation,
               const struct ms_row *row)
{
  const struct ms_entity_type *type = NULL;
  struct ms_key key;
  const char *name = ms_json_get_string(operation, "entity_type");
  if (name)
    type = ms_model_type(batch->api->model, name);
  if (!type || type->root != row->type->root ||
      ms_key_decode(batch, type, ms_json_get(operation, "entity_key"), &key, NULL) != MS_OK)
    return false;
  for (size_t i = 0; i < key.count; i++)
    if (!ms_value_equal(&key.parts[i], &row->key.parts[i]))
      return false;
  return true;
}

static bool
sets_column(const struct ms_json_node *data, const struct ms_entity_type *type, const char *column)
{
  for (const struct ms_json_node *node = data ? data->first : NULL; node; node = node->next) {
    const struct ms_attribute *attribute = ms_type_attribute(type, node->key);
    if (attribute && attribute->storage.kind == MS_STORED_COLUMN &&
        strcmp(attribute->storage.column, column) == 0)
      return true;
  }
  return false;
}

/* Whether a later operation of the batch updates this column of the row. */
static bool
is_updated_later(struct ms_batch *batch, const struct ms_row *row, const char *column)
{
  for (const struct ms_json_node *later = batch->operation->next; later; later = later->next) {
    const char *action = ms_json_get_string(later, "action");
    const struct ms_json_node *data = ms_json_get(later, "entity_data");
    if (action && strcmp(action, "update") == 0 && data && data->type == MS_JSON_OBJECT &&
        is_same_entity(batch, later, row) && sets_column(data, row->type, column))
      return true;
  }
  return false;
}

enum ms_status
ms_duplicate_settle(struct ms_batch *batch, const struct ms_row *row, struct ms_error *err)
{
  struct ms_error clash = *err;
  const struct ms_entity_type *concrete = NULL;
  struct ms_parameter *values =
      MS_ARENA_ARRAY(batch->arena, struct ms_parameter, row->cell_count + 1);
  if (!values)
    return ms_batch_out_of_memory(err);
  enum ms_status status = ms_row_read(batch, row, values, &concrete, err);
  if (status == MS_NOT_FOUND) {
    *err = clash;
    return ms_duplicate_fail(batch, row, err);
  }
  for (size_t i = 0; i < row->given_count && status == MS_OK; i++)
    if (!ms_value_equal(&row->cells[i].value, &values[i]) &&
        !is_updated_later(batch, row, row->cells[i].column))
      status = ms_fail(err, MS_EXISTS, "%s already exists with another '%s'",
                       ms_key_describe(batch, row->type, &row->key), row->cells[i].attribute->name);
  return status;
}
