/* A column may hold the id of whatever has a relation that finds rows by it. */
#include "api/owner.h"

#include <string.h>

#include "api/ask.h"

static bool
finds_rows_by(const struct ms_attribute *relation, const struct ms_entity_type *type,
              const char *column)
{
  const struct ms_storage *storage = &relation->storage;
  if (storage->kind == MS_STORED_INVERSE)
    return strcmp(relation->target->table, type->table) == 0 &&
           strcmp(storage->column, column) == 0;
  return storage->kind == MS_STORED_LINK && strcmp(storage->link_table, type->table) == 0 &&
         strcmp(storage->link_own_column, column) == 0;
}

/* The relation may be a subtype's alone; its rows are in the root's table all the same. */
bool
ms_family_may_own(const struct ms_entity_type *root, const struct ms_entity_type *type,
                  const char *column)
{
  for (size_t i = 0; i < root->descendant_count; i++)
    for (size_t k = 0; k < root->descendants[i]->attribute_count; k++)
      if (finds_rows_by(root->descendants[i]->attributes[k], type, column))
        return true;
  return false;
}

static enum ms_status
find_in_family(struct ms_batch *batch, const struct ms_entity_type *root, const char *id,
               const char **name, struct ms_error *err)
{
  struct ms_parameter key = ms_text_parameter(id);
  struct ms_parameter found;
  const char *sql =
      ms_arena_printf(batch->arena,
                      root->type_column ? "SELECT \"%s\" FROM \"%s\" WHERE \"%s\" = ?1"
                                        : "SELECT '%s' FROM \"%s\" WHERE \"%s\" = ?1",
                      root->type_column ? root->type_column : root->name, root->table,
                      root->primary_key[0]->storage.column);
  if (!sql)
    return ms_batch_out_of_memory(err);
  enum ms_status status = ms_ask(batch, sql, &key, 1, MS_COLUMN_TEXT, &found, err);
  if (status == MS_OK && found.type == MS_PARAMETER_TEXT) {
    const struct ms_entity_type *type = ms_model_type(batch->api->model, found.text);
    *name = type ? type->name : root->name;
  }
  return status;
}

enum ms_status
ms_find_type_of(struct ms_batch *batch, const struct ms_entity_type *type, const char *column,
                const char *id, const char **name, struct ms_error *err)
{
  const struct ms_model *model = batch->api->model;
  enum ms_status status = MS_OK;
  *name = NULL;
  for (size_t i = 0; i < model->type_count && status == MS_OK && !*name; i++) {
    const struct ms_entity_type *root = &model->types[i];
    if (root->column_count && ms_family_may_own(root, type, column))
      status = find_in_family(batch, root, id, name, err);
  }
  return status;
}
