/* Values of custom attributes, as clients see them: one row for every configuration that applies to an
 * entity, with the stored value or, where none was ever set, the configuration's default.
 *
 * The rows are a select of entities, configurations and stored values that the planner merges into
 * the statement around it, so that a condition on either key is a look-up. A configuration applies by
 * its legacy word for a kind of entity and its project; one of a project hides the general one of the
 * same key. */
#include "query/emitter.h"

#include <string.h>

/* What configurations mean by their entity_type. `project` is the project that entity `e` is part of. */
static const struct dense_kind {
  const char *entity_type; /* of the entities that have values */
  const char *applies;     /* condition on configuration `c` and entity `e` */
  const char *project;     /* or NULL: general configurations alone */
} dense_kinds[] = {
    {"Context",
     "(c.\"is_hierarchical\" OR (c.\"entity_type\" = 'show' AND e.\"__entity_type__\" = 'Project') "
     "OR (c.\"entity_type\" = 'task' AND e.\"__entity_type__\" <> 'Project' AND "
     "coalesce(c.\"object_type_id\" = e.\"object_type_id\", c.\"object_type_id\" IS NULL)))",
     "e.\"project_id\""},
    {"Asset", "(c.\"is_hierarchical\" OR c.\"entity_type\" = 'asset')",
     "(SELECT k.\"project_id\" FROM \"Context\" AS k WHERE k.\"id\" = e.\"context_id\")"},
    {"AssetVersion", "(c.\"is_hierarchical\" OR c.\"entity_type\" = 'assetversion')",
     "(SELECT k.\"project_id\" FROM \"Asset\" AS a CROSS JOIN \"Context\" AS k ON k.\"id\" = "
     "a.\"context_id\" WHERE a.\"id\" = e.\"asset_id\")"},
    {"List", "c.\"entity_type\" = 'list'", "e.\"project_id\""},
    {"ListObject", "c.\"entity_type\" = 'listobject'",
     "(SELECT l.\"project_id\" FROM \"List\" AS l WHERE l.\"id\" = e.\"list_id\")"},
    {"User", "c.\"entity_type\" = 'user' AND +e.\"__entity_type__\" = 'User'", NULL},
};

static const struct dense_kind *
find_kind(const struct ms_entity_type *type)
{
  const struct ms_attribute *entity_id = ms_type_attribute(type, "entity_id");
  for (size_t i = 0; i < sizeof dense_kinds / sizeof *dense_kinds; i++)
    if (strcmp(entity_id->foreign_key_type->name, dense_kinds[i].entity_type) == 0)
      return &dense_kinds[i];
  return NULL;
}

bool
ms_emit_is_dense(const struct ms_entity_type *type)
{
  const struct ms_attribute *key = ms_type_attribute(type, "key");
  return key && key->storage.computed == MS_COMPUTED_CONFIGURATION_KEY;
}

/* General, or of the entity's project and then in place of a general one. */
static void
emit_project(struct ms_emitter *emitter, const char *project)
{
  if (!project) {
    ms_emit(emitter, " AND c.\"project_id\" IS NULL");
    return;
  }
  ms_emit(emitter,
          " AND CASE WHEN c.\"project_id\" IS NOT NULL THEN c.\"project_id\" = %s ELSE NOT EXISTS "
          "(SELECT 1 FROM \"CustomConfigurationBase\" AS s WHERE s.\"key\" = c.\"key\" COLLATE "
          "NOCASE",
          project);
  ms_emit(emitter,
          " AND s.\"entity_type\" IS c.\"entity_type\" AND s.\"object_type_id\" IS "
          "c.\"object_type_id\" AND s.\"project_id\" = %s) END",
          project);
}

void
ms_emit_dense_rows(struct ms_emitter *emitter, const struct ms_entity_type *type)
{
  const struct dense_kind *kind = find_kind(type);
  if (!kind) {
    ms_emit_fail(emitter, MS_INTERNAL);
    return;
  }
  if (!ms_emit_enter(emitter, MS_WEIGHT_DENSE))
    return;
  ms_emit(emitter,
          "(SELECT e.\"id\" AS \"entity_id\", c.\"id\" AS \"configuration_id\", c.\"key\" AS "
          "\"key\", CASE WHEN v.\"entity_id\" IS NULL THEN c.\"default\" ELSE v.\"value\" END AS "
          "\"value\" FROM \"%s\" AS e CROSS JOIN \"CustomConfigurationBase\" AS c",
          ms_type_attribute(type, "entity_id")->foreign_key_type->table);
  ms_emit(emitter,
          " LEFT JOIN \"%s\" AS v ON v.\"configuration_id\" = c.\"id\" AND v.\"entity_id\" = "
          "e.\"id\" WHERE c.\"__entity_type__\" = 'CustomAttributeConfiguration' AND ",
          type->table);
  ms_emit(emitter, "%s", kind->applies);
  emit_project(emitter, kind->project);
  ms_emit(emitter, ")");
  ms_emit_leave(emitter, MS_WEIGHT_DENSE);
}
