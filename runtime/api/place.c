/* Two hash tables in the arena, and one statement per family. */
#include "api/place.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "api/owner.h"
#include "api/row.h"
#include "base/hash.h"

enum { LEGACY_NAME_SIZE = 64, BUCKETS_MIN = 64 };

/* What an entity lies in: the column that holds its parent's id, by the root of its family. */
static const struct {
  const char *type;
  const char *attribute;
} holders[] = {
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

static const struct ms_attribute *
find_holder(const struct ms_entity_type *root)
{
  for (size_t i = 0; i < sizeof holders / sizeof *holders; i++)
    if (strcmp(holders[i].type, root->name) == 0)
      return ms_type_attribute(root, holders[i].attribute);
  return NULL;
}

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

void
ms_place_print_select(const struct ms_entity_type *root, char sql[MS_PLACE_SQL_SIZE])
{
  const struct ms_attribute *holder = find_holder(root);
  bool is_context = strcmp(root->name, "Context") == 0;
  const char *quote = root->type_column ? "\"" : "'";
  snprintf(sql, MS_PLACE_SQL_SIZE, "SELECT \"%s\", %s%s%s, %s, %s FROM \"%s\"",
           root->primary_key[0]->storage.column, quote,
           root->type_column ? root->type_column : root->name, quote,
           holder ? holder->storage.column : "NULL", is_context ? "object_type_id" : "NULL",
           root->table);
}

static enum ms_status
read_place(struct ms_batch *batch, const struct ms_entity_type *root,
           struct ms_statement *statement, struct ms_place *place, struct ms_error *err)
{
  const char *texts[4];
  for (int i = 0; i < 4; i++) {
    const char *text = ms_statement_text(statement, i, NULL);
    texts[i] = text ? ms_arena_strdup(batch->arena, text) : NULL;
    if (text && !texts[i])
      return ms_batch_out_of_memory(err);
  }
  const struct ms_entity_type *type = texts[1] ? ms_model_type(batch->api->model, texts[1]) : NULL;
  *place = (struct ms_place){.type = type ? type : root,
                             .id = texts[0],
                             .parent_id = texts[2],
                             .object_type_id = texts[3]};
  return MS_OK;
}

static enum ms_status
read_present(struct ms_batch *batch, const struct ms_entity_type *root, const char *id,
             struct ms_place *place, bool *found, struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  char sql[MS_PLACE_SQL_SIZE * 2], head[MS_PLACE_SQL_SIZE];
  ms_place_print_select(root, head);
  snprintf(sql, sizeof sql, "%s WHERE \"%s\" = ?1", head, root->primary_key[0]->storage.column);
  enum ms_status status = ms_database_prepare(batch->api->database, sql, &statement, err);
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

/* The family that the parent of a row of `root` is in; NULL when there is no such entity. */
static enum ms_status
find_parent_root(struct ms_batch *batch, const struct ms_entity_type *root, const char *parent_id,
                 const struct ms_entity_type **parent, struct ms_error *err)
{
  const struct ms_attribute *holder = find_holder(root);
  const char *name = NULL;
  *parent = holder->foreign_key_type ? holder->foreign_key_type->root : NULL;
  if (*parent)
    return MS_OK;
  enum ms_status status =
      ms_find_type_of(batch, root, holder->storage.column, parent_id, &name, err);
  if (status == MS_OK && name)
    *parent = ms_model_type(batch->api->model, name)->root;
  return status;
}

/* The parent of a row of `root`, if the batch has removed it. */
static const struct ms_place *
find_removed_parent(const struct ms_batch *batch, const struct ms_entity_type *root,
                    const char *parent_id)
{
  const struct ms_attribute *holder = find_holder(root);
  return look_up(&batch->places.removed,
                 holder->foreign_key_type ? holder->foreign_key_type->root : NULL, parent_id);
}

/* Sets `parent` of a place that is remembered already, and so on upwards until one is known. */
static enum ms_status
find_parents(struct ms_batch *batch, struct ms_place *place, struct ms_error *err)
{
  enum ms_status status = MS_OK;
  while (status == MS_OK && place->parent_id) {
    const struct ms_entity_type *root = NULL;
    struct ms_place found;
    bool is_found = false;
    place->parent = find_removed_parent(batch, place->type->root, place->parent_id);
    if (place->parent)
      return MS_OK;
    status = find_parent_root(batch, place->type->root, place->parent_id, &root, err);
    if (status != MS_OK || !root)
      return status;
    place->parent = look_up(&batch->places.present, root, place->parent_id);
    if (place->parent)
      return MS_OK;
    status = read_present(batch, root, place->parent_id, &found, &is_found, err);
    if (status != MS_OK || !is_found)
      return status;
    struct ms_place *parent = add(batch, &batch->places.present, &found);
    if (!parent)
      return ms_batch_out_of_memory(err);
    place->parent = parent;
    place = parent;
  }
  return status;
}

enum ms_status
ms_place_find(struct ms_batch *batch, const struct ms_entity_type *root, const char *id,
              const struct ms_place **place, struct ms_error *err)
{
  struct ms_place found;
  bool is_found = false;
  *place = look_up(&batch->places.removed, root, id);
  if (!*place)
    *place = look_up(&batch->places.present, root, id);
  if (*place)
    return MS_OK;
  enum ms_status status = read_present(batch, root, id, &found, &is_found, err);
  if (status != MS_OK || !is_found)
    return status;
  struct ms_place *added = add(batch, &batch->places.present, &found);
  *place = added;
  return added ? find_parents(batch, added, err) : ms_batch_out_of_memory(err);
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
