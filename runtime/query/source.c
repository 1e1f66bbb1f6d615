/* Complaints with a caret. The message is put together in a bounded buffer on the stack: a complaint
 * must be possible when the arena is full. */
#include "query/source.h"

#include <stdio.h>
#include <string.h>

#include "query/query.h"

struct excerpt {
  char text[MS_QUERY_EXCERPT_MAX * 4 + 16]; /* a character has 4 bytes at the most */
  size_t caret;                             /* column of the place, in characters */
};

static bool
begins_character(char byte)
{
  return ((unsigned char)byte & 0xc0) != 0x80;
}

static size_t
count_characters(const char *text, size_t size_bytes)
{
  size_t count = 0;
  for (size_t i = 0; i < size_bytes; i++)
    count += begins_character(text[i]);
  return count;
}

/* Walks back at most `characters` characters from `position`, not beyond `begin`. */
static size_t
step_back(const char *text, size_t begin, size_t position, size_t characters)
{
  while (position > begin && characters > 0) {
    position--;
    characters -= begins_character(text[position]);
  }
  return position;
}

static size_t
step_forward(const char *text, size_t end, size_t position, size_t characters)
{
  while (position < end && characters > 0) {
    position++;
    characters -= position == end || begins_character(text[position]);
  }
  return position;
}

static char
shown(char byte)
{
  if (byte == '{')
    return '(';
  if (byte == '}')
    return ')';
  return (unsigned char)byte < ' ' ? ' ' : byte;
}

/* The line around `position`, cut on both sides where it is long. */
static void
make_excerpt(const struct ms_query_source *source, size_t position, struct excerpt *excerpt)
{
  const char *text = source->text;
  size_t line_begin = position, line_end = position;
  while (line_begin > 0 && text[line_begin - 1] != '\n')
    line_begin--;
  while (line_end < source->text_bytes && text[line_end] != '\n')
    line_end++;

  size_t begin = step_back(text, line_begin, position, MS_QUERY_EXCERPT_MAX / 2);
  size_t end = step_forward(text, line_end, position, MS_QUERY_EXCERPT_MAX / 2);
  size_t size = 0;
  const char *before = begin > line_begin ? "... " : "";
  for (const char *c = before; *c; c++)
    excerpt->text[size++] = *c;
  for (size_t i = begin; i < end && size + 8 < sizeof excerpt->text; i++)
    excerpt->text[size++] = shown(text[i]);
  memcpy(excerpt->text + size, " ...", 5);
  if (end == line_end)
    excerpt->text[size] = '\0';
  excerpt->caret = strlen(before) + count_characters(text + begin, position - begin);
}

enum ms_status
ms_query_complain(const struct ms_query_source *source, size_t position, enum ms_status status,
                  struct ms_error *err, const char *format, ...)
{
  if (position > source->text_bytes)
    position = source->text_bytes;
  char sentence[MS_ERROR_MESSAGE_MAX / 2];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(sentence, sizeof sentence, format, arguments);
  va_end(arguments);
  for (char *c = sentence; *c; c++)
    *c = *c == '\n' ? ' ' : shown(*c);

  struct excerpt excerpt;
  make_excerpt(source, position, &excerpt);
  size_t column = count_characters(source->text, position) + 1;
  return ms_fail(err, status, "%s At position %zu:\n  %s\n  %*s^", sentence, column, excerpt.text,
                 (int)excerpt.caret, "");
}

enum ms_status
ms_query_no_room(const struct ms_query_source *source, struct ms_error *err)
{
  if (source->arena->used_bytes >= source->arena->maximum_bytes / 2)
    return ms_fail(err, MS_LIMIT,
                   "The query needs more than %zu bytes of memory to compile. Split it.",
                   source->arena->maximum_bytes);
  return ms_fail(err, MS_MEMORY, "out of memory while compiling a query");
}
