/* The resolved tree as an S-expression: types and value types are shown, walks are spelled out. */
#include "query/resolved.h"

void
ms_query_print_parameter(const struct ms_parameter *parameter, struct ms_buffer *out)
{
  switch (parameter->type) {
  case MS_PARAMETER_NULL:
    ms_buffer_append_string(out, "null");
    return;
  case MS_PARAMETER_INTEGER:
    ms_buffer_printf(out, "%lld", (long long)parameter->integer);
    return;
  case MS_PARAMETER_NUMBER:
    ms_buffer_printf(out, "%.17g", parameter->number);
    return;
  case MS_PARAMETER_TEXT:
    ms_query_print_text(parameter->text, parameter->text_bytes, out);
    return;
  case MS_PARAMETER_KEY:
    ms_buffer_printf(out, "key %lld", (long long)parameter->integer);
    return;
  }
}

static void
print_query(const struct ms_resolved_query *query, struct ms_buffer *out);

static void
print_condition(const struct ms_resolved_condition *condition, struct ms_buffer *out)
{
  static const char *const heads[][2] = {
      [MS_RESOLVED_AND] = {"and"},           [MS_RESOLVED_OR] = {"or"},
      [MS_RESOLVED_NOT] = {"not"},           [MS_RESOLVED_NULL] = {"null", "not_null"},
      [MS_RESOLVED_IN] = {"in", "not_in"},   [MS_RESOLVED_IN_QUERY] = {"in", "not_in"},
      [MS_RESOLVED_DEFINITE] = {"definite"}, [MS_RESOLVED_EXISTS] = {"exists"},
  };
  ms_buffer_printf(out, "(%s",
                   condition->kind == MS_RESOLVED_COMPARE
                       ? ms_query_comparison_name(condition->comparison)
                       : heads[condition->kind][condition->is_negated]);
  if (condition->attribute)
    ms_buffer_printf(out, " %s", condition->attribute->name);
  if (condition->rows)
    ms_buffer_printf(out, ":%s", condition->rows->name);
  for (size_t i = 0; i < condition->literal_count; i++) {
    ms_buffer_append_char(out, ' ');
    ms_query_print_parameter(&condition->literals[i], out);
  }
  if (condition->query) {
    ms_buffer_append_char(out, ' ');
    print_query(condition->query, out);
  }
  for (const struct ms_resolved_condition *child = condition->first; child; child = child->next) {
    ms_buffer_append_char(out, ' ');
    print_condition(child, out);
  }
  ms_buffer_append_char(out, ')');
}

static void
print_path(const struct ms_resolved_path *path, struct ms_buffer *out)
{
  for (size_t i = 0; i < path->walk_count; i++)
    ms_buffer_printf(out, "%s:%s.", path->walks[i].relation->name, path->walks[i].rows->name);
  ms_buffer_append_string(out, path->attribute->name);
}

static void
print_items(const char *head, const struct ms_resolved_item *item, struct ms_buffer *out)
{
  if (!item)
    return;
  ms_buffer_printf(out, " (%s", head);
  for (; item; item = item->next) {
    const char *end = ms_query_print_item_begin(item->function, item->is_descending, out);
    print_path(&item->path, out);
    ms_buffer_append_string(out, end);
  }
  ms_buffer_append_char(out, ')');
}

static void
print_projections(const struct ms_projection *projection, struct ms_buffer *out)
{
  for (const char *blank = ""; projection; projection = projection->next, blank = " ") {
    if (!projection->first) {
      ms_buffer_printf(out, "%s%s", blank, projection->attribute->name);
      continue;
    }
    ms_buffer_printf(out, "%s(%s:%s ", blank, projection->attribute->name, projection->type->name);
    print_projections(projection->first, out);
    ms_buffer_append_char(out, ')');
  }
}

static void
print_query(const struct ms_resolved_query *query, struct ms_buffer *out)
{
  ms_buffer_printf(out, "(%s %s", query->is_aggregate ? "groups" : "rows", query->type->name);
  if (query->projections) {
    ms_buffer_append_string(out, " (show ");
    print_projections(query->projections, out);
    ms_buffer_append_char(out, ')');
  }
  print_items("select", query->select, out);
  if (query->where) {
    ms_buffer_append_string(out, " (where ");
    print_condition(query->where, out);
    ms_buffer_append_char(out, ')');
  }
  print_items("group", query->group, out);
  print_items("order", query->order, out);
  ms_query_print_bounds(query->has_offset ? &query->offset : NULL,
                        query->has_limit ? &query->limit : NULL, out);
  ms_buffer_append_char(out, ')');
}

void
ms_query_print_resolved(const struct ms_resolved_query *query, struct ms_buffer *out)
{
  print_query(query, out);
}
