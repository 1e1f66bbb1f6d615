/* Answers are places in the answer's text; the text is put together anew once, when all are known. */
#include "api/forward.h"

#include "api/fill.h"
#include "api/row.h"
#include "api/update_note.h"

struct ms_forward {
  struct ms_row row; /* as it was written */
  bool is_new;
  ms_forward_printer print;
  size_t begin, end; /* of the answer, in bytes */
  bool is_stale;
  struct ms_forward *next;
};

void
ms_forward_note(struct ms_batch *batch)
{
  batch->forwards.reference_count++;
}

static enum ms_status
remember(struct ms_batch *batch, const struct ms_forward *forward, struct ms_error *err)
{
  struct ms_forwards *forwards = &batch->forwards;
  struct ms_forward *copy = MS_ARENA_NEW(batch->arena, struct ms_forward);
  if (!copy)
    return ms_batch_out_of_memory(err);
  *copy = *forward;
  *(forwards->first ? &forwards->last->next : &forwards->first) = copy;
  forwards->last = copy;
  return MS_OK;
}

enum ms_status
ms_forward_answer(struct ms_batch *batch, const struct ms_row *row, bool is_new,
                  ms_forward_printer print, struct ms_error *err)
{
  struct ms_forwards *forwards = &batch->forwards;
  struct ms_forward forward = {
      .row = *row,
      .is_new = is_new,
      .print = print,
      .begin = batch->answer->size_bytes,
      .is_stale = forwards->reference_count > forwards->answered_count,
  };
  enum ms_status status = print(batch, &forward.row, err);
  if (status != MS_OK || forwards->reference_count == 0)
    return status;
  forward.end = batch->answer->size_bytes;
  forwards->answered_count = forwards->reference_count;
  return remember(batch, &forward, err);
}

/* ---- what is filled in ---- */

/* A cell for each fill that found nothing. */
static void
add_empty_cells(struct ms_row *row)
{
  for (size_t i = 0; i < row->type->attribute_count; i++) {
    const struct ms_attribute *attribute = row->type->attributes[i];
    if (ms_fill_looks_around(attribute) && !ms_row_cell(row, attribute->storage.column))
      ms_row_set(row, attribute->storage.column, attribute,
                 (struct ms_parameter){.type = MS_PARAMETER_NULL});
  }
}

/* Fills the cell anew; if that changes it, it becomes a cell of `changed` and its former value one of `old`. */
static enum ms_status
refill_cell(struct ms_batch *batch, struct ms_row *row, struct ms_cell *cell,
            struct ms_row *changed, struct ms_parameter *old, struct ms_error *err)
{
  const struct ms_parameter present = cell->value;
  enum ms_status status = ms_fill_attribute(batch, row, cell->attribute, err);
  if (status != MS_OK || ms_value_equal(&present, &cell->value))
    return status;
  old[changed->cell_count] = present;
  ms_row_set(changed, cell->column, cell->attribute, cell->value);
  return MS_OK;
}

/* Of a row with its present values: the cells that still hold what was filled in. */
static enum ms_status
refill_cells(struct ms_batch *batch, struct ms_forward *forward,
             const struct ms_parameter *filled_in, struct ms_row *changed, struct ms_parameter *old,
             struct ms_error *err)
{
  struct ms_row *row = &forward->row;
  enum ms_status status = MS_OK;
  for (size_t i = row->given_count; i < row->cell_count && status == MS_OK; i++) {
    struct ms_cell *cell = &row->cells[i];
    if (!cell->attribute || !ms_fill_looks_around(cell->attribute))
      continue;
    if (ms_value_equal(&cell->value, &filled_in[i]))
      status = refill_cell(batch, row, cell, changed, old, err);
    forward->is_stale |= !ms_value_equal(&cell->value, &filled_in[i]);
  }
  return status;
}

/* As the server's choice it is no change of status that is remembered. */
static enum ms_status
write_changed(struct ms_batch *batch, struct ms_row *changed, const struct ms_parameter *old,
              struct ms_error *err)
{
  const struct ms_change change = {.row = changed, .old = old, .old_count = changed->cell_count};
  enum ms_status status = ms_row_update(batch, changed, err);
  return status == MS_OK ? ms_update_note_write(batch, &change, err) : status;
}

/* Puts the present values into the row's cells, and those it was written with into `written`. */
static enum ms_status
read_again(struct ms_batch *batch, struct ms_row *row, struct ms_parameter *written,
           struct ms_error *err)
{
  enum ms_status status = ms_row_read(batch, row, written, &row->type, err);
  for (size_t i = 0; i < row->cell_count && status == MS_OK; i++) {
    const struct ms_parameter present = written[i];
    written[i] = row->cells[i].value;
    row->cells[i].value = present;
  }
  return status;
}

static enum ms_status
refill(struct ms_batch *batch, struct ms_forward *forward, struct ms_error *err)
{
  struct ms_row changed, *row = &forward->row;
  enum ms_status status = ms_row_init(batch, row->type, &changed, err);
  if (status != MS_OK)
    return status;
  add_empty_cells(row);
  struct ms_parameter *written = MS_ARENA_ARRAY(batch->arena, struct ms_parameter, row->cell_count);
  struct ms_parameter *old = MS_ARENA_ARRAY(batch->arena, struct ms_parameter, row->cell_count);
  if (!written || !old)
    return ms_batch_out_of_memory(err);
  status = read_again(batch, row, written, err);
  if (status == MS_OK)
    status = refill_cells(batch, forward, written, &changed, old, err);
  changed.key = row->key;
  return status == MS_OK ? write_changed(batch, &changed, old, err) : status;
}

static bool
is_filled(const struct ms_entity_type *type)
{
  for (size_t i = 0; i < type->attribute_count; i++)
    if (ms_fill_looks_around(type->attributes[i]))
      return true;
  return false;
}

enum ms_status
ms_forward_fill(struct ms_batch *batch, struct ms_error *err)
{
  enum ms_status status = MS_OK;
  for (struct ms_forward *forward = batch->forwards.first; forward && status == MS_OK;
       forward = forward->next) {
    if (!forward->is_new || !is_filled(forward->row.type))
      continue;
    status = refill(batch, forward, err);
    if (status == MS_NOT_FOUND)
      status = MS_OK; /* deleted since */
  }
  return status;
}

/* ---- answers ---- */

static void
copy_answer(const struct ms_buffer *from, size_t begin, size_t end, struct ms_buffer *to)
{
  ms_buffer_append(to, from->data + begin, end - begin);
}

static enum ms_status
print_anew(struct ms_batch *batch, struct ms_forward *forward, const struct ms_buffer *old,
           struct ms_error *err)
{
  size_t begin = batch->answer->size_bytes;
  enum ms_status status = forward->print(batch, &forward->row, err);
  if (status != MS_NOT_FOUND)
    return status;
  ms_buffer_truncate(batch->answer, begin);
  copy_answer(old, forward->begin, forward->end, batch->answer);
  return MS_OK;
}

/* Appends all of the old answer to the batch's, which is another one, with those that are stale anew. */
static enum ms_status
print_all(struct ms_batch *batch, const struct ms_buffer *old, struct ms_error *err)
{
  size_t copied = 0;
  enum ms_status status = MS_OK;
  for (struct ms_forward *forward = batch->forwards.first; forward && status == MS_OK;
       forward = forward->next) {
    if (!forward->is_stale)
      continue;
    copy_answer(old, copied, forward->begin, batch->answer);
    status = print_anew(batch, forward, old, err);
    copied = forward->end;
  }
  copy_answer(old, copied, old->size_bytes, batch->answer);
  return status == MS_OK ? ms_buffer_check(batch->answer, "the answer", err) : status;
}

enum ms_status
ms_forward_print(struct ms_batch *batch, struct ms_error *err)
{
  struct ms_buffer *answer = batch->answer;
  struct ms_buffer fresh;
  if (!batch->forwards.first)
    return MS_OK;
  ms_buffer_init(&fresh, answer->maximum_bytes);
  batch->answer = &fresh;
  enum ms_status status = print_all(batch, answer, err);
  batch->answer = answer;
  if (status != MS_OK) {
    ms_buffer_free(&fresh);
    return status;
  }
  ms_buffer_free(answer);
  *answer = fresh;
  return MS_OK;
}
