/* First stage: text -> tokens.
 *
 * A word is a run of bytes without blank, comma, parenthesis, quote or operator: names, keywords,
 * paths with casts (`parent[Shot].name`), bare values (`active`, ids with dashes, dates). Which of them
 * it is, the parser knows from its place. Adjacent words and operators make one bare value there. */
#ifndef MS_QUERY_LEX_H
#define MS_QUERY_LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"
#include "query/source.h"

enum ms_token_type {
  MS_TOKEN_WORD,
  MS_TOKEN_STRING,   /* was in quotes; \" and \' are undone, other backslashes are kept */
  MS_TOKEN_OPERATOR, /* = != < <= > >= */
  MS_TOKEN_COMMA,
  MS_TOKEN_OPEN,
  MS_TOKEN_CLOSE,
  MS_TOKEN_END
};

struct ms_token {
  enum ms_token_type type;
  size_t begin, end; /* bytes of the source, quotes included */
  const char *text;  /* not NUL-terminated; borrowed from source or arena */
  size_t text_bytes;
};

/* The tokens of `source`, in its arena, the last one MS_TOKEN_END. MS_PARSE for an unterminated quote
 * or a control character, MS_LIMIT for too many tokens. */
enum ms_status
ms_query_lex(const struct ms_query_source *source, struct ms_token **tokens, size_t *count,
             struct ms_error *err);

/* Whether `token` is the word `keyword` (lower case), in any case. */
bool
ms_token_is(const struct ms_token *token, const char *keyword);

/* One token a line: type, position, text. */
void
ms_query_print_tokens(const struct ms_token *tokens, size_t count, struct ms_buffer *out);

/* `text` in double quotes, with quotes, backslashes and control characters escaped: how every stage
 * prints a text. */
void
ms_query_print_text(const char *text, size_t text_bytes, struct ms_buffer *out);

#endif
