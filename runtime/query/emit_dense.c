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

static const char *
entity_table(const struct ms_entity_type *type)
{
  return ms_type_attribute(type, "entity_id")->foreign_key_type->table;
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
          entity_table(type));
  ms_emit(emitter,
          " LEFT JOIN \"%s\" AS v ON v.\"configuration_id\" = c.\"id\" AND v.\"entity_id\" = "
          "e.\"id\" WHERE c.\"__entity_type__\" = 'CustomAttributeConfiguration' AND ",
          type->table);
  ms_emit(emitter, "%s", kind->applies);
  emit_project(emitter, kind->project);
  ms_emit(emitter, ")");
  ms_emit_leave(emitter, MS_WEIGHT_DENSE);
}

/* ---- finding entities by a value ---- */

static bool
is_about_key(const struct ms_resolved_condition *condition)
{
  return condition->attribute->storage.computed == MS_COMPUTED_CONFIGURATION_KEY;
}

/* Defaults are mostly nothing, zero or false: where such a value is looked for, most entities have it. */
static bool
looks_for_a_default(const struct ms_resolved_condition *condition)
{
  for (size_t i = 0; i < condition->literal_count; i++) {
    const struct ms_parameter *literal = &condition->literals[i];
    if (literal->type == MS_PARAMETER_TEXT ? literal->text_bytes == 0
                                           : literal->integer == 0 && literal->number == 0)
      return true;
  }
  return false;
}

static bool
is_equality(const struct ms_resolved_condition *condition)
{
  return (condition->kind == MS_RESOLVED_COMPARE && condition->comparison == MS_COMPARE_EQUAL) ||
         (condition->kind == MS_RESOLVED_IN && !condition->is_negated);
}

/* Whether a value meets the condition that few entities have, as far as can be told. */
static bool
is_rare_value(const struct ms_resolved_condition *condition)
{
  if (condition->kind == MS_RESOLVED_OR) {
    for (const struct ms_resolved_condition *each = condition->first; each; each = each->next)
      if (!is_rare_value(each))
        return false;
    return true;
  }
  return is_equality(condition) && !is_about_key(condition) &&
         condition->attribute->storage.column &&
         strcmp(condition->attribute->storage.column, "value") == 0 &&
         !looks_for_a_default(condition);
}

bool
ms_emit_dense_can_lead(const struct ms_entity_type *type,
                       const struct ms_resolved_condition *condition)
{
  bool has_key = false, has_value = false;
  if (!ms_emit_is_dense(type) || !condition || condition->kind != MS_RESOLVED_AND)
    return false;
  for (const struct ms_resolved_condition *each = condition->first; each; each = each->next) {
    bool is_key = is_equality(each) && is_about_key(each);
    if (!is_key && !is_rare_value(each))
      return false;
    has_key |= is_key;
    has_value |= !is_key;
  }
  return has_key && has_value;
}

/* Those with a stored value that meets the condition; all, where a default does. */
void
ms_emit_dense_candidates(struct ms_emitter *emitter, const struct ms_entity_type *type,
                         const struct ms_resolved_condition *condition)
{
  struct ms_emit_row stored = ms_emit_new_row(emitter, type);
  struct ms_emit_row unset = ms_emit_new_row(emitter, type);
  if (!ms_emit_enter(emitter, MS_WEIGHT_DENSE))
    return;
  ms_emit(
      emitter,
      "SELECT t%d.\"entity_id\" FROM (SELECT v.\"entity_id\" AS \"entity_id\", c.\"key\" AS "
      "\"key\", v.\"value\" AS \"value\" FROM \"CustomConfigurationBase\" AS c CROSS JOIN \"%s\" "
      "AS v ON v.\"configuration_id\" = c.\"id\") AS t%d WHERE ",
      stored.alias, type->table, stored.alias);
  ms_emit_condition(emitter, stored, condition, true);
  ms_emit(
      emitter,
      " UNION ALL SELECT e.\"id\" FROM (SELECT c.\"key\" AS \"key\", c.\"default\" AS \"value\" "
      "FROM \"CustomConfigurationBase\" AS c) AS t%d CROSS JOIN \"%s\" AS e WHERE ",
      unset.alias, entity_table(type));
  ms_emit_condition(emitter, unset, condition, true);
  ms_emit_leave(emitter, MS_WEIGHT_DENSE);
}
