/* One entry for each type of the model, filled when its family is first asked for. */
#include "api/holder.h"

#include <stdlib.h>
#include <string.h>

#include "api/owner.h"

enum { ARENA_MAX_BYTES = 1024 * 1024 };

struct ms_holders {
  struct ms_arena arena; /* of the texts and lists */
  struct ms_holder items[];
};

/* The attribute that holds the parent's id, by the root of the family. */
static const struct {
  const char *type;
  const char *attribute;
} parents[] = {
    {"Appointment", "context_id"},
    {"Asset", "context_id"},
    {"AssetVersion", "asset_id"},
    {"CalendarEvent", "project_id"},
    {"Component", "version_id"},
    {"ComponentLocation", "component_id"},
    {"Context", "parent_id"},
    {"List", "project_id"},
    {"ListObject", "list_id"},
    {"Manager", "context_id"},
    {"Note", "parent_id"},
    {"ReviewSession", "project_id"},
    {"ReviewSessionInvitee", "review_session_id"},
    {"ReviewSessionObject", "review_session_id"},
    {"ReviewSessionObjectStatus", "review_session_object_id"},
    {"StatusChange", "parent_id"},
    {"Timelog", "context_id"},
    {"Timer", "context_id"},
};

void
ms_holders_free(struct ms_holders *holders)
{
  if (!holders)
    return;
  ms_arena_free(&holders->arena);
  free(holders);
}

static const struct ms_attribute *
find_parent_attribute(const struct ms_entity_type *root)
{
  for (size_t i = 0; i < sizeof parents / sizeof *parents; i++)
    if (strcmp(parents[i].type, root->name) == 0)
      return ms_type_attribute(root, parents[i].attribute);
  return NULL;
}

static const char *
print_select(struct ms_arena *arena, const struct ms_entity_type *root,
             const struct ms_attribute *parent)
{
  bool is_context = strcmp(root->name, "Context") == 0;
  const char *quote = root->type_column ? "\"" : "'";
  return ms_arena_printf(arena, "SELECT \"%s\", %s%s%s, %s, %s FROM \"%s\"",
                         root->primary_key[0]->storage.column, quote,
                         root->type_column ? root->type_column : root->name, quote,
                         parent ? parent->storage.column : "NULL",
                         is_context ? "object_type_id" : "NULL", root->table);
}

/* NULL when out of memory. */
static const struct ms_entity_type *const *
list_parents(struct ms_api *api, const struct ms_entity_type *root,
             const struct ms_attribute *parent)
{
  struct ms_arena *arena = &api->holders->arena;
  if (!parent)
    return MS_ARENA_ARRAY(arena, const struct ms_entity_type *, 1);
  if (!parent->foreign_key_type)
    return ms_owner_families(api, root, parent->storage.column);
  const struct ms_entity_type **list = MS_ARENA_ARRAY(arena, const struct ms_entity_type *, 2);
  if (list)
    list[0] = parent->foreign_key_type->root;
  return list;
}

static bool
fill_item(struct ms_api *api, const struct ms_entity_type *root, struct ms_holder *item)
{
  struct ms_arena *arena = &api->holders->arena;
  const struct ms_attribute *parent = find_parent_attribute(root);
  const char *select = print_select(arena, root, parent);
  item->parents = list_parents(api, root, parent);
  item->select_one = select ? ms_arena_printf(arena, "%s WHERE \"%s\" = ?1", select,
                                              root->primary_key[0]->storage.column)
                            : NULL;
  item->select = item->parents && item->select_one ? select : NULL;
  return item->select;
}

const struct ms_holder *
ms_holder_find(struct ms_api *api, const struct ms_entity_type *root)
{
  if (!api->holders) {
    size_t items_bytes = api->model->type_count * sizeof *api->holders->items;
    api->holders = calloc(1, sizeof *api->holders + items_bytes);
    if (!api->holders)
      return NULL;
    ms_arena_init(&api->holders->arena, ARENA_MAX_BYTES);
  }
  struct ms_holder *item = &api->holders->items[root - api->model->types];
  return item->select || fill_item(api, root, item) ? item : NULL;
}
