/* Two hash tables in the arena. */
#include "api/place.h"

#include <ctype.h>
#include <string.h>

#include "api/holder.h"
#include "api/row.h"
#include "base/hash.h"

enum { LEGACY_NAME_SIZE = 64, BUCKETS_MIN = 64 };

/* ---- tables ---- */

static size_t
hash(const char *id)
{
  return (size_t)ms_hash(id, strlen(id));
}

/* Of any family where `root` is NULL. */
static struct ms_place *
look_up(const struct ms_place_table *table, const struct ms_entity_type *root, const char *id)
{
  if (table->count == 0)
    return NULL;
  struct ms_place *place = table->buckets[hash(id) & (table->bucket_count - 1)];
  while (place && ((root && place->type->root != root) || strcmp(place->id, id) != 0))
    place = place->next;
  return place;
}

static void
link_place(struct ms_place_table *table, struct ms_place *place)
{
  struct ms_place **bucket = &table->buckets[hash(place->id) & (table->bucket_count - 1)];
  place->next = *bucket;
  *bucket = place;
}

static bool
grow(struct ms_arena *arena, struct ms_place_table *table)
{
  struct ms_place_table larger = {.bucket_count =
                                      table->bucket_count ? table->bucket_count * 2 : BUCKETS_MIN,
                                  .count = table->count};
  larger.buckets = MS_ARENA_ARRAY(arena, struct ms_place *, larger.bucket_count);
  if (!larger.buckets)
    return false;
  for (size_t i = 0; i < table->bucket_count; i++)
    for (struct ms_place *place = table->buckets[i], *next; place; place = next) {
      next = place->next;
      link_place(&larger, place);
    }
  *table = larger;
  return true;
}

/* NULL when the arena is full. */
static struct ms_place *
add(struct ms_batch *batch, struct ms_place_table *table, const struct ms_place *place)
{
  struct ms_place *copy = MS_ARENA_NEW(batch->arena, struct ms_place);
  if (!copy || (table->count >= table->bucket_count && !grow(batch->arena, table)))
    return NULL;
  *copy = *place;
  table->count++;
  link_place(table, copy);
  return copy;
}

void
ms_place_forget(struct ms_batch *batch)
{
  struct ms_place_table *present = &batch->places.present;
  if (present->count)
    memset(present->buckets, 0, present->bucket_count * sizeof *present->buckets);
  present->count = 0;
}

/* ---- rows ---- */

static enum ms_status
read_place(struct ms_batch *batch, const struct ms_entity_type *root,
           struct ms_statement *statement, struct ms_place *place, struct ms_error *err)
{
  const char *texts[MS_HOLDER_COLUMNS];
  for (int i = 0; i < MS_HOLDER_COLUMNS; i++) {
    const char *text = ms_statement_text(statement, i, NULL);
    texts[i] = text ? ms_arena_strdup(batch->arena, text) : NULL;
    if (text && !texts[i])
      return ms_batch_out_of_memory(err);
  }
  const char *name = texts[MS_HOLDER_TYPE];
  const struct ms_entity_type *type = name ? ms_model_type(batch->api->model, name) : NULL;
  *place = (struct ms_place){.type = type ? type : root,
                             .id = texts[MS_HOLDER_ID],
                             .parent_id = texts[MS_HOLDER_PARENT_ID],
                             .object_type_id = texts[MS_HOLDER_OBJECT_TYPE_ID]};
  return MS_OK;
}

static enum ms_status
read_present(struct ms_batch *batch, const struct ms_entity_type *root, const char *id,
             struct ms_place *place, bool *found, struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  const struct ms_holder *holder = ms_holder_find(batch->api, root);
  if (!holder)
    return ms_batch_out_of_memory(err);
  enum ms_status status =
      ms_database_prepare(batch->api->database, holder->select_one, &statement, err);
  if (status != MS_OK)
    return status;
  ms_statement_bind_string(statement, 1, id);
  status = ms_statement_step(statement, found, err);
  if (status == MS_OK && *found)
    status = read_place(batch, root, statement, place, err);
  ms_statement_done(statement);
  return status;
}

/* ---- the way up ---- */

/* The present entity of the family, remembered from now on. *is_new: its own parent is not looked up yet. */
static enum ms_status
find_present(struct ms_batch *batch, const struct ms_entity_type *root, const char *id,
             struct ms_place **place, bool *is_new, struct ms_error *err)
{
  struct ms_place found;
  *is_new = false;
  *place = look_up(&batch->places.present, root, id);
  if (*place)
    return MS_OK;
  enum ms_status status = read_present(batch, root, id, &found, is_new, err);
  if (status != MS_OK || !*is_new)
    return status;
  *place = add(batch, &batch->places.present, &found);
  return *place ? MS_OK : ms_batch_out_of_memory(err);
}

/* One that the batch has removed counts first. */
static enum ms_status
find_parent(struct ms_batch *batch, const struct ms_place *place, struct ms_place **parent,
            bool *is_new, struct ms_error *err)
{
  const struct ms_holder *holder = ms_holder_find(batch->api, place->type->root);
  enum ms_status status = MS_OK;
  if (!holder)
    return ms_batch_out_of_memory(err);
  const struct ms_entity_type *const *roots = holder->parents;
  *is_new = false;
  *parent =
      look_up(&batch->places.removed, roots[0] && !roots[1] ? roots[0] : NULL, place->parent_id);
  for (; *roots && !*parent && status == MS_OK; roots++)
    status = find_present(batch, *roots, place->parent_id, parent, is_new, err);
  return status;
}

/* Sets `parent` of a place that is remembered already, and so on upwards until one is known. */
static enum ms_status
find_parents(struct ms_batch *batch, struct ms_place *place, struct ms_error *err)
{
  enum ms_status status = MS_OK;
  bool goes_on = true;
  while (status == MS_OK && goes_on && place->parent_id) {
    struct ms_place *parent = NULL;
    status = find_parent(batch, place, &parent, &goes_on, err);
    place->parent = parent;
    place = goes_on ? parent : place;
  }
  return status;
}

enum ms_status
ms_place_find(struct ms_batch *batch, const struct ms_entity_type *root, const char *id,
              const struct ms_place **place, struct ms_error *err)
{
  struct ms_place *found = look_up(&batch->places.removed, root, id);
  bool is_new = false;
  enum ms_status status = MS_OK;
  if (!found)
    status = find_present(batch, root, id, &found, &is_new, err);
  *place = found;
  return status == MS_OK && is_new ? find_parents(batch, found, err) : status;
}

enum ms_status
ms_place_remove(struct ms_batch *batch, const struct ms_entity_type *root,
                struct ms_statement *statement, const struct ms_place **place, struct ms_error *err)
{
  struct ms_place removed;
  enum ms_status status = read_place(batch, root, statement, &removed, err);
  if (status != MS_OK)
    return status;
  struct ms_place *added = add(batch, &batch->places.removed, &removed);
  *place = added;
  return added ? find_parents(batch, added, err) : ms_batch_out_of_memory(err);
}

/* ---- texts ---- */

void
ms_place_print_type(const struct ms_entity_type *type, struct ms_json_writer *writer)
{
  char name[LEGACY_NAME_SIZE];
  const char *classic = type->alias ? type->alias : type->name;
  size_t i = 0;
  for (; classic[i] && i < LEGACY_NAME_SIZE - 1; i++)
    name[i] = (char)tolower((unsigned char)classic[i]);
  name[i] = '\0';
  ms_json_string(writer, name);
}

void
ms_place_print(const struct ms_place *place, struct ms_json_writer *writer)
{
  ms_json_begin_array(writer);
  for (int level = 0; place && level < MS_PLACE_LEVELS_MAX; level++, place = place->parent) {
    ms_json_begin_object(writer);
    ms_json_member_string(writer, "entityId", place->id);
    ms_json_key(writer, "entityType");
    ms_place_print_type(place->type, writer);
    ms_json_member_string(writer, "entity_type", place->type->name);
    ms_json_member_string(writer, "parentId", place->parent_id);
    ms_json_end_object(writer);
  }
  ms_json_end_array(writer);
}
