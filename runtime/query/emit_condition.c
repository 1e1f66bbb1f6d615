/* Conditions: comparisons, and, or, not.
 *
 * Long chains of and/or are printed as a balanced tree: SQLite bounds the depth of expressions. */
#include "query/emitter.h"

/* ---- comparisons ---- */

static const char *const operators[] = {
    [MS_COMPARE_EQUAL] = "=",   [MS_COMPARE_NOT_EQUAL] = "<>",
    [MS_COMPARE_LESS] = "<",    [MS_COMPARE_LESS_EQUAL] = "<=",
    [MS_COMPARE_GREATER] = ">", [MS_COMPARE_GREATER_EQUAL] = ">=",
    [MS_COMPARE_LIKE] = "LIKE", [MS_COMPARE_NOT_LIKE] = "NOT LIKE"};

static void
emit_pattern(struct ms_emitter *emitter, enum ms_query_comparison comparison,
             const struct ms_parameter *pattern)
{
  ms_emit(emitter, " %s ", operators[comparison]);
  ms_emit_parameter(emitter, pattern);
  ms_emit(emitter, " ESCAPE '\\'");
}

/* One value of a VARIABLE, or of the list that it holds: text by text, number by number. */
static void
emit_variable_test(struct ms_emitter *emitter, const struct ms_resolved_condition *condition,
                   enum ms_query_comparison comparison)
{
  bool is_number = condition->literal_count == 2;
  if (comparison == MS_COMPARE_LIKE) {
    ms_emit(emitter, "atom");
    emit_pattern(emitter, comparison, &condition->literals[0]);
  } else if (comparison == MS_COMPARE_EQUAL) {
    ms_emit(emitter, "atom = ");
    ms_emit_parameter(emitter, &condition->literals[0]);
    ms_emit(emitter, " COLLATE NOCASE");
    if (!is_number)
      return;
    ms_emit(emitter, " OR atom = ");
    ms_emit_parameter(emitter, &condition->literals[1]);
  } else {
    ms_emit(emitter, "typeof(atom) %s 'text' AND atom %s ", is_number ? "<>" : "=",
            operators[comparison]);
    ms_emit_parameter(emitter, &condition->literals[is_number]);
  }
}

static void
emit_variable_compare(struct ms_emitter *emitter, struct ms_emit_row row,
                      const struct ms_resolved_condition *condition)
{
  enum ms_query_comparison comparison = condition->comparison;
  bool is_negated = comparison == MS_COMPARE_NOT_EQUAL || comparison == MS_COMPARE_NOT_LIKE;
  if (is_negated)
    comparison = comparison == MS_COMPARE_NOT_EQUAL ? MS_COMPARE_EQUAL : MS_COMPARE_LIKE;
  if (!ms_emit_enter(emitter, MS_WEIGHT_EXISTS))
    return;
  ms_emit(emitter, "%sEXISTS (SELECT 1 FROM json_each(", is_negated ? "NOT " : "");
  ms_emit_value(emitter, row, condition->attribute);
  ms_emit(emitter, ") WHERE ");
  emit_variable_test(emitter, condition, comparison);
  ms_emit(emitter, ")");
  ms_emit_leave(emitter, MS_WEIGHT_EXISTS);
}

static void
emit_compare(struct ms_emitter *emitter, struct ms_emit_row row,
             const struct ms_resolved_condition *condition)
{
  enum ms_query_comparison comparison = condition->comparison;
  if (condition->attribute->value_type == MS_VALUE_VARIABLE) {
    emit_variable_compare(emitter, row, condition);
    return;
  }
  ms_emit_value(emitter, row, condition->attribute);
  if (comparison == MS_COMPARE_LIKE || comparison == MS_COMPARE_NOT_LIKE) {
    emit_pattern(emitter, comparison, condition->literals);
    return;
  }
  ms_emit(emitter, "%s %s ", ms_emit_collation(condition->attribute), operators[comparison]);
  ms_emit_parameter(emitter, condition->literals);
}

static void
emit_null(struct ms_emitter *emitter, struct ms_emit_row row,
          const struct ms_resolved_condition *condition)
{
  const char *is = condition->is_negated ? "IS NOT" : "IS";
  bool is_variable = condition->attribute->value_type == MS_VALUE_VARIABLE;
  ms_emit(emitter, is_variable ? "nullif(" : "");
  ms_emit_value(emitter, row, condition->attribute);
  ms_emit(emitter, "%s %s NULL", is_variable ? ", 'null')" : "", is);
}

static void
emit_in(struct ms_emitter *emitter, struct ms_emit_row row,
        const struct ms_resolved_condition *condition)
{
  bool is_single = condition->literal_count == 1;
  const char *operator= is_single ? condition->is_negated ? "<>" : "="
  : condition->is_negated         ? "NOT IN"
                                  : "IN";
  ms_emit_value(emitter, row, condition->attribute);
  ms_emit(emitter, "%s %s ", ms_emit_collation(condition->attribute), operator);
  if (is_single) {
    ms_emit_parameter(emitter, condition->literals);
    return;
  }
  ms_emit(emitter, "(SELECT value FROM json_each(");
  ms_emit_list_parameter(emitter, condition->literals, condition->literal_count);
  ms_emit(emitter, "))");
}

static void
emit_in_query(struct ms_emitter *emitter, struct ms_emit_row row,
              const struct ms_resolved_condition *condition)
{
  ms_emit_value(emitter, row, condition->attribute);
  ms_emit(emitter, "%s %s (", ms_emit_collation(condition->attribute),
          condition->is_negated ? "NOT IN" : "IN");
  ms_emit_subquery(emitter, condition->query);
  ms_emit(emitter, ")");
}

/* ---- and, or, not ---- */

/* Conditions that are joined by the same word. */
struct operands {
  struct ms_emit_row row;
  const struct ms_resolved_condition *next; /* to be printed */
  const char *operator;
  bool is_positive;
  struct ms_emit_lead lead; /* what an index is to answer, and nothing broader */
};

static void
emit_operand(struct ms_emitter *emitter, struct operands *operands)
{
  const struct ms_resolved_condition *condition = operands->next;
  enum ms_emit_hold hold = ms_emit_hold(operands->row.type, condition, operands->lead);
  ms_emit(emitter, hold == MS_HOLD_INDEX ? "+" : "");
  if (hold == MS_HOLD_WITNESS)
    ms_emit_witness(emitter, operands->row, condition);
  else
    ms_emit_condition(emitter, operands->row, condition, operands->is_positive);
  operands->next = condition->next;
}

/* The next `count` conditions as a balanced tree. */
static void
emit_operands(struct ms_emitter *emitter, struct operands *operands, size_t count)
{
  if (count == 1) {
    emit_operand(emitter, operands);
    return;
  }
  if (!ms_emit_enter(emitter, MS_WEIGHT_GROUP))
    return;
  ms_emit(emitter, "(");
  emit_operands(emitter, operands, count / 2);
  ms_emit(emitter, " %s ", operands->operator);
  emit_operands(emitter, operands, count - count / 2);
  ms_emit(emitter, ")");
  ms_emit_leave(emitter, MS_WEIGHT_GROUP);
}

static void
emit_all(struct ms_emitter *emitter, struct ms_emit_row row,
         const struct ms_resolved_condition *condition, const char *operator, bool is_positive)
{
  struct operands operands = {
      .row = row,
      .next = condition->first,
      .operator= operator,
      .is_positive = is_positive,
      .lead = {.breadth = MS_BREADTH_BROAD, .own_breadth = MS_BREADTH_BROAD},
  };
  size_t count = 0;
  if (condition->kind == MS_RESOLVED_AND && is_positive)
    operands.lead = ms_emit_find_lead(row.type, condition);
  for (const struct ms_resolved_condition *each = condition->first; each; each = each->next)
    count++;
  emit_operands(emitter, &operands, count);
}

static void
emit_not(struct ms_emitter *emitter, struct ms_emit_row row,
         const struct ms_resolved_condition *condition)
{
  if (!ms_emit_enter(emitter, MS_WEIGHT_GROUP))
    return;
  ms_emit(emitter, "NOT (");
  ms_emit_condition(emitter, row, condition->first, false);
  ms_emit(emitter, ")");
  ms_emit_leave(emitter, MS_WEIGHT_GROUP);
}

/* Where null may stand for false, there is nothing to do, and an index can be used. */
static void
emit_definite(struct ms_emitter *emitter, struct ms_emit_row row,
              const struct ms_resolved_condition *condition, bool is_positive)
{
  ms_emit(emitter, is_positive ? "" : "coalesce(");
  ms_emit_condition(emitter, row, condition->first, is_positive);
  ms_emit(emitter, is_positive ? "" : ", 0)");
}

void
ms_emit_condition(struct ms_emitter *emitter, struct ms_emit_row row,
                  const struct ms_resolved_condition *condition, bool is_positive)
{
  if (emitter->status != MS_OK)
    return;
  switch (condition->kind) {
  case MS_RESOLVED_AND:
    emit_all(emitter, row, condition, "AND", is_positive);
    return;
  case MS_RESOLVED_OR:
    emit_all(emitter, row, condition, "OR", is_positive);
    return;
  case MS_RESOLVED_NOT:
    emit_not(emitter, row, condition);
    return;
  case MS_RESOLVED_DEFINITE:
    emit_definite(emitter, row, condition, is_positive);
    return;
  case MS_RESOLVED_COMPARE:
    emit_compare(emitter, row, condition);
    return;
  case MS_RESOLVED_NULL:
    emit_null(emitter, row, condition);
    return;
  case MS_RESOLVED_IN:
    emit_in(emitter, row, condition);
    return;
  case MS_RESOLVED_IN_QUERY:
    emit_in_query(emitter, row, condition);
    return;
  case MS_RESOLVED_EXISTS:
    ms_emit_exists(emitter, row, condition, is_positive);
    return;
  }
}
