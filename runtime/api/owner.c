/* A column may hold the id of whatever has a relation that finds rows by it. */
#include "api/owner.h"

#include <stdlib.h>
#include <string.h>

#include "api/ask.h"

enum { ARENA_MAX_BYTES = 256 * 1024 };

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

/* Families whose entities a column may point to, and the statements that look for one. */
struct ms_owners {
  const char *table;
  const char *column;
  struct ms_owners *next;              /* of another column */
  struct ms_arena arena;               /* of the texts and lists */
  const struct ms_entity_type **roots; /* ends in NULL */
  const char **look_ups; /* one for each root: the concrete type's name of the entity ?1 */
};

static const char *
print_look_up(struct ms_arena *arena, const struct ms_entity_type *root)
{
  const char *quote = root->type_column ? "\"" : "'";
  return ms_arena_printf(arena, "SELECT %s%s%s FROM \"%s\" WHERE \"%s\" = ?1", quote,
                         root->type_column ? root->type_column : root->name, quote, root->table,
                         root->primary_key[0]->storage.column);
}

static void
free_owners(struct ms_owners *owners)
{
  ms_arena_free(&owners->arena);
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

/* Most things are a context's: those are looked for first. */
static void
list_roots(const struct ms_model *model, const struct ms_entity_type *type,
           struct ms_owners *owners)
{
  size_t count = 0;
  for (size_t i = 0; i < model->type_count; i++) {
    const struct ms_entity_type *root = &model->types[i];
    if (!root->column_count || !ms_family_may_own(root, type, owners->column))
      continue;
    bool is_first = count > 0 && strcmp(root->name, "Context") == 0;
    owners->roots[count] = is_first ? owners->roots[0] : root;
    if (is_first)
      owners->roots[0] = root;
    count++;
  }
}

static bool
print_look_ups(struct ms_owners *owners)
{
  for (size_t i = 0; owners->roots[i]; i++) {
    owners->look_ups[i] = print_look_up(&owners->arena, owners->roots[i]);
    if (!owners->look_ups[i])
      return false;
  }
  return true;
}

/* NULL when out of memory. */
static struct ms_owners *
list_owners(const struct ms_model *model, const struct ms_entity_type *type, const char *column)
{
  struct ms_owners *owners = calloc(1, sizeof *owners);
  if (!owners)
    return NULL;
  owners->table = type->table;
  owners->column = column;
  ms_arena_init(&owners->arena, ARENA_MAX_BYTES);
  owners->roots =
      MS_ARENA_ARRAY(&owners->arena, const struct ms_entity_type *, model->type_count + 1);
  owners->look_ups = MS_ARENA_ARRAY(&owners->arena, const char *, model->type_count);
  if (owners->roots && owners->look_ups) {
    list_roots(model, type, owners);
    if (print_look_ups(owners))
      return owners;
  }
  free_owners(owners);
  return NULL;
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

const struct ms_entity_type *const *
ms_owner_families(struct ms_api *api, const struct ms_entity_type *type, const char *column)
{
  const struct ms_owners *owners = find_owners(api, type, column);
  return owners ? owners->roots : NULL;
}

static enum ms_status
find_in_family(struct ms_batch *batch, const struct ms_entity_type *root, const char *look_up,
               const char *id, const char **name, struct ms_error *err)
{
  struct ms_parameter key = ms_text_parameter(id);
  struct ms_parameter found;
  enum ms_status status = ms_ask(batch, look_up, &key, 1, MS_COLUMN_TEXT, &found, err);
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
  const struct ms_owners *owners = find_owners(batch->api, type, column);
  enum ms_status status = MS_OK;
  *name = NULL;
  if (!owners)
    return ms_batch_out_of_memory(err);
  for (size_t i = 0; owners->roots[i] && status == MS_OK && !*name; i++)
    status = find_in_family(batch, owners->roots[i], owners->look_ups[i], id, name, err);
  return status;
}
