/* The text of a query, and how to complain about a place in it.
 *
 * A complaint is a sentence, the position (characters, from 1), the line of the text with a window
 * around the place, and a caret below it. Braces of the text are shown as parentheses, because a
 * client runs error texts through a formatter that gives braces a meaning. */
#ifndef MS_QUERY_SOURCE_H
#define MS_QUERY_SOURCE_H

#include <stdarg.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

struct ms_query_source {
  const char *text; /* borrowed; need not end in NUL */
  size_t text_bytes;
  struct ms_arena *arena; /* where every stage's result lives */
};

enum {
  MS_QUERY_EXCERPT_MAX = 64,   /* characters of the text that a complaint shows */
  MS_QUERY_NAME_SHOWN_MAX = 80 /* bytes of a name or value that a complaint quotes */
};

/* Fills `err` with a complaint about the byte at `position` and returns `status`. */
enum ms_status
ms_query_complain(const struct ms_query_source *source, size_t position, enum ms_status status,
                  struct ms_error *err, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* The failure of the arena: MS_LIMIT, naming its maximum. */
enum ms_status
ms_query_no_room(const struct ms_query_source *source, struct ms_error *err);

#endif
