/* The parser's small steps, and paths: what both conditions and clauses are made of. */
#include "query/parser.h"

#include <string.h>

#include "query/query.h"

static void *
no_room(struct ms_parser *parser)
{
  parser->status = ms_query_no_room(parser->source, parser->err);
  return NULL;
}

void *
ms_parser_make(struct ms_parser *parser, size_t size_bytes)
{
  void *memory = ms_arena_alloc(parser->source->arena, size_bytes);
  return memory ? memory : no_room(parser);
}

const char *
ms_parser_copy(struct ms_parser *parser, const char *text, size_t text_bytes)
{
  const char *result = ms_arena_strndup(parser->source->arena, text, text_bytes);
  return result ? result : no_room(parser);
}

bool
ms_parser_expected(struct ms_parser *parser, const char *what)
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

bool
ms_parser_accept_word(struct ms_parser *parser, const char *keyword)
{
  if (!ms_token_is(parser->at, keyword))
    return false;
  parser->at++;
  return true;
}

bool
ms_parser_accept(struct ms_parser *parser, enum ms_token_type type)
{
  if (parser->at->type != type)
    return false;
  parser->at++;
  return true;
}

bool
ms_parser_expect(struct ms_parser *parser, enum ms_token_type type, const char *what)
{
  return ms_parser_accept(parser, type) || ms_parser_expected(parser, what);
}

bool
ms_parser_enter(struct ms_parser *parser)
{
  if (++parser->depth <= MS_QUERY_DEPTH_MAX)
    return true;
  parser->status =
      ms_query_complain(parser->source, parser->at->begin, MS_LIMIT, parser->err,
                        "The query is nested deeper than %d levels.", MS_QUERY_DEPTH_MAX);
  return false;
}

void
ms_parser_leave(struct ms_parser *parser)
{
  parser->depth--;
}

/* ---- paths ---- */

static bool
fail_path(struct ms_parser *parser, size_t position, const char *why)
{
  parser->status = ms_query_complain(parser->source, position, MS_PARSE, parser->err, "%s", why);
  return false;
}

/* Reads `name` or `name[cast]` from `text`, which begins at byte `position` of the source. */
static bool
parse_step(struct ms_parser *parser, const char *text, size_t text_bytes, size_t position,
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
  step->name = ms_parser_copy(parser, text, name_bytes);
  if (!open)
    return step->name != NULL;
  step->cast_position = position + name_bytes + 1;
  step->cast = ms_parser_copy(parser, open + 1, (size_t)(close - open - 1));
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

bool
ms_parser_path(struct ms_parser *parser, const char *what, struct ms_query_path *path)
{
  const struct ms_token *token = parser->at;
  if (token->type != MS_TOKEN_WORD)
    return ms_parser_expected(parser, what);
  path->position = token->begin;
  path->step_count = count_steps(token);
  if (path->step_count > MS_QUERY_PATH_MAX) {
    parser->status = ms_query_complain(parser->source, token->begin, MS_LIMIT, parser->err,
                                       "A path of more than %d attributes.", MS_QUERY_PATH_MAX);
    return false;
  }
  path->steps = ms_parser_make(parser, path->step_count * sizeof *path->steps);
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
