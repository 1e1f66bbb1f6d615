/* Recursive descent over the token array. A function that fails has filled parser->err, set
 * parser->status and returns NULL or false; nobody goes on after that. Recursion happens in
 * go_deeper's callers alone, which count the depth. */
#include "query/tree.h"

#include <string.h>

#include "base/nearest.h"
#include "query/query.h"

struct parser {
  const struct ms_query_source *source;
  const struct ms_token *at;
  int depth;
  enum ms_status status;
  struct ms_error *err;
};

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

static const struct {
  const char *word;
  enum ms_query_function function;
} function_words[] = {
    {"count", MS_FUNCTION_COUNT}, {"sum", MS_FUNCTION_SUM}, {"avg", MS_FUNCTION_AVG},
    {"min", MS_FUNCTION_MIN},     {"max", MS_FUNCTION_MAX},
};

/* Words that a forgotten type leaves in its place. Not `group`: Group is a type. */
static const char *const clause_words[] = {"where", "order", "offset", "limit"};

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* ---- failing and small steps ---- */

static void *
no_room(struct parser *parser)
{
  parser->status = ms_query_no_room(parser->source, parser->err);
  return NULL;
}

static void *
make(struct parser *parser, size_t size_bytes)
{
  void *memory = ms_arena_alloc(parser->source->arena, size_bytes);
  return memory ? memory : no_room(parser);
}

static const char *
copy(struct parser *parser, const char *text, size_t text_bytes)
{
  const char *result = ms_arena_strndup(parser->source->arena, text, text_bytes);
  return result ? result : no_room(parser);
}

/* "Expected WHAT, found x." Always false. */
static bool
fail_expected(struct parser *parser, const char *what)
{
  const struct ms_token *token = parser->at;
  size_t shown_bytes = token->end - token->begin;
  if (shown_bytes > MS_QUERY_NAME_SHOWN_MAX)
    shown_bytes = MS_QUERY_NAME_SHOWN_MAX;
  if (token->type == MS_TOKEN_END)
    parser->status = ms_query_complain(parser->source, token->begin, MS_PARSE, parser->err,
                                       "Expected %s, but the query ends.", what);
  else
    parser->status = ms_query_complain(parser->source, token->begin, MS_PARSE, parser->err,
                                       "Expected %s, found %.*s.", what, (int)shown_bytes,
                                       parser->source->text + token->begin);
  return false;
}

static bool
accept_word(struct parser *parser, const char *keyword)
{
  if (!ms_token_is(parser->at, keyword))
    return false;
  parser->at++;
  return true;
}

static bool
accept(struct parser *parser, enum ms_token_type type)
{
  if (parser->at->type != type)
    return false;
  parser->at++;
  return true;
}

static bool
expect(struct parser *parser, enum ms_token_type type, const char *what)
{
  return accept(parser, type) || fail_expected(parser, what);
}

static bool
go_deeper(struct parser *parser)
{
  if (++parser->depth <= MS_QUERY_DEPTH_MAX)
    return true;
  parser->status =
      ms_query_complain(parser->source, parser->at->begin, MS_LIMIT, parser->err,
                        "The query is nested deeper than %d levels.", MS_QUERY_DEPTH_MAX);
  return false;
}

/* ---- paths ---- */

static bool
fail_path(struct parser *parser, size_t position, const char *why)
{
  parser->status = ms_query_complain(parser->source, position, MS_PARSE, parser->err, "%s", why);
  return false;
}

/* Reads `name` or `name[cast]` from `text`, which begins at byte `position` of the source. */
static bool
parse_step(struct parser *parser, const char *text, size_t text_bytes, size_t position,
           struct ms_query_step *step)
{
  const char *open = memchr(text, '[', text_bytes);
  const char *close = memchr(text, ']', text_bytes);
  size_t name_bytes = open ? (size_t)(open - text) : text_bytes;
  if (!open != !close || (close && (close != text + text_bytes - 1 || close < open)))
    return fail_path(parser, position, "A cast is written name[Type], and then a dot or a blank.");
  if (name_bytes == 0)
    return fail_path(parser, position, "An attribute's name is missing here.");
  if (open && close == open + 1)
    return fail_path(parser, position + name_bytes, "The brackets of a cast need a type's name.");
  step->position = position;
  step->name = copy(parser, text, name_bytes);
  if (!open)
    return step->name != NULL;
  step->cast_position = position + name_bytes + 1;
  step->cast = copy(parser, open + 1, (size_t)(close - open - 1));
  return step->name && step->cast;
}

static size_t
count_steps(const struct ms_token *token)
{
  size_t count = 1;
  for (size_t i = 0; i < token->text_bytes; i++)
    count += token->text[i] == '.';
  return count;
}

static bool
parse_path(struct parser *parser, const char *what, struct ms_query_path *path)
{
  const struct ms_token *token = parser->at;
  if (token->type != MS_TOKEN_WORD)
    return fail_expected(parser, what);
  path->position = token->begin;
  path->step_count = count_steps(token);
  if (path->step_count > MS_QUERY_PATH_MAX) {
    parser->status = ms_query_complain(parser->source, token->begin, MS_LIMIT, parser->err,
                                       "A path of more than %d attributes.", MS_QUERY_PATH_MAX);
    return false;
  }
  path->steps = make(parser, path->step_count * sizeof *path->steps);
  if (!path->steps)
    return false;
  size_t begin = 0;
  for (size_t i = 0; i < path->step_count; i++) {
    const char *text = token->text + begin;
    const char *dot = memchr(text, '.', token->text_bytes - begin);
    size_t text_bytes = dot ? (size_t)(dot - text) : token->text_bytes - begin;
    if (!parse_step(parser, text, text_bytes, token->begin + begin, &path->steps[i]))
      return false;
    begin += text_bytes + 1;
  }
  parser->at++;
  return true;
}

/* ---- values ---- */

static bool
is_bare(const struct ms_token *token)
{
  return token->type == MS_TOKEN_WORD || token->type == MS_TOKEN_OPERATOR;
}

/* A string, or a word with the words and operators that touch it. */
static struct ms_query_value *
parse_value(struct parser *parser)
{
  const struct ms_token *token = parser->at;
  if (token->type != MS_TOKEN_STRING && token->type != MS_TOKEN_WORD) {
    fail_expected(parser, "a value");
    return NULL;
  }
  struct ms_query_value *value = make(parser, sizeof *value);
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
parse_values(struct parser *parser, struct ms_query_node *node)
{
  struct ms_query_value **last = &node->values;
  do {
    *last = parse_value(parser);
    if (!*last)
      return false;
    last = &(*last)->next;
    node->value_count++;
  } while (accept(parser, MS_TOKEN_COMMA));
  return true;
}

/* ---- conditions ---- */

static struct ms_query_node *
parse_or(struct parser *parser);

static struct ms_query_tree *
parse_query(struct parser *parser, bool is_nested);

static struct ms_query_node *
make_node(struct parser *parser, enum ms_query_node_kind kind, size_t position)
{
  struct ms_query_node *node = make(parser, sizeof *node);
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
parse_in(struct parser *parser, struct ms_query_node *node)
{
  if (!expect(parser, MS_TOKEN_OPEN, "'(' and a list of values or a query"))
    return false;
  if (begins_query(parser->at)) {
    node->kind = MS_NODE_IN_QUERY;
    node->query = parse_query(parser, true);
    if (!node->query)
      return false;
  } else if (!parse_values(parser, node)) {
    return false;
  }
  return expect(parser, MS_TOKEN_CLOSE, "',' or ')'");
}

static bool
parse_any(struct parser *parser, struct ms_query_node *node)
{
  node->kind = MS_NODE_ANY;
  if (!expect(parser, MS_TOKEN_OPEN, "'(' and a condition"))
    return false;
  if (accept(parser, MS_TOKEN_CLOSE))
    return true;
  if (!go_deeper(parser))
    return false;
  node->first = parse_or(parser);
  parser->depth--;
  return node->first && expect(parser, MS_TOKEN_CLOSE, "'and', 'or' or ')'");
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
fail_operator(struct parser *parser)
{
  const struct ms_token *token = parser->at;
  if (token->type != MS_TOKEN_WORD || token->text_bytes > MS_NEAREST_WORD_MAX)
    return fail_expected(parser, "an operator (is, is_not, like, in, has, any, <, ...)");
  if (ms_token_is(token, "not"))
    return fail_expected(parser, "is_not, not_in or not_like in one word");
  const char *word = copy(parser, token->text, token->text_bytes);
  if (!word)
    return false;
  struct ms_nearest nearest = {.word = word};
  for (size_t i = 0; i < COUNT_OF(comparison_words); i++)
    ms_nearest_offer(&nearest, comparison_words[i].word);
  for (size_t i = 0; i < COUNT_OF(other_operator_words); i++)
    ms_nearest_offer(&nearest, other_operator_words[i]);
  if (!nearest.best)
    return fail_expected(parser, "an operator (is, is_not, like, in, has, any, <, ...)");
  parser->status = ms_query_complain(parser->source, token->begin, MS_PARSE, parser->err,
                                     "No operator '%s'. Did you mean '%s'?", word, nearest.best);
  return false;
}

static bool
parse_operator(struct parser *parser, struct ms_query_node *node)
{
  if (find_comparison(parser->at, &node->comparison)) {
    parser->at++;
    node->kind = MS_NODE_COMPARE;
    node->value_count = 1;
    node->values = parse_value(parser);
    return node->values != NULL;
  }
  if (accept_word(parser, "has") || accept_word(parser, "any"))
    return parse_any(parser, node);
  if (accept_word(parser, "in"))
    return parse_in(parser, node);
  if (accept_word(parser, "not_in")) {
    node->is_negated = true;
    return parse_in(parser, node);
  }
  return fail_operator(parser);
}

static struct ms_query_node *
parse_condition(struct parser *parser)
{
  struct ms_query_node *node = make_node(parser, MS_NODE_IN, parser->at->begin);
  if (!node || !parse_path(parser, "a condition", &node->path) || !parse_operator(parser, node))
    return NULL;
  return node;
}

/* 'not' before an operator is an attribute's name that does not exist: the resolver will say so. */
static struct ms_query_node *
parse_not(struct parser *parser)
{
  size_t position = parser->at->begin;
  bool is_not = accept_word(parser, "not");
  bool is_group = !is_not && accept(parser, MS_TOKEN_OPEN);
  if (!is_not && !is_group)
    return parse_condition(parser);
  if (!go_deeper(parser))
    return NULL;
  struct ms_query_node *inner = is_not ? parse_not(parser) : parse_or(parser);
  parser->depth--;
  if (!inner || (is_group && !expect(parser, MS_TOKEN_CLOSE, "'and', 'or' or ')'")))
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
parse_chain(struct parser *parser, enum ms_query_node_kind kind, const char *keyword,
            struct ms_query_node *(*parse_operand)(struct parser *))
{
  size_t position = parser->at->begin;
  struct ms_query_node *first = parse_operand(parser);
  if (!first || !ms_token_is(parser->at, keyword))
    return first;
  struct ms_query_node *node = make_node(parser, kind, position);
  if (!node)
    return NULL;
  node->first = first;
  while (accept_word(parser, keyword)) {
    first->next = parse_operand(parser);
    if (!first->next)
      return NULL;
    first = first->next;
  }
  return node;
}

static struct ms_query_node *
parse_and(struct parser *parser)
{
  return parse_chain(parser, MS_NODE_AND, "and", parse_not);
}

static struct ms_query_node *
parse_or(struct parser *parser)
{
  return parse_chain(parser, MS_NODE_OR, "or", parse_and);
}

/* ---- clauses ---- */

static enum ms_query_function
find_function(const struct ms_token *token)
{
  for (size_t i = 0; i < COUNT_OF(function_words); i++)
    if (ms_token_is(token, function_words[i].word))
      return function_words[i].function;
  return MS_FUNCTION_NONE;
}

static bool
parse_projection(struct parser *parser, struct ms_query_item *item)
{
  if (parser->at[0].type != MS_TOKEN_WORD || parser->at[1].type != MS_TOKEN_OPEN)
    return parse_path(parser, "an attribute to select", &item->path);
  item->function = find_function(parser->at);
  if (item->function == MS_FUNCTION_NONE)
    return fail_expected(parser, "count, sum, avg, min or max before '('");
  parser->at += 2;
  return parse_path(parser, "an attribute", &item->path) && expect(parser, MS_TOKEN_CLOSE, "')'");
}

static bool
parse_group_item(struct parser *parser, struct ms_query_item *item)
{
  return parse_path(parser, "an attribute to group by", &item->path);
}

static bool
parse_order_item(struct parser *parser, struct ms_query_item *item)
{
  if (!parse_path(parser, "an attribute to order by", &item->path))
    return false;
  item->is_descending = accept_word(parser, "desc") || accept_word(parser, "descending");
  if (!item->is_descending && !accept_word(parser, "asc"))
    accept_word(parser, "ascending");
  return true;
}

static bool
parse_items(struct parser *parser, struct ms_query_item **items,
            bool (*parse_item)(struct parser *, struct ms_query_item *))
{
  do {
    *items = make(parser, sizeof **items);
    if (!*items || !parse_item(parser, *items))
      return false;
    items = &(*items)->next;
  } while (accept(parser, MS_TOKEN_COMMA));
  return true;
}

static bool
parse_by(struct parser *parser, struct ms_query_item **items,
         bool (*parse_item)(struct parser *, struct ms_query_item *))
{
  if (!accept_word(parser, "by"))
    return fail_expected(parser, "'by'");
  return parse_items(parser, items, parse_item);
}

static bool
parse_count(struct parser *parser, bool *is_given, int64_t *count)
{
  const struct ms_token *token = parser->at;
  if (*is_given)
    return fail_expected(parser, "offset and limit at most once each");
  int64_t result = 0;
  bool is_number = token->type == MS_TOKEN_WORD || token->type == MS_TOKEN_STRING;
  is_number = is_number && token->text_bytes > 0 && token->text_bytes <= 18;
  for (size_t i = 0; is_number && i < token->text_bytes; i++) {
    is_number = token->text[i] >= '0' && token->text[i] <= '9';
    result = result * 10 + (token->text[i] - '0');
  }
  if (!is_number)
    return fail_expected(parser, "a whole number");
  parser->at++;
  *is_given = true;
  *count = result;
  return true;
}

static bool
parse_clauses(struct parser *parser, struct ms_query_tree *tree)
{
  for (;;) {
    bool parsed;
    if (!tree->group && !tree->order && accept_word(parser, "group"))
      parsed = parse_by(parser, &tree->group, parse_group_item);
    else if (!tree->order && accept_word(parser, "order"))
      parsed = parse_by(parser, &tree->order, parse_order_item);
    else if (accept_word(parser, "offset"))
      parsed = parse_count(parser, &tree->has_offset, &tree->offset);
    else if (accept_word(parser, "limit"))
      parsed = parse_count(parser, &tree->has_limit, &tree->limit);
    else
      return true;
    if (!parsed)
      return false;
  }
}

static bool
parse_select(struct parser *parser, struct ms_query_tree *tree)
{
  if (!accept_word(parser, "select"))
    return true;
  tree->has_select = true;
  if (!parse_items(parser, &tree->select, parse_projection))
    return false;
  if (!accept_word(parser, "from"))
    return fail_expected(parser, "',' or 'from' after the selected attributes");
  return true;
}

static bool
parse_type(struct parser *parser, struct ms_query_tree *tree)
{
  const struct ms_token *token = parser->at;
  if (token->type != MS_TOKEN_WORD)
    return fail_expected(parser, "an entity type");
  for (size_t i = 0; i < COUNT_OF(clause_words); i++)
    if (ms_token_is(token, clause_words[i]))
      return fail_expected(parser, "an entity type");
  tree->type_position = token->begin;
  tree->type_name = copy(parser, token->text, token->text_bytes);
  parser->at++;
  return tree->type_name != NULL;
}

static struct ms_query_tree *
parse_query(struct parser *parser, bool is_nested)
{
  struct ms_query_tree *tree = make(parser, sizeof *tree);
  if (!tree || !go_deeper(parser) || !parse_select(parser, tree) || !parse_type(parser, tree))
    return NULL;
  if (accept_word(parser, "where")) {
    tree->where = parse_or(parser);
    if (!tree->where)
      return NULL;
  }
  if (!parse_clauses(parser, tree))
    return NULL;
  parser->depth--;
  if (is_nested || parser->at->type == MS_TOKEN_END)
    return tree;
  fail_expected(parser, tree->where
                            ? "'and', 'or', 'group by', 'order by', 'offset', 'limit' or the end "
                              "(text with blanks needs quotes)"
                            : "'where', 'group by', 'order by', 'offset', 'limit' or the end");
  return NULL;
}

enum ms_status
ms_query_parse(const struct ms_query_source *source, const struct ms_token *tokens,
               struct ms_query_tree **tree, struct ms_error *err)
{
  struct parser parser = {.source = source, .at = tokens, .status = MS_OK, .err = err};
  *tree = parse_query(&parser, false);
  return *tree ? MS_OK : parser.status;
}
