/* Matching and printing: a walk over the compiled tree. Nothing is allocated, nothing can fail. */
#include <string.h>

#include "events/expression_tree.h"

static const char *const comparison_texts[] = {
#define TEXT(name, text) text,
    MS_COMPARISON_TABLE(TEXT)
#undef TEXT
};

static const struct ms_json_node *
find(const struct node *condition, const struct ms_json_node *object)
{
  const char *part = condition->field;
  for (size_t i = 0; object && i < condition->field_parts; i++) {
    object = ms_json_get(object, part);
    part += strlen(part) + 1;
  }
  return object;
}

static bool
begins_with(const char *text, const char *pattern)
{
  return strncmp(text, pattern, strlen(pattern) - 1) == 0;
}

static bool
condition_holds(const struct node *condition, const struct ms_json_node *object)
{
  const struct ms_json_node *found = find(condition, object);
  if (!found) {
    return false;
  }
  if (found->type != MS_JSON_STRING) {
    return condition->comparison == NOT_EQUAL;
  }
  size_t length = strlen(condition->value);
  bool is_pattern = length > 0 && condition->value[length - 1] == '*';
  int order = strcmp(found->string, condition->value);
  switch (condition->comparison) {
  case EQUAL:
    return is_pattern ? begins_with(found->string, condition->value) : order == 0;
  case NOT_EQUAL:
    return order != 0;
  case LESS:
    return order < 0;
  case LESS_EQUAL:
    return order <= 0;
  case GREATER:
    return order > 0;
  case GREATER_EQUAL:
    return order >= 0;
  }
  return false;
}

static bool
matches(const struct node *node, const struct ms_json_node *object)
{
  switch (node->kind) {
  case AND:
    return matches(node->left, object) && matches(node->right, object);
  case OR:
    return matches(node->left, object) || matches(node->right, object);
  case NOT:
    return !matches(node->left, object);
  case CONDITION:
    return condition_holds(node, object);
  }
  return false;
}

bool
ms_expression_matches(const struct ms_expression *expression, const struct ms_json_node *object)
{
  return matches(expression->root, object);
}

static void
print_condition(const struct node *condition, struct ms_buffer *out)
{
  ms_buffer_printf(out, "(%s ", comparison_texts[condition->comparison]);
  const char *part = condition->field;
  for (size_t i = 0; i < condition->field_parts; i++) {
    ms_buffer_printf(out, "%s%s", i ? "." : "", part);
    part += strlen(part) + 1;
  }
  ms_buffer_printf(out, " \"%s\")", condition->value);
}

static void
print(const struct node *node, struct ms_buffer *out)
{
  static const char *const names[] = {[AND] = "and", [OR] = "or", [NOT] = "not"};
  if (node->kind == CONDITION) {
    print_condition(node, out);
    return;
  }
  ms_buffer_printf(out, "(%s ", names[node->kind]);
  print(node->left, out);
  if (node->right) {
    ms_buffer_append_char(out, ' ');
    print(node->right, out);
  }
  ms_buffer_append_char(out, ')');
}

void
ms_expression_print(const struct ms_expression *expression, struct ms_buffer *out)
{
  print(expression->root, out);
}
