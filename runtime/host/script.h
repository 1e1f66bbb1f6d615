/* Running a script as the main task, and what its end means for the process. */
#ifndef MS_HOST_SCRIPT_H
#define MS_HOST_SCRIPT_H

#include <stdbool.h>

#include "host/host.h"

struct ms_script {
  const char *name; /* arg[0]: the path, or the verb */
  const char *path; /* the file to read; NULL: `text` */
  const char *text; /* borrowed */
  size_t text_bytes;
  const char *chunk_name; /* of `text`: "@scripts/wrap.lua" */
  /* One of our own verbs: an error with one of our codes is one line without a traceback, and exits with
   * 2 when the code is "usage". */
  bool bundled;
  const char *job; /* runs as a job of this description; NULL: as none */
};

/* Opens a host, runs the script with its arguments, prints what went wrong, closes everything. The
 * process's exit code: what the script returned or gave to os.exit; 1 after an error; 128 + n after a
 * signal. */
int
ms_script_main(const struct ms_script *script, int argument_count, char **arguments);

/* The exit code that the script's end means: `status` and the values above `base` are from
 * ms_tasks_run. Prints an error. */
int
ms_script_exit_code(lua_State *L, int status, int base, bool bundled);

/* Flushes standard output; a failure is printed and replaces an exit code of 0. */
int
ms_flush_output(int exit_code);

#endif
