/* A work list of (family, ids): taking an entry deletes its rows and adds what belongs to them.
 *
 * Only entities with a key of one part can be referred to, so rows of other families are deleted
 * where they are found. A referrer that belongs to its own family (a tree) simply comes back to the
 * list. Ids pass into statements as one JSON array, so texts stay the same and prepared. */
#include "api/cascade.h"

#include <inttypes.h>
#include <string.h>

#include "api/checks.h"
#include "api/holder.h"
#include "api/referrer.h"
#include "api/update_note.h"

enum {
  IDS_PER_STATEMENT = 500,
  CASCADE_SQL_MAX_BYTES = 4096,
  CASCADE_IDS_MAX_BYTES = IDS_PER_STATEMENT * (MS_ID_MAX_BYTES * 6 + 4)
};

/* ---- the work list ---- */

struct ids {
  const char *items[IDS_PER_STATEMENT]; /* in the batch's arena */
  size_t count;
  struct ids *next; /* of the same family */
};

struct work {
  struct ms_batch *batch;
  struct ids **families; /* pending ids by index of the family's root in the model */
};

static struct ids **
pending(struct work *work, const struct ms_entity_type *root)
{
  return &work->families[root - work->batch->api->model->types];
}

static enum ms_status
add_id(struct work *work, const struct ms_entity_type *root, const char *id, struct ms_error *err)
{
  struct ms_arena *arena = work->batch->arena;
  struct ids **ids = pending(work, root);
  if (!*ids || (*ids)->count == IDS_PER_STATEMENT) {
    struct ids *fresh = MS_ARENA_NEW(arena, struct ids);
    if (!fresh)
      return ms_batch_out_of_memory(err);
    fresh->next = *ids;
    *ids = fresh;
  }
  const char *copy = ms_arena_strdup(arena, id);
  if (!copy)
    return ms_batch_out_of_memory(err);
  (*ids)->items[(*ids)->count++] = copy;
  return MS_OK;
}

/* ---- statements over many ids ---- */

static enum ms_status
bind_ids(struct ms_statement *statement, const struct ids *ids, struct ms_error *err)
{
  struct ms_buffer json;
  struct ms_json_writer writer;
  ms_buffer_init(&json, CASCADE_IDS_MAX_BYTES);
  ms_json_writer_init(&writer, &json);
  ms_json_begin_array(&writer);
  for (size_t i = 0; i < ids->count; i++)
    ms_json_string(&writer, ids->items[i]);
  ms_json_end_array(&writer);
  enum ms_status status = ms_buffer_check(&json, "ids to delete", err);
  if (status == MS_OK)
    ms_statement_bind_text(statement, 1, json.data, json.size_bytes);
  ms_buffer_free(&json);
  return status;
}

/* `head`, in the arena or NULL when that is full, is followed by the condition. */
static enum ms_status
prepare_over(struct work *work, const struct ids *ids, const char *head, const char *column,
             struct ms_statement **statement, struct ms_error *err)
{
  const char *sql = NULL;
  if (head)
    sql = ms_arena_printf(work->batch->arena,
                          "%s WHERE \"%s\" IN (SELECT value FROM json_each(?1))", head, column);
  if (!sql)
    return ms_batch_out_of_memory(err);
  enum ms_status status = ms_database_prepare(work->batch->api->database, sql, statement, err);
  return status == MS_OK ? bind_ids(*statement, ids, err) : status;
}

static enum ms_status
run_over(struct work *work, const struct ids *ids, const char *head, const char *column,
         struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  enum ms_status status = prepare_over(work, ids, head, column, &statement, err);
  if (status == MS_OK)
    status = ms_statement_step(statement, NULL, err);
  ms_statement_done(statement);
  return status;
}

static enum ms_status
delete_rows(struct work *work, const struct ids *ids, const char *table, const char *column,
            struct ms_error *err)
{
  return run_over(work, ids, ms_arena_printf(work->batch->arena, "DELETE FROM \"%s\"", table),
                  column, err);
}

/* ---- what happens to the rows that refer ---- */

/* Adds the entities that belong to `ids` to the list. */
static enum ms_status
add_dependants(struct work *work, const struct ms_referrer *referrer, const struct ids *ids,
               struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  bool row = true;
  const struct ms_entity_type *root = referrer->root;
  enum ms_status status =
      prepare_over(work, ids,
                   ms_arena_printf(work->batch->arena, "SELECT \"%s\" FROM \"%s\"",
                                   root->primary_key[0]->storage.column, root->table),
                   referrer->column->name, &statement, err);
  while (status == MS_OK && row) {
    status = ms_statement_step(statement, &row, err);
    if (status == MS_OK && row)
      status = add_id(work, root, ms_statement_text(statement, 0, NULL), err);
  }
  ms_statement_done(statement);
  return status;
}

static enum ms_status
cascade(struct work *work, const struct ms_referrer *referrer, const struct ids *ids,
        struct ms_error *err)
{
  if (referrer->root->primary_key_count == 1)
    return add_dependants(work, referrer, ids, err);
  return delete_rows(work, ids, referrer->root->table, referrer->column->name, err);
}

static enum ms_status
note_cleared(struct work *work, const struct ms_referrer *referrer, struct ms_statement *statement,
             struct ms_error *err)
{
  const char *name = ms_statement_text(statement, 1, NULL);
  const struct ms_entity_type *type = name ? ms_model_type(work->batch->api->model, name) : NULL;
  return ms_update_note_column(work->batch, type ? type : referrer->root,
                               ms_statement_text(statement, 0, NULL), referrer->column->name,
                               ms_statement_text(statement, 2, NULL), NULL, err);
}

/* Of entities that refer: rows whose key has several parts are not told of. */
static enum ms_status
note_all_cleared(struct work *work, const struct ms_referrer *referrer, const struct ids *ids,
                 struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  bool row = true;
  const struct ms_entity_type *root = referrer->root;
  const char *column = referrer->column->name;
  if (root->primary_key_count != 1)
    return MS_OK;
  const char *head =
      ms_arena_printf(work->batch->arena, "SELECT \"%s\", %s%s%s, \"%s\" FROM \"%s\"",
                      root->primary_key[0]->storage.column, root->type_column ? "\"" : "'",
                      root->type_column ? root->type_column : root->name,
                      root->type_column ? "\"" : "'", column, root->table);
  enum ms_status status = prepare_over(work, ids, head, column, &statement, err);
  while (status == MS_OK && row && ms_update_note_has_room(work->batch)) {
    status = ms_statement_step(statement, &row, err);
    if (status == MS_OK && row)
      status = note_cleared(work, referrer, statement, err);
  }
  ms_statement_done(statement);
  return status;
}

static enum ms_status
clear(struct work *work, const struct ms_referrer *referrer, const struct ids *ids,
      struct ms_error *err)
{
  enum ms_status status = note_all_cleared(work, referrer, ids, err);
  if (status != MS_OK)
    return status;
  const char *head = ms_arena_printf(work->batch->arena, "UPDATE \"%s\" SET \"%s\" = NULL",
                                     referrer->root->table, referrer->column->name);
  return run_over(work, ids, head, referrer->column->name, err);
}

/* Whoever refers now may be deleted later in the batch. */
static enum ms_status
refuse(struct work *work, const struct ms_referrer *referrer, const struct ids *ids,
       struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  bool row = true;
  const char *head = ms_arena_printf(work->batch->arena, "SELECT DISTINCT \"%s\" FROM \"%s\"",
                                     referrer->column->name, referrer->root->table);
  enum ms_status status = prepare_over(work, ids, head, referrer->column->name, &statement, err);
  while (status == MS_OK && row) {
    status = ms_statement_step(statement, &row, err);
    if (status == MS_OK && row)
      status = ms_checks_note_refusal(work->batch, referrer->root, referrer->column,
                                      referrer->target, ms_statement_text(statement, 0, NULL), err);
  }
  ms_statement_done(statement);
  return status;
}

static enum ms_status
settle_referrer(struct work *work, const struct ms_referrer *referrer, const struct ids *ids,
                struct ms_error *err)
{
  switch (referrer->column->on_delete) {
  case MS_ON_DELETE_CASCADE:
    return cascade(work, referrer, ids, err);
  case MS_ON_DELETE_CLEAR:
    return clear(work, referrer, ids, err);
  case MS_ON_DELETE_REFUSE:
    return refuse(work, referrer, ids, err);
  case MS_ON_DELETE_NOTHING:
    break;
  }
  return MS_OK;
}

static enum ms_status
delete_pairs(struct work *work, const struct ms_entity_type *root, const struct ids *ids,
             struct ms_error *err)
{
  const struct ms_model *model = work->batch->api->model;
  enum ms_status status = MS_OK;
  for (size_t i = 0; i < model->link_table_count; i++)
    for (size_t side = 0; side < 2 && status == MS_OK; side++)
      if (model->link_tables[i].types[side]->root == root)
        status = delete_rows(work, ids, model->link_tables[i].name,
                             model->link_tables[i].columns[side], err);
  return status;
}

static enum ms_status
delete_keys(struct work *work, const struct ms_entity_type *root, const struct ids *ids,
            struct ms_error *err)
{
  if (strcmp(root->name, "Resource") != 0)
    return MS_OK;
  return delete_rows(work, ids, "moonshift_key", "user_id", err);
}

static enum ms_status
note_removed_blobs(struct ms_batch *batch, const struct ms_entity_type *root, const struct ids *ids,
                   struct ms_error *err)
{
  if (strcmp(root->name, "Component") != 0)
    return MS_OK;
  for (size_t i = 0; i < ids->count; i++) {
    struct ms_removed_blob *removed = MS_ARENA_NEW(batch->arena, struct ms_removed_blob);
    if (!removed)
      return ms_batch_out_of_memory(err);
    removed->component_id = ids->items[i];
    removed->next = batch->removed;
    batch->removed = removed;
  }
  return MS_OK;
}

/* What is told of them, while they are still there. */
static enum ms_status
note_removals(struct work *work, const struct ms_entity_type *root, const struct ids *ids,
              struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  const struct ms_holder *holder = ms_holder_find(work->batch->api, root);
  bool row = true;
  if (!holder)
    return ms_batch_out_of_memory(err);
  enum ms_status status = prepare_over(work, ids, holder->select,
                                       root->primary_key[0]->storage.column, &statement, err);
  while (status == MS_OK && row && ms_update_note_has_room(work->batch)) {
    const struct ms_place *place = NULL;
    status = ms_statement_step(statement, &row, err);
    if (status == MS_OK && row)
      status = ms_place_remove(work->batch, root, statement, &place, err);
    if (status == MS_OK && row)
      status = ms_update_note_removed(work->batch, place, err);
  }
  ms_statement_done(statement);
  return status;
}

/* The rows themselves go first, so that a row that refers to itself is not found again. */
static enum ms_status
delete_entities(struct work *work, const struct ms_entity_type *root, const struct ids *ids,
                struct ms_error *err)
{
  const struct ms_referrers *referrers = work->batch->api->referrers;
  enum ms_status status = note_removals(work, root, ids, err);
  if (status == MS_OK)
    status = delete_rows(work, ids, root->table, root->primary_key[0]->storage.column, err);
  if (status == MS_OK)
    status = delete_pairs(work, root, ids, err);
  if (status == MS_OK)
    status = delete_keys(work, root, ids, err);
  if (status == MS_OK)
    status = note_removed_blobs(work->batch, root, ids, err);
  for (size_t i = 0; i < referrers->count && status == MS_OK; i++)
    if (referrers->items[i].target == root)
      status = settle_referrer(work, &referrers->items[i], ids, err);
  return status;
}

static enum ms_status
run_work(struct work *work, struct ms_error *err)
{
  const struct ms_model *model = work->batch->api->model;
  enum ms_status status = MS_OK;
  size_t i = 0;
  while (i < model->type_count && status == MS_OK) {
    struct ids *ids = work->families[i];
    if (!ids) {
      i++;
      continue;
    }
    work->families[i] = ids->next;
    status = delete_entities(work, &model->types[i], ids, err);
    i = 0;
  }
  return status;
}

/* ---- the one that was asked for ---- */

static enum ms_status
delete_row(struct ms_batch *batch, const struct ms_entity_type *type, const struct ms_key *key,
           struct ms_error *err)
{
  struct ms_buffer sql;
  struct ms_statement *statement = NULL;
  ms_buffer_init(&sql, CASCADE_SQL_MAX_BYTES);
  ms_buffer_printf(&sql, "DELETE FROM \"%s\"", type->table);
  ms_key_print_condition(&sql, type, 1);
  enum ms_status status = ms_buffer_check(&sql, "a statement", err);
  if (status == MS_OK)
    status = ms_database_prepare(batch->api->database, sql.data, &statement, err);
  if (status == MS_OK) {
    ms_key_bind(statement, 1, key);
    status = ms_statement_step(statement, NULL, err);
  }
  ms_statement_done(statement);
  ms_buffer_free(&sql);
  return status;
}

static const char *
id_text(struct ms_batch *batch, const struct ms_parameter *part)
{
  if (part->type == MS_PARAMETER_TEXT)
    return part->text;
  return ms_arena_printf(batch->arena, "%" PRId64, part->integer);
}

enum ms_status
ms_cascade_delete(struct ms_batch *batch, const struct ms_entity_type *type,
                  const struct ms_key *key, struct ms_error *err)
{
  const struct ms_model *model = batch->api->model;
  if (key->count > 1) {
    enum ms_status noted = ms_update_note_removal(batch, type, key, err);
    return noted == MS_OK ? delete_row(batch, type, key, err) : noted;
  }
  struct work work = {batch, MS_ARENA_ARRAY(batch->arena, struct ids *, model->type_count)};
  const char *id = id_text(batch, &key->parts[0]);
  if (!work.families || !id)
    return ms_batch_out_of_memory(err);
  enum ms_status status = ms_referrers_load(batch->api, err);
  if (status == MS_OK)
    status = add_id(&work, ms_type_owner(model, type), id, err);
  return status == MS_OK ? run_work(&work, err) : status;
}
