/* A line of input from a terminal, with history and completion: libedit, loaded on first use. */
#ifndef MS_HOST_LINE_EDITOR_H
#define MS_HOST_LINE_EDITOR_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"

struct ms_line_editor;

enum { MS_LINE_HISTORY_MAX = 2000 /* lines that are remembered */ };

enum ms_line_result {
  MS_LINE_READ,
  MS_LINE_INTERRUPTED, /* the wait was given up: the line is forgotten */
  MS_LINE_END          /* end of input */
};

struct ms_line_editor_options {
  const char *history_path; /* read now, written at the end; NULL: not kept */
  /* Waits until standard input can be read. False gives the line up. */
  bool (*wait)(void *user);
  /* `text` is what stands in front of the cursor. Appends what is to be inserted to `insertion`, and when
   * that is nothing, what may come to `choices`. */
  void (*complete)(void *user, const char *text, struct ms_buffer *insertion,
                   struct ms_buffer *choices);
  void *user;
};

/* Standard input and output are a terminal. MS_NOT_FOUND when libedit is not installed. */
enum ms_status
ms_line_editor_open(const struct ms_line_editor_options *options, struct ms_line_editor **editor,
                    struct ms_error *err);

/* Writes the history. NULL is fine. */
void
ms_line_editor_close(struct ms_line_editor *editor);

/* Shows the prompt and reads a line into `line`, which is cleared first; without the newline. */
enum ms_line_result
ms_line_editor_read(struct ms_line_editor *editor, const char *prompt, struct ms_buffer *line);

/* Adds an entry to the history; one that is like the last is not added. */
void
ms_line_editor_remember(struct ms_line_editor *editor, const char *entry);

#endif
