/* Collections whose members hold our id. A member that leaves loses it; one that cannot be without it is
 * deleted. */
#include <string.h>

#include "api/cascade.h"
#include "api/members.h"
#include "api/write.h"

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
needs_owner(const struct ms_members *members)
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
join_member(struct ms_members *members, const struct ms_key *member, struct ms_error *err)
{
  struct ms_row row;
  const struct ms_storage *storage = &members->attribute->storage;
  const struct ms_attribute *type_name = type_name_beside(members->target, storage->column);
  enum ms_status status = ms_row_init(members->batch, members->target, &row, err);
  if (status != MS_OK)
    return status;
  row.key = *member;
  ms_row_set(&row, storage->column, members->attribute, members->owner->parts[0]);
  if (type_name)
    ms_row_set(&row, type_name->storage.column, type_name, ms_text_parameter(members->type->name));
  if (storage->filter_column)
    ms_row_set(&row, storage->filter_column, NULL, ms_text_parameter(storage->filter_value));
  status = ms_write_change(members->batch, &row, err);
  members->is_incomplete |= status == MS_NOT_FOUND;
  return status == MS_NOT_FOUND ? MS_OK : status;
}

static enum ms_status
dismiss_member(struct ms_members *members, const struct ms_key *member, struct ms_error *err)
{
  struct ms_row row;
  if (needs_owner(members))
    return ms_cascade_delete(members->batch, members->target, member, err);
  enum ms_status status = ms_row_init(members->batch, members->target, &row, err);
  if (status != MS_OK)
    return status;
  row.key = *member;
  ms_row_set(&row, members->attribute->storage.column, members->attribute,
             (struct ms_parameter){.type = MS_PARAMETER_NULL});
  return ms_write_change(members->batch, &row, err);
}

static enum ms_status
find_leaving(struct ms_members *members, struct ms_key **leaving, size_t *count,
             struct ms_error *err)
{
  struct ms_buffer sql;
  struct ms_statement *statement = NULL;
  const struct ms_entity_type *target = members->target;
  const struct ms_storage *storage = &members->attribute->storage;
  ms_buffer_init(&sql, MS_MEMBERS_SQL_MAX_BYTES);
  for (size_t i = 0; i < target->primary_key_count; i++)
    ms_buffer_printf(&sql, "%s\"%s\"", i ? ", " : "SELECT ",
                     target->primary_key[i]->storage.column);
  ms_buffer_printf(&sql, " FROM \"%s\" WHERE \"%s\" = ?1", target->table, storage->column);
  if (storage->filter_column)
    ms_buffer_printf(&sql, " AND \"%s\" = '%s'", storage->filter_column, storage->filter_value);
  enum ms_status status = ms_members_prepare(members, &sql, &statement, err);
  if (status != MS_OK)
    return status;
  ms_value_bind(statement, 1, &members->owner->parts[0]);
  status =
      ms_members_find_leaving(members, statement, target->primary_key_count, leaving, count, err);
  ms_statement_done(statement);
  return status;
}

enum ms_status
ms_members_write_inverse(struct ms_members *members, struct ms_error *err)
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
