/* The lexer: one function finds the next token; the text is walked twice, first to count. */
#include "query/lex.h"

#include <string.h>
#include <strings.h>

#include "query/query.h"

static bool
is_blank(char c)
{
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* How many bytes the operator at `text` has, 0 for none. A lone '!' is no operator. */
static size_t
operator_bytes(const char *text, size_t size_bytes)
{
  if (size_bytes == 0)
    return 0;
  bool followed = size_bytes > 1 && text[1] == '=';
  switch (text[0]) {
  case '=':
    return 1;
  case '<':
  case '>':
    return followed ? 2 : 1;
  case '!':
    return followed ? 2 : 0;
  default:
    return 0;
  }
}

static bool
ends_word(const char *text, size_t size_bytes)
{
  return is_blank(*text) || strchr(",()\"'", *text) || operator_bytes(text, size_bytes) > 0;
}

static enum ms_status
lex_string(const struct ms_query_source *source, struct ms_token *token, struct ms_error *err)
{
  char quote = source->text[token->begin];
  size_t at = token->begin + 1;
  while (at < source->text_bytes && source->text[at] != quote) {
    bool escapes = source->text[at] == '\\' && at + 1 < source->text_bytes &&
                   (source->text[at + 1] == '"' || source->text[at + 1] == '\'');
    at += escapes ? 2 : 1;
  }
  if (at >= source->text_bytes)
    return ms_query_complain(source, token->begin, MS_PARSE, err,
                             "This quote is never closed; inside quotes write \\%c for %c.", quote,
                             quote);
  token->type = MS_TOKEN_STRING;
  token->text = source->text + token->begin + 1;
  token->text_bytes = at - token->begin - 1;
  token->end = at + 1;
  return MS_OK;
}

static enum ms_status
lex_word(const struct ms_query_source *source, struct ms_token *token, struct ms_error *err)
{
  size_t at = token->begin;
  while (at < source->text_bytes && !ends_word(source->text + at, source->text_bytes - at)) {
    if ((unsigned char)source->text[at] < ' ')
      return ms_query_complain(
          source, at, MS_PARSE, err,
          "Control character %d in the query; put it in quotes if it is meant.", source->text[at]);
    at++;
  }
  token->type = MS_TOKEN_WORD;
  token->text = source->text + token->begin;
  token->text_bytes = at - token->begin;
  token->end = at;
  return MS_OK;
}

static void
lex_fixed(const struct ms_query_source *source, enum ms_token_type type, size_t size_bytes,
          struct ms_token *token)
{
  token->type = type;
  token->text = source->text + token->begin;
  token->text_bytes = size_bytes;
  token->end = token->begin + size_bytes;
}

/* The token at or behind `at`. The text of a string still has its escapes. */
static enum ms_status
next_token(const struct ms_query_source *source, size_t at, struct ms_token *token,
           struct ms_error *err)
{
  while (at < source->text_bytes && is_blank(source->text[at]))
    at++;
  *token = (struct ms_token){.begin = at};
  if (at == source->text_bytes) {
    lex_fixed(source, MS_TOKEN_END, 0, token);
    return MS_OK;
  }
  size_t operator_size = operator_bytes(source->text + at, source->text_bytes - at);
  if (operator_size > 0) {
    lex_fixed(source, MS_TOKEN_OPERATOR, operator_size, token);
    return MS_OK;
  }
  switch (source->text[at]) {
  case ',':
    lex_fixed(source, MS_TOKEN_COMMA, 1, token);
    return MS_OK;
  case '(':
    lex_fixed(source, MS_TOKEN_OPEN, 1, token);
    return MS_OK;
  case ')':
    lex_fixed(source, MS_TOKEN_CLOSE, 1, token);
    return MS_OK;
  case '"':
  case '\'':
    return lex_string(source, token, err);
  default:
    return lex_word(source, token, err);
  }
}

/* Undoes \" and \' in a string's text. */
static enum ms_status
unescape(const struct ms_query_source *source, struct ms_token *token, struct ms_error *err)
{
  if (token->type != MS_TOKEN_STRING || !memchr(token->text, '\\', token->text_bytes))
    return MS_OK;
  char *text = ms_arena_alloc(source->arena, token->text_bytes + 1);
  if (!text)
    return ms_query_no_room(source, err);
  size_t size = 0;
  for (size_t i = 0; i < token->text_bytes; i++) {
    char next = i + 1 < token->text_bytes ? token->text[i + 1] : '\0';
    if (token->text[i] == '\\' && (next == '"' || next == '\''))
      i++;
    text[size++] = token->text[i];
  }
  token->text = text;
  token->text_bytes = size;
  return MS_OK;
}

static enum ms_status
count_tokens(const struct ms_query_source *source, size_t *count, struct ms_error *err)
{
  struct ms_token token = {.type = MS_TOKEN_WORD};
  for (*count = 0; token.type != MS_TOKEN_END; (*count)++) {
    enum ms_status status = next_token(source, token.end, &token, err);
    if (status != MS_OK)
      return status;
    if (*count == MS_QUERY_TOKENS_MAX)
      return ms_query_complain(source, token.begin, MS_LIMIT, err,
                               "The query has more than %d words. Split it.", MS_QUERY_TOKENS_MAX);
  }
  return MS_OK;
}

enum ms_status
ms_query_lex(const struct ms_query_source *source, struct ms_token **tokens, size_t *count,
             struct ms_error *err)
{
  *tokens = NULL;
  const char *nul = memchr(source->text, '\0', source->text_bytes);
  if (nul)
    return ms_query_complain(source, (size_t)(nul - source->text), MS_PARSE, err,
                             "A zero byte in the query.");
  enum ms_status status = count_tokens(source, count, err);
  if (status != MS_OK)
    return status;
  struct ms_token *found = MS_ARENA_ARRAY(source->arena, struct ms_token, *count);
  if (!found)
    return ms_query_no_room(source, err);
  size_t at = 0;
  for (size_t i = 0; i < *count; i++) {
    status = next_token(source, at, &found[i], err);
    if (status == MS_OK)
      status = unescape(source, &found[i], err);
    if (status != MS_OK)
      return status;
    at = found[i].end;
  }
  *tokens = found;
  return MS_OK;
}

bool
ms_token_is(const struct ms_token *token, const char *keyword)
{
  return token->type == MS_TOKEN_WORD && token->text_bytes == strlen(keyword) &&
         strncasecmp(token->text, keyword, token->text_bytes) == 0;
}

void
ms_query_print_tokens(const struct ms_token *tokens, size_t count, struct ms_buffer *out)
{
  static const char *const names[] = {
      [MS_TOKEN_WORD] = "word",   [MS_TOKEN_STRING] = "string", [MS_TOKEN_OPERATOR] = "operator",
      [MS_TOKEN_COMMA] = "comma", [MS_TOKEN_OPEN] = "open",     [MS_TOKEN_CLOSE] = "close",
      [MS_TOKEN_END] = "end"};
  for (size_t i = 0; i < count; i++) {
    ms_buffer_printf(out, "%zu %s", tokens[i].begin, names[tokens[i].type]);
    if (tokens[i].text_bytes > 0 || tokens[i].type == MS_TOKEN_STRING) {
      ms_buffer_append_char(out, ' ');
      ms_query_print_text(tokens[i].text, tokens[i].text_bytes, out);
    }
    ms_buffer_append_char(out, '\n');
  }
}

void
ms_query_print_text(const char *text, size_t text_bytes, struct ms_buffer *out)
{
  ms_buffer_append_char(out, '"');
  for (size_t i = 0; i < text_bytes; i++) {
    unsigned char byte = (unsigned char)text[i];
    if (byte == '"' || byte == '\\')
      ms_buffer_append_char(out, '\\');
    if (byte < ' ')
      ms_buffer_printf(out, "\\x%02x", byte);
    else
      ms_buffer_append_char(out, (char)byte);
  }
  ms_buffer_append_char(out, '"');
}
