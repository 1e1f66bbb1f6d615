/* Terminal output as plain lines.
 *
 * Removes escape sequences (CSI, OSC, two-byte ones), control characters except tab, and what a carriage
 * return overwrites; hands out each line without its end. Works on any chunking of the input. */
#ifndef MS_JOB_LINE_FILTER_H
#define MS_JOB_LINE_FILTER_H

#include <stddef.h>

#include "base/buffer.h"

/* `line` is borrowed during the call. */
typedef void (*ms_line_handler)(void *user, const char *line, size_t size_bytes);

struct ms_line_filter {
  struct ms_buffer line;
  size_t line_max_bytes;
  int state;
  int returned; /* a carriage return came: the next visible character begins the line anew */
  ms_line_handler on_line;
  void *user;
};

/* Lines longer than `line_max_bytes` are handed out in pieces. */
void
ms_line_filter_init(struct ms_line_filter *filter, size_t line_max_bytes, ms_line_handler on_line,
                    void *user);

void
ms_line_filter_free(struct ms_line_filter *filter);

void
ms_line_filter_add(struct ms_line_filter *filter, const char *data, size_t size_bytes);

/* The line so far. Borrowed until the next change. */
const char *
ms_line_filter_unfinished(const struct ms_line_filter *filter, size_t *size_bytes);

/* Hands out the unfinished line, when there is one. */
void
ms_line_filter_end(struct ms_line_filter *filter);

#endif
