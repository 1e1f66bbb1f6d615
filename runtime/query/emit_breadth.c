/* Which of several conditions an index should answer.
 *
 * The planner takes all equalities with an indexed column for equally good, and so would look for the one shot
 * of a name among all of its project. Conditions have a breadth, which is how many rows an index would give for
 * them as the studio grows, and one that is broader than another beside it is held back: written as
 * `+t1."project_id" = ?1`, which no index answers, or, where it leads over a list of many others
 * (`asset.parent.project_id`), as a look at each row that the narrower one finds.
 *
 * Which of a person's tasks and a project's are more is different in every studio: where only such a list leads to
 * the person's, the planner takes the project's, whose rows are probed in it. */
#include "query/emitter.h"

#include <string.h>

#define DAY_US 86400000000
#define SHORT_TIME_US (7 * DAY_US)

/* Things of which a studio has tens or hundreds, whatever its size, and what refers to one of them. */
static const struct {
  const char *type; /* or the root of its family */
  enum ms_emit_breadth breadth;
} few[] = {
    {"Project", MS_BREADTH_BROAD},       {"Status", MS_BREADTH_BROAD},
    {"Type", MS_BREADTH_BROAD},          {"Priority", MS_BREADTH_BROAD},
    {"ObjectType", MS_BREADTH_BROAD},    {"Resource", MS_BREADTH_MIDDLE},
    {"ProjectSchema", MS_BREADTH_BROAD}, {"Location", MS_BREADTH_BROAD},
    {"NoteCategory", MS_BREADTH_BROAD},
};

static enum ms_emit_breadth
breadth_of_one(const struct ms_entity_type *type)
{
  for (size_t i = 0; type && i < sizeof few / sizeof *few; i++)
    if (strcmp(type->name, few[i].type) == 0 || strcmp(type->root->name, few[i].type) == 0)
      return few[i].breadth;
  return MS_BREADTH_NARROW;
}

static enum ms_emit_breadth
breadth_of_reference(const struct ms_attribute *attribute)
{
  if (attribute->storage.kind != MS_STORED_COLUMN)
    return MS_BREADTH_NARROW;
  return breadth_of_one(attribute->kind == MS_KIND_SCALAR ? attribute->foreign_key_type
                                                          : attribute->target);
}

/* Tasks are named after their step: one below each shot has the name. */
static enum ms_emit_breadth
breadth_of_values(const struct ms_entity_type *type, const struct ms_attribute *attribute)
{
  bool is_step = strcmp(type->name, "Task") == 0 && strcmp(attribute->name, "name") == 0;
  return is_step ? MS_BREADTH_MIDDLE : breadth_of_reference(attribute);
}

static enum ms_emit_breadth
broader(enum ms_emit_breadth a, enum ms_emit_breadth b)
{
  return a > b ? a : b;
}

static enum ms_emit_breadth
narrower(enum ms_emit_breadth a, enum ms_emit_breadth b)
{
  return a < b ? a : b;
}

static enum ms_emit_breadth
breadth_of_all(const struct ms_entity_type *type, const struct ms_resolved_condition *condition)
{
  enum ms_emit_breadth breadth = MS_BREADTH_NARROW;
  for (const struct ms_resolved_condition *each = condition->first; each; each = each->next)
    breadth = broader(breadth, ms_emit_breadth(type, each));
  return breadth;
}

/* Of those that an index answers. */
static enum ms_emit_breadth
breadth_of_narrowest(const struct ms_entity_type *type,
                     const struct ms_resolved_condition *conjunction)
{
  enum ms_emit_breadth narrowest = MS_BREADTH_BROAD;
  for (const struct ms_resolved_condition *each = conjunction->first; each; each = each->next)
    if (ms_emit_is_selective(type, each))
      narrowest = narrower(narrowest, ms_emit_breadth(type, each));
  return narrowest;
}

enum ms_emit_breadth
ms_emit_breadth(const struct ms_entity_type *type, const struct ms_resolved_condition *condition)
{
  switch (condition->kind) {
  case MS_RESOLVED_COMPARE:
    return broader(condition->comparison == MS_COMPARE_LIKE ? MS_BREADTH_RANGE : MS_BREADTH_NARROW,
                   breadth_of_values(type, condition->attribute));
  case MS_RESOLVED_IN:
  case MS_RESOLVED_IN_QUERY:
    return breadth_of_values(type, condition->attribute);
  case MS_RESOLVED_DEFINITE:
    return ms_emit_breadth(type, condition->first);
  case MS_RESOLVED_EXISTS:
    if (!condition->first)
      return MS_BREADTH_BROAD;
    return broader(breadth_of_reference(condition->attribute),
                   ms_emit_breadth(condition->rows, condition->first));
  case MS_RESOLVED_AND:
    return breadth_of_narrowest(type, condition);
  case MS_RESOLVED_OR:
    return breadth_of_all(type, condition);
  default:
    return MS_BREADTH_BROAD;
  }
}

/* ---- short times ---- */

static bool
is_bound(const struct ms_resolved_condition *condition, bool is_lower)
{
  if (condition->kind != MS_RESOLVED_COMPARE ||
      condition->attribute->value_type != MS_VALUE_DATETIME)
    return false;
  enum ms_query_comparison comparison = condition->comparison;
  return is_lower ? comparison == MS_COMPARE_GREATER || comparison == MS_COMPARE_GREATER_EQUAL
                  : comparison == MS_COMPARE_LESS || comparison == MS_COMPARE_LESS_EQUAL;
}

static bool
has_own_index(const struct ms_entity_type *type, const struct ms_attribute *attribute)
{
  for (size_t i = 0; i < type->root->column_count; i++)
    if (strcmp(type->root->columns[i].name, attribute->storage.column) == 0)
      return type->root->columns[i].is_indexed;
  return false;
}

/* Whether `lower` and another one beside it bound a short time, by an index. */
static bool
bounds_short_time(const struct ms_entity_type *type,
                  const struct ms_resolved_condition *conjunction,
                  const struct ms_resolved_condition *lower)
{
  for (const struct ms_resolved_condition *upper = conjunction->first; upper; upper = upper->next)
    if (is_bound(upper, false) && upper->attribute == lower->attribute &&
        upper->literals->integer - lower->literals->integer <= SHORT_TIME_US)
      return has_own_index(type, lower->attribute);
  return false;
}

static bool
has_short_time(const struct ms_entity_type *type, const struct ms_resolved_condition *conjunction)
{
  for (const struct ms_resolved_condition *each = conjunction->first; each; each = each->next)
    if (is_bound(each, true) && bounds_short_time(type, conjunction, each))
      return true;
  return false;
}

/* ---- holding back ---- */

static const struct ms_resolved_condition *
undressed(const struct ms_resolved_condition *condition)
{
  return condition->kind == MS_RESOLVED_DEFINITE ? undressed(condition->first) : condition;
}

/* Whether what leads to our rows would be a list of many others, and a look at one row finds its own. */
static bool
lists_many(const struct ms_resolved_condition *condition)
{
  return condition->kind == MS_RESOLVED_EXISTS &&
         condition->attribute->storage.kind != MS_STORED_COMPUTED &&
         !ms_emit_is_dense(condition->attribute->row_type) &&
         breadth_of_one(condition->attribute->row_type) == MS_BREADTH_NARROW;
}

struct ms_emit_lead
ms_emit_find_lead(const struct ms_entity_type *type,
                  const struct ms_resolved_condition *conjunction)
{
  struct ms_emit_lead lead = {MS_BREADTH_BROAD, MS_BREADTH_BROAD,
                              has_short_time(type, conjunction)};
  for (const struct ms_resolved_condition *each = conjunction->first; each; each = each->next) {
    if (!ms_emit_is_selective(type, each))
      continue;
    enum ms_emit_breadth breadth = ms_emit_breadth(type, each);
    lead.breadth = narrower(lead.breadth, breadth);
    if (breadth <= MS_BREADTH_RANGE || !lists_many(undressed(each)))
      lead.own_breadth = narrower(lead.own_breadth, breadth);
  }
  return lead;
}

/* Names that begin alike may be as many as what one person has to do with. */
static bool
is_broader(enum ms_emit_breadth breadth, struct ms_emit_lead lead)
{
  if (breadth == MS_BREADTH_BROAD && lead.has_short_time)
    return true;
  return breadth > (lead.breadth == MS_BREADTH_RANGE ? MS_BREADTH_MIDDLE : lead.breadth);
}

/* Whether its text begins with the column that an index would be asked for. */
static bool
begins_with_column(const struct ms_resolved_condition *condition)
{
  return condition->kind == MS_RESOLVED_COMPARE || condition->kind == MS_RESOLVED_IN ||
         condition->kind == MS_RESOLVED_IN_QUERY || condition->kind == MS_RESOLVED_EXISTS;
}

enum ms_emit_hold
ms_emit_hold(const struct ms_entity_type *type, const struct ms_resolved_condition *condition,
             struct ms_emit_lead lead)
{
  enum ms_emit_breadth breadth = ms_emit_breadth(type, condition);
  condition = undressed(condition);
  if (!begins_with_column(condition) || !ms_emit_is_selective(type, condition))
    return MS_HOLD_NOT;
  if (lists_many(condition) && is_broader(breadth, lead))
    return MS_HOLD_WITNESS;
  return breadth > lead.own_breadth ? MS_HOLD_INDEX : MS_HOLD_NOT;
}
