/* The verbs that live in C, as one table that the dispatcher, the help and the search for the nearest verb
 * read. */
#ifndef MS_HOST_COMMANDS_H
#define MS_HOST_COMMANDS_H

#include <stdio.h>

struct ms_command {
  const char *name; /* NULL ends the table */
  /* arguments[0] is the first one behind the verb. Returns the exit code. */
  int (*run)(int argument_count, char **arguments);
  const char *help; /* as a script's head comment: the first line says it in a sentence */
};

extern const struct ms_command ms_commands[];

/* NULL when there is none of this name. */
const struct ms_command *
ms_command_find(const char *name);

/* Prints "moonshift: message" and where help is; returns the exit code of wrong usage. */
int
ms_usage_error(const char *verb, const char *format, ...) __attribute__((format(printf, 2, 3)));

int
ms_command_help(int argument_count, char **arguments);
int
ms_command_run(int argument_count, char **arguments);
int
ms_command_repl(int argument_count, char **arguments);
int
ms_command_serve(int argument_count, char **arguments);
int
ms_command_version(int argument_count, char **arguments);

#endif
