/* Rows of our own. */
#include "api/write.h"

#include "api/checks.h"
#include "api/fill.h"
#include "api/update_note.h"

enum ms_status
ms_write_begin(struct ms_batch *batch, const char *name, struct ms_row *row, struct ms_error *err)
{
  return ms_row_init(batch, ms_model_type(batch->api->model, name), row, err);
}

void
ms_write_set(struct ms_row *row, const char *name, struct ms_parameter value)
{
  const struct ms_attribute *attribute = ms_type_attribute(row->type, name);
  ms_row_set(row, attribute->storage.column, attribute, value);
}

void
ms_write_set_text(struct ms_row *row, const char *name, const char *text)
{
  const struct ms_parameter null = {.type = MS_PARAMETER_NULL};
  ms_write_set(row, name, text ? ms_text_parameter(text) : null);
}

enum ms_status
ms_write_new(struct ms_batch *batch, struct ms_row *row, struct ms_error *err)
{
  if (row->type->type_column)
    ms_row_set(row, row->type->type_column, NULL, ms_text_parameter(row->type->stored_as));
  enum ms_status status = ms_fill_row(batch, row, err);
  if (status == MS_OK)
    status = ms_row_take_key(row, err);
  if (status == MS_OK)
    status = ms_row_insert(batch, row, err);
  if (status == MS_OK)
    status = ms_checks_note_row(batch, row, true, err);
  const struct ms_change change = {.row = row};
  return status == MS_OK ? ms_update_note_write(batch, &change, err) : status;
}

enum ms_status
ms_write_change(struct ms_batch *batch, struct ms_row *row, struct ms_error *err)
{
  struct ms_parameter *old = MS_ARENA_ARRAY(batch->arena, struct ms_parameter, row->cell_count);
  bool is_changed = false;
  if (!old)
    return ms_batch_out_of_memory(err);
  enum ms_status status = ms_row_read(batch, row, old, &row->type, err);
  for (size_t i = 0; i < row->cell_count && status == MS_OK; i++)
    is_changed |= !ms_value_equal(&old[i], &row->cells[i].value);
  if (status != MS_OK || !is_changed)
    return status;
  const struct ms_change change = {.row = row, .old = old, .old_count = row->cell_count};
  status = ms_rules_before(batch, &change, err);
  if (status == MS_OK)
    status = ms_row_update(batch, row, err);
  if (status == MS_OK)
    status = ms_checks_note_row(batch, row, false, err);
  if (status == MS_OK)
    status = ms_update_note_write(batch, &change, err);
  return status == MS_OK ? ms_rules_after(batch, &change, err) : status;
}
