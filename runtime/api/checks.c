/* The end of a batch. */
#include "api/checks.h"

#include <string.h>

#include "api/fill.h"
#include "api/tree.h"

enum { CHECK_SQL_MAX_BYTES = 64 * 1024 };

enum check_kind {
  CHECK_REQUIRED,  /* `row`: its required attributes have values, if it still exists */
  CHECK_REFERENCE, /* an entity of `target` has the key `value` */
  CHECK_REFUSAL,   /* no row of `type` has `value` in `column` */
  CHECK_TREE       /* the entity `value` of `type` does not lie in itself by `column` */
};

struct ms_check {
  enum check_kind kind;
  const struct ms_entity_type *type;
  const struct ms_entity_type *target;
  const struct ms_attribute *attribute; /* REFERENCE */
  const char *column;                   /* REFUSAL, TREE */
  struct ms_key key;                    /* REQUIRED */
  struct ms_parameter value;            /* REFERENCE, REFUSAL, TREE */
  const struct ms_json_node *operation; /* that asked for it, or NULL */
  struct ms_check *next;
};

static struct ms_check *
add_check(struct ms_batch *batch, enum check_kind kind, const struct ms_entity_type *type)
{
  struct ms_check *check = MS_ARENA_NEW(batch->arena, struct ms_check);
  if (!check)
    return NULL;
  check->kind = kind;
  check->type = type;
  check->operation = batch->settles ? NULL : batch->operation;
  if (batch->last_check)
    batch->last_check->next = check;
  else
    batch->checks = check;
  batch->last_check = check;
  return check;
}

/* Whether `sql` with this one parameter finds a row. */
static enum ms_status
finds_row(struct ms_batch *batch, const char *sql, const struct ms_parameter *value, bool *found,
          struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  enum ms_status status = ms_database_prepare(batch->api->database, sql, &statement, err);
  if (status != MS_OK)
    return status;
  ms_value_bind(statement, 1, value);
  status = ms_statement_step(statement, found, err);
  ms_statement_done(statement);
  return status;
}

/* What stands behind the condition on an id: rows of a base's table that are of the type. */
static void
print_type_condition(struct ms_buffer *sql, const struct ms_entity_type *type)
{
  if (type->root == type || !type->type_column)
    return;
  ms_buffer_printf(sql, " AND \"%s\" IN (", type->type_column);
  for (size_t i = 0; i < type->descendant_count; i++)
    ms_buffer_printf(sql, "%s'%s'", i ? ", " : "", type->descendants[i]->stored_as);
  ms_buffer_append_char(sql, ')');
}

static enum ms_status
has_row(struct ms_batch *batch, const struct ms_entity_type *type, const char *column,
        const struct ms_parameter *value, bool *found, struct ms_error *err)
{
  struct ms_buffer sql;
  ms_buffer_init(&sql, CHECK_SQL_MAX_BYTES);
  ms_buffer_printf(&sql, "SELECT 1 FROM \"%s\" WHERE \"%s\" = ?1", type->table, column);
  print_type_condition(&sql, type);
  ms_buffer_append_string(&sql, " LIMIT 1");
  enum ms_status status = ms_buffer_check(&sql, "a statement", err);
  if (status == MS_OK)
    status = finds_row(batch, sql.data, value, found, err);
  ms_buffer_free(&sql);
  return status;
}

/* ---- references ---- */

static enum ms_status
has_target(struct ms_batch *batch, const struct ms_entity_type *target,
           const struct ms_parameter *value, bool *found, struct ms_error *err)
{
  return has_row(batch, target, target->primary_key[0]->storage.column, value, found, err);
}

enum ms_status
ms_checks_note_target(struct ms_batch *batch, const struct ms_entity_type *type,
                      const struct ms_attribute *attribute, const struct ms_entity_type *target,
                      const struct ms_parameter *id, struct ms_error *err)
{
  bool found = false;
  enum ms_status status = has_target(batch, target, id, &found, err);
  if (status != MS_OK || found)
    return status;
  ms_forward_note(batch);
  struct ms_check *check = add_check(batch, CHECK_REFERENCE, type);
  if (!check)
    return ms_batch_out_of_memory(err);
  check->target = target;
  check->attribute = attribute;
  check->value = *id;
  return MS_OK;
}

/* An entity can come to lie in itself when it moves, or when it was made before what it lies in. */
static enum ms_status
note_tree(struct ms_batch *batch, const struct ms_row *row, const struct ms_cell *cell, bool is_new,
          struct ms_error *err)
{
  if (cell->value.type == MS_PARAMETER_NULL || !ms_tree_has_parent_in(row->type, cell->column))
    return MS_OK;
  bool is_below_later = batch->last_check && batch->last_check->kind == CHECK_REFERENCE &&
                        batch->last_check->attribute == cell->attribute &&
                        ms_value_equal(&batch->last_check->value, &cell->value);
  if (is_new && !is_below_later && !ms_value_equal(&row->key.parts[0], &cell->value))
    return MS_OK;
  struct ms_check *check = add_check(batch, CHECK_TREE, row->type);
  if (!check)
    return ms_batch_out_of_memory(err);
  check->column = cell->column;
  check->value = row->key.parts[0];
  return MS_OK;
}

static enum ms_status
note_reference(struct ms_batch *batch, const struct ms_entity_type *type,
               const struct ms_cell *cell, struct ms_error *err)
{
  const struct ms_column *column = ms_type_column(batch->api->model, type, cell->column);
  if (!column || !column->references || column->references->primary_key_count != 1 ||
      cell->value.type == MS_PARAMETER_NULL)
    return MS_OK;
  return ms_checks_note_target(batch, type, cell->attribute, column->references, &cell->value, err);
}

static enum ms_status
run_reference(struct ms_batch *batch, const struct ms_check *check, struct ms_error *err)
{
  bool found = false;
  enum ms_status status = has_target(batch, check->target, &check->value, &found, err);
  if (status != MS_OK || found)
    return status;
  struct ms_key key = {.parts = {check->value}, .count = 1};
  return ms_fail(err, MS_INTEGRITY, "attribute '%s' of %s refers to %s, which does not exist",
                 check->attribute->name, check->type->name,
                 ms_key_describe(batch, check->target, &key));
}

/* ---- required values ---- */

static bool
is_required(const struct ms_attribute *attribute)
{
  return attribute->flags & MS_ATTRIBUTE_REQUIRED && attribute->kind == MS_KIND_SCALAR &&
         attribute->storage.kind == MS_STORED_COLUMN;
}

/* Whether the row was written without a value that it needs. An update lacks only what it sets to
 * null. */
static bool
lacks_value(struct ms_row *row, const struct ms_attribute *attribute, bool is_new)
{
  if (!is_required(attribute))
    return false;
  const struct ms_cell *cell = ms_row_cell(row, attribute->storage.column);
  return cell ? cell->value.type == MS_PARAMETER_NULL : is_new;
}

static enum ms_status
note_required(struct ms_batch *batch, struct ms_row *row, bool is_new, struct ms_error *err)
{
  for (size_t i = 0; i < row->type->attribute_count; i++) {
    if (!lacks_value(row, row->type->attributes[i], is_new))
      continue;
    struct ms_check *check = add_check(batch, CHECK_REQUIRED, row->type);
    if (!check)
      return ms_batch_out_of_memory(err);
    check->key = row->key;
    return MS_OK;
  }
  return MS_OK;
}

/* What was filled in from other rows a moment ago leads somewhere. */
static bool
is_found(const struct ms_row *row, size_t cell)
{
  const struct ms_attribute *attribute = row->cells[cell].attribute;
  return cell >= row->given_count && attribute && ms_fill_looks_around(attribute);
}

enum ms_status
ms_checks_note_row(struct ms_batch *batch, struct ms_row *row, bool is_new, struct ms_error *err)
{
  enum ms_status status = note_required(batch, row, is_new, err);
  for (size_t i = 0; i < row->cell_count && status == MS_OK; i++) {
    if (is_new && is_found(row, i))
      continue;
    status = note_reference(batch, row->type, &row->cells[i], err);
    if (status == MS_OK)
      status = note_tree(batch, row, &row->cells[i], is_new, err);
  }
  return status;
}

static void
print_required(struct ms_buffer *sql, const struct ms_entity_type *type)
{
  const char *separator = "SELECT ";
  for (size_t i = 0; i < type->attribute_count; i++) {
    if (!is_required(type->attributes[i]))
      continue;
    ms_buffer_printf(sql, "%s\"%s\"", separator, type->attributes[i]->storage.column);
    separator = ", ";
  }
  ms_buffer_printf(sql, " FROM \"%s\"", type->table);
  ms_key_print_condition(sql, type, 1);
}

/* The first required attribute that the present row has no value for, or NULL. */
static const struct ms_attribute *
find_missing(struct ms_statement *statement, const struct ms_entity_type *type)
{
  int column = 0;
  for (size_t i = 0; i < type->attribute_count; i++)
    if (is_required(type->attributes[i]) && ms_statement_is_null(statement, column++))
      return type->attributes[i];
  return NULL;
}

static enum ms_status
run_required(struct ms_batch *batch, const struct ms_check *check, struct ms_error *err)
{
  struct ms_buffer sql;
  struct ms_statement *statement = NULL;
  const struct ms_attribute *missing = NULL;
  bool found = false;
  ms_buffer_init(&sql, CHECK_SQL_MAX_BYTES);
  print_required(&sql, check->type);
  enum ms_status status = ms_buffer_check(&sql, "a statement", err);
  if (status == MS_OK)
    status = ms_database_prepare(batch->api->database, sql.data, &statement, err);
  if (status == MS_OK) {
    ms_key_bind(statement, 1, &check->key);
    status = ms_statement_step(statement, &found, err);
  }
  if (status == MS_OK && found)
    missing = find_missing(statement, check->type);
  ms_statement_done(statement);
  ms_buffer_free(&sql);
  if (missing)
    return ms_fail(err, MS_INVALID, "%s needs a value for '%s'",
                   ms_key_describe(batch, check->type, &check->key), missing->name);
  return status;
}

/* ---- refusals ---- */

enum ms_status
ms_checks_note_refusal(struct ms_batch *batch, const struct ms_entity_type *referrer,
                       const struct ms_column *column, const struct ms_entity_type *gone,
                       const char *id, struct ms_error *err)
{
  struct ms_check *check = add_check(batch, CHECK_REFUSAL, referrer);
  const char *copy = ms_arena_strdup(batch->arena, id);
  if (!check || !copy)
    return ms_batch_out_of_memory(err);
  check->target = gone;
  check->column = column->name;
  check->value = ms_text_parameter(copy);
  return MS_OK;
}

static enum ms_status
run_refusal(struct ms_batch *batch, const struct ms_check *check, struct ms_error *err)
{
  bool found = false;
  enum ms_status status =
      has_row(batch, check->type->root, check->column, &check->value, &found, err);
  if (status != MS_OK || !found)
    return status;
  struct ms_key key = {.parts = {check->value}, .count = 1};
  return ms_fail(err, MS_INTEGRITY, "%s cannot be deleted: attribute '%s' of a %s refers to it",
                 ms_key_describe(batch, check->target, &key), check->column, check->type->name);
}

/* ---- trees ---- */

static enum ms_status
run_tree(struct ms_batch *batch, const struct ms_check *check, struct ms_error *err)
{
  return ms_tree_check(batch, check->type, check->column, &check->value, err);
}

/* ---- all ---- */

enum ms_status
ms_checks_run(struct ms_batch *batch, struct ms_error *err)
{
  static enum ms_status (*const runs[])(struct ms_batch *, const struct ms_check *,
                                        struct ms_error *) = {
      [CHECK_REQUIRED] = run_required,
      [CHECK_REFERENCE] = run_reference,
      [CHECK_REFUSAL] = run_refusal,
      [CHECK_TREE] = run_tree,
  };
  enum ms_status status = MS_OK;
  for (const struct ms_check *check = batch->checks; check && status == MS_OK;
       check = check->next) {
    status = runs[check->kind](batch, check, err);
    batch->refused = status == MS_OK ? NULL : check->operation;
  }
  return status;
}
