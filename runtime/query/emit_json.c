/* Entities as JSON: ms_object with the type first, a subselect for each relation. */
#include "query/emitter.h"

enum { ATTRIBUTES_MAX = 125 /* SQLite calls functions with 127 arguments at the most */ };

const char *
ms_emit_json_kind(enum ms_value_type type)
{
  static const char *const kinds[] = {[MS_VALUE_BOOLEAN] = ":boolean",
                                      [MS_VALUE_NUMBER] = ":number",
                                      [MS_VALUE_DATETIME] = ":time"};
  return type < sizeof kinds / sizeof *kinds && kinds[type] ? kinds[type] : "";
}

bool
ms_emit_is_json(enum ms_value_type type)
{
  return type == MS_VALUE_OBJECT || type == MS_VALUE_VARIABLE;
}

static void
emit_scalar(struct ms_emitter *emitter, struct ms_emit_row row,
            const struct ms_attribute *attribute)
{
  bool is_text = ms_emit_is_json(attribute->value_type) &&
                 !(attribute->value_type == MS_VALUE_OBJECT && attribute->storage.computed);
  ms_emit(emitter, is_text ? "json(" : "");
  ms_emit_value(emitter, row, attribute);
  ms_emit(emitter, is_text ? ")" : "");
}

static bool
is_tree(const struct ms_attribute *relation)
{
  return relation->storage.computed == MS_COMPUTED_ANCESTORS ||
         relation->storage.computed == MS_COMPUTED_DESCENDANTS;
}

/* The contexts of a tree keep the order in which the tree was walked. */
static void
emit_tree_source(struct ms_emitter *emitter, struct ms_emit_row row,
                 const struct ms_projection *projection, struct ms_emit_found found)
{
  ms_emit(emitter, " FROM (");
  ms_emit_tree_ids(emitter, row, projection->attribute->storage.computed);
  ms_emit(emitter, ") AS tree CROSS JOIN ");
  ms_emit_found_tables(emitter, projection->attribute, found, ", ");
  ms_emit(emitter, " WHERE t%d.\"id\" = tree.id", found.row.alias);
  ms_emit_found_filters(emitter, projection->attribute, projection->rows, found);
}

static void
emit_source(struct ms_emitter *emitter, struct ms_emit_row row,
            const struct ms_projection *projection, struct ms_emit_found found)
{
  if (is_tree(projection->attribute)) {
    emit_tree_source(emitter, row, projection, found);
    return;
  }
  ms_emit(emitter, " FROM ");
  ms_emit_found_tables(emitter, projection->attribute, found, ", ");
  ms_emit(emitter, " WHERE ");
  ms_emit_found_link(emitter, row, projection->attribute, projection->rows, found);
}

/* Members come in the order of the index over the column that ties them to us: as they were made. */
static void
emit_relation(struct ms_emitter *emitter, struct ms_emit_row row,
              const struct ms_projection *projection)
{
  bool is_many = projection->attribute->kind != MS_KIND_REFERENCE;
  int weight = is_many ? MS_WEIGHT_COLLECTION : MS_WEIGHT_REFERENCE;
  if (!ms_emit_enter(emitter, weight))
    return;
  struct ms_emit_found found = ms_emit_new_found(emitter, projection->attribute);
  struct ms_emit_row shown = {.type = projection->type, .alias = found.row.alias};
  ms_emit(emitter, is_many ? "(SELECT ms_array(" : "(SELECT ");
  ms_emit_entity(emitter, shown, projection->first);
  ms_emit(emitter, is_many ? ")" : "");
  emit_source(emitter, row, projection, found);
  ms_emit(emitter, ")");
  ms_emit_leave(emitter, weight);
}

/* The names, and how their values are printed. */
static void
emit_shape(struct ms_emitter *emitter, const struct ms_projection *projections)
{
  int count = 0;
  ms_emit(emitter, "ms_object('__entity_type__");
  for (const struct ms_projection *each = projections; each; each = each->next) {
    bool is_scalar = each->attribute->kind == MS_KIND_SCALAR;
    if (++count > ATTRIBUTES_MAX)
      ms_emit_fail(emitter, MS_LIMIT);
    ms_emit(emitter, " %s%s", each->attribute->name,
            is_scalar ? ms_emit_json_kind(each->attribute->value_type) : "");
  }
  ms_emit(emitter, "', ");
}

void
ms_emit_entity(struct ms_emitter *emitter, struct ms_emit_row row,
               const struct ms_projection *projections)
{
  emit_shape(emitter, projections);
  if (row.type->type_column && !ms_emit_is_dense(row.type))
    ms_emit_column(emitter, row, row.type->type_column);
  else
    ms_emit(emitter, "'%s'", row.type->name);
  for (const struct ms_projection *each = projections; each && emitter->status == MS_OK;
       each = each->next) {
    ms_emit(emitter, ", ");
    if (each->attribute->kind == MS_KIND_SCALAR)
      emit_scalar(emitter, row, each->attribute);
    else
      emit_relation(emitter, row, each);
  }
  ms_emit(emitter, ")");
}
