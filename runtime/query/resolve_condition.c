/* Conditions: paths become walks, comparisons get typed values, shorthands are spelled out. */
#include "query/resolver.h"

#include <string.h>

enum { SECOND_US = 1000000 };

static struct ms_resolved_condition *
make_condition(struct ms_resolver *resolver, enum ms_resolved_kind kind,
               const struct ms_attribute *attribute, enum ms_status *status)
{
  struct ms_resolved_condition *condition = ms_resolver_new(resolver, sizeof *condition, status);
  if (condition) {
    condition->kind = kind;
    condition->attribute = attribute;
  }
  return condition;
}

/* Wraps `*condition` into one of `kind`: NOT, AND, OR with it as the first operand. */
static enum ms_status
wrap(struct ms_resolver *resolver, enum ms_resolved_kind kind,
     struct ms_resolved_condition **condition)
{
  enum ms_status status;
  struct ms_resolved_condition *outer = make_condition(resolver, kind, NULL, &status);
  if (!outer)
    return status;
  outer->first = *condition;
  *condition = outer;
  return MS_OK;
}

static enum ms_status
make_null(struct ms_resolver *resolver, const struct ms_attribute *attribute, bool is_negated,
          struct ms_resolved_condition **condition)
{
  enum ms_status status;
  *condition = make_condition(resolver, MS_RESOLVED_NULL, attribute, &status);
  if (*condition)
    (*condition)->is_negated = is_negated;
  return status;
}

static enum ms_status
make_compare(struct ms_resolver *resolver, const struct ms_attribute *attribute,
             enum ms_query_comparison comparison, struct ms_parameter literal,
             struct ms_resolved_condition **condition)
{
  enum ms_status status;
  *condition = make_condition(resolver, MS_RESOLVED_COMPARE, attribute, &status);
  if (!*condition)
    return status;
  (*condition)->comparison = comparison;
  (*condition)->literals = ms_resolver_new(resolver, 2 * sizeof literal, &status);
  if ((*condition)->literals)
    (*condition)->literals[(*condition)->literal_count++] = literal;
  return status;
}

/* ---- date-times: without a fraction they stand for the whole second ---- */

static enum ms_status
compare_second(struct ms_resolver *resolver, const struct ms_attribute *attribute,
               enum ms_query_comparison comparison, struct ms_parameter literal,
               struct ms_resolved_condition **condition)
{
  struct ms_parameter next = literal;
  if (__builtin_add_overflow(literal.integer, (int64_t)SECOND_US, &next.integer))
    return make_compare(resolver, attribute, comparison, literal, condition);
  bool is_equal = comparison == MS_COMPARE_EQUAL;
  switch (comparison) {
  case MS_COMPARE_GREATER:
    return make_compare(resolver, attribute, MS_COMPARE_GREATER_EQUAL, next, condition);
  case MS_COMPARE_LESS_EQUAL:
    return make_compare(resolver, attribute, MS_COMPARE_LESS, next, condition);
  case MS_COMPARE_EQUAL:
  case MS_COMPARE_NOT_EQUAL:
    break;
  default:
    return make_compare(resolver, attribute, comparison, literal, condition);
  }
  enum ms_status status =
      make_compare(resolver, attribute, is_equal ? MS_COMPARE_GREATER_EQUAL : MS_COMPARE_LESS,
                   literal, condition);
  if (status == MS_OK)
    status = wrap(resolver, is_equal ? MS_RESOLVED_AND : MS_RESOLVED_OR, condition);
  if (status != MS_OK)
    return status;
  return make_compare(resolver, attribute, is_equal ? MS_COMPARE_LESS : MS_COMPARE_GREATER_EQUAL,
                      next, &(*condition)->first->next);
}

/* ---- comparisons ---- */

static enum ms_status
complain_comparison(struct ms_resolver *resolver, const struct ms_query_node *node,
                    const struct ms_attribute *attribute, const char *what)
{
  const struct ms_query_step *last = &node->path.steps[node->path.step_count - 1];
  return ms_query_complain(resolver->source, last->position, MS_PARSE, resolver->err,
                           "'%s' is %s: it cannot be compared by '%s'.", attribute->name, what,
                           ms_query_comparison_name(node->comparison));
}

static bool
is_equality(enum ms_query_comparison comparison)
{
  return comparison == MS_COMPARE_EQUAL || comparison == MS_COMPARE_NOT_EQUAL;
}

static bool
is_pattern(enum ms_query_comparison comparison)
{
  return comparison == MS_COMPARE_LIKE || comparison == MS_COMPARE_NOT_LIKE;
}

static bool
is_text(enum ms_value_type type)
{
  return type == MS_VALUE_STRING || type == MS_VALUE_JSON || type == MS_VALUE_VARIABLE;
}

static enum ms_status
resolve_compare_value(struct ms_resolver *resolver, const struct ms_query_node *node,
                      const struct ms_query_value *value, const struct ms_attribute *attribute,
                      struct ms_resolved_condition **condition)
{
  struct ms_parameter literal;
  enum ms_value_type type = ms_query_value_type(attribute);
  if (is_pattern(node->comparison) && !is_text(type))
    return complain_comparison(resolver, node, attribute, "no text");
  enum ms_status status = is_pattern(node->comparison)
                              ? ms_resolver_pattern(resolver, value, &literal)
                              : ms_resolver_literal(resolver, attribute, value, &literal);
  if (status != MS_OK)
    return status;
  if (type == MS_VALUE_DATETIME && literal.integer % SECOND_US == 0)
    return compare_second(resolver, attribute, node->comparison, literal, condition);
  status = make_compare(resolver, attribute, node->comparison, literal, condition);
  if (status == MS_OK && type == MS_VALUE_VARIABLE && !is_pattern(node->comparison) &&
      ms_resolver_literal_number(value, &(*condition)->literals[1]))
    (*condition)->literal_count = 2;
  return status;
}

/* An attribute whose value is at hand: a scalar, or a reference that a column holds. */
static enum ms_status
resolve_compare(struct ms_resolver *resolver, const struct ms_query_node *node,
                const struct ms_attribute *attribute, struct ms_resolved_condition **condition)
{
  if (ms_resolver_is_null(node->values)) {
    if (!is_equality(node->comparison))
      return complain_comparison(resolver, node, attribute, "compared with none");
    return make_null(resolver, attribute, node->comparison == MS_COMPARE_NOT_EQUAL, condition);
  }
  return resolve_compare_value(resolver, node, node->values, attribute, condition);
}

/* ---- in ---- */

/* `a in (x, y)` where equality is no plain equality of values: a is x or a is y. */
static enum ms_status
resolve_in_spelled_out(struct ms_resolver *resolver, const struct ms_query_node *node,
                       const struct ms_attribute *attribute,
                       struct ms_resolved_condition **condition)
{
  enum ms_status status;
  *condition = make_condition(resolver, MS_RESOLVED_OR, NULL, &status);
  if (!*condition)
    return status;
  struct ms_query_node equality = *node;
  equality.comparison = MS_COMPARE_EQUAL;
  struct ms_resolved_condition **last = &(*condition)->first;
  for (const struct ms_query_value *value = node->values; value; value = value->next) {
    if (ms_resolver_is_null(value))
      continue;
    status = resolve_compare_value(resolver, &equality, value, attribute, last);
    if (status != MS_OK)
      return status;
    last = &(*last)->next;
  }
  return node->is_negated ? wrap(resolver, MS_RESOLVED_NOT, condition) : MS_OK;
}

static enum ms_status
resolve_in_list(struct ms_resolver *resolver, const struct ms_query_node *node,
                const struct ms_attribute *attribute, struct ms_resolved_condition **condition)
{
  enum ms_status status;
  *condition = make_condition(resolver, MS_RESOLVED_IN, attribute, &status);
  if (!*condition)
    return status;
  (*condition)->is_negated = node->is_negated;
  (*condition)->literals =
      ms_resolver_new(resolver, node->value_count * sizeof(struct ms_parameter), &status);
  if (!(*condition)->literals)
    return status;
  for (const struct ms_query_value *value = node->values; value; value = value->next) {
    if (ms_resolver_is_null(value))
      continue;
    struct ms_parameter *literal = &(*condition)->literals[(*condition)->literal_count++];
    status = ms_resolver_literal(resolver, attribute, value, literal);
    if (status != MS_OK)
      return status;
  }
  return MS_OK;
}

static size_t
count_nulls(const struct ms_query_node *node)
{
  size_t count = 0;
  for (const struct ms_query_value *value = node->values; value; value = value->next)
    count += ms_resolver_is_null(value);
  return count;
}

static enum ms_status
resolve_in(struct ms_resolver *resolver, const struct ms_query_node *node,
           const struct ms_attribute *attribute, struct ms_resolved_condition **condition)
{
  size_t nulls = count_nulls(node);
  if (nulls == node->value_count)
    return make_null(resolver, attribute, node->is_negated, condition);
  enum ms_value_type type = ms_query_value_type(attribute);
  enum ms_status status = type == MS_VALUE_DATETIME || type == MS_VALUE_VARIABLE
                              ? resolve_in_spelled_out(resolver, node, attribute, condition)
                              : resolve_in_list(resolver, node, attribute, condition);
  if (status != MS_OK || nulls == 0)
    return status;
  status = wrap(resolver, node->is_negated ? MS_RESOLVED_AND : MS_RESOLVED_OR, condition);
  if (status != MS_OK)
    return status;
  return make_null(resolver, attribute, node->is_negated, &(*condition)->first->next);
}

/* Whether values of the two types can be equal. */
static bool
is_same_family(enum ms_value_type a, enum ms_value_type b)
{
  return is_text(a) == is_text(b) && (a == MS_VALUE_VARIABLE) == (b == MS_VALUE_VARIABLE);
}

static enum ms_status
resolve_in_query(struct ms_resolver *resolver, const struct ms_query_node *node,
                 const struct ms_attribute *attribute, struct ms_resolved_condition **condition)
{
  enum ms_status status;
  *condition = make_condition(resolver, MS_RESOLVED_IN_QUERY, attribute, &status);
  if (!*condition)
    return status;
  (*condition)->is_negated = node->is_negated;
  status = ms_resolver_subquery(resolver, node->query, &(*condition)->query);
  if (status != MS_OK)
    return status;
  const struct ms_attribute *selected = (*condition)->query->select->path.attribute;
  if (!is_same_family(ms_query_value_type(attribute), ms_query_value_type(selected)))
    return ms_query_complain(resolver->source, node->query->type_position, MS_PARSE, resolver->err,
                             "'%s' cannot be one of the values of '%s': their types differ.",
                             attribute->name, selected->name);
  return MS_OK;
}

static enum ms_status
resolve_operator(struct ms_resolver *resolver, const struct ms_query_node *node,
                 const struct ms_attribute *attribute, struct ms_resolved_condition **condition)
{
  switch (node->kind) {
  case MS_NODE_IN:
    return resolve_in(resolver, node, attribute, condition);
  case MS_NODE_IN_QUERY:
    return resolve_in_query(resolver, node, attribute, condition);
  default:
    return resolve_compare(resolver, node, attribute, condition);
  }
}

/* ---- relations as such ---- */

/* `children is none`, `children is "id"`, `parent[Shot] in (…)`: about the rows that are found. */
static enum ms_status
resolve_relation(struct ms_resolver *resolver, const struct ms_query_node *node,
                 const struct ms_attribute *relation, const struct ms_entity_type *rows,
                 struct ms_resolved_condition **condition)
{
  enum ms_status status;
  *condition = make_condition(resolver, MS_RESOLVED_EXISTS, relation, &status);
  if (!*condition)
    return status;
  (*condition)->rows = rows;
  struct ms_query_node inner = *node;
  bool is_null = node->kind == MS_NODE_COMPARE && ms_resolver_is_null(node->values);
  bool is_negated = node->is_negated;
  if (node->kind == MS_NODE_COMPARE)
    is_negated = (node->comparison == MS_COMPARE_EQUAL) == is_null;
  inner.is_negated = false;
  inner.comparison = MS_COMPARE_EQUAL;
  if (!is_null)
    status =
        resolve_operator(resolver, &inner, relation->target->primary_key[0], &(*condition)->first);
  return status == MS_OK && is_negated ? wrap(resolver, MS_RESOLVED_NOT, condition) : status;
}

/* The last step of a comparison's path. */
static enum ms_status
resolve_last(struct ms_resolver *resolver, const struct ms_entity_type *type,
             const struct ms_query_node *node, struct ms_resolved_condition **condition)
{
  const struct ms_query_step *last = &node->path.steps[node->path.step_count - 1];
  const struct ms_attribute *attribute;
  const struct ms_entity_type *cast;
  enum ms_status status = ms_resolver_step(resolver, type, last, &attribute, &cast);
  if (status != MS_OK)
    return status;
  bool is_null = node->kind == MS_NODE_COMPARE && ms_resolver_is_null(node->values);
  bool is_relation = attribute->kind != MS_KIND_SCALAR;
  if (is_relation && node->kind == MS_NODE_COMPARE && !is_equality(node->comparison))
    return complain_comparison(resolver, node, attribute, "a relation");
  if (ms_query_value_type(attribute) == MS_VALUE_NONE && !(is_relation && is_null))
    return ms_query_complain(resolver->source, last->position, MS_PARSE, resolver->err,
                             is_relation
                                 ? "'%s' finds entities with a key of several parts: compare those."
                                 : "'%s' is made when it is read: it cannot be in a condition.",
                             attribute->name);
  if (!is_relation || (ms_query_is_column_reference(attribute) && !cast))
    return resolve_operator(resolver, node, attribute, condition);
  return resolve_relation(resolver, node, attribute, cast ? cast : attribute->row_type, condition);
}

/* ---- paths ---- */

/* `parent.id`: a column of ours holds what the two steps name. */
static bool
is_own_key(const struct ms_entity_type *type, const struct ms_query_path *path, size_t at)
{
  if (at + 2 != path->step_count || path->steps[at].cast || path->steps[at + 1].cast)
    return false;
  const struct ms_attribute *relation = ms_type_attribute(type, path->steps[at].name);
  return relation && ms_query_is_column_reference(relation) &&
         strcmp(path->steps[at + 1].name, relation->target->primary_key[0]->name) == 0;
}

static enum ms_status
resolve_own_key(struct ms_resolver *resolver, const struct ms_query_node *node,
                const struct ms_attribute *relation, struct ms_resolved_condition **condition)
{
  enum ms_status status = resolve_operator(resolver, node, relation, condition);
  return status == MS_OK ? wrap(resolver, MS_RESOLVED_DEFINITE, condition) : status;
}

/* Walks along all steps of the path that end in a relation and resolves what is behind them. */
static enum ms_status
resolve_path(struct ms_resolver *resolver, const struct ms_entity_type *type,
             const struct ms_query_node *node, struct ms_resolved_condition **condition)
{
  enum ms_status status;
  const struct ms_query_path *path = &node->path;
  bool is_any = node->kind == MS_NODE_ANY;
  for (size_t i = 0; i + !is_any < path->step_count; i++) {
    if (!is_any && is_own_key(type, path, i))
      return resolve_own_key(resolver, node, ms_type_attribute(type, path->steps[i].name),
                             condition);
    *condition = make_condition(resolver, MS_RESOLVED_EXISTS, NULL, &status);
    if (!*condition)
      return status;
    status = ms_resolver_walk(resolver, &type, &path->steps[i], &(*condition)->attribute,
                              &(*condition)->rows);
    if (status != MS_OK)
      return status;
    condition = &(*condition)->first;
  }
  if (!is_any)
    return resolve_last(resolver, type, node, condition);
  return node->first ? ms_resolver_condition(resolver, type, node->first, condition) : MS_OK;
}

enum ms_status
ms_resolver_condition(struct ms_resolver *resolver, const struct ms_entity_type *type,
                      const struct ms_query_node *node, struct ms_resolved_condition **condition)
{
  static const enum ms_resolved_kind kinds[] = {[MS_NODE_AND] = MS_RESOLVED_AND,
                                                [MS_NODE_OR] = MS_RESOLVED_OR,
                                                [MS_NODE_NOT] = MS_RESOLVED_NOT};
  if (node->kind != MS_NODE_AND && node->kind != MS_NODE_OR && node->kind != MS_NODE_NOT)
    return resolve_path(resolver, type, node, condition);
  enum ms_status status;
  *condition = make_condition(resolver, kinds[node->kind], NULL, &status);
  if (!*condition)
    return status;
  struct ms_resolved_condition **last = &(*condition)->first;
  for (const struct ms_query_node *child = node->first; child; child = child->next) {
    status = ms_resolver_condition(resolver, type, child, last);
    if (status != MS_OK)
      return status;
    last = &(*last)->next;
  }
  return MS_OK;
}
