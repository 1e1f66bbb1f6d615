/* A column may hold the id of whatever has a relation that finds rows by it. */
#include "api/owner.h"

#include <stdio.h>
#include <stdlib.h>
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

/* ---- what is asked again and again is found out once ---- */

/* A family whose entities a column may point to, and the statement that looks for one. */
struct family {
  const struct ms_entity_type *root;
  char *sql; /* owned: the concrete type's name of the entity ?1 */
};

struct ms_owners {
  const char *table;
  const char *column;
  struct ms_owners *next; /* of another column */
  size_t count;
  struct family families[];
};

static char *
print_look_up(const struct ms_entity_type *root)
{
  char *sql = NULL;
  const char *quote = root->type_column ? "\"" : "'";
  int size = asprintf(&sql, "SELECT %s%s%s FROM \"%s\" WHERE \"%s\" = ?1", quote,
                      root->type_column ? root->type_column : root->name, quote, root->table,
                      root->primary_key[0]->storage.column);
  return size < 0 ? NULL : sql;
}

static void
free_owners(struct ms_owners *owners)
{
  for (size_t i = 0; i < owners->count; i++)
    free(owners->families[i].sql);
  free(owners);
}

void
ms_owners_free(struct ms_owners *owners)
{
  while (owners) {
    struct ms_owners *next = owners->next;
    free_owners(owners);
    owners = next;
  }
}

/* NULL when out of memory. */
static struct ms_owners *
list_owners(const struct ms_model *model, const struct ms_entity_type *type, const char *column)
{
  struct ms_owners *owners =
      calloc(1, sizeof *owners + model->type_count * sizeof *owners->families);
  if (!owners)
    return NULL;
  owners->table = type->table;
  owners->column = column;
  for (size_t i = 0; i < model->type_count; i++) {
    const struct ms_entity_type *root = &model->types[i];
    if (!root->column_count || !ms_family_may_own(root, type, column))
      continue;
    struct family *family = &owners->families[owners->count++];
    *family = (struct family){.root = root, .sql = print_look_up(root)};
    if (!family->sql) {
      free_owners(owners);
      return NULL;
    }
  }
  return owners;
}

/* Those of a column of the model, whose name stays where it is. NULL when out of memory. */
static const struct ms_owners *
find_owners(struct ms_api *api, const struct ms_entity_type *type, const char *column)
{
  struct ms_owners *owners = api->owners;
  while (owners && (strcmp(owners->column, column) != 0 || strcmp(owners->table, type->table) != 0))
    owners = owners->next;
  if (owners)
    return owners;
  owners = list_owners(api->model, type, column);
  if (owners) {
    owners->next = api->owners;
    api->owners = owners;
  }
  return owners;
}

/* ---- finding ---- */

static enum ms_status
find_in_family(struct ms_batch *batch, const struct family *family, const char *id,
               const char **name, struct ms_error *err)
{
  struct ms_parameter key = ms_text_parameter(id);
  struct ms_parameter found;
  enum ms_status status = ms_ask(batch, family->sql, &key, 1, MS_COLUMN_TEXT, &found, err);
  if (status == MS_OK && found.type == MS_PARAMETER_TEXT) {
    const struct ms_entity_type *type = ms_model_type(batch->api->model, found.text);
    *name = type ? type->name : family->root->name;
  }
  return status;
}

enum ms_status
ms_find_type_of(struct ms_batch *batch, const struct ms_entity_type *type, const char *column,
                const char *id, const char **name, struct ms_error *err)
{
  const struct ms_owners *owners = find_owners(batch->api, type, column);
  enum ms_status status = MS_OK;
  *name = NULL;
  if (!owners)
    return ms_batch_out_of_memory(err);
  for (size_t i = 0; i < owners->count && status == MS_OK && !*name; i++)
    status = find_in_family(batch, &owners->families[i], id, name, err);
  return status;
}
