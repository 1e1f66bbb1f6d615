/* Recursive descent straight from the text; the tree and its strings live in the expression's arena.
 * A function that fails has filled parser->err and returns NULL or false; nobody goes on after that. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "events/expression_tree.h"

#define FIELD_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_."
#define WORD_CHARACTERS FIELD_CHARACTERS "-,/*@+"

enum { ARENA_MAX_BYTES = 1024 * 1024, SHOWN_MAX_BYTES = 20 };

static const char *const comparison_texts[] = {
#define TEXT(name, text) text,
    MS_COMPARISON_TABLE(TEXT)
#undef TEXT
};

enum { COMPARISON_COUNT = sizeof comparison_texts / sizeof comparison_texts[0] };

struct parser {
  struct ms_arena *arena;
  const char *text, *at, *end; /* the text ends in NUL, too */
  int depth;
  enum ms_status status;
  struct ms_error *err;
};

static const struct node *
expected(struct parser *parser, const char *what)
{
  int shown = (int)strnlen(parser->at, SHOWN_MAX_BYTES);
  parser->status =
      ms_fail(parser->err, MS_PARSE, "expression, character %zu: expected %s, found %s%.*s%s",
              (size_t)(parser->at - parser->text) + 1, what, shown ? "'" : "the end", shown,
              parser->at, shown ? "'" : "");
  return NULL;
}

static const struct node *
out_of_memory(struct parser *parser)
{
  parser->status = ms_fail(parser->err, MS_MEMORY, "out of memory for an expression");
  return NULL;
}

static void
skip_blanks(struct parser *parser)
{
  parser->at += strspn(parser->at, " \t\r\n");
}

/* Steps over the keyword if it is next. */
static bool
take_keyword(struct parser *parser, const char *keyword)
{
  skip_blanks(parser);
  size_t length = strspn(parser->at, FIELD_CHARACTERS);
  if (length != strlen(keyword) || strncasecmp(parser->at, keyword, length) != 0) {
    return false;
  }
  parser->at += length;
  return true;
}

static bool
take_character(struct parser *parser, char character)
{
  skip_blanks(parser);
  bool found = *parser->at == character;
  parser->at += found;
  return found;
}

static const struct node *
branch(struct parser *parser, enum node_kind kind, const struct node *left,
       const struct node *right)
{
  struct node *node = MS_ARENA_NEW(parser->arena, struct node);
  if (!node) {
    return out_of_memory(parser);
  }
  node->kind = kind;
  node->left = left;
  node->right = right;
  return node;
}

static bool
parse_field(struct parser *parser, struct node *node)
{
  skip_blanks(parser);
  size_t length = strspn(parser->at, FIELD_CHARACTERS);
  if (length == 0) {
    expected(parser, "a field, 'not' or '('");
    return false;
  }
  char *field = ms_arena_strndup(parser->arena, parser->at, length);
  if (!field) {
    out_of_memory(parser);
    return false;
  }
  node->field = field;
  node->field_parts = 1;
  for (char *dot = field; (dot = strchr(dot, '.')); dot++) {
    *dot = '\0';
    node->field_parts++;
  }
  parser->at += length;
  return true;
}

static bool
parse_comparison(struct parser *parser, struct node *node)
{
  skip_blanks(parser);
  for (size_t i = 0; i < COMPARISON_COUNT; i++) {
    size_t length = strlen(comparison_texts[i]);
    if (strncmp(parser->at, comparison_texts[i], length) == 0) {
      node->comparison = (enum comparison)i;
      parser->at += length;
      return true;
    }
  }
  expected(parser, "one of = != >= <= > <");
  return false;
}

static bool
parse_value(struct parser *parser, struct node *node)
{
  skip_blanks(parser);
  char quote = *parser->at;
  const char *start = parser->at;
  size_t length;
  if (quote == '"' || quote == '\'') {
    start++;
    const char *close = strchr(start, quote);
    if (!close) {
      expected(parser, "a value with its closing quote");
      return false;
    }
    length = (size_t)(close - start);
    parser->at = close + 1;
  } else {
    length = strspn(start, WORD_CHARACTERS);
    if (length == 0) {
      expected(parser, "a value");
      return false;
    }
    parser->at += length;
  }
  node->value = ms_arena_strndup(parser->arena, start, length);
  if (!node->value) {
    out_of_memory(parser);
  }
  return node->value != NULL;
}

static const struct node *
parse_condition(struct parser *parser)
{
  struct node *node = MS_ARENA_NEW(parser->arena, struct node);
  if (!node) {
    return out_of_memory(parser);
  }
  node->kind = CONDITION;
  bool whole =
      parse_field(parser, node) && parse_comparison(parser, node) && parse_value(parser, node);
  return whole ? node : NULL;
}

static const struct node *
parse_or(struct parser *parser);

static const struct node *
parse_group(struct parser *parser)
{
  const struct node *inner = parse_or(parser);
  if (inner && !take_character(parser, ')')) {
    return expected(parser, "'and', 'or' or ')'");
  }
  return inner;
}

static const struct node *
parse_not(struct parser *parser)
{
  if (++parser->depth > MS_EXPRESSION_DEPTH_MAX) {
    parser->status = ms_fail(parser->err, MS_LIMIT, "expression: nested deeper than %d levels",
                             MS_EXPRESSION_DEPTH_MAX);
    return NULL;
  }
  const struct node *node;
  if (take_keyword(parser, "not")) {
    node = parse_not(parser);
    node = node ? branch(parser, NOT, node, NULL) : NULL;
  } else if (take_character(parser, '(')) {
    node = parse_group(parser);
  } else {
    node = parse_condition(parser);
  }
  parser->depth--;
  return node;
}

static const struct node *
parse_and(struct parser *parser)
{
  const struct node *left = parse_not(parser);
  while (left && take_keyword(parser, "and")) {
    const struct node *right = parse_not(parser);
    left = right ? branch(parser, AND, left, right) : NULL;
  }
  return left;
}

static const struct node *
parse_or(struct parser *parser)
{
  const struct node *left = parse_and(parser);
  while (left && take_keyword(parser, "or")) {
    const struct node *right = parse_and(parser);
    left = right ? branch(parser, OR, left, right) : NULL;
  }
  return left;
}

static enum ms_status
parse(struct ms_expression *expression, const char *text, size_t size_bytes, struct ms_error *err)
{
  const char *copy = ms_arena_strndup(&expression->arena, text, size_bytes);
  if (!copy) {
    return ms_fail(err, MS_MEMORY, "out of memory for an expression");
  }
  struct parser parser = {
      .arena = &expression->arena, .text = copy, .at = copy, .end = copy + size_bytes, .err = err};
  expression->root = parse_or(&parser);
  if (expression->root) {
    skip_blanks(&parser);
    if (parser.at != parser.end) {
      expected(&parser, "'and', 'or' or the end");
    }
  }
  return parser.status;
}

enum ms_status
ms_expression_compile(const char *text, size_t size_bytes, struct ms_expression **result,
                      struct ms_error *err)
{
  if (size_bytes > MS_EXPRESSION_MAX_BYTES) {
    return ms_fail(err, MS_LIMIT, "expression: %zu bytes; at most %d are read", size_bytes,
                   MS_EXPRESSION_MAX_BYTES);
  }
  struct ms_expression *expression = calloc(1, sizeof *expression);
  if (!expression) {
    return ms_fail(err, MS_MEMORY, "out of memory for an expression");
  }
  ms_arena_init(&expression->arena, ARENA_MAX_BYTES);
  enum ms_status status = parse(expression, text, size_bytes, err);
  if (status != MS_OK) {
    ms_expression_free(expression);
    return status;
  }
  *result = expression;
  return MS_OK;
}

void
ms_expression_free(struct ms_expression *expression)
{
  if (expression) {
    ms_arena_free(&expression->arena);
    free(expression);
  }
}
