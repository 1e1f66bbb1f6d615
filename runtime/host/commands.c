/* The table of verbs in C. */
#include "host/commands.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "host/script.h"

#define HELP_HELP                     \
  "List the verbs, or explain one.\n" \
  "\n"                                \
  "Usage: moonshift help [VERB]\n"

#define REPL_HELP                                                                                 \
  "Type Lua, see what it gives.\n"                                                                \
  "\n"                                                                                            \
  "Usage: moonshift repl\n"                                                                       \
  "\n"                                                                                            \
  "An expression prints its values; a statement may go on over several lines. `moonshift` is\n"   \
  "there already. Tab completes names, the history is kept in the state folder, Ctrl-C forgets\n" \
  "the line or stops what runs, Ctrl-D leaves. Other tasks go on while a line is typed. When\n"   \
  "standard input is no terminal its lines are run as they come.\n"

#define RUN_HELP                                                                                  \
  "Run a Lua script.\n"                                                                           \
  "\n"                                                                                            \
  "Usage: moonshift run [--job DESCRIPTION] FILE [ARGUMENTS]\n"                                   \
  "\n"                                                                                            \
  "FILE may be - for standard input. The script finds its arguments in ... and in the\n"          \
  "global table `arg`. Modules beside FILE, in the folders of MOONSHIFT_PATH and LUA_PATH can\n"  \
  "be required. The exit code is the integer that the script returns or gives to os.exit;\n"      \
  "1 after an error that nothing caught, 128 + n after signal n.\n"                               \
  "\n"                                                                                            \
  "Options:\n"                                                                                    \
  "  --job DESCRIPTION   the script is a job that people see: done when it ends with 0, failed\n" \
  "                      with the reason and the traceback otherwise. moonshift.current_job()\n"  \
  "                      is that job, MOONSHIFT_JOB_ID its id for child processes\n"

#define SERVE_HELP                                                                            \
  "Put the embedded tracker on the network.\n"                                                \
  "\n"                                                                                        \
  "Usage: moonshift serve [OPTIONS]\n"                                                        \
  "\n"                                                                                        \
  "Options:\n"                                                                                \
  "  --listen HOST:PORT   where to listen (127.0.0.1:8765); port 0 takes a free one\n"        \
  "  --data DIR           where the database and the files are (the data folder)\n"           \
  "  --public-url URL     how clients reach it, when that is through a proxy\n"               \
  "  --new-key            make and print another key\n"                                       \
  "  --open               open the Jobs page in this machine's browser\n"                     \
  "  --empty              on the first start: no statuses, types and project schema yet\n"    \
  "\n"                                                                                        \
  "On the first start a key is made for your login name; the three variables to export are\n" \
  "printed, this once. The link to the Jobs page signs you in, once. INT or TERM stop it.\n"  \
  "\n"                                                                                        \
  "Sample output:\n"                                                                          \
  "  moonshift: listening on http://127.0.0.1:8765\n"                                         \
  "  The Jobs page; the link signs you in, once: http://127.0.0.1:8765/?token=5f0c…\n"

#define VERSION_HELP     \
  "Print the version.\n" \
  "\n"                   \
  "Usage: moonshift version\n"

const struct ms_command ms_commands[] = {
    {"help", ms_command_help, HELP_HELP},
    {"repl", ms_command_repl, REPL_HELP},
    {"run", ms_command_run, RUN_HELP},
    {"serve", ms_command_serve, SERVE_HELP},
    {"version", ms_command_version, VERSION_HELP},
    {NULL, NULL, NULL},
};

const struct ms_command *
ms_command_find(const char *name)
{
  for (const struct ms_command *command = ms_commands; command->name != NULL; command++) {
    if (strcmp(command->name, name) == 0) {
      return command;
    }
  }
  return NULL;
}

int
ms_usage_error(const char *verb, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "moonshift %s: ", verb);
  vfprintf(stderr, format, arguments);
  fprintf(stderr, " ('moonshift help %s' says more)\n", verb);
  va_end(arguments);
  return MS_EXIT_USAGE;
}

int
ms_command_version(int argument_count, char **arguments)
{
  if (argument_count > 0) {
    return ms_usage_error("version", "unexpected '%s'", arguments[0]);
  }
  printf("moonshift %s\n", MS_VERSION);
  return ms_flush_output(EXIT_SUCCESS);
}
