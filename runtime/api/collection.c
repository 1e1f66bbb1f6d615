/* Collections whose members hold our id, and collections through a table of pairs.
 *
 * The present members are compared with the list as sorted texts of keys, so long sequences of frames
 * cost n log n. A member that leaves loses our id; one that cannot be without it is deleted. */
#include "api/collection.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "api/cascade.h"
#include "api/checks.h"
#include "api/permission.h"
#include "api/write.h"

enum { COLLECTION_SQL_MAX_BYTES = 8192 };

struct ms_pending_membership {
  const struct ms_entity_type *type;
  struct ms_key key;
  const struct ms_membership *membership;
  struct ms_pending_membership *next;
};

/* A list of members while it is written. */
struct members {
  struct ms_batch *batch;
  const struct ms_entity_type *type; /* concrete type of the owner */
  const struct ms_key *owner;
  const struct ms_attribute *attribute;
  const struct ms_entity_type *target;
  struct ms_key *keys; /* as listed */
  const char **texts;  /* the same as text, sorted */
  size_t count;
  bool is_incomplete; /* a member does not exist */
};

/* ---- keys as text ---- */

static const char *
key_text(struct ms_batch *batch, const struct ms_key *key)
{
  const char *text = "";
  for (size_t i = 0; i < key->count && text; i++) {
    const struct ms_parameter *part = &key->parts[i];
    if (part->type == MS_PARAMETER_TEXT)
      text = ms_arena_printf(batch->arena, "%s%s\n", text, part->text);
    else
      text = ms_arena_printf(batch->arena, "%s%" PRId64 "\n", text, part->integer);
  }
  return text;
}

static int
compare_texts(const void *a, const void *b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool
is_listed(const struct members *members, const char *text)
{
  return members->count &&
         bsearch(&text, members->texts, members->count, sizeof *members->texts, compare_texts);
}

static enum ms_status
decode_members(struct members *members, const struct ms_json_node *list, struct ms_error *err)
{
  struct ms_arena *arena = members->batch->arena;
  members->keys = MS_ARENA_ARRAY(arena, struct ms_key, list->count + 1);
  members->texts = MS_ARENA_ARRAY(arena, const char *, list->count + 1);
  if (!members->keys || !members->texts)
    return ms_batch_out_of_memory(err);
  for (const struct ms_json_node *node = list->first; node; node = node->next) {
    struct ms_key *key = &members->keys[members->count];
    enum ms_status status =
        ms_key_decode_reference(members->batch, members->attribute, node, key, err);
    if (status != MS_OK)
      return status;
    members->texts[members->count] = key_text(members->batch, key);
    if (!members->texts[members->count++])
      return ms_batch_out_of_memory(err);
  }
  qsort(members->texts, members->count, sizeof *members->texts, compare_texts);
  return MS_OK;
}

/* ---- present members ---- */

/* Reads the keys of the present members that are not listed into `leaving` (in the arena). */
static enum ms_status
read_leaving(struct members *members, struct ms_statement *statement, size_t key_parts,
             struct ms_key **leaving, size_t *leaving_count, struct ms_error *err)
{
  struct ms_batch *batch = members->batch;
  size_t capacity = 0;
  bool row = true;
  enum ms_status status = MS_OK;
  *leaving = NULL;
  *leaving_count = 0;
  while (status == MS_OK) {
    status = ms_statement_step(statement, &row, err);
    if (status != MS_OK || !row)
      break;
    struct ms_key key = {.count = key_parts};
    for (size_t i = 0; i < key_parts && status == MS_OK; i++)
      status = ms_value_read(batch, statement, (int)i, MS_COLUMN_TEXT, &key.parts[i], err);
    const char *text = status == MS_OK ? key_text(batch, &key) : "";
    if (!text)
      return ms_batch_out_of_memory(err);
    if (status != MS_OK || is_listed(members, text))
      continue;
    if (*leaving_count == capacity) {
      capacity = capacity ? capacity * 2 : 16;
      struct ms_key *larger = MS_ARENA_ARRAY(batch->arena, struct ms_key, capacity);
      if (!larger)
        return ms_batch_out_of_memory(err);
      if (*leaving_count)
        memcpy(larger, *leaving, *leaving_count * sizeof *larger);
      *leaving = larger;
    }
    (*leaving)[(*leaving_count)++] = key;
  }
  return status;
}

static enum ms_status
prepare(struct ms_batch *batch, struct ms_buffer *sql, struct ms_statement **statement,
        struct ms_error *err)
{
  enum ms_status status = ms_buffer_check(sql, "a statement", err);
  if (status == MS_OK)
    status = ms_database_prepare(batch->api->database, sql->data, statement, err);
  ms_buffer_free(sql);
  return status;
}

/* ---- members that hold our id ---- */

/* The attribute that names the type of the entity whose id `column` holds, or NULL. */
static const struct ms_attribute *
type_name_beside(const struct ms_entity_type *type, const char *column)
{
  for (size_t i = 0; i < type->attribute_count; i++)
    if (type->attributes[i]->fill == MS_FILL_TYPE_OF &&
        strcmp(type->attributes[i]->fill_argument, column) == 0)
      return type->attributes[i];
  return NULL;
}

static bool
is_key_column(const struct ms_entity_type *type, const char *column)
{
  for (size_t i = 0; i < type->primary_key_count; i++)
    if (strcmp(type->primary_key[i]->storage.column, column) == 0)
      return true;
  return false;
}

/* Whether a member cannot be without the id: it is then deleted when it leaves. */
static bool
needs_owner(const struct members *members)
{
  const struct ms_entity_type *target = members->target;
  const char *column = members->attribute->storage.column;
  if (is_key_column(target, column))
    return true;
  for (size_t i = 0; i < target->attribute_count; i++)
    if (target->attributes[i]->kind == MS_KIND_SCALAR &&
        target->attributes[i]->storage.kind == MS_STORED_COLUMN &&
        strcmp(target->attributes[i]->storage.column, column) == 0)
      return target->attributes[i]->flags & MS_ATTRIBUTE_REQUIRED;
  return false;
}

/* Sets our id, the type's name beside it and the value that the relation filters by. */
static enum ms_status
join_member(struct members *members, const struct ms_key *member, struct ms_error *err)
{
  struct ms_buffer sql;
  struct ms_statement *statement = NULL;
  const struct ms_storage *storage = &members->attribute->storage;
  const struct ms_attribute *type_name = type_name_beside(members->target, storage->column);
  ms_buffer_init(&sql, COLLECTION_SQL_MAX_BYTES);
  ms_buffer_printf(&sql, "UPDATE \"%s\" SET \"%s\" = ?1", members->target->table, storage->column);
  if (type_name)
    ms_buffer_printf(&sql, ", \"%s\" = '%s'", type_name->storage.column, members->type->name);
  if (storage->filter_column)
    ms_buffer_printf(&sql, ", \"%s\" = '%s'", storage->filter_column, storage->filter_value);
  ms_key_print_condition(&sql, members->target, 2);
  enum ms_status status = prepare(members->batch, &sql, &statement, err);
  if (status != MS_OK)
    return status;
  ms_value_bind(statement, 1, &members->owner->parts[0]);
  ms_key_bind(statement, 2, member);
  status = ms_statement_step(statement, NULL, err);
  ms_statement_done(statement);
  if (status == MS_OK && ms_database_changes(members->batch->api->database) == 0)
    members->is_incomplete = true;
  return status;
}

static enum ms_status
dismiss_member(struct members *members, const struct ms_key *member, struct ms_error *err)
{
  struct ms_buffer sql;
  struct ms_statement *statement = NULL;
  if (needs_owner(members))
    return ms_cascade_delete(members->batch, members->target, member, err);
  ms_buffer_init(&sql, COLLECTION_SQL_MAX_BYTES);
  ms_buffer_printf(&sql, "UPDATE \"%s\" SET \"%s\" = NULL", members->target->table,
                   members->attribute->storage.column);
  ms_key_print_condition(&sql, members->target, 1);
  enum ms_status status = prepare(members->batch, &sql, &statement, err);
  if (status != MS_OK)
    return status;
  ms_key_bind(statement, 1, member);
  status = ms_statement_step(statement, NULL, err);
  ms_statement_done(statement);
  return status;
}

static enum ms_status
find_leaving(struct members *members, struct ms_key **leaving, size_t *count, struct ms_error *err)
{
  struct ms_buffer sql;
  struct ms_statement *statement = NULL;
  const struct ms_entity_type *target = members->target;
  const struct ms_storage *storage = &members->attribute->storage;
  ms_buffer_init(&sql, COLLECTION_SQL_MAX_BYTES);
  for (size_t i = 0; i < target->primary_key_count; i++)
    ms_buffer_printf(&sql, "%s\"%s\"", i ? ", " : "SELECT ",
                     target->primary_key[i]->storage.column);
  ms_buffer_printf(&sql, " FROM \"%s\" WHERE \"%s\" = ?1", target->table, storage->column);
  if (storage->filter_column)
    ms_buffer_printf(&sql, " AND \"%s\" = '%s'", storage->filter_column, storage->filter_value);
  enum ms_status status = prepare(members->batch, &sql, &statement, err);
  if (status != MS_OK)
    return status;
  ms_value_bind(statement, 1, &members->owner->parts[0]);
  status = read_leaving(members, statement, target->primary_key_count, leaving, count, err);
  ms_statement_done(statement);
  return status;
}

static enum ms_status
write_inverse(struct members *members, struct ms_error *err)
{
  struct ms_key *leaving = NULL;
  size_t leaving_count = 0;
  enum ms_status status = find_leaving(members, &leaving, &leaving_count, err);
  for (size_t i = 0; i < leaving_count && status == MS_OK; i++)
    status = dismiss_member(members, &leaving[i], err);
  for (size_t i = 0; i < members->count && status == MS_OK; i++)
    status = join_member(members, &members->keys[i], err);
  return status;
}

/* ---- pairs ---- */

/* The entity type whose rows are the pairs, or NULL for a table of pairs alone. */
static const struct ms_entity_type *
pair_type(const struct ms_model *model, const char *table)
{
  for (size_t i = 0; i < model->type_count; i++)
    if (model->types[i].column_count && strcmp(model->types[i].table, table) == 0)
      return &model->types[i];
  return NULL;
}

/* Runs a statement with our id as ?1 and `other`, if given, as ?2. */
static enum ms_status
run_pair(struct members *members, struct ms_buffer *sql, const struct ms_parameter *other,
         bool *row, struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  enum ms_status status = prepare(members->batch, sql, &statement, err);
  if (status != MS_OK)
    return status;
  ms_value_bind(statement, 1, &members->owner->parts[0]);
  ms_value_bind(statement, 2, other);
  status = ms_statement_step(statement, row, err);
  ms_statement_done(statement);
  return status;
}

static enum ms_status
remove_pair(struct members *members, const struct ms_parameter *other, struct ms_error *err)
{
  struct ms_buffer sql;
  const struct ms_storage *storage = &members->attribute->storage;
  ms_buffer_init(&sql, COLLECTION_SQL_MAX_BYTES);
  ms_buffer_printf(&sql, "DELETE FROM \"%s\" WHERE \"%s\" = ?1 AND \"%s\" = ?2",
                   storage->link_table, storage->link_own_column, storage->link_target_column);
  return run_pair(members, &sql, other, NULL, err);
}

static enum ms_status
has_pair(struct members *members, const struct ms_parameter *other, bool *found,
         struct ms_error *err)
{
  struct ms_buffer sql;
  const struct ms_storage *storage = &members->attribute->storage;
  ms_buffer_init(&sql, COLLECTION_SQL_MAX_BYTES);
  ms_buffer_printf(&sql, "SELECT 1 FROM \"%s\" WHERE \"%s\" = ?1 AND \"%s\" = ?2",
                   storage->link_table, storage->link_own_column, storage->link_target_column);
  return run_pair(members, &sql, other, found, err);
}

static enum ms_status
add_plain_pair(struct members *members, const struct ms_parameter *other, struct ms_error *err)
{
  struct ms_buffer sql;
  const struct ms_storage *storage = &members->attribute->storage;
  ms_buffer_init(&sql, COLLECTION_SQL_MAX_BYTES);
  ms_buffer_printf(&sql, "INSERT INTO \"%s\" (\"%s\", \"%s\") VALUES (?1, ?2)", storage->link_table,
                   storage->link_own_column, storage->link_target_column);
  enum ms_status status = run_pair(members, &sql, other, NULL, err);
  if (status == MS_OK)
    status = ms_checks_note_target(members->batch, members->type, members->attribute,
                                   members->target, other, err);
  return status;
}

static enum ms_status
add_entity_pair(struct members *members, const struct ms_entity_type *type,
                const struct ms_parameter *other, struct ms_error *err)
{
  struct ms_row row;
  const struct ms_storage *storage = &members->attribute->storage;
  enum ms_status status = ms_row_init(members->batch, type, &row, err);
  if (status != MS_OK)
    return status;
  ms_row_set(&row, storage->link_own_column, members->attribute, members->owner->parts[0]);
  ms_row_set(&row, storage->link_target_column, members->attribute, *other);
  return ms_write_new(members->batch, &row, err);
}

static enum ms_status
add_pair(struct members *members, const struct ms_parameter *other, struct ms_error *err)
{
  bool found = false;
  enum ms_status status = has_pair(members, other, &found, err);
  if (status != MS_OK || found)
    return status;
  const struct ms_entity_type *type =
      pair_type(members->batch->api->model, members->attribute->storage.link_table);
  return type ? add_entity_pair(members, type, other, err) : add_plain_pair(members, other, err);
}

static enum ms_status
find_leaving_pairs(struct members *members, struct ms_key **leaving, size_t *count,
                   struct ms_error *err)
{
  struct ms_buffer sql;
  struct ms_statement *statement = NULL;
  const struct ms_storage *storage = &members->attribute->storage;
  ms_buffer_init(&sql, COLLECTION_SQL_MAX_BYTES);
  ms_buffer_printf(&sql, "SELECT \"%s\" FROM \"%s\" WHERE \"%s\" = ?1", storage->link_target_column,
                   storage->link_table, storage->link_own_column);
  enum ms_status status = prepare(members->batch, &sql, &statement, err);
  if (status != MS_OK)
    return status;
  ms_value_bind(statement, 1, &members->owner->parts[0]);
  status = read_leaving(members, statement, 1, leaving, count, err);
  ms_statement_done(statement);
  return status;
}

static enum ms_status
write_pairs(struct members *members, struct ms_error *err)
{
  struct ms_key *leaving = NULL;
  size_t leaving_count = 0;
  enum ms_status status = find_leaving_pairs(members, &leaving, &leaving_count, err);
  for (size_t i = 0; i < leaving_count && status == MS_OK; i++)
    status = remove_pair(members, &leaving[i].parts[0], err);
  for (size_t i = 0; i < members->count && status == MS_OK; i++)
    status = add_pair(members, &members->keys[i].parts[0], err);
  return status;
}

/* ---- all ---- */

/* Every configuration has a value for every entity: that list is not the client's to make. */
static bool
is_dense(const struct ms_attribute *attribute)
{
  return strcmp(attribute->target->root->name, "CustomAttributeValue") == 0;
}

static enum ms_status
write_membership(struct members *members, const struct ms_membership *membership,
                 struct ms_error *err)
{
  members->attribute = membership->attribute;
  members->target = membership->attribute->target;
  if (is_dense(membership->attribute))
    return MS_OK;
  enum ms_status status = ms_permission_check_write(members->batch, members->target, err);
  if (status == MS_OK)
    status = decode_members(members, membership->members, err);
  if (status != MS_OK)
    return status;
  if (membership->attribute->storage.kind == MS_STORED_LINK)
    return write_pairs(members, err);
  return write_inverse(members, err);
}

static enum ms_status
postpone(struct ms_batch *batch, const struct ms_row *row, const struct ms_membership *membership,
         struct ms_error *err)
{
  struct ms_pending_membership *pending = MS_ARENA_NEW(batch->arena, struct ms_pending_membership);
  if (!pending)
    return ms_batch_out_of_memory(err);
  pending->type = row->type;
  pending->key = row->key;
  pending->membership = membership;
  pending->next = batch->memberships;
  batch->memberships = pending;
  return MS_OK;
}

enum ms_status
ms_collections_write(struct ms_batch *batch, const struct ms_row *row, struct ms_error *err)
{
  enum ms_status status = MS_OK;
  for (const struct ms_membership *membership = row->memberships; membership && status == MS_OK;
       membership = membership->next) {
    struct members members = {.batch = batch, .type = row->type, .owner = &row->key};
    status = write_membership(&members, membership, err);
    if (status == MS_OK && members.is_incomplete)
      status = postpone(batch, row, membership, err);
  }
  return status;
}

enum ms_status
ms_collections_settle(struct ms_batch *batch, struct ms_error *err)
{
  enum ms_status status = MS_OK;
  for (const struct ms_pending_membership *pending = batch->memberships; pending && status == MS_OK;
       pending = pending->next) {
    struct members members = {.batch = batch, .type = pending->type, .owner = &pending->key};
    status = write_membership(&members, pending->membership, err);
    if (status == MS_OK && members.is_incomplete)
      status = ms_fail(err, MS_INTEGRITY, "attribute '%s' of %s lists a %s that does not exist",
                       members.attribute->name,
                       ms_key_describe(batch, pending->type, &pending->key), members.target->name);
  }
  return status;
}
