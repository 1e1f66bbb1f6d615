/* The compiled form of an expression, between its parser and its matcher. */
#ifndef MS_EVENTS_EXPRESSION_TREE_H
#define MS_EVENTS_EXPRESSION_TREE_H

#include "base/arena.h"
#include "events/expression.h"

/* Comparisons in the order in which a parser tries them: a longer one before its beginning. */
#define MS_COMPARISON_TABLE(X) \
  X(NOT_EQUAL, "!=")           \
  X(GREATER_EQUAL, ">=")       \
  X(LESS_EQUAL, "<=")          \
  X(EQUAL, "=")                \
  X(GREATER, ">")              \
  X(LESS, "<")

enum comparison {
#define COMPARISON_ENUM(name, text) name,
  MS_COMPARISON_TABLE(COMPARISON_ENUM)
#undef COMPARISON_ENUM
};

enum node_kind { AND, OR, NOT, CONDITION };

struct node {
  enum node_kind kind;
  const struct node *left, *right; /* AND, OR; NOT: left */
  const char *field; /* CONDITION: its parts, each NUL-terminated, one behind the other */
  size_t field_parts;
  enum comparison comparison;
  const char *value;
};

struct ms_expression {
  struct ms_arena arena;
  const struct node *root;
};

#endif
