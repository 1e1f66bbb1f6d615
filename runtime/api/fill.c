/* Defaults and fills, one function per word of MS_FILL_TABLE.
 * A fill that finds nothing leaves null: whether that is allowed shows when the batch ends. */
#include "api/fill.h"

#include <string.h>

#include "api/ask.h"
#include "api/choice.h"
#include "api/owner.h"
#include "base/id.h"

typedef enum ms_status (*filler)(struct ms_batch *batch, struct ms_row *row,
                                 const struct ms_attribute *attribute, struct ms_parameter *value,
                                 struct ms_error *err);

static const char uid_default[] = "\"{uid}\"";
static const int64_t FORTNIGHT_US = 14LL * 24 * 3600 * 1000000;

/* The value of a cell; null when it has none. */
static struct ms_parameter
cell_value(struct ms_row *row, const char *column)
{
  const struct ms_cell *cell = ms_row_cell(row, column);
  return cell ? cell->value : (struct ms_parameter){.type = MS_PARAMETER_NULL};
}

/* ---- plain ones ---- */

static enum ms_status
fill_value(struct ms_batch *batch, struct ms_row *row, const struct ms_attribute *attribute,
           struct ms_parameter *value, struct ms_error *err)
{
  (void)row;
  return ms_value_decode_text(batch, attribute, attribute->fill_argument, value, err);
}

static enum ms_status
fill_now(struct ms_batch *batch, struct ms_row *row, const struct ms_attribute *attribute,
         struct ms_parameter *value, struct ms_error *err)
{
  (void)row;
  (void)attribute;
  (void)err;
  *value = (struct ms_parameter){.type = MS_PARAMETER_INTEGER, .integer = batch->now_us};
  return MS_OK;
}

static enum ms_status
fill_fortnight(struct ms_batch *batch, struct ms_row *row, const struct ms_attribute *attribute,
               struct ms_parameter *value, struct ms_error *err)
{
  enum ms_status status = fill_now(batch, row, attribute, value, err);
  value->integer += FORTNIGHT_US;
  return status;
}

static enum ms_status
fill_caller(struct ms_batch *batch, struct ms_row *row, const struct ms_attribute *attribute,
            struct ms_parameter *value, struct ms_error *err)
{
  (void)row;
  (void)attribute;
  (void)err;
  if (batch->request->user_id)
    *value = ms_text_parameter(batch->request->user_id);
  return MS_OK;
}

static enum ms_status
fill_uuid(struct ms_batch *batch, struct ms_row *row, const struct ms_attribute *attribute,
          struct ms_parameter *value, struct ms_error *err)
{
  (void)row;
  (void)attribute;
  char *id = ms_arena_alloc(batch->arena, MS_ID_SIZE);
  if (!id)
    return ms_batch_out_of_memory(err);
  ms_id_new(id);
  *value = ms_text_parameter(id);
  return MS_OK;
}

static enum ms_status
fill_username(struct ms_batch *batch, struct ms_row *row, const struct ms_attribute *attribute,
              struct ms_parameter *value, struct ms_error *err)
{
  enum ms_status status = fill_uuid(batch, row, attribute, value, err);
  if (status != MS_OK)
    return status;
  const char *name = ms_arena_printf(batch->arena, "user-%s", value->text);
  if (!name)
    return ms_batch_out_of_memory(err);
  *value = ms_text_parameter(name);
  return MS_OK;
}

/* ---- numbers that follow on ---- */

static enum ms_status
fill_sequence(struct ms_batch *batch, struct ms_row *row, const struct ms_attribute *attribute,
              struct ms_parameter *value, struct ms_error *err)
{
  const char *sql = ms_arena_printf(batch->arena, "SELECT ifnull(max(\"%s\"), 0) + 1 FROM \"%s\"",
                                    attribute->storage.column, row->type->table);
  return sql ? ms_ask(batch, sql, NULL, 0, MS_COLUMN_INTEGER, value, err)
             : ms_batch_out_of_memory(err);
}

static enum ms_status
fill_version(struct ms_batch *batch, struct ms_row *row, const struct ms_attribute *attribute,
             struct ms_parameter *value, struct ms_error *err)
{
  (void)attribute;
  struct ms_parameter asset = cell_value(row, "asset_id");
  return ms_ask(batch, "SELECT ifnull(max(version), 0) + 1 FROM AssetVersion WHERE asset_id = ?1",
                &asset, 1, MS_COLUMN_INTEGER, value, err);
}

/* ---- what the project's schema says ---- */

static enum ms_status
fill_project(struct ms_batch *batch, struct ms_row *row, const struct ms_attribute *attribute,
             struct ms_parameter *value, struct ms_error *err)
{
  (void)attribute;
  if (strcmp(row->type->name, "Project") == 0) {
    *value = cell_value(row, "id");
    return MS_OK;
  }
  struct ms_parameter parent = cell_value(row, "parent_id");
  return ms_ask(batch, "SELECT project_id FROM Context WHERE id = ?1", &parent, 1, MS_COLUMN_TEXT,
                value, err);
}

static struct ms_subject
subject_of(struct ms_row *row)
{
  return (struct ms_subject){.project_id = cell_value(row, "project_id"),
                             .object_type_id = cell_value(row, "object_type_id"),
                             .type_id = cell_value(row, "type_id")};
}

static enum ms_status
fill_version_status(struct ms_batch *batch, struct ms_row *row, struct ms_parameter *value,
                    struct ms_error *err)
{
  struct ms_subject subject = {.project_id = {.type = MS_PARAMETER_NULL}};
  struct ms_parameter asset = cell_value(row, "asset_id");
  enum ms_status status = ms_ask(
      batch,
      "SELECT c.project_id FROM Asset a JOIN Context c ON c.id = a.context_id WHERE a.id = ?1",
      &asset, 1, MS_COLUMN_TEXT, &subject.project_id, err);
  return status == MS_OK ? ms_choose(batch, MS_CHOICE_VERSION_STATUS, &subject, value, err)
                         : status;
}

static enum ms_status
fill_status(struct ms_batch *batch, struct ms_row *row, const struct ms_attribute *attribute,
            struct ms_parameter *value, struct ms_error *err)
{
  (void)attribute;
  if (strcmp(row->type->name, "AssetVersion") == 0)
    return fill_version_status(batch, row, value, err);
  const struct ms_subject subject = subject_of(row);
  return ms_choose(batch, MS_CHOICE_STATUS, &subject, value, err);
}

static enum ms_status
fill_type(struct ms_batch *batch, struct ms_row *row, const struct ms_attribute *attribute,
          struct ms_parameter *value, struct ms_error *err)
{
  (void)attribute;
  const struct ms_subject subject = subject_of(row);
  return ms_choose(batch, MS_CHOICE_TYPE, &subject, value, err);
}

/* ---- the type of an entity that a column points to ---- */

static enum ms_status
fill_type_of(struct ms_batch *batch, struct ms_row *row, const struct ms_attribute *attribute,
             struct ms_parameter *value, struct ms_error *err)
{
  struct ms_parameter id = cell_value(row, attribute->fill_argument);
  const char *name = NULL;
  if (id.type != MS_PARAMETER_TEXT)
    return MS_OK;
  enum ms_status status =
      ms_find_type_of(batch, row->type, attribute->fill_argument, id.text, &name, err);
  if (status == MS_OK && name)
    *value = ms_text_parameter(name);
  else
    ms_forward_note(batch);
  return status;
}

/* ---- all ---- */

static const filler fillers[] = {
    [MS_FILL_VALUE] = fill_value,         [MS_FILL_NOW] = fill_now,
    [MS_FILL_FORTNIGHT] = fill_fortnight, [MS_FILL_CALLER] = fill_caller,
    [MS_FILL_PROJECT] = fill_project,     [MS_FILL_STATUS] = fill_status,
    [MS_FILL_TYPE] = fill_type,           [MS_FILL_VERSION] = fill_version,
    [MS_FILL_USERNAME] = fill_username,   [MS_FILL_SEQUENCE] = fill_sequence,
    [MS_FILL_UUID] = fill_uuid,           [MS_FILL_TYPE_OF] = fill_type_of,
};

/* A null counts as left out where a value is required. */
static bool
wants_value(struct ms_row *row, const struct ms_attribute *attribute)
{
  if (attribute->kind != MS_KIND_SCALAR || attribute->storage.kind != MS_STORED_COLUMN)
    return false;
  const struct ms_cell *cell = ms_row_cell(row, attribute->storage.column);
  return !cell ||
         (attribute->flags & MS_ATTRIBUTE_REQUIRED && cell->value.type == MS_PARAMETER_NULL);
}

bool
ms_fill_looks_around(const struct ms_attribute *attribute)
{
  return attribute->fill == MS_FILL_PROJECT || attribute->fill == MS_FILL_STATUS ||
         attribute->fill == MS_FILL_TYPE || attribute->fill == MS_FILL_TYPE_OF;
}

enum ms_status
ms_fill_attribute(struct ms_batch *batch, struct ms_row *row, const struct ms_attribute *attribute,
                  struct ms_error *err)
{
  struct ms_parameter value = {.type = MS_PARAMETER_NULL};
  enum ms_status status = MS_OK;
  const char *json = attribute->default_json;
  if (json && strcmp(json, uid_default) == 0)
    status = fill_uuid(batch, row, attribute, &value, err);
  else if (json)
    status = ms_value_decode_text(batch, attribute, json, &value, err);
  else if (attribute->fill != MS_FILL_NOTHING)
    status = fillers[attribute->fill](batch, row, attribute, &value, err);
  if (status == MS_OK && value.type != MS_PARAMETER_NULL)
    ms_row_set(row, attribute->storage.column, attribute, value);
  return status;
}

enum ms_status
ms_fill_row(struct ms_batch *batch, struct ms_row *row, struct ms_error *err)
{
  enum ms_status status = MS_OK;
  for (size_t i = 0; i < row->type->attribute_count && status == MS_OK; i++)
    if (wants_value(row, row->type->attributes[i]))
      status = ms_fill_attribute(batch, row, row->type->attributes[i], err);
  return status;
}
