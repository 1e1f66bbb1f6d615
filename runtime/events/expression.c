/* Matching and printing: a walk over the compiled tree. Nothing is allocated, nothing can fail. */
#include <string.h>

#include "events/expression_tree.h"

static const char *const comparison_texts[] = {
#define TEXT(name, text) text,
    MS_COMPARISON_TABLE(TEXT)
#undef TEXT
};

static bool
begins_with(const char *text, const char *pattern)
{
  return strncmp(text, pattern, strlen(pattern) - 1) == 0;
}

static bool
text_holds(const struct node *condition, const char *text)
{
  size_t length = strlen(condition->value);
  bool is_pattern = length > 0 && condition->value[length - 1] == '*';
  int order = strcmp(text, condition->value);
  switch (condition->comparison) {
  case EQUAL:
    return is_pattern ? begins_with(text, condition->value) : order == 0;
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
condition_holds(const struct node *condition, ms_expression_finder find, void *object)
{
  const char *text = NULL;
  switch (find(object, condition->field, condition->field_parts, &text)) {
  case MS_FIELD_MISSING:
    return false;
  case MS_FIELD_OTHER:
    return condition->comparison == NOT_EQUAL;
  case MS_FIELD_TEXT:
    return text_holds(condition, text);
  }
  return false;
}

static bool
matches(const struct node *node, ms_expression_finder find, void *object)
{
  switch (node->kind) {
  case AND:
    return matches(node->left, find, object) && matches(node->right, find, object);
  case OR:
    return matches(node->left, find, object) || matches(node->right, find, object);
  case NOT:
    return !matches(node->left, find, object);
  case CONDITION:
    return condition_holds(node, find, object);
  }
  return false;
}

bool
ms_expression_matches_by(const struct ms_expression *expression, ms_expression_finder find,
                         void *object)
{
  return matches(expression->root, find, object);
}

static enum ms_field
find_in_tree(void *object, const char *names, size_t parts, const char **text)
{
  const struct ms_json_node *node = object;
  for (size_t i = 0; node && i < parts; i++) {
    node = ms_json_get(node, names);
    names += strlen(names) + 1;
  }
  if (!node) {
    return MS_FIELD_MISSING;
  }
  *text = node->string;
  return node->type == MS_JSON_STRING ? MS_FIELD_TEXT : MS_FIELD_OTHER;
}

bool
ms_expression_matches(const struct ms_expression *expression, const struct ms_json_node *object)
{
  return matches(expression->root, find_in_tree, (void *)object);
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
