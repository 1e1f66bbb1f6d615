/* Options of the verbs in C, by a table. Scripts have moonshift.options. */
#ifndef MS_HOST_ARGUMENTS_H
#define MS_HOST_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

struct ms_argument {
  const char *name;    /* without dashes */
  const char **value;  /* receives the value (borrowed from argv); NULL for a flag */
  bool *flag;          /* set when a flag is given */
  const char *metavar; /* what the value is called in messages */
};

/* Reads `--name value`, `--name=value` and `--flag`; nothing else is allowed. 0, or the exit code of wrong
 * usage, which has been printed. */
int
ms_arguments_read(const char *verb, const struct ms_argument *table, size_t count,
                  int argument_count, char **arguments);

#endif
