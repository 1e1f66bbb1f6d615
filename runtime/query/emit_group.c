/* Aggregates: `select count(id), project_id from Task group by project_id`.
 *
 * An inner select names the values v1, v2, …: those of `select` first, then those of `group by` that
 * were not selected. The outer one groups them and prints plain objects, which show every group. */
#include "query/emitter.h"

#include <string.h>

enum { VALUES_MAX = 126 /* SQLite calls functions with 127 arguments at the most */ };

struct values {
  const struct ms_resolved_item *items[VALUES_MAX];
  int count;
};

/* The number of the value called `name`, from 1; 0 when there is none. */
static int
find_value(const struct values *values, const char *name)
{
  for (int i = 0; i < values->count; i++)
    if (strcmp(values->items[i]->name, name) == 0)
      return i + 1;
  return 0;
}

static bool
add_values(struct values *values, const struct ms_resolved_item *item)
{
  for (; item; item = item->next) {
    if (find_value(values, item->name))
      continue;
    if (values->count == VALUES_MAX)
      return false;
    values->items[values->count++] = item;
  }
  return true;
}

static enum ms_value_type
result_type(const struct ms_resolved_item *item)
{
  if (item->function == MS_FUNCTION_COUNT)
    return MS_VALUE_INTEGER;
  if (item->function == MS_FUNCTION_AVG)
    return MS_VALUE_NUMBER;
  return ms_query_value_type(item->path.attribute);
}

/* A name can be a path: longer than ms_emit takes. */
static void
emit_name(struct ms_emitter *emitter, const struct ms_resolved_item *item)
{
  ms_buffer_append_string(&emitter->sql, item->name);
  ms_buffer_append_string(&emitter->sql, ms_emit_json_kind(result_type(item)));
}

static void
emit_result(struct ms_emitter *emitter, const struct ms_resolved_item *item, int number)
{
  bool is_json = ms_emit_is_json(result_type(item));
  ms_emit(emitter, "%s%s(v%d)%s", is_json ? ", json(" : ", ",
          ms_query_function_name(item->function), number, is_json ? ")" : "");
}

/* The values of a list, by number: of `group by`, or of `order by` with directions. */
static void
emit_numbers(struct ms_emitter *emitter, const struct values *values, const char *clause,
             const struct ms_resolved_item *item, bool is_order)
{
  for (const char *separator = clause; item; item = item->next, separator = ", ")
    ms_emit(emitter, "%sv%d%s%s", separator, find_value(values, item->name),
            is_order ? ms_emit_collation(item->path.attribute) : "",
            is_order && item->is_descending ? " DESC" : "");
}

void
ms_emit_groups(struct ms_emitter *emitter, const struct ms_resolved_query *query,
               const struct ms_query_plan *plan)
{
  struct values values = {.count = 0};
  struct ms_emit_row row = ms_emit_new_row(emitter, query->type);
  if (!add_values(&values, query->select) || !add_values(&values, query->group)) {
    ms_emit_fail(emitter, MS_LIMIT);
    return;
  }
  for (int i = 0; i < values.count; i++) {
    ms_emit(emitter, i ? " " : "SELECT ms_object('");
    emit_name(emitter, values.items[i]);
  }
  ms_emit(emitter, "'");
  for (int i = 0; i < values.count; i++)
    emit_result(emitter, values.items[i], i + 1);
  for (int i = 0; i < values.count; i++) {
    ms_emit(emitter, i ? ", " : ") FROM (SELECT ");
    ms_emit_path(emitter, row, &values.items[i]->path);
    ms_emit(emitter, " AS v%d", i + 1);
  }
  ms_emit_from(emitter, row, query);
  ms_emit(emitter, ")");
  emit_numbers(emitter, &values, " GROUP BY ", query->group, false);
  emit_numbers(emitter, &values, " ORDER BY ", query->order, true);
  emit_numbers(emitter, &values, query->order ? ", " : " ORDER BY ", query->group, false);
  ms_emit_limit(emitter, plan->limit + 1, plan->offset);
}
