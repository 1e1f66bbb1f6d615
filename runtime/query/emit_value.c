/* Tables, columns and the values at the end of paths. */
#include "query/emitter.h"

#include <string.h>

struct ms_emit_row
ms_emit_new_row(struct ms_emitter *emitter, const struct ms_entity_type *type)
{
  return (struct ms_emit_row){.type = type, .alias = ++emitter->alias_count};
}

void
ms_emit_table(struct ms_emitter *emitter, struct ms_emit_row row)
{
  if (ms_emit_is_dense(row.type))
    ms_emit_dense_rows(emitter, row.type);
  else
    ms_emit(emitter, "\"%s\"", row.type->table);
  ms_emit(emitter, " AS t%d", row.alias);
}

void
ms_emit_column(struct ms_emitter *emitter, struct ms_emit_row row, const char *column)
{
  ms_emit(emitter, "t%d.\"%s\"", row.alias, column);
}

const char *
ms_emit_key_column(const struct ms_entity_type *type)
{
  return type->primary_key[0]->storage.column;
}

bool
ms_emit_needs_type_filter(const struct ms_entity_type *type)
{
  return type->type_column && type->base && !ms_emit_is_dense(type);
}

/* Several types may be stored under one name. */
static bool
is_stored_name_of_earlier(const struct ms_entity_type *type, size_t index)
{
  for (size_t i = 0; i < index; i++)
    if (strcmp(type->descendants[i]->stored_as, type->descendants[index]->stored_as) == 0)
      return true;
  return false;
}

void
ms_emit_type_filter(struct ms_emitter *emitter, struct ms_emit_row row,
                    const struct ms_entity_type *type, bool may_drive, const char *before)
{
  if (!ms_emit_needs_type_filter(type))
    return;
  may_drive = may_drive && type->descendant_count == 1; /* several ranges would need a sort */
  ms_emit(emitter, " %s %st%d.\"%s\"", before, may_drive ? "" : "+", row.alias, type->type_column);
  if (type->descendant_count == 1) {
    ms_emit(emitter, " = '%s'", type->stored_as);
    return;
  }
  const char *separator = " IN (";
  for (size_t i = 0; i < type->descendant_count; i++) {
    if (is_stored_name_of_earlier(type, i))
      continue;
    ms_emit(emitter, "%s'%s'", separator, type->descendants[i]->stored_as);
    separator = ", ";
  }
  ms_emit(emitter, ")");
}

void
ms_emit_value(struct ms_emitter *emitter, struct ms_emit_row row,
              const struct ms_attribute *attribute)
{
  if (attribute->storage.kind == MS_STORED_COMPUTED)
    ms_emit_computed(emitter, row, attribute);
  else
    ms_emit_column(emitter, row, attribute->storage.column);
}

static bool
holds_id(const char *column)
{
  size_t size = strlen(column);
  return strcmp(column, "id") == 0 || (size > 3 && strcmp(column + size - 3, "_id") == 0);
}

const char *
ms_emit_collation(const struct ms_attribute *attribute)
{
  bool is_text = attribute->value_type == MS_VALUE_STRING || attribute->value_type == MS_VALUE_JSON;
  bool is_id = attribute->storage.column && holds_id(attribute->storage.column);
  return is_text && !is_id ? " COLLATE NOCASE" : "";
}

bool
ms_emit_is_selective_attribute(const struct ms_entity_type *type,
                               const struct ms_attribute *attribute)
{
  const struct ms_entity_type *root = type->root;
  if (!attribute->storage.column)
    return false;
  if (strcmp(attribute->storage.column, ms_emit_key_column(type)) == 0 ||
      strcmp(attribute->storage.column, "name") == 0)
    return true;
  for (size_t i = 0; i < root->column_count; i++)
    if (strcmp(root->columns[i].name, attribute->storage.column) == 0)
      return root->columns[i].is_indexed;
  return false;
}

/* The tables of all walks, joined from left to right: each row is found by its key. */
static void
emit_walks(struct ms_emitter *emitter, struct ms_emit_row row, const struct ms_resolved_path *path,
           const struct ms_emit_found *found)
{
  for (size_t i = 0; i < path->walk_count; i++) {
    ms_emit(emitter, i ? " CROSS JOIN " : " FROM ");
    ms_emit_found_tables(emitter, path->walks[i].relation, found[i], ", ");
  }
  for (size_t i = 0; i < path->walk_count; i++) {
    ms_emit(emitter, i ? " AND " : " WHERE ");
    ms_emit_found_link(emitter, i ? found[i - 1].row : row, path->walks[i].relation,
                       path->walks[i].rows, found[i]);
  }
}

void
ms_emit_path(struct ms_emitter *emitter, struct ms_emit_row row,
             const struct ms_resolved_path *path)
{
  struct ms_emit_found found[MS_QUERY_PATH_MAX];
  if (path->walk_count == 0) {
    ms_emit_value(emitter, row, path->attribute);
    return;
  }
  if (!ms_emit_enter(emitter, MS_WEIGHT_REFERENCE))
    return;
  for (size_t i = 0; i < path->walk_count; i++)
    found[i] = ms_emit_new_found(emitter, path->walks[i].relation);
  ms_emit(emitter, "(SELECT ");
  ms_emit_value(emitter, found[path->walk_count - 1].row, path->attribute);
  emit_walks(emitter, row, path, found);
  ms_emit(emitter, ")");
  ms_emit_leave(emitter, MS_WEIGHT_REFERENCE);
}
