/* moonshift VERB [ARGUMENTS] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "host/commands.h"
#include "host/help.h"
#include "host/host.h"
#include "host/script.h"
#include "host/verb.h"

static int
run_verb(const char *name, int argument_count, char **arguments)
{
  struct ms_verb verb;
  struct ms_error err;
  enum ms_status status = ms_verb_open(name, &verb, &err);
  if (status != MS_OK) {
    fprintf(stderr, "moonshift: %s\n", err.message);
    return status == MS_NOT_FOUND ? MS_EXIT_USAGE : EXIT_FAILURE;
  }
  const struct ms_script script = {.name = name,
                                   .text = verb.text,
                                   .text_bytes = verb.text_bytes,
                                   .chunk_name = verb.chunk_name,
                                   .bundled = verb.bundled};
  int exit_code = ms_script_main(&script, argument_count, arguments);
  ms_verb_free(&verb);
  return exit_code;
}

static bool
is_help_option(const char *argument)
{
  return strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0;
}

/* The options in front of a verb are other names of verbs. */
static const char *
resolve_option(const char *word)
{
  if (is_help_option(word)) {
    return "help";
  }
  return strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0 ? "version" : word;
}

int
main(int argument_count, char **arguments)
{
  ms_log_init();
  if (argument_count < 2) {
    ms_help_list(stderr);
    return MS_EXIT_USAGE;
  }
  const char *name = resolve_option(arguments[1]);
  if (argument_count > 2 && is_help_option(arguments[2])) {
    return ms_help_print(name);
  }
  const struct ms_command *command = ms_command_find(name);
  if (command != NULL) {
    return command->run(argument_count - 2, arguments + 2);
  }
  return run_verb(name, argument_count - 2, arguments + 2);
}
