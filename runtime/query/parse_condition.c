/* Conditions, by recursive descent: or, and, not, parentheses, comparisons. */
#include "query/parser.h"

#include <string.h>

#include "base/nearest.h"

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static const struct {
  const char *word;
  enum ms_query_comparison comparison;
} comparison_words[] = {
    {"is", MS_COMPARE_EQUAL},
    {"=", MS_COMPARE_EQUAL},
    {"is_not", MS_COMPARE_NOT_EQUAL},
    {"!=", MS_COMPARE_NOT_EQUAL},
    {"<", MS_COMPARE_LESS},
    {"before", MS_COMPARE_LESS},
    {"less_than", MS_COMPARE_LESS},
    {"<=", MS_COMPARE_LESS_EQUAL},
    {">", MS_COMPARE_GREATER},
    {"after", MS_COMPARE_GREATER},
    {"greater_than", MS_COMPARE_GREATER},
    {">=", MS_COMPARE_GREATER_EQUAL},
    {"like", MS_COMPARE_LIKE},
    {"not_like", MS_COMPARE_NOT_LIKE},
};

static const char *const other_operator_words[] = {"in", "not_in", "has", "any"};

/* ---- values ---- */

static bool
is_bare(const struct ms_token *token)
{
  return token->type == MS_TOKEN_WORD || token->type == MS_TOKEN_OPERATOR;
}

/* A string, or a word with the words and operators that touch it. */
static struct ms_query_value *
parse_value(struct ms_parser *parser)
{
  const struct ms_token *token = parser->at;
  if (token->type != MS_TOKEN_STRING && token->type != MS_TOKEN_WORD) {
    ms_parser_expected(parser, "a value");
    return NULL;
  }
  struct ms_query_value *value = ms_parser_make(parser, sizeof *value);
  if (!value)
    return NULL;
  *value = (struct ms_query_value){.text = token->text,
                                   .text_bytes = token->text_bytes,
                                   .is_quoted = token->type == MS_TOKEN_STRING,
                                   .position = token->begin};
  parser->at++;
  if (value->is_quoted)
    return value;
  while (is_bare(parser->at) && parser->at->begin == parser->at[-1].end)
    value->text_bytes += (parser->at++)->text_bytes;
  return value;
}

static bool
parse_values(struct ms_parser *parser, struct ms_query_node *node)
{
  struct ms_query_value **last = &node->values;
  do {
    *last = parse_value(parser);
    if (!*last)
      return false;
    last = &(*last)->next;
    node->value_count++;
  } while (ms_parser_accept(parser, MS_TOKEN_COMMA));
  return true;
}

/* ---- conditions ---- */

static struct ms_query_node *
make_node(struct ms_parser *parser, enum ms_query_node_kind kind, size_t position)
{
  struct ms_query_node *node = ms_parser_make(parser, sizeof *node);
  if (node) {
    node->kind = kind;
    node->position = position;
  }
  return node;
}

/* Within a list's parentheses: a word with another word behind it begins a query. */
static bool
begins_query(const struct ms_token *token)
{
  return token[0].type == MS_TOKEN_WORD && token[1].type == MS_TOKEN_WORD;
}

static bool
parse_in(struct ms_parser *parser, struct ms_query_node *node)
{
  if (!ms_parser_expect(parser, MS_TOKEN_OPEN, "'(' and a list of values or a query"))
    return false;
  if (begins_query(parser->at)) {
    node->kind = MS_NODE_IN_QUERY;
    node->query = ms_parser_query(parser, true);
    if (!node->query)
      return false;
  } else if (!parse_values(parser, node)) {
    return false;
  }
  return ms_parser_expect(parser, MS_TOKEN_CLOSE, "',' or ')'");
}

static bool
parse_any(struct ms_parser *parser, struct ms_query_node *node)
{
  node->kind = MS_NODE_ANY;
  if (!ms_parser_expect(parser, MS_TOKEN_OPEN, "'(' and a condition"))
    return false;
  if (ms_parser_accept(parser, MS_TOKEN_CLOSE))
    return true;
  if (!ms_parser_enter(parser))
    return false;
  node->first = ms_parser_condition(parser);
  ms_parser_leave(parser);
  return node->first && ms_parser_expect(parser, MS_TOKEN_CLOSE, "'and', 'or' or ')'");
}

static bool
find_comparison(const struct ms_token *token, enum ms_query_comparison *comparison)
{
  for (size_t i = 0; i < COUNT_OF(comparison_words); i++) {
    const char *word = comparison_words[i].word;
    bool matches =
        token->type == MS_TOKEN_OPERATOR
            ? token->text_bytes == strlen(word) && memcmp(token->text, word, token->text_bytes) == 0
            : ms_token_is(token, word);
    if (matches) {
      *comparison = comparison_words[i].comparison;
      return true;
    }
  }
  return false;
}

/* Complains about the token where an operator should be. */
static bool
fail_operator(struct ms_parser *parser)
{
  const struct ms_token *token = parser->at;
  if (token->type != MS_TOKEN_WORD || token->text_bytes > MS_NEAREST_WORD_MAX)
    return ms_parser_expected(parser, "an operator (is, is_not, like, in, has, any, <, ...)");
  if (ms_token_is(token, "not"))
    return ms_parser_expected(parser, "is_not, not_in or not_like in one word");
  const char *word = ms_parser_copy(parser, token->text, token->text_bytes);
  if (!word)
    return false;
  struct ms_nearest nearest = {.word = word};
  for (size_t i = 0; i < COUNT_OF(comparison_words); i++)
    ms_nearest_offer(&nearest, comparison_words[i].word);
  for (size_t i = 0; i < COUNT_OF(other_operator_words); i++)
    ms_nearest_offer(&nearest, other_operator_words[i]);
  if (!nearest.best)
    return ms_parser_expected(parser, "an operator (is, is_not, like, in, has, any, <, ...)");
  parser->status = ms_query_complain(parser->source, token->begin, MS_PARSE, parser->err,
                                     "No operator '%s'. Did you mean '%s'?", word, nearest.best);
  return false;
}

static bool
parse_operator(struct ms_parser *parser, struct ms_query_node *node)
{
  if (find_comparison(parser->at, &node->comparison)) {
    parser->at++;
    node->kind = MS_NODE_COMPARE;
    node->value_count = 1;
    node->values = parse_value(parser);
    return node->values != NULL;
  }
  if (ms_parser_accept_word(parser, "has") || ms_parser_accept_word(parser, "any"))
    return parse_any(parser, node);
  if (ms_parser_accept_word(parser, "in"))
    return parse_in(parser, node);
  if (ms_parser_accept_word(parser, "not_in")) {
    node->is_negated = true;
    return parse_in(parser, node);
  }
  return fail_operator(parser);
}

static struct ms_query_node *
parse_condition(struct ms_parser *parser)
{
  struct ms_query_node *node = make_node(parser, MS_NODE_IN, parser->at->begin);
  if (!node || !ms_parser_path(parser, "a condition", &node->path) || !parse_operator(parser, node))
    return NULL;
  return node;
}

/* 'not' before an operator is an attribute's name that does not exist: the resolver will say so. */
static struct ms_query_node *
parse_not(struct ms_parser *parser)
{
  size_t position = parser->at->begin;
  bool is_not = ms_parser_accept_word(parser, "not");
  bool is_group = !is_not && ms_parser_accept(parser, MS_TOKEN_OPEN);
  if (!is_not && !is_group)
    return parse_condition(parser);
  if (!ms_parser_enter(parser))
    return NULL;
  struct ms_query_node *inner = is_not ? parse_not(parser) : ms_parser_condition(parser);
  ms_parser_leave(parser);
  if (!inner || (is_group && !ms_parser_expect(parser, MS_TOKEN_CLOSE, "'and', 'or' or ')'")))
    return NULL;
  if (is_group)
    return inner;
  struct ms_query_node *node = make_node(parser, MS_NODE_NOT, position);
  if (node)
    node->first = inner;
  return node;
}

/* One or more operands with `keyword` between them; a single one stays itself. */
static struct ms_query_node *
parse_chain(struct ms_parser *parser, enum ms_query_node_kind kind, const char *keyword,
            struct ms_query_node *(*parse_operand)(struct ms_parser *))
{
  size_t position = parser->at->begin;
  struct ms_query_node *first = parse_operand(parser);
  if (!first || !ms_token_is(parser->at, keyword))
    return first;
  struct ms_query_node *node = make_node(parser, kind, position);
  if (!node)
    return NULL;
  node->first = first;
  while (ms_parser_accept_word(parser, keyword)) {
    first->next = parse_operand(parser);
    if (!first->next)
      return NULL;
    first = first->next;
  }
  return node;
}

static struct ms_query_node *
parse_and(struct ms_parser *parser)
{
  return parse_chain(parser, MS_NODE_AND, "and", parse_not);
}

struct ms_query_node *
ms_parser_condition(struct ms_parser *parser)
{
  return parse_chain(parser, MS_NODE_OR, "or", parse_and);
}
