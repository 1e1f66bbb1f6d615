/* moonshift run [--job TEXT] FILE [ARGUMENTS]; a file named - is standard input. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "host/commands.h"
#include "host/script.h"
#include "host/verb.h"

static int
run_standard_input(const char *job, int argument_count, char **arguments)
{
  struct ms_buffer text;
  struct ms_error err;
  ms_buffer_init(&text, MS_VERB_SCRIPT_MAX_BYTES);
  char chunk[4096];
  for (size_t n = fread(chunk, 1, sizeof chunk, stdin); n > 0;
       n = fread(chunk, 1, sizeof chunk, stdin)) {
    ms_buffer_append(&text, chunk, n);
  }
  int exit_code = EXIT_FAILURE;
  if (ms_buffer_check(&text, "script on standard input", &err) == MS_OK) {
    const struct ms_script script = {.name = "-",
                                     .text = ms_buffer_string(&text),
                                     .text_bytes = text.size_bytes,
                                     .chunk_name = "@stdin",
                                     .job = job};
    exit_code = ms_script_main(&script, argument_count, arguments);
  } else {
    fprintf(stderr, "moonshift: %s\n", err.message);
  }
  ms_buffer_free(&text);
  return exit_code;
}

int
ms_command_run(int argument_count, char **arguments)
{
  const char *job = NULL;
  if (argument_count > 0 && strcmp(arguments[0], "--job") == 0) {
    if (argument_count == 1) {
      return ms_usage_error("run", "--job wants a description: what people are to see");
    }
    job = arguments[1];
    argument_count -= 2;
    arguments += 2;
  }
  if (argument_count == 0) {
    return ms_usage_error("run", "which script? Name a file, or - for standard input");
  }
  const char *path = arguments[0];
  if (path[0] == '-' && path[1] != '\0') {
    return ms_usage_error("run", "there is no option '%s'; options for the script come behind FILE",
                          path);
  }
  if (strcmp(path, "-") == 0) {
    return run_standard_input(job, argument_count - 1, arguments + 1);
  }
  struct stat status;
  if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
    fprintf(stderr, "moonshift: %s is a folder, not a script\n", path);
    return EXIT_FAILURE;
  }
  const struct ms_script script = {.name = path, .path = path, .job = job};
  return ms_script_main(&script, argument_count - 1, arguments + 1);
}
