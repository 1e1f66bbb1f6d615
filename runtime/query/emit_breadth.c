/* Which of several conditions an index should answer.
 *
 * The planner takes all equalities with an indexed column for equally good, and so would look for the one shot
 * of a name among all of its project. A column that refers to one of few things (projects, statuses, users, …)
 * is broad: each of them is found in many rows. Where another condition is narrow, a broad one is written as
 * `+t1."project_id" = ?1`, which no index answers. */
#include "query/emitter.h"

#include <string.h>

/* Of each of these a studio has tens or hundreds, whatever its size. */
static const char *const few[] = {"Project",       "Status",     "Type",
                                  "Priority",      "ObjectType", "Resource",
                                  "ProjectSchema", "Location",   "NoteCategory"};

static bool
is_few(const struct ms_entity_type *type)
{
  for (size_t i = 0; type && i < sizeof few / sizeof *few; i++)
    if (strcmp(type->name, few[i]) == 0 || strcmp(type->root->name, few[i]) == 0)
      return true;
  return false;
}

static bool
refers_to_few(const struct ms_attribute *attribute)
{
  if (attribute->storage.kind != MS_STORED_COLUMN)
    return false;
  return is_few(attribute->kind == MS_KIND_SCALAR ? attribute->foreign_key_type
                                                  : attribute->target);
}

/* Of a condition that an index can answer. */
static bool
is_broad(const struct ms_entity_type *type, const struct ms_resolved_condition *condition)
{
  switch (condition->kind) {
  case MS_RESOLVED_COMPARE:
  case MS_RESOLVED_IN:
  case MS_RESOLVED_IN_QUERY:
    return refers_to_few(condition->attribute);
  case MS_RESOLVED_DEFINITE:
    return is_broad(type, condition->first);
  case MS_RESOLVED_EXISTS:
    return refers_to_few(condition->attribute) || !condition->first ||
           is_broad(condition->rows, condition->first);
  case MS_RESOLVED_AND:
    return !ms_emit_find_narrow(type, condition);
  case MS_RESOLVED_OR:
    for (const struct ms_resolved_condition *each = condition->first; each; each = each->next)
      if (is_broad(type, each))
        return true;
    return false;
  default:
    return true;
  }
}

const struct ms_resolved_condition *
ms_emit_find_narrow(const struct ms_entity_type *type,
                    const struct ms_resolved_condition *conjunction)
{
  for (const struct ms_resolved_condition *each = conjunction->first; each; each = each->next)
    if (ms_emit_is_selective(type, each) && !is_broad(type, each))
      return each;
  return NULL;
}

/* Whether its text begins with the column that an index would be asked for. */
static bool
begins_with_column(const struct ms_resolved_condition *condition)
{
  if (condition->kind == MS_RESOLVED_DEFINITE)
    return begins_with_column(condition->first);
  return condition->kind == MS_RESOLVED_COMPARE || condition->kind == MS_RESOLVED_IN ||
         condition->kind == MS_RESOLVED_IN_QUERY || condition->kind == MS_RESOLVED_EXISTS;
}

bool
ms_emit_is_held_back(const struct ms_entity_type *type,
                     const struct ms_resolved_condition *condition)
{
  return begins_with_column(condition) && ms_emit_is_selective(type, condition) &&
         is_broad(type, condition);
}
