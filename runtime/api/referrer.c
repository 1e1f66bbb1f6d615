/* The model is gone through once, at the first deletion. */
#include "api/referrer.h"

#include <stdlib.h>

#include "api/batch.h"
#include "api/owner.h"

static bool
refers_to(const struct ms_entity_type *root, const struct ms_column *column,
          const struct ms_entity_type *target)
{
  if (column->on_delete == MS_ON_DELETE_NOTHING || target->primary_key_count != 1)
    return false;
  if (column->references)
    return column->references->root == target;
  return ms_family_may_own(target, root, column->name);
}

/* Counts them all; stores them where `items` is given. */
static size_t
list_referrers(const struct ms_model *model, struct ms_referrer *items)
{
  size_t count = 0;
  for (size_t t = 0; t < model->type_count; t++) {
    const struct ms_entity_type *target = &model->types[t];
    for (size_t r = 0; r < model->type_count && target->column_count; r++)
      for (size_t c = 0; c < model->types[r].column_count; c++) {
        const struct ms_column *column = &model->types[r].columns[c];
        if (!refers_to(&model->types[r], column, target))
          continue;
        if (items)
          items[count] = (struct ms_referrer){&model->types[r], column, target};
        count++;
      }
  }
  return count;
}

enum ms_status
ms_referrers_load(struct ms_api *api, struct ms_error *err)
{
  if (api->referrers)
    return MS_OK;
  size_t count = list_referrers(api->model, NULL);
  api->referrers = malloc(sizeof *api->referrers + count * sizeof *api->referrers->items);
  if (!api->referrers)
    return ms_batch_out_of_memory(err);
  api->referrers->count = list_referrers(api->model, api->referrers->items);
  return MS_OK;
}

void
ms_referrers_free(struct ms_referrers *referrers)
{
  free(referrers);
}
