/* Defaults and fills, one function per word of MS_FILL_TABLE.
 *
 * The choices that depend on the project's schema are one statement each. A fill that finds nothing
 * leaves null: whether that is allowed shows when the batch ends. */
#include "api/fill.h"

#include <string.h>

#include "api/ask.h"
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

/* A way to choose, by the first `parameter_count` of: ?1 the project, ?2 the object type, ?3 the
 * type. */
struct choice {
  size_t parameter_count;
  const char *sql;
};

enum { CHOICE_PARAMETERS = 3 };

/* The own tables of tasks come first, then those of other object types, then whatever there is. */
static const struct choice task_status = {
    3, "SELECT s.id FROM ProjectSchema p JOIN WorkflowSchemaStatus w ON w.workflow_schema_id ="
       " ifnull((SELECT o.workflow_schema_id FROM ProjectSchemaOverride o"
       "  WHERE o.project_schema_id = p.id AND o.type_id = ?3), p.task_workflow_schema_id)"
       " JOIN Status s ON s.id = w.status_id"
       " WHERE p.id = (SELECT project_schema_id FROM Context WHERE id = ?1)"
       " AND ?2 = '11c137c0-ee7e-4f9c-91c5-8c77cec22b2c'"
       " ORDER BY s.sort, s.rowid LIMIT 1"};
static const struct choice other_status = {
    2, "SELECT ss.status_id FROM Schema c JOIN SchemaStatus ss ON ss.schema_id = c.id"
       " WHERE c.project_schema_id = (SELECT project_schema_id FROM Context WHERE id = ?1)"
       " AND c.type_id = ?2 ORDER BY ss.sort, ss.rowid LIMIT 1"};
static const struct choice version_status = {
    1, "SELECT s.id FROM ProjectSchema p"
       " JOIN WorkflowSchemaStatus w ON w.workflow_schema_id = p.asset_version_workflow_schema_id"
       " JOIN Status s ON s.id = w.status_id"
       " WHERE p.id = (SELECT project_schema_id FROM Context WHERE id = ?1)"
       " ORDER BY s.sort, s.rowid LIMIT 1"};
static const struct choice any_status = {0, "SELECT id FROM Status ORDER BY sort, rowid LIMIT 1"};
static const struct choice task_type = {
    2, "SELECT t.id FROM ProjectSchema p"
       " JOIN TaskTypeSchemaType l ON l.task_type_schema_id = p.task_type_schema_id"
       " JOIN Type t ON t.id = l.type_id"
       " WHERE p.id = (SELECT project_schema_id FROM Context WHERE id = ?1)"
       " AND ?2 = '11c137c0-ee7e-4f9c-91c5-8c77cec22b2c'"
       " ORDER BY t.sort, t.rowid LIMIT 1"};
static const struct choice other_type = {
    2, "SELECT st.type_id FROM Schema c JOIN SchemaType st ON st.schema_id = c.id"
       " WHERE c.project_schema_id = (SELECT project_schema_id FROM Context WHERE id = ?1)"
       " AND c.type_id = ?2 ORDER BY st.sort, st.rowid LIMIT 1"};
static const struct choice any_type = {0, "SELECT id FROM Type ORDER BY sort, rowid LIMIT 1"};

static const struct choice *const status_choices[] = {&task_status, &other_status, &any_status};
static const struct choice *const version_status_choices[] = {&version_status, &any_status};
static const struct choice *const type_choices[] = {&task_type, &other_type, &any_type};

/* The first of the choices that gives anything. */
static enum ms_status
choose(struct ms_batch *batch, const struct choice *const *choices, size_t count,
       const struct ms_parameter parameters[CHOICE_PARAMETERS], struct ms_parameter *value,
       struct ms_error *err)
{
  enum ms_status status = MS_OK;
  for (size_t i = 0; i < count && status == MS_OK && value->type == MS_PARAMETER_NULL; i++)
    status = ms_ask(batch, choices[i]->sql, parameters, choices[i]->parameter_count, MS_COLUMN_TEXT,
                    value, err);
  return status;
}

static enum ms_status
fill_version_status(struct ms_batch *batch, struct ms_row *row, struct ms_parameter *value,
                    struct ms_error *err)
{
  struct ms_parameter parameters[CHOICE_PARAMETERS] = {{.type = MS_PARAMETER_NULL}};
  struct ms_parameter asset = cell_value(row, "asset_id");
  enum ms_status status = ms_ask(
      batch,
      "SELECT c.project_id FROM Asset a JOIN Context c ON c.id = a.context_id WHERE a.id = ?1",
      &asset, 1, MS_COLUMN_TEXT, &parameters[0], err);
  if (status != MS_OK)
    return status;
  return choose(batch, version_status_choices, 2, parameters, value, err);
}

static enum ms_status
fill_status(struct ms_batch *batch, struct ms_row *row, const struct ms_attribute *attribute,
            struct ms_parameter *value, struct ms_error *err)
{
  (void)attribute;
  if (strcmp(row->type->name, "AssetVersion") == 0)
    return fill_version_status(batch, row, value, err);
  const struct ms_parameter parameters[CHOICE_PARAMETERS] = {
      cell_value(row, "project_id"), cell_value(row, "object_type_id"), cell_value(row, "type_id")};
  return choose(batch, status_choices, 3, parameters, value, err);
}

static enum ms_status
fill_type(struct ms_batch *batch, struct ms_row *row, const struct ms_attribute *attribute,
          struct ms_parameter *value, struct ms_error *err)
{
  (void)attribute;
  const struct ms_parameter parameters[CHOICE_PARAMETERS] = {cell_value(row, "project_id"),
                                                             cell_value(row, "object_type_id")};
  return choose(batch, type_choices, 3, parameters, value, err);
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
