/* Collections through a table of pairs, which may be an entity type of its own (ListObject) or not. */
#include <string.h>

#include "api/checks.h"
#include "api/members.h"
#include "api/write.h"

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
run_pair(struct ms_members *members, struct ms_buffer *sql, const struct ms_parameter *other,
         bool *row, struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  enum ms_status status = ms_members_prepare(members, sql, &statement, err);
  if (status != MS_OK)
    return status;
  ms_value_bind(statement, 1, &members->owner->parts[0]);
  ms_value_bind(statement, 2, other);
  status = ms_statement_step(statement, row, err);
  ms_statement_done(statement);
  return status;
}

static enum ms_status
remove_pair(struct ms_members *members, const struct ms_parameter *other, struct ms_error *err)
{
  struct ms_buffer sql;
  const struct ms_storage *storage = &members->attribute->storage;
  ms_buffer_init(&sql, MS_MEMBERS_SQL_MAX_BYTES);
  ms_buffer_printf(&sql, "DELETE FROM \"%s\" WHERE \"%s\" = ?1 AND \"%s\" = ?2",
                   storage->link_table, storage->link_own_column, storage->link_target_column);
  return run_pair(members, &sql, other, NULL, err);
}

static enum ms_status
has_pair(struct ms_members *members, const struct ms_parameter *other, bool *found,
         struct ms_error *err)
{
  struct ms_buffer sql;
  const struct ms_storage *storage = &members->attribute->storage;
  ms_buffer_init(&sql, MS_MEMBERS_SQL_MAX_BYTES);
  ms_buffer_printf(&sql, "SELECT 1 FROM \"%s\" WHERE \"%s\" = ?1 AND \"%s\" = ?2",
                   storage->link_table, storage->link_own_column, storage->link_target_column);
  return run_pair(members, &sql, other, found, err);
}

static enum ms_status
add_plain_pair(struct ms_members *members, const struct ms_parameter *other, struct ms_error *err)
{
  struct ms_buffer sql;
  const struct ms_storage *storage = &members->attribute->storage;
  ms_buffer_init(&sql, MS_MEMBERS_SQL_MAX_BYTES);
  ms_buffer_printf(&sql, "INSERT INTO \"%s\" (\"%s\", \"%s\") VALUES (?1, ?2)", storage->link_table,
                   storage->link_own_column, storage->link_target_column);
  return run_pair(members, &sql, other, NULL, err);
}

static enum ms_status
add_entity_pair(struct ms_members *members, const struct ms_entity_type *type,
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
add_pair(struct ms_members *members, const struct ms_parameter *other, struct ms_error *err)
{
  bool found = false;
  enum ms_status status = has_pair(members, other, &found, err);
  if (status != MS_OK || found)
    return status;
  const struct ms_entity_type *type =
      pair_type(members->batch->api->model, members->attribute->storage.link_table);
  status = type ? add_entity_pair(members, type, other, err) : add_plain_pair(members, other, err);
  if (status == MS_OK)
    status = ms_checks_note_target(members->batch, members->type, members->attribute,
                                   members->target, other, err);
  return status;
}

static enum ms_status
find_leaving_pairs(struct ms_members *members, struct ms_key **leaving, size_t *count,
                   struct ms_error *err)
{
  struct ms_buffer sql;
  struct ms_statement *statement = NULL;
  const struct ms_storage *storage = &members->attribute->storage;
  ms_buffer_init(&sql, MS_MEMBERS_SQL_MAX_BYTES);
  ms_buffer_printf(&sql, "SELECT \"%s\" FROM \"%s\" WHERE \"%s\" = ?1", storage->link_target_column,
                   storage->link_table, storage->link_own_column);
  enum ms_status status = ms_members_prepare(members, &sql, &statement, err);
  if (status != MS_OK)
    return status;
  ms_value_bind(statement, 1, &members->owner->parts[0]);
  status = ms_members_find_leaving(members, statement, 1, leaving, count, err);
  ms_statement_done(statement);
  return status;
}

enum ms_status
ms_members_write_pairs(struct ms_members *members, struct ms_error *err)
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
