/* Queries, by recursive descent: select, the type, where, group by, order by, offset and limit. */
#include "query/parser.h"

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static const struct {
  const char *word;
  enum ms_query_function function;
} function_words[] = {
    {"count", MS_FUNCTION_COUNT}, {"sum", MS_FUNCTION_SUM}, {"avg", MS_FUNCTION_AVG},
    {"min", MS_FUNCTION_MIN},     {"max", MS_FUNCTION_MAX},
};

/* Words that a forgotten type leaves in its place. Not `group`: Group is a type. */
static const char *const clause_words[] = {"where", "order", "offset", "limit"};

static enum ms_query_function
find_function(const struct ms_token *token)
{
  for (size_t i = 0; i < COUNT_OF(function_words); i++)
    if (ms_token_is(token, function_words[i].word))
      return function_words[i].function;
  return MS_FUNCTION_NONE;
}

static bool
parse_projection(struct ms_parser *parser, struct ms_query_item *item)
{
  if (parser->at[0].type != MS_TOKEN_WORD || parser->at[1].type != MS_TOKEN_OPEN)
    return ms_parser_path(parser, "an attribute to select", &item->path);
  item->function = find_function(parser->at);
  if (item->function == MS_FUNCTION_NONE)
    return ms_parser_expected(parser, "count, sum, avg, min or max before '('");
  parser->at += 2;
  return ms_parser_path(parser, "an attribute", &item->path) &&
         ms_parser_expect(parser, MS_TOKEN_CLOSE, "')'");
}

static bool
parse_group_item(struct ms_parser *parser, struct ms_query_item *item)
{
  return ms_parser_path(parser, "an attribute to group by", &item->path);
}

static bool
parse_order_item(struct ms_parser *parser, struct ms_query_item *item)
{
  if (!ms_parser_path(parser, "an attribute to order by", &item->path))
    return false;
  item->is_descending =
      ms_parser_accept_word(parser, "desc") || ms_parser_accept_word(parser, "descending");
  if (!item->is_descending && !ms_parser_accept_word(parser, "asc"))
    ms_parser_accept_word(parser, "ascending");
  return true;
}

static bool
parse_items(struct ms_parser *parser, struct ms_query_item **items,
            bool (*parse_item)(struct ms_parser *, struct ms_query_item *))
{
  do {
    *items = ms_parser_make(parser, sizeof **items);
    if (!*items || !parse_item(parser, *items))
      return false;
    items = &(*items)->next;
  } while (ms_parser_accept(parser, MS_TOKEN_COMMA));
  return true;
}

static bool
parse_by(struct ms_parser *parser, struct ms_query_item **items,
         bool (*parse_item)(struct ms_parser *, struct ms_query_item *))
{
  if (!ms_parser_accept_word(parser, "by"))
    return ms_parser_expected(parser, "'by'");
  return parse_items(parser, items, parse_item);
}

static bool
parse_count(struct ms_parser *parser, bool *is_given, int64_t *count)
{
  const struct ms_token *token = parser->at;
  if (*is_given)
    return ms_parser_expected(parser, "offset and limit at most once each");
  int64_t result = 0;
  bool is_number = token->type == MS_TOKEN_WORD || token->type == MS_TOKEN_STRING;
  is_number = is_number && token->text_bytes > 0 && token->text_bytes <= 18;
  for (size_t i = 0; is_number && i < token->text_bytes; i++) {
    is_number = token->text[i] >= '0' && token->text[i] <= '9';
    result = result * 10 + (token->text[i] - '0');
  }
  if (!is_number)
    return ms_parser_expected(parser, "a whole number");
  parser->at++;
  *is_given = true;
  *count = result;
  return true;
}

static bool
parse_clauses(struct ms_parser *parser, struct ms_query_tree *tree)
{
  for (;;) {
    bool parsed;
    if (!tree->group && !tree->order && ms_parser_accept_word(parser, "group"))
      parsed = parse_by(parser, &tree->group, parse_group_item);
    else if (!tree->order && ms_parser_accept_word(parser, "order"))
      parsed = parse_by(parser, &tree->order, parse_order_item);
    else if (ms_parser_accept_word(parser, "offset"))
      parsed = parse_count(parser, &tree->has_offset, &tree->offset);
    else if (ms_parser_accept_word(parser, "limit"))
      parsed = parse_count(parser, &tree->has_limit, &tree->limit);
    else
      return true;
    if (!parsed)
      return false;
  }
}

static bool
parse_select(struct ms_parser *parser, struct ms_query_tree *tree)
{
  if (!ms_parser_accept_word(parser, "select"))
    return true;
  tree->has_select = true;
  if (!parse_items(parser, &tree->select, parse_projection))
    return false;
  if (!ms_parser_accept_word(parser, "from"))
    return ms_parser_expected(parser, "',' or 'from' after the selected attributes");
  return true;
}

static bool
parse_type(struct ms_parser *parser, struct ms_query_tree *tree)
{
  const struct ms_token *token = parser->at;
  if (token->type != MS_TOKEN_WORD)
    return ms_parser_expected(parser, "an entity type");
  for (size_t i = 0; i < COUNT_OF(clause_words); i++)
    if (ms_token_is(token, clause_words[i]))
      return ms_parser_expected(parser, "an entity type");
  tree->type_position = token->begin;
  tree->type_name = ms_parser_copy(parser, token->text, token->text_bytes);
  parser->at++;
  return tree->type_name != NULL;
}

struct ms_query_tree *
ms_parser_query(struct ms_parser *parser, bool is_nested)
{
  struct ms_query_tree *tree = ms_parser_make(parser, sizeof *tree);
  if (!tree || !ms_parser_enter(parser) || !parse_select(parser, tree) || !parse_type(parser, tree))
    return NULL;
  if (ms_parser_accept_word(parser, "where")) {
    tree->where = ms_parser_condition(parser);
    if (!tree->where)
      return NULL;
  }
  if (!parse_clauses(parser, tree))
    return NULL;
  ms_parser_leave(parser);
  if (is_nested || parser->at->type == MS_TOKEN_END)
    return tree;
  ms_parser_expected(
      parser, tree->where ? "'and', 'or', 'group by', 'order by', 'offset', 'limit' or the end "
                            "(text with blanks needs quotes)"
                          : "'where', 'group by', 'order by', 'offset', 'limit' or the end");
  return NULL;
}

enum ms_status
ms_query_parse(const struct ms_query_source *source, const struct ms_token *tokens,
               struct ms_query_tree **tree, struct ms_error *err)
{
  struct ms_parser parser = {.source = source, .at = tokens, .status = MS_OK, .err = err};
  *tree = ms_parser_query(&parser, false);
  return *tree ? MS_OK : parser.status;
}
