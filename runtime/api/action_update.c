/* update: some attributes of one entity. Values of custom attributes are rows that may not exist yet. */
#include <string.h>

#include "api/checks.h"
#include "api/collection.h"
#include "api/custom_value.h"
#include "api/duplicate.h"
#include "api/entity.h"
#include "api/rules.h"
#include "api/update_note.h"

static bool
is_immutable(const struct ms_entity_type *type, const char *name)
{
  const struct ms_attribute *attribute = ms_type_attribute(type, name);
  return attribute && attribute->flags & (MS_ATTRIBUTE_IMMUTABLE | MS_ATTRIBUTE_PRIMARY_KEY);
}

/* What may be set once can be set to what it is, and when it has no value. */
static enum ms_status
check_immutable(struct ms_batch *batch, const struct ms_row *row, const struct ms_parameter *old,
                struct ms_error *err)
{
  for (size_t i = 0; i < row->cell_count; i++)
    if (old[i].type != MS_PARAMETER_NULL && !ms_value_equal(&old[i], &row->cells[i].value) &&
        is_immutable(row->type, row->cells[i].attribute->name))
      return ms_fail(err, MS_INVALID, "attribute '%s' of %s cannot be changed once it is set",
                     row->cells[i].attribute->name, ms_key_describe(batch, row->type, &row->key));
  return MS_OK;
}

static enum ms_status
write_existing(struct ms_batch *batch, struct ms_row *row, const struct ms_parameter *old,
               struct ms_error *err)
{
  const struct ms_change change = {.row = row, .old = old, .old_count = row->cell_count};
  enum ms_status status = check_immutable(batch, row, old, err);
  if (status == MS_OK)
    status = ms_rules_before(batch, &change, err);
  if (status == MS_OK)
    status = ms_row_update(batch, row, err);
  if (status == MS_EXISTS)
    return ms_duplicate_fail(batch, row, err);
  if (status == MS_OK)
    status = ms_checks_note_row(batch, row, false, err);
  if (status == MS_OK)
    status = ms_update_note_write(batch, &change, err);
  return status == MS_OK ? ms_rules_after(batch, &change, err) : status;
}

/* Clients see a value for every configuration, so they update what was never created. */
static bool
may_be_missing(const struct ms_entity_type *type)
{
  return strcmp(type->root->name, "CustomAttributeValue") == 0;
}

static enum ms_status
prepare_missing(struct ms_batch *batch, struct ms_row *row, struct ms_error *err)
{
  for (size_t i = 0; i < row->key.count; i++) {
    const struct ms_attribute *attribute = row->type->primary_key[i];
    ms_row_set(row, attribute->storage.column, attribute, row->key.parts[i]);
  }
  enum ms_status status = ms_custom_value_classify(batch, row, err);
  if (status == MS_OK && row->type->type_column)
    ms_row_set(row, row->type->type_column, NULL, ms_text_parameter(row->type->stored_as));
  return status;
}

/* Where there is a row already, it is one of another type: the value of another kind of entity. */
static enum ms_status
write_missing(struct ms_batch *batch, struct ms_row *row, struct ms_error *err)
{
  const struct ms_change change = {.row = row};
  enum ms_status status = prepare_missing(batch, row, err);
  if (status == MS_OK)
    status = ms_rules_before(batch, &change, err);
  if (status == MS_OK)
    status = ms_row_insert(batch, row, err);
  if (status == MS_EXISTS)
    return ms_fail(err, MS_NOT_FOUND, "there is no %s",
                   ms_key_describe(batch, row->type, &row->key));
  if (status == MS_OK)
    status = ms_checks_note_row(batch, row, true, err);
  return status == MS_OK ? ms_update_note_write(batch, &change, err) : status;
}

static enum ms_status
write(struct ms_batch *batch, struct ms_row *row, struct ms_error *err)
{
  const struct ms_entity_type *concrete = NULL;
  struct ms_parameter *old = MS_ARENA_ARRAY(batch->arena, struct ms_parameter, row->cell_count + 1);
  if (!old)
    return ms_batch_out_of_memory(err);
  enum ms_status status = ms_row_read(batch, row, old, &concrete, err);
  if (status == MS_NOT_FOUND && may_be_missing(row->type))
    return write_missing(batch, row, err);
  if (status != MS_OK)
    return status;
  row->type = concrete;
  return write_existing(batch, row, old, err);
}

static bool
is_answered(const struct ms_attribute *attribute)
{
  return attribute && !(attribute->flags & (MS_ATTRIBUTE_HIDDEN | MS_ATTRIBUTE_RESTRICTED));
}

/* Answered: what was given, and what a rule set besides. */
static enum ms_status
answer(struct ms_batch *batch, struct ms_row *row, struct ms_error *err)
{
  size_t count = 0;
  const char **names =
      MS_ARENA_ARRAY(batch->arena, const char *, row->given_name_count + row->cell_count + 1);
  if (!names)
    return ms_batch_out_of_memory(err);
  for (size_t i = 0; i < row->given_name_count; i++)
    if (is_answered(ms_type_attribute(row->type, row->given[i])))
      names[count++] = row->given[i];
  for (size_t i = row->given_count; i < row->cell_count; i++)
    if (is_answered(row->cells[i].attribute))
      names[count++] = row->cells[i].attribute->name;
  return ms_entity_append(batch, "update", row->type, &row->key, names, count, err);
}

enum ms_status
ms_action_update(struct ms_batch *batch, const struct ms_json_node *operation, struct ms_error *err)
{
  struct ms_row row;
  const struct ms_entity_type *type = NULL;
  enum ms_status status = ms_batch_entity_type(batch, operation, &type, err);
  if (status == MS_OK)
    status = ms_row_init(batch, type, &row, err);
  if (status == MS_OK)
    status = ms_key_decode(batch, type, ms_json_get(operation, "entity_key"), &row.key, err);
  if (status == MS_OK)
    status = ms_row_decode(batch, ms_json_get(operation, "entity_data"), &row, err);
  if (status == MS_OK)
    status = write(batch, &row, err);
  if (status == MS_OK)
    status = ms_collections_write(batch, &row, err);
  return status == MS_OK ? ms_forward_answer(batch, &row, false, answer, err) : status;
}
