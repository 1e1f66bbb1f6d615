/* Attributes that no column holds: one SQL expression each. */
#include "query/emitter.h"

enum { TREE_DEPTH_MAX = 64 /* contexts above each other; a circle in the data ends there, too */ };

/* Microseconds since 1970, by the second. */
#define NOW_US "(CAST(strftime('%s', 'now') AS INTEGER) * 1000000)"

/* ---- the tree of contexts, or of groups ---- */

/* WITH tree(id, depth): the rows above the one whose id `emit_start` selects, itself included. */
static void
emit_way_up(struct ms_emitter *emitter, const char *table)
{
  ms_emit(emitter,
          " UNION ALL SELECT k.\"parent_id\", tree.depth + 1 FROM tree CROSS JOIN \"%s\" AS k ON "
          "k.\"id\" = tree.id WHERE tree.depth < %d AND k.\"parent_id\" IS NOT NULL)",
          table, TREE_DEPTH_MAX);
}

void
ms_emit_tree_ids(struct ms_emitter *emitter, struct ms_emit_row row, enum ms_computed direction)
{
  const char *table = row.type->table;
  if (!ms_emit_enter(emitter, MS_WEIGHT_TREE))
    return;
  if (direction == MS_COMPUTED_ANCESTORS) {
    ms_emit(emitter, "WITH RECURSIVE tree(id, depth) AS (SELECT t%d.\"parent_id\", 0", row.alias);
    emit_way_up(emitter, table);
  } else {
    ms_emit(emitter,
            "WITH RECURSIVE tree(id, depth) AS (SELECT k.\"id\", 0 FROM \"%s\" AS k WHERE "
            "k.\"parent_id\" = t%d.\"id\"",
            table, row.alias);
    ms_emit(emitter,
            " UNION ALL SELECT k.\"id\", tree.depth + 1 FROM tree CROSS JOIN \"%s\" AS k ON "
            "k.\"parent_id\" = tree.id WHERE tree.depth < %d)",
            table, TREE_DEPTH_MAX);
  }
  ms_emit(emitter, " SELECT id FROM tree ORDER BY depth%s LIMIT -1",
          direction == MS_COMPUTED_ANCESTORS ? " DESC" : "");
  ms_emit_leave(emitter, MS_WEIGHT_TREE);
}

/* The list of {id, name, type} from the top down to what the tree begins with. */
static void
emit_link_list(struct ms_emitter *emitter, const struct ms_entity_type *type)
{
  emit_way_up(emitter, type->table);
  ms_emit(emitter,
          " SELECT ms_array(ms_object('id name type', k.\"id\", k.\"name\", "
          "k.\"%s\")) FROM (SELECT id FROM tree ORDER BY depth DESC LIMIT -1) AS "
          "path CROSS JOIN \"%s\" AS k ON k.\"id\" = path.id)",
          type->type_column, type->table);
}

static void
emit_own_link(struct ms_emitter *emitter, struct ms_emit_row row)
{
  ms_emit(emitter, "(WITH RECURSIVE tree(id, depth) AS (SELECT t%d.\"id\", 0", row.alias);
  emit_link_list(emitter, row.type);
}

/* A version's link goes through the contexts above its asset and ends in the version itself. */
static void
emit_version_link(struct ms_emitter *emitter, struct ms_emit_row row)
{
  const struct ms_entity_type *context = ms_model_type(emitter->context->model, "Context");
  ms_emit(emitter,
          "json_insert((WITH RECURSIVE tree(id, depth) AS (SELECT a.\"context_id\", 0 FROM "
          "\"Asset\" AS a WHERE a.\"id\" = t%d.\"asset_id\"",
          row.alias);
  emit_link_list(emitter, context);
  ms_emit(
      emitter,
      ", '$[#]', ms_object('id name type', t%d.\"id\", (SELECT coalesce(a.\"name\", '') || ' v' "
      "|| coalesce(t%d.\"version\", 0) FROM \"Asset\" AS a WHERE a.\"id\" = "
      "t%d.\"asset_id\"), 'AssetVersion'))",
      row.alias, row.alias, row.alias);
}

static void
emit_link(struct ms_emitter *emitter, struct ms_emit_row row)
{
  if (!ms_emit_enter(emitter, MS_WEIGHT_TREE))
    return;
  if (ms_type_attribute(row.type, "asset_id"))
    emit_version_link(emitter, row);
  else
    emit_own_link(emitter, row);
  ms_emit_leave(emitter, MS_WEIGHT_TREE);
}

/* ---- the rest ---- */

static void
emit_url(struct ms_emitter *emitter, struct ms_emit_row row, const char *kind, const char *column)
{
  ms_emit(emitter, "ms_url(");
  ms_emit_base_url(emitter);
  ms_emit(emitter, ", '%s', ", kind);
  ms_emit_column(emitter, row, column);
  ms_emit(emitter, ")");
}

static void
emit_time_logged(struct ms_emitter *emitter, struct ms_emit_row row)
{
  ms_emit(
      emitter,
      "(SELECT total(k.\"duration\") FROM \"Timelog\" AS k WHERE k.\"context_id\" = t%d.\"id\")",
      row.alias);
}

/* Rows that stand for what was never set have it at hand; those of the base type, which were, ask for it. */
static void
emit_configuration_key(struct ms_emitter *emitter, struct ms_emit_row row)
{
  if (ms_emit_is_dense(row.type))
    ms_emit_column(emitter, row, "key");
  else
    ms_emit(emitter,
            "(SELECT c.\"key\" FROM \"CustomConfigurationBase\" c"
            " WHERE c.\"id\" = t%d.\"configuration_id\")",
            row.alias);
}

void
ms_emit_computed(struct ms_emitter *emitter, struct ms_emit_row row,
                 const struct ms_attribute *attribute)
{
  switch (attribute->storage.computed) {
  case MS_COMPUTED_LINK:
    emit_link(emitter, row);
    return;
  case MS_COMPUTED_THUMBNAIL_URL:
    emit_url(emitter, row, "thumbnail", "thumbnail_id");
    return;
  case MS_COMPUTED_COMPONENT_URL:
    emit_url(emitter, row, "get", "component_id");
    return;
  case MS_COMPUTED_COMPONENT_THUMBNAIL_URL:
    emit_url(emitter, row, "thumbnail", "component_id");
    return;
  case MS_COMPUTED_TIME_LOGGED:
    emit_time_logged(emitter, row);
    return;
  case MS_COMPUTED_TIME_LEFT:
    ms_emit(emitter, "(coalesce(t%d.\"bid\", 0.0) - ", row.alias);
    emit_time_logged(emitter, row);
    ms_emit(emitter, ")");
    return;
  case MS_COMPUTED_LATEST_VERSION:
    ms_emit(emitter,
            "(SELECT k.\"id\" FROM \"AssetVersion\" AS k WHERE k.\"asset_id\" = t%d.\"id\" ORDER "
            "BY k.\"version\" DESC, k.rowid DESC LIMIT 1)",
            row.alias);
    return;
  case MS_COMPUTED_IS_LATEST_VERSION:
    ms_emit(emitter,
            "(t%d.\"version\" IS (SELECT max(k.\"version\") FROM \"AssetVersion\" AS k WHERE "
            "k.\"asset_id\" = t%d.\"asset_id\"))",
            row.alias, row.alias);
    return;
  case MS_COMPUTED_IS_OPEN:
    ms_emit(emitter,
            "(coalesce(t%d.\"start_date\" <= %s, 1) AND coalesce(t%d.\"end_date\" >= %s, 1))",
            row.alias, NOW_US, row.alias, NOW_US);
    return;
  case MS_COMPUTED_CONFIGURATION_KEY:
    emit_configuration_key(emitter, row);
    return;
  case MS_COMPUTED_ANCESTORS:
  case MS_COMPUTED_DESCENDANTS:
  case MS_COMPUTED_NOT:
    ms_emit_fail(emitter, MS_INTERNAL);
    return;
  }
}
