/* Rows: from `entity_data` to cells, and from cells to statements.
 *
 * A relation and its foreign key are one column, so a client may send either or both. The texts of
 * statements depend on the names of columns alone, so the database keeps them prepared. */
#include "api/row.h"

#include <assert.h>
#include <string.h>

enum { ROW_SQL_MAX_BYTES = 64 * 1024 };

/* ---- columns ---- */

const struct ms_entity_type *
ms_type_owner(const struct ms_model *model, const struct ms_entity_type *type)
{
  if (type->root->column_count)
    return type->root;
  for (size_t i = 0; i < model->type_count; i++)
    if (model->types[i].column_count && strcmp(model->types[i].table, type->table) == 0)
      return &model->types[i];
  return type->root;
}

const struct ms_column *
ms_type_column(const struct ms_model *model, const struct ms_entity_type *type, const char *column)
{
  const struct ms_entity_type *owner = ms_type_owner(model, type);
  for (size_t i = 0; i < owner->column_count; i++)
    if (strcmp(owner->columns[i].name, column) == 0)
      return &owner->columns[i];
  return NULL;
}

/* ---- cells ---- */

enum ms_status
ms_row_init(struct ms_batch *batch, const struct ms_entity_type *type, struct ms_row *row,
            struct ms_error *err)
{
  *row = (struct ms_row){.type = type};
  row->cell_capacity = ms_type_owner(batch->api->model, type)->column_count;
  row->cells = MS_ARENA_ARRAY(batch->arena, struct ms_cell, row->cell_capacity);
  row->given = MS_ARENA_ARRAY(batch->arena, const char *, type->attribute_count);
  return row->cells && row->given ? MS_OK : ms_batch_out_of_memory(err);
}

struct ms_cell *
ms_row_cell(struct ms_row *row, const char *column)
{
  for (size_t i = 0; i < row->cell_count; i++)
    if (strcmp(row->cells[i].column, column) == 0)
      return &row->cells[i];
  return NULL;
}

void
ms_row_set(struct ms_row *row, const char *column, const struct ms_attribute *attribute,
           struct ms_parameter value)
{
  struct ms_cell *cell = ms_row_cell(row, column);
  if (!cell) {
    assert(row->cell_count < row->cell_capacity && "one cell per column of the table");
    cell = &row->cells[row->cell_count++];
    cell->column = column;
    cell->attribute = attribute;
  }
  cell->value = value;
}

enum ms_status
ms_row_give(struct ms_row *row, const char *column, const struct ms_attribute *attribute,
            const struct ms_parameter *value, struct ms_error *err)
{
  const struct ms_cell *cell = ms_row_cell(row, column);
  if (cell && value->type == MS_PARAMETER_NULL)
    return MS_OK;
  bool disagrees =
      cell && cell->value.type != MS_PARAMETER_NULL && !ms_value_equal(&cell->value, value);
  if (disagrees && cell->attribute == attribute)
    return ms_fail(err, MS_INVALID, "attribute '%s' of %s is given twice, with two values",
                   attribute->name, row->type->name);
  if (disagrees)
    return ms_fail(err, MS_INVALID, "attributes '%s' and '%s' of %s disagree: give one of them",
                   cell->attribute->name, attribute->name, row->type->name);
  ms_row_set(row, column, attribute, *value);
  return MS_OK;
}

/* ---- entity_data ---- */

static enum ms_status
decode_scalar(struct ms_batch *batch, const struct ms_attribute *attribute,
              const struct ms_json_node *node, struct ms_row *row, struct ms_error *err)
{
  struct ms_parameter value;
  enum ms_status status = ms_value_decode(batch, attribute, node, &value, err);
  return status == MS_OK ? ms_row_give(row, attribute->storage.column, attribute, &value, err)
                         : status;
}

static enum ms_status
decode_reference(struct ms_batch *batch, const struct ms_attribute *attribute,
                 const struct ms_json_node *node, struct ms_row *row, struct ms_error *err)
{
  struct ms_key key = {.count = 0};
  enum ms_status status = MS_OK;
  if (node->type != MS_JSON_NULL)
    status = ms_key_decode_reference(batch, attribute, node, &key, err);
  if (status == MS_OK)
    status = ms_row_give(row, attribute->storage.column, attribute, &key.parts[0], err);
  if (status == MS_OK && attribute->storage.second_column)
    status = ms_row_give(row, attribute->storage.second_column, attribute, &key.parts[1], err);
  return status;
}

static enum ms_status
decode_collection(struct ms_batch *batch, const struct ms_attribute *attribute,
                  const struct ms_json_node *node, struct ms_row *row, struct ms_error *err)
{
  if (node->type == MS_JSON_NULL)
    return MS_OK;
  if (node->type != MS_JSON_ARRAY)
    return ms_fail(err, MS_INVALID, "attribute '%s' takes a list of references, not a %s",
                   attribute->name, ms_json_type_name(node->type));
  struct ms_membership *membership = MS_ARENA_NEW(batch->arena, struct ms_membership);
  if (!membership)
    return ms_batch_out_of_memory(err);
  membership->attribute = attribute;
  membership->members = node;
  membership->next = row->memberships;
  row->memberships = membership;
  return MS_OK;
}

static enum ms_status
fail_unknown(const struct ms_entity_type *type, const char *name, struct ms_error *err)
{
  const char *nearest = ms_type_nearest_attribute(type, name);
  if (nearest)
    return ms_fail(err, MS_INVALID, "%s has no attribute '%.100s'; did you mean '%s'?", type->name,
                   name, nearest);
  return ms_fail(err, MS_INVALID, "%s has no attribute '%.100s'", type->name, name);
}

static enum ms_status
decode_member(struct ms_batch *batch, const struct ms_json_node *node, struct ms_row *row,
              struct ms_error *err)
{
  const struct ms_attribute *attribute = ms_type_attribute(row->type, node->key);
  if (!attribute)
    return fail_unknown(row->type, node->key, err);
  if (attribute->storage.kind == MS_STORED_COMPUTED)
    return ms_fail(err, MS_INVALID, "attribute '%s' of %s is calculated and cannot be set",
                   attribute->name, row->type->name);
  if (row->given_name_count < row->type->attribute_count)
    row->given[row->given_name_count++] = attribute->name;
  if (attribute->kind == MS_KIND_SCALAR)
    return decode_scalar(batch, attribute, node, row, err);
  if (attribute->kind == MS_KIND_REFERENCE)
    return decode_reference(batch, attribute, node, row, err);
  return decode_collection(batch, attribute, node, row, err);
}

enum ms_status
ms_row_decode(struct ms_batch *batch, const struct ms_json_node *data, struct ms_row *row,
              struct ms_error *err)
{
  if (!data || data->type != MS_JSON_OBJECT)
    return ms_fail(err, MS_INVALID, "the operation has no object 'entity_data'");
  enum ms_status status = MS_OK;
  for (const struct ms_json_node *node = data->first; node && status == MS_OK; node = node->next)
    if (strcmp(node->key, "__entity_type__") != 0)
      status = decode_member(batch, node, row, err);
  row->given_count = row->cell_count;
  return status;
}

enum ms_status
ms_row_take_key(struct ms_row *row, struct ms_error *err)
{
  enum ms_status status = MS_OK;
  row->key.count = 0;
  for (size_t i = 0; i < row->type->primary_key_count && status == MS_OK; i++) {
    const struct ms_attribute *attribute = row->type->primary_key[i];
    const struct ms_cell *cell = ms_row_cell(row, attribute->storage.column);
    row->key.parts[i] = cell ? cell->value : (struct ms_parameter){.type = MS_PARAMETER_NULL};
    row->key.count++;
    status = ms_key_check_part(attribute, &row->key.parts[i], err);
  }
  return status;
}

/* ---- statements ---- */

static enum ms_status
prepare(struct ms_batch *batch, struct ms_buffer *sql, struct ms_statement **statement,
        struct ms_error *err)
{
  enum ms_status status = ms_buffer_check(sql, "a statement", err);
  if (status == MS_OK)
    status = ms_database_prepare(batch->api->database, sql->data, statement, err);
  ms_buffer_free(sql);
  return status;
}

static void
bind_cells(struct ms_statement *statement, const struct ms_row *row)
{
  for (size_t i = 0; i < row->cell_count; i++)
    ms_value_bind(statement, (int)i + 1, &row->cells[i].value);
}

/* The columns' names, each with `before` in front of it and `after` behind it, and commas in between. */
static void
append_columns(struct ms_buffer *sql, const struct ms_row *row, const char *before,
               const char *after)
{
  for (size_t i = 0; i < row->cell_count; i++) {
    ms_buffer_append_string(sql, i ? "," : "");
    ms_buffer_append_string(sql, before);
    ms_buffer_append_string(sql, row->cells[i].column);
    ms_buffer_append_string(sql, after);
  }
}

enum ms_status
ms_row_insert(struct ms_batch *batch, const struct ms_row *row, struct ms_error *err)
{
  struct ms_buffer sql;
  struct ms_statement *statement = NULL;
  ms_buffer_init(&sql, ROW_SQL_MAX_BYTES);
  ms_buffer_printf(&sql, "INSERT INTO \"%s\" (", row->type->table);
  append_columns(&sql, row, "\"", "\"");
  ms_buffer_append_string(&sql, ") VALUES (");
  for (size_t i = 0; i < row->cell_count; i++)
    ms_buffer_append_string(&sql, i ? ",?" : "?");
  ms_buffer_append_char(&sql, ')');
  enum ms_status status = prepare(batch, &sql, &statement, err);
  if (status != MS_OK)
    return status;
  bind_cells(statement, row);
  status = ms_statement_step(statement, NULL, err);
  ms_statement_done(statement);
  return status;
}

enum ms_status
ms_row_update(struct ms_batch *batch, const struct ms_row *row, struct ms_error *err)
{
  struct ms_buffer sql;
  struct ms_statement *statement = NULL;
  if (row->cell_count == 0)
    return MS_OK;
  ms_buffer_init(&sql, ROW_SQL_MAX_BYTES);
  ms_buffer_printf(&sql, "UPDATE \"%s\" SET ", row->type->table);
  append_columns(&sql, row, "\"", "\" = ?");
  ms_key_print_condition(&sql, row->type, (int)row->cell_count + 1);
  enum ms_status status = prepare(batch, &sql, &statement, err);
  if (status != MS_OK)
    return status;
  bind_cells(statement, row);
  ms_key_bind(statement, (int)row->cell_count + 1, &row->key);
  status = ms_statement_step(statement, NULL, err);
  ms_statement_done(statement);
  return status;
}

/* ---- reading back ---- */

static enum ms_status
read_values(struct ms_batch *batch, struct ms_statement *statement, const struct ms_row *row,
            struct ms_parameter *values, const struct ms_entity_type **concrete,
            struct ms_error *err)
{
  enum ms_status status = MS_OK;
  *concrete = row->type;
  for (size_t i = 0; i < row->cell_count && status == MS_OK; i++) {
    const struct ms_column *column =
        ms_type_column(batch->api->model, row->type, row->cells[i].column);
    status = ms_value_read(batch, statement, (int)i + 1, column->type, &values[i], err);
  }
  const char *name = ms_statement_text(statement, 0, NULL);
  const struct ms_entity_type *type = name ? ms_model_type(batch->api->model, name) : NULL;
  if (type)
    *concrete = type;
  return status;
}

enum ms_status
ms_row_read(struct ms_batch *batch, const struct ms_row *row, struct ms_parameter *values,
            const struct ms_entity_type **concrete, struct ms_error *err)
{
  struct ms_buffer sql;
  struct ms_statement *statement = NULL;
  bool found = false;
  ms_buffer_init(&sql, ROW_SQL_MAX_BYTES);
  if (row->type->type_column)
    ms_buffer_printf(&sql, "SELECT \"%s\"", row->type->type_column);
  else
    ms_buffer_append_string(&sql, "SELECT NULL");
  ms_buffer_append_string(&sql, row->cell_count ? ", " : "");
  append_columns(&sql, row, "\"", "\"");
  ms_buffer_printf(&sql, " FROM \"%s\"", row->type->table);
  ms_key_print_condition(&sql, row->type, 1);
  enum ms_status status = prepare(batch, &sql, &statement, err);
  if (status != MS_OK)
    return status;
  ms_key_bind(statement, 1, &row->key);
  status = ms_statement_step(statement, &found, err);
  if (status == MS_OK && found)
    status = read_values(batch, statement, row, values, concrete, err);
  ms_statement_done(statement);
  if (status == MS_OK && (!found || !ms_type_is_a(*concrete, row->type)))
    return ms_fail(err, MS_NOT_FOUND, "there is no %s",
                   ms_key_describe(batch, row->type, &row->key));
  return status;
}
