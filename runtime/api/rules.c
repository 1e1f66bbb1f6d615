/* The rules, one function each, in a table by entity type. */
#include "api/rules.h"

#include <string.h>

#include "api/ask.h"
#include "api/context.h"
#include "api/custom_value.h"
#include "api/owner.h"
#include "api/update_note.h"
#include "api/write.h"

typedef enum ms_status (*rule)(struct ms_batch *batch, const struct ms_change *change,
                               struct ms_error *err);

/* ---- helpers ---- */

static struct ms_parameter
null_value(void)
{
  return (struct ms_parameter){.type = MS_PARAMETER_NULL};
}

/* The text of a cell, or NULL. */
static const char *
cell_text(struct ms_row *row, const char *column)
{
  const struct ms_cell *cell = ms_row_cell(row, column);
  return cell && cell->value.type == MS_PARAMETER_TEXT ? cell->value.text : NULL;
}

/* The former value of a cell that the client gave; null when it was null or the row is new. */
static struct ms_parameter
old_value(const struct ms_change *change, const char *column)
{
  for (size_t i = 0; i < change->old_count; i++)
    if (strcmp(change->row->cells[i].column, column) == 0)
      return change->old[i];
  return null_value();
}

/* ---- Job: when it ended ---- */

static enum ms_status
stamp_job(struct ms_batch *batch, const struct ms_change *change, struct ms_error *err)
{
  (void)err;
  const char *status = cell_text(change->row, "status");
  if (!status || ms_row_cell(change->row, "finished_at"))
    return MS_OK;
  bool has_ended = strcmp(status, "done") == 0 || strcmp(status, "failed") == 0;
  if (has_ended)
    ms_write_set(change->row, "finished_at",
                 (struct ms_parameter){.type = MS_PARAMETER_INTEGER, .integer = batch->now_us});
  else if (change->old)
    ms_write_set(change->row, "finished_at", null_value());
  return MS_OK;
}

/* ---- Note: its author is among the recipients, also where a client lists them without ---- */

static enum ms_status
add_author_to_recipients(struct ms_batch *batch, const struct ms_change *change,
                         struct ms_error *err)
{
  static const char sql[] =
      "SELECT n.user_id FROM Note n WHERE n.id = ?1 AND NOT EXISTS (SELECT 1 FROM"
      " Recipient r WHERE r.note_id = n.id AND r.resource_id = n.user_id)";
  struct ms_row recipient;
  struct ms_parameter author;
  enum ms_status status =
      ms_ask(batch, sql, &change->row->key.parts[0], 1, MS_COLUMN_TEXT, &author, err);
  if (status != MS_OK || author.type == MS_PARAMETER_NULL)
    return status;
  status = ms_write_begin(batch, "Recipient", &recipient, err);
  if (status != MS_OK)
    return status;
  ms_write_set(&recipient, "note_id", change->row->key.parts[0]);
  ms_write_set(&recipient, "resource_id", author);
  return ms_write_new(batch, &recipient, err);
}

/* ---- NoteLabelLink: the note's category is its latest label ---- */

static enum ms_status
set_note_category(struct ms_batch *batch, const struct ms_change *change, struct ms_error *err)
{
  struct ms_row note;
  enum ms_status status = ms_write_begin(batch, "Note", &note, err);
  if (status != MS_OK)
    return status;
  note.key = (struct ms_key){.parts = {ms_row_cell(change->row, "note_id")->value}, .count = 1};
  ms_write_set_text(&note, "category_id", cell_text(change->row, "label_id"));
  status = ms_write_change(batch, &note, err);
  return status == MS_NOT_FOUND ? MS_OK
                                : status; /* whether there is such a note shows at the end */
}

/* ---- tasks and versions: a change of status is remembered ---- */

static enum ms_status
record_status(struct ms_batch *batch, const struct ms_change *change, struct ms_error *err)
{
  struct ms_row row;
  const struct ms_cell *cell = ms_row_cell(change->row, "status_id");
  struct ms_parameter former = old_value(change, "status_id");
  if (!cell || !change->old || ms_value_equal(&cell->value, &former))
    return MS_OK;
  bool is_version = strcmp(change->row->type->name, "AssetVersion") == 0;
  const char *name = is_version ? "AssetVersionStatusChange" : "TypedContextStatusChange";
  enum ms_status status = ms_write_begin(batch, name, &row, err);
  if (status != MS_OK)
    return status;
  ms_write_set(&row, "parent_id", change->row->key.parts[0]);
  ms_write_set_text(&row, "parent_type", is_version ? "assetversion" : "task");
  ms_write_set(&row, "from_status_id", former);
  ms_write_set(&row, "status_id", cell->value);
  return ms_write_new(batch, &row, err);
}

/* ---- CustomAttributeLink: one row under two names ---- */

/* The type of a link from or to an entity of type `name`: "TaskCustomAttributeLink" does not exist, so
 * its bases are tried until "ContextCustomAttributeLink" is found. */
static const struct ms_entity_type *
link_type(struct ms_batch *batch, const char *name, const char *suffix)
{
  const struct ms_model *model = batch->api->model;
  const struct ms_entity_type *end = name ? ms_model_type(model, name) : NULL;
  for (; end; end = end->base) {
    const char *link = ms_arena_printf(batch->arena, "%s%s", end->name, suffix);
    const struct ms_entity_type *type = link ? ms_model_type(model, link) : NULL;
    if (type)
      return type;
  }
  return ms_model_type(model, suffix);
}

static enum ms_status
name_both_ends(struct ms_batch *batch, const struct ms_change *change, struct ms_error *err)
{
  static const char *const ends[2][2] = {{"from_id", "CustomAttributeLinkFrom"},
                                         {"to_id", "CustomAttributeLink"}};
  enum ms_status status = MS_OK;
  for (size_t i = 0; i < 2 && status == MS_OK; i++) {
    const char *id = cell_text(change->row, ends[i][0]);
    const char *name = NULL;
    if (!id)
      continue;
    status = ms_find_type_of(batch, change->row->type, ends[i][0], id, &name, err);
    const struct ms_entity_type *type = link_type(batch, name, ends[i][1]);
    if (status == MS_OK)
      ms_row_set(change->row, type->type_column, NULL, ms_text_parameter(type->name));
  }
  return status;
}

/* An end that came later in the batch than the link has its type only now. */
static enum ms_status
name_later_ends(struct ms_batch *batch, const struct ms_change *change, struct ms_error *err)
{
  struct ms_row link;
  struct ms_parameter ends[2];
  if (batch->forwards.reference_count == 0)
    return MS_OK;
  enum ms_status status = ms_row_init(batch, change->row->type, &link, err);
  if (status != MS_OK)
    return status;
  link.key = change->row->key;
  ms_write_set(&link, "from_id", null_value());
  ms_write_set(&link, "to_id", null_value());
  status = ms_row_read(batch, &link, ends, &link.type, err);
  if (status != MS_OK)
    return status == MS_NOT_FOUND ? MS_OK : status;
  for (size_t i = 0; i < 2; i++)
    link.cells[i].value = ends[i];
  status = name_both_ends(batch, &(struct ms_change){.row = &link}, err);
  return status == MS_OK ? ms_row_update(batch, &link, err) : status;
}

/* ---- values of custom attributes: as configured ---- */

static enum ms_status
fit_custom_value(struct ms_batch *batch, const struct ms_change *change, struct ms_error *err)
{
  struct ms_cell *cell = ms_row_cell(change->row, "value");
  const struct ms_cell *key = ms_row_cell(change->row, "configuration_id");
  const struct ms_parameter *id = key ? &key->value : &change->row->key.parts[0];
  if (!cell || id->type != MS_PARAMETER_TEXT)
    return MS_OK;
  return ms_custom_value_fit(batch, id->text, &cell->value, err);
}

static enum ms_status
fit_custom_default(struct ms_batch *batch, const struct ms_change *change, struct ms_error *err)
{
  struct ms_cell *cell = ms_row_cell(change->row, "default");
  const char *type_id = cell_text(change->row, "type_id");
  return cell && type_id ? ms_custom_value_fit_default(batch, type_id, &cell->value, err) : MS_OK;
}

/* ---- all ---- */

static const struct {
  const char *type; /* and its subtypes */
  rule before;
  rule after;
  rule at_end; /* of the batch that made the row */
} rules[] = {
    {"Job", stamp_job, NULL},
    {"Note", NULL, NULL, add_author_to_recipients},
    {"NoteLabelLink", NULL, set_note_category},
    {"TypedContext", NULL, record_status},
    {"TypedContext", NULL, ms_context_move},
    {"Context", NULL, ms_context_adopt},
    {"AssetVersion", NULL, record_status},
    {"CustomAttributeValue", fit_custom_value, NULL},
    {"CustomAttributeConfiguration", fit_custom_default, NULL},
    {"CustomAttributeLink", name_both_ends, NULL, name_later_ends},
    {"CustomAttributeLinkFrom", name_both_ends, NULL, name_later_ends},
};

static bool
applies_to(const char *name, const struct ms_entity_type *type)
{
  for (; type; type = type->base)
    if (strcmp(type->name, name) == 0)
      return true;
  return false;
}

/* A rule that waits for the end of the batch. */
struct ms_late_rule {
  rule run;
  struct ms_row row; /* as it was written */
  struct ms_late_rule *next;
};

static enum ms_status
put_off(struct ms_batch *batch, rule run, const struct ms_row *row, struct ms_error *err)
{
  struct ms_late_rule *late = MS_ARENA_NEW(batch->arena, struct ms_late_rule);
  if (!late)
    return ms_batch_out_of_memory(err);
  *late = (struct ms_late_rule){run, *row, batch->late_rules};
  batch->late_rules = late;
  return MS_OK;
}

enum ms_status
ms_rules_before(struct ms_batch *batch, const struct ms_change *change, struct ms_error *err)
{
  enum ms_status status = MS_OK;
  for (size_t i = 0; i < sizeof rules / sizeof *rules && status == MS_OK; i++)
    if (rules[i].before && applies_to(rules[i].type, change->row->type))
      status = rules[i].before(batch, change, err);
  return status;
}

enum ms_status
ms_rules_after(struct ms_batch *batch, const struct ms_change *change, struct ms_error *err)
{
  enum ms_status status = MS_OK;
  for (size_t i = 0; i < sizeof rules / sizeof *rules && status == MS_OK; i++)
    if (applies_to(rules[i].type, change->row->type)) {
      if (rules[i].after)
        status = rules[i].after(batch, change, err);
      if (status == MS_OK && rules[i].at_end && !change->old)
        status = put_off(batch, rules[i].at_end, change->row, err);
    }
  return status;
}

enum ms_status
ms_rules_settle(struct ms_batch *batch, struct ms_error *err)
{
  enum ms_status status = MS_OK;
  for (struct ms_late_rule *late = batch->late_rules; late && status == MS_OK; late = late->next) {
    const struct ms_change change = {.row = &late->row};
    status = late->run(batch, &change, err);
  }
  return status;
}
