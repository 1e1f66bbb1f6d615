/* What the parts of the parser share. Nobody outside needs this.
 *
 * A function that fails has filled parser->err, set parser->status and returns NULL or false; nobody
 * goes on after that. */
#ifndef MS_QUERY_PARSER_H
#define MS_QUERY_PARSER_H

#include "query/tree.h"

struct ms_parser {
  const struct ms_query_source *source;
  const struct ms_token *at; /* the next token; the last one is an END, which nothing steps over */
  int depth;
  enum ms_status status;
  struct ms_error *err;
};

/* Zeroed memory from the query's arena. */
void *
ms_parser_make(struct ms_parser *parser, size_t size_bytes);

const char *
ms_parser_copy(struct ms_parser *parser, const char *text, size_t text_bytes);

/* "Expected WHAT, found x." Always false. */
bool
ms_parser_expected(struct ms_parser *parser, const char *what);

/* Steps over the next token if it is this keyword, in any case, or of this type. */
bool
ms_parser_accept_word(struct ms_parser *parser, const char *keyword);
bool
ms_parser_accept(struct ms_parser *parser, enum ms_token_type type);

/* The same; a complaint if it is not. */
bool
ms_parser_expect(struct ms_parser *parser, enum ms_token_type type, const char *what);

/* Around every recursion: MS_LIMIT beyond MS_QUERY_DEPTH_MAX. */
bool
ms_parser_enter(struct ms_parser *parser);
void
ms_parser_leave(struct ms_parser *parser);

/* `what` names the path in a complaint. */
bool
ms_parser_path(struct ms_parser *parser, const char *what, struct ms_query_path *path);

/* What stands behind `where` or in parentheses. */
struct ms_query_node *
ms_parser_condition(struct ms_parser *parser);

/* A whole query; a nested one ends where something begins that cannot be part of it. */
struct ms_query_tree *
ms_parser_query(struct ms_parser *parser, bool is_nested);

#endif
