/* Relations: the tables that hold what they find, and the condition that ties those to a row. */
#include "query/emitter.h"

struct ms_emit_found
ms_emit_new_found(struct ms_emitter *emitter, const struct ms_attribute *relation)
{
  struct ms_emit_found found = {0};
  if (relation->storage.kind == MS_STORED_LINK)
    found.link_alias = ++emitter->alias_count;
  found.row = ms_emit_new_row(emitter, relation->row_type);
  return found;
}

void
ms_emit_found_tables(struct ms_emitter *emitter, const struct ms_attribute *relation,
                     struct ms_emit_found found, const char *between)
{
  if (found.link_alias)
    ms_emit(emitter, "\"%s\" AS t%d%s", relation->storage.link_table, found.link_alias, between);
  ms_emit_table(emitter, found.row);
}

/* t3."a" = t1."b" */
static void
emit_equal(struct ms_emitter *emitter, int alias, const char *column, int other_alias,
           const char *other_column)
{
  ms_emit(emitter, "t%d.\"%s\" = t%d.\"%s\"", alias, column, other_alias, other_column);
}

static void
emit_column_link(struct ms_emitter *emitter, struct ms_emit_row from,
                 const struct ms_storage *storage, struct ms_emit_row to)
{
  emit_equal(emitter, to.alias, ms_emit_key_column(to.type), from.alias, storage->column);
  if (!storage->second_column)
    return;
  ms_emit(emitter, " AND ");
  emit_equal(emitter, to.alias, to.type->primary_key[1]->storage.column, from.alias,
             storage->second_column);
}

static void
emit_computed_link(struct ms_emitter *emitter, struct ms_emit_row from,
                   const struct ms_attribute *relation, struct ms_emit_row to)
{
  ms_emit_column(emitter, to, ms_emit_key_column(to.type));
  if (relation->storage.computed == MS_COMPUTED_LATEST_VERSION) {
    ms_emit(emitter, " = ");
    ms_emit_computed(emitter, from, relation);
    return;
  }
  ms_emit(emitter, " IN (");
  ms_emit_tree_ids(emitter, from, relation->storage.computed);
  ms_emit(emitter, ")");
}

void
ms_emit_found_link(struct ms_emitter *emitter, struct ms_emit_row from,
                   const struct ms_attribute *relation, const struct ms_entity_type *rows,
                   struct ms_emit_found found)
{
  const struct ms_storage *storage = &relation->storage;
  struct ms_emit_row to = found.row;
  switch (storage->kind) {
  case MS_STORED_COLUMN:
    emit_column_link(emitter, from, storage, to);
    break;
  case MS_STORED_INVERSE:
    emit_equal(emitter, to.alias, storage->column, from.alias, ms_emit_key_column(from.type));
    break;
  case MS_STORED_LINK:
    emit_equal(emitter, found.link_alias, storage->link_own_column, from.alias,
               ms_emit_key_column(from.type));
    ms_emit(emitter, " AND ");
    emit_equal(emitter, to.alias, ms_emit_key_column(to.type), found.link_alias,
               storage->link_target_column);
    break;
  case MS_STORED_COMPUTED:
    emit_computed_link(emitter, from, relation, to);
    break;
  case MS_STORED_UNKNOWN:
    ms_emit_fail(emitter, MS_INTERNAL);
    break;
  }
  ms_emit_found_filters(emitter, relation, rows, found);
}

void
ms_emit_found_filters(struct ms_emitter *emitter, const struct ms_attribute *relation,
                      const struct ms_entity_type *rows, struct ms_emit_found found)
{
  const struct ms_storage *storage = &relation->storage;
  if (storage->filter_column)
    ms_emit(emitter, " AND +t%d.\"%s\" = '%s'", found.row.alias, storage->filter_column,
            storage->filter_value);
  ms_emit_type_filter(emitter, found.row, rows, false, "AND");
}
