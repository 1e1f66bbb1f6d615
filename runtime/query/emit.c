/* Whole statements: pages of entities, and queries within `in (…)`.
 *
 * Rows are found, put in order and cut to the page before any JSON is made: where a sort may be
 * needed, an inner select yields the page's row numbers and the outer one prints those rows. The
 * last word of every order is the row number, so that pages neither overlap nor leave gaps. */
#include "query/emitter.h"

void
ms_emit_from(struct ms_emitter *emitter, struct ms_emit_row row,
             const struct ms_resolved_query *query)
{
  ms_emit(emitter, " FROM ");
  ms_emit_table(emitter, row);
  if (!query->where) {
    ms_emit_type_filter(emitter, row, query->type, true, "WHERE");
    return;
  }
  ms_emit(emitter, " WHERE ");
  ms_emit_condition(emitter, row, query->where, true);
  ms_emit_type_filter(emitter, row, query->type, !ms_emit_is_selective(query->type, query->where),
                      "AND");
}

void
ms_emit_limit(struct ms_emitter *emitter, int64_t limit, int64_t offset)
{
  struct ms_parameter parameter = {.type = MS_PARAMETER_INTEGER, .integer = limit};
  ms_emit(emitter, " LIMIT ");
  ms_emit_parameter(emitter, &parameter);
  parameter.integer = offset;
  ms_emit(emitter, " OFFSET ");
  ms_emit_parameter(emitter, &parameter);
}

static void
emit_order(struct ms_emitter *emitter, struct ms_emit_row row,
           const struct ms_resolved_query *query)
{
  const char *direction = "";
  ms_emit(emitter, " ORDER BY ");
  for (const struct ms_resolved_item *item = query->order; item; item = item->next) {
    bool is_variable = item->path.attribute->value_type == MS_VALUE_VARIABLE;
    ms_emit(emitter, is_variable ? "json_extract(" : "");
    ms_emit_path(emitter, row, &item->path);
    direction = item->is_descending ? " DESC" : "";
    ms_emit(emitter, "%s%s%s, ", is_variable ? ", '$')" : "",
            ms_emit_collation(item->path.attribute), direction);
  }
  if (ms_emit_is_dense(row.type))
    ms_emit(emitter, "t%d.\"entity_id\"%s, t%d.\"configuration_id\"%s", row.alias, direction,
            row.alias, direction);
  else
    ms_emit(emitter, "t%d.rowid%s", row.alias, direction);
}

/* ---- queries within `in (…)` ---- */

/* Without nulls: a single one would make `not_in` false for every row. */
void
ms_emit_subquery(struct ms_emitter *emitter, const struct ms_resolved_query *query)
{
  struct ms_emit_row row = ms_emit_new_row(emitter, query->type);
  if (!ms_emit_enter(emitter, MS_WEIGHT_SUBQUERY))
    return;
  ms_emit(emitter, "SELECT v FROM (SELECT ");
  ms_emit_path(emitter, row, &query->select->path);
  ms_emit(emitter, " AS v");
  ms_emit_from(emitter, row, query);
  if (query->has_limit || query->has_offset) {
    emit_order(emitter, row, query);
    ms_emit_limit(emitter, query->has_limit ? query->limit : -1, query->offset);
  }
  ms_emit(emitter, ") WHERE v IS NOT NULL");
  ms_emit_leave(emitter, MS_WEIGHT_SUBQUERY);
}

/* ---- entities ---- */

/* Whether rows come in the order of their numbers whichever index the planner takes. */
static bool
keeps_row_order(const struct ms_resolved_condition *condition)
{
  if (!condition || condition->kind == MS_RESOLVED_NULL)
    return true;
  if (condition->kind == MS_RESOLVED_COMPARE)
    return condition->comparison == MS_COMPARE_EQUAL;
  if (condition->kind != MS_RESOLVED_AND && condition->kind != MS_RESOLVED_DEFINITE)
    return false;
  for (const struct ms_resolved_condition *each = condition->first; each; each = each->next)
    if (!keeps_row_order(each))
      return false;
  return true;
}

static void
emit_entities(struct ms_emitter *emitter, const struct ms_resolved_query *query,
              const struct ms_query_plan *plan)
{
  struct ms_emit_row row = ms_emit_new_row(emitter, query->type);
  bool is_direct =
      ms_emit_is_dense(query->type) || (!query->order && keeps_row_order(query->where));
  struct ms_emit_row shown = is_direct ? row : ms_emit_new_row(emitter, query->type);
  ms_emit(emitter, "SELECT ");
  ms_emit_entity(emitter, shown, query->projections);
  if (!is_direct)
    ms_emit(emitter, " FROM (SELECT t%d.rowid AS number", row.alias);
  ms_emit_from(emitter, row, query);
  emit_order(emitter, row, query);
  ms_emit_limit(emitter, plan->limit + 1, plan->offset);
  if (is_direct)
    return;
  ms_emit(emitter, ") AS page CROSS JOIN ");
  ms_emit_table(emitter, shown);
  ms_emit(emitter, " ON t%d.rowid = page.number", shown.alias);
}

/* ---- the statement ---- */

static enum ms_status
finish(struct ms_emitter *emitter, struct ms_query_plan *plan, struct ms_error *err)
{
  if (emitter->status == MS_OK)
    ms_emit_fail(emitter, emitter->sql.status);
  if (emitter->status == MS_LIMIT)
    return ms_fail(err, MS_LIMIT,
                   "The query is too large or nested too deeply for the database. Use fewer "
                   "conditions within conditions, or shorter paths.");
  if (emitter->status != MS_OK)
    return ms_fail(err, emitter->status, "The query cannot be put into SQL.");
  plan->sql = ms_arena_strdup(emitter->arena, ms_buffer_string(&emitter->sql));
  plan->parameters = emitter->parameters;
  plan->parameter_count = emitter->parameter_count;
  return plan->sql ? MS_OK : ms_fail(err, MS_LIMIT, "The query is too large to compile.");
}

enum ms_status
ms_query_emit(const struct ms_query_context *context, const struct ms_resolved_query *query,
              struct ms_arena *arena, struct ms_query_plan **plan, struct ms_error *err)
{
  struct ms_emitter emitter = {
      .context = context, .arena = arena, .weight = MS_WEIGHT_PAGE, .status = MS_OK};
  *plan = MS_ARENA_NEW(arena, struct ms_query_plan);
  if (!*plan)
    return ms_fail(err, MS_LIMIT, "The query is too large to compile.");
  (*plan)->type = query->type;
  (*plan)->offset = query->offset;
  (*plan)->limit_given = query->has_limit;
  (*plan)->limit =
      query->has_limit && query->limit < MS_QUERY_ROWS_MAX ? query->limit : MS_QUERY_ROWS_MAX;
  (*plan)->is_aggregate = query->is_aggregate;
  ms_buffer_init(&emitter.sql, MS_QUERY_ARENA_MAX_BYTES);
  if (query->is_aggregate)
    ms_emit_groups(&emitter, query, *plan);
  else
    emit_entities(&emitter, query, *plan);
  enum ms_status status = finish(&emitter, *plan, err);
  ms_buffer_free(&emitter.sql);
  return status;
}
