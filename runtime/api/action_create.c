/* create: one entity, with server-side defaults; sent twice, it does no harm. */
#include <string.h>

#include "api/checks.h"
#include "api/collection.h"
#include "api/custom_value.h"
#include "api/duplicate.h"
#include "api/entity.h"
#include "api/fill.h"
#include "api/rules.h"
#include "api/update_note.h"

/* The key may come beside the data, in it, or not at all. */
static enum ms_status
give_key(struct ms_batch *batch, const struct ms_json_node *operation, struct ms_row *row,
         struct ms_error *err)
{
  struct ms_key key;
  const struct ms_json_node *node = ms_json_get(operation, "entity_key");
  if (!node || node->type == MS_JSON_NULL || (node->type == MS_JSON_ARRAY && node->count == 0))
    return MS_OK;
  enum ms_status status = ms_key_decode(batch, row->type, node, &key, err);
  for (size_t i = 0; i < key.count && status == MS_OK; i++)
    status = ms_row_give(row, row->type->primary_key[i]->storage.column, row->type->primary_key[i],
                         &key.parts[i], err);
  row->given_count = row->cell_count;
  return status;
}

/* A base type with a subtype's classifier makes an entity of that subtype. */
static const struct ms_entity_type *
classify(struct ms_row *row)
{
  const struct ms_entity_type *type = row->type;
  for (size_t i = 0; i < type->descendant_count; i++) {
    const struct ms_entity_type *subtype = type->descendants[i];
    const struct ms_cell *cell =
        subtype->classifier ? ms_row_cell(row, subtype->classifier->storage.column) : NULL;
    if (cell && cell->value.type == MS_PARAMETER_TEXT &&
        strcmp(cell->value.text, subtype->classifier_value) == 0)
      return subtype;
  }
  return type;
}

static enum ms_status
set_type(struct ms_row *row, struct ms_error *err)
{
  row->type = classify(row);
  const struct ms_attribute *classifier = row->type->classifier;
  if (classifier) {
    const struct ms_parameter value = ms_text_parameter(row->type->classifier_value);
    const struct ms_cell *cell = ms_row_cell(row, classifier->storage.column);
    if (cell && cell->value.type != MS_PARAMETER_NULL && !ms_value_equal(&cell->value, &value))
      return ms_fail(err, MS_INVALID, "attribute '%s' of a %s is always %s", classifier->name,
                     row->type->name, row->type->classifier_value);
    ms_row_set(row, classifier->storage.column, classifier, value);
  }
  if (row->type->type_column)
    ms_row_set(row, row->type->type_column, NULL, ms_text_parameter(row->type->stored_as));
  return MS_OK;
}

static enum ms_status
prepare_row(struct ms_batch *batch, const struct ms_json_node *operation, struct ms_row *row,
            struct ms_error *err)
{
  const struct ms_entity_type *type = NULL;
  enum ms_status status = ms_batch_entity_type(batch, operation, &type, err);
  if (status == MS_OK)
    status = ms_row_init(batch, type, row, err);
  if (status == MS_OK)
    status = ms_row_decode(batch, ms_json_get(operation, "entity_data"), row, err);
  if (status == MS_OK)
    status = give_key(batch, operation, row, err);
  if (status == MS_OK)
    status = ms_custom_value_classify(batch, row, err);
  if (status == MS_OK)
    status = set_type(row, err);
  if (status == MS_OK)
    status = ms_fill_row(batch, row, err);
  if (status == MS_OK)
    status = set_type(row, err); /* a default may be a classifier, too */
  return status == MS_OK ? ms_row_take_key(row, err) : status;
}

static enum ms_status
insert(struct ms_batch *batch, struct ms_row *row, struct ms_error *err)
{
  const struct ms_change change = {.row = row};
  enum ms_status status = ms_rules_before(batch, &change, err);
  if (status == MS_OK)
    status = ms_row_insert(batch, row, err);
  if (status == MS_EXISTS)
    return ms_duplicate_settle(batch, row, err);
  if (status == MS_OK)
    status = ms_checks_note_row(batch, row, true, err);
  if (status == MS_OK)
    status = ms_update_note_write(batch, &change, err);
  return status == MS_OK ? ms_rules_after(batch, &change, err) : status;
}

/* ---- the answer ---- */

static bool
was_given(const struct ms_row *row, const char *name)
{
  for (size_t i = 0; i < row->given_name_count; i++)
    if (strcmp(row->given[i], name) == 0)
      return true;
  return false;
}

/* Answered: what was given, and every column that has a value. */
static bool
is_answered(struct ms_row *row, const struct ms_attribute *attribute)
{
  if (attribute->flags & (MS_ATTRIBUTE_HIDDEN | MS_ATTRIBUTE_RESTRICTED))
    return false;
  if (was_given(row, attribute->name))
    return true;
  if (attribute->kind != MS_KIND_SCALAR || attribute->storage.kind != MS_STORED_COLUMN)
    return false;
  const struct ms_cell *cell = ms_row_cell(row, attribute->storage.column);
  return cell && cell->value.type != MS_PARAMETER_NULL;
}

static enum ms_status
answer(struct ms_batch *batch, struct ms_row *row, struct ms_error *err)
{
  size_t count = 0;
  const char **names = MS_ARENA_ARRAY(batch->arena, const char *, row->type->attribute_count);
  if (!names)
    return ms_batch_out_of_memory(err);
  for (size_t i = 0; i < row->type->attribute_count; i++)
    if (is_answered(row, row->type->attributes[i]))
      names[count++] = row->type->attributes[i]->name;
  return ms_entity_append(batch, "create", row->type, &row->key, names, count, err);
}

enum ms_status
ms_action_create(struct ms_batch *batch, const struct ms_json_node *operation, struct ms_error *err)
{
  struct ms_row row;
  enum ms_status status = prepare_row(batch, operation, &row, err);
  if (status == MS_OK)
    status = insert(batch, &row, err);
  if (status == MS_OK)
    status = ms_collections_write(batch, &row, err);
  return status == MS_OK ? ms_forward_answer(batch, &row, true, answer, err) : status;
}
