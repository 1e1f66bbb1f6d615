/* The tree as an S-expression: (query TYPE (select …) (where …) (group …) (order …) (offset n) …). */
#include "query/tree.h"

const char *
ms_query_function_name(enum ms_query_function function)
{
  static const char *const names[] = {
      [MS_FUNCTION_NONE] = "",   [MS_FUNCTION_COUNT] = "count", [MS_FUNCTION_SUM] = "sum",
      [MS_FUNCTION_AVG] = "avg", [MS_FUNCTION_MIN] = "min",     [MS_FUNCTION_MAX] = "max"};
  return names[function];
}

const char *
ms_query_comparison_name(enum ms_query_comparison comparison)
{
  static const char *const names[] = {
      [MS_COMPARE_EQUAL] = "is",  [MS_COMPARE_NOT_EQUAL] = "is_not",
      [MS_COMPARE_LESS] = "<",    [MS_COMPARE_LESS_EQUAL] = "<=",
      [MS_COMPARE_GREATER] = ">", [MS_COMPARE_GREATER_EQUAL] = ">=",
      [MS_COMPARE_LIKE] = "like", [MS_COMPARE_NOT_LIKE] = "not_like"};
  return names[comparison];
}

void
ms_query_print_path(const struct ms_query_path *path, struct ms_buffer *out)
{
  for (size_t i = 0; i < path->step_count; i++) {
    ms_buffer_printf(out, "%s%s", i ? "." : "", path->steps[i].name);
    if (path->steps[i].cast)
      ms_buffer_printf(out, "[%s]", path->steps[i].cast);
  }
}

const char *
ms_query_print_item_begin(enum ms_query_function function, bool is_descending,
                          struct ms_buffer *out)
{
  const char *wrap = is_descending ? "desc" : ms_query_function_name(function);
  ms_buffer_printf(out, " %s%s%s", *wrap ? "(" : "", wrap, *wrap ? " " : "");
  return *wrap ? ")" : "";
}

void
ms_query_print_bounds(const int64_t *offset, const int64_t *limit, struct ms_buffer *out)
{
  if (offset)
    ms_buffer_printf(out, " (offset %lld)", (long long)*offset);
  if (limit)
    ms_buffer_printf(out, " (limit %lld)", (long long)*limit);
}

static void
print_values(const struct ms_query_value *value, struct ms_buffer *out)
{
  for (; value; value = value->next) {
    ms_buffer_append_char(out, ' ');
    if (value->is_quoted)
      ms_query_print_text(value->text, value->text_bytes, out);
    else
      ms_buffer_append(out, value->text, value->text_bytes);
  }
}

static void
print_query(const struct ms_query_tree *tree, struct ms_buffer *out);

static void
print_node(const struct ms_query_node *node, struct ms_buffer *out)
{
  static const char *const heads[] = {
      [MS_NODE_AND] = "and",        [MS_NODE_OR] = "or",       [MS_NODE_NOT] = "not",
      [MS_NODE_IN] = "in",          [MS_NODE_IN_QUERY] = "in", [MS_NODE_ANY] = "any",
      [MS_NODE_COMPARE] = "compare"};
  const char *head = node->kind == MS_NODE_COMPARE ? ms_query_comparison_name(node->comparison)
                     : node->is_negated            ? "not_in"
                                                   : heads[node->kind];
  ms_buffer_printf(out, "(%s", head);
  if (node->path.step_count > 0) {
    ms_buffer_append_char(out, ' ');
    ms_query_print_path(&node->path, out);
  }
  print_values(node->values, out);
  if (node->query) {
    ms_buffer_append_char(out, ' ');
    print_query(node->query, out);
  }
  for (const struct ms_query_node *child = node->first; child; child = child->next) {
    ms_buffer_append_char(out, ' ');
    print_node(child, out);
  }
  ms_buffer_append_char(out, ')');
}

static void
print_items(const char *head, const struct ms_query_item *item, struct ms_buffer *out)
{
  if (!item)
    return;
  ms_buffer_printf(out, " (%s", head);
  for (; item; item = item->next) {
    const char *end = ms_query_print_item_begin(item->function, item->is_descending, out);
    ms_query_print_path(&item->path, out);
    ms_buffer_append_string(out, end);
  }
  ms_buffer_append_char(out, ')');
}

static void
print_query(const struct ms_query_tree *tree, struct ms_buffer *out)
{
  ms_buffer_printf(out, "(query %s", tree->type_name);
  print_items("select", tree->select, out);
  if (tree->where) {
    ms_buffer_append_string(out, " (where ");
    print_node(tree->where, out);
    ms_buffer_append_char(out, ')');
  }
  print_items("group", tree->group, out);
  print_items("order", tree->order, out);
  ms_query_print_bounds(tree->has_offset ? &tree->offset : NULL,
                        tree->has_limit ? &tree->limit : NULL, out);
  ms_buffer_append_char(out, ')');
}

void
ms_query_print_tree(const struct ms_query_tree *tree, struct ms_buffer *out)
{
  print_query(tree, out);
}
