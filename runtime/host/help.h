/* Help is a script's head comment. */
#ifndef MS_HOST_HELP_H
#define MS_HOST_HELP_H

#include <stddef.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/error.h"

enum { MS_HELP_MAX_BYTES = 64 * 1024 };

/* Appends the head comment of a Lua script without its dashes: the lines from the first one (behind a
 * #! line) up to the first that is no comment. Annotations (---@) are left out. */
void
ms_help_of_script(const char *text, size_t text_bytes, struct ms_buffer *help);

/* Appends the help of the verb `name`. MS_NOT_FOUND as ms_verb_open. */
enum ms_status
ms_help_of_verb(const char *name, struct ms_buffer *help, struct ms_error *err);

/* Prints the help of one verb on standard output; the exit code. */
int
ms_help_print(const char *name);

/* Prints how to use the program and the list of verbs. */
void
ms_help_list(FILE *out);

#endif
