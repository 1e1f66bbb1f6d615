/* Help: the head comments of verbs, and the list made of their first lines. */
#include "host/help.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "host/commands.h"
#include "host/host.h"
#include "host/script.h"
#include "host/verb.h"

/* ---- head comments ---- */

static const char *
find_line_end(const char *line, const char *end)
{
  const char *newline = memchr(line, '\n', (size_t)(end - line));
  return newline != NULL ? newline : end;
}

/* Appends one comment line without its dashes and one blank. */
static void
append_comment(const char *line, const char *line_end, struct ms_buffer *help)
{
  while (line < line_end && *line == '-') {
    line++;
  }
  if (line < line_end && *line == '@') {
    return;
  }
  if (line < line_end && *line == ' ') {
    line++;
  }
  ms_buffer_append(help, line, (size_t)(line_end - line));
  ms_buffer_append_char(help, '\n');
}

void
ms_help_of_script(const char *text, size_t text_bytes, struct ms_buffer *help)
{
  const char *end = text + text_bytes;
  const char *line = text;
  if (text_bytes > 1 && text[0] == '#') {
    line = find_line_end(line, end) + 1;
  }
  while (end - line >= 2 && line[0] == '-' && line[1] == '-') {
    const char *line_end = find_line_end(line, end);
    append_comment(line, line_end, help);
    line = line_end < end ? line_end + 1 : end;
  }
}

enum ms_status
ms_help_of_verb(const char *name, struct ms_buffer *help, struct ms_error *err)
{
  const struct ms_command *command = ms_command_find(name);
  if (command != NULL) {
    ms_buffer_append_string(help, command->help);
    return MS_OK;
  }
  struct ms_verb verb;
  enum ms_status status = ms_verb_open(name, &verb, err);
  if (status != MS_OK) {
    return status;
  }
  ms_help_of_script(verb.text, verb.text_bytes, help);
  if (help->size_bytes == 0) {
    ms_buffer_printf(help, "No help: there is no comment at the head of %s\n", verb.chunk_name + 1);
  }
  ms_verb_free(&verb);
  return MS_OK;
}

int
ms_help_print(const char *name)
{
  struct ms_buffer help;
  struct ms_error err;
  ms_buffer_init(&help, MS_HELP_MAX_BYTES);
  enum ms_status status = ms_help_of_verb(name, &help, &err);
  int exit_code = EXIT_SUCCESS;
  if (status == MS_OK) {
    fputs(ms_buffer_string(&help), stdout);
  } else {
    fprintf(stderr, "moonshift: %s\n", err.message);
    exit_code = status == MS_NOT_FOUND ? MS_EXIT_USAGE : EXIT_FAILURE;
  }
  ms_buffer_free(&help);
  return ms_flush_output(exit_code);
}

/* ---- the list ---- */

/* Prints the first line of a help as a row. */
static void
print_row(FILE *out, const char *name, const char *help)
{
  fprintf(out, "  %-12s %.*s\n", name, (int)strcspn(help, "\n"), help);
}

struct list {
  FILE *out;
  bool own_begun;
};

static void
print_verb(void *user, const char *name, bool bundled)
{
  struct list *list = user;
  if (!bundled && !list->own_begun) {
    fputs("\nYour own verbs:\n", list->out);
    list->own_begun = true;
  }
  struct ms_buffer help;
  ms_buffer_init(&help, MS_HELP_MAX_BYTES);
  if (ms_help_of_verb(name, &help, NULL) == MS_OK) {
    print_row(list->out, name, ms_buffer_string(&help));
  }
  ms_buffer_free(&help);
}

void
ms_help_list(FILE *out)
{
  fputs("moonshift runs Lua automation for production tracking.\n\n"
        "Usage: moonshift VERB [ARGUMENTS]\n\n"
        "Verbs:\n",
        out);
  for (const struct ms_command *command = ms_commands; command->name != NULL; command++) {
    print_row(out, command->name, command->help);
  }
  struct list list = {.out = out};
  ms_verb_each(print_verb, &list);
  fputs("\n'moonshift help VERB' or 'moonshift VERB --help' says more about one.\n", out);
}

int
ms_command_help(int argument_count, char **arguments)
{
  if (argument_count > 1) {
    return ms_usage_error("help", "help takes one verb, not %d", argument_count);
  }
  if (argument_count == 1) {
    return ms_help_print(arguments[0]);
  }
  ms_help_list(stdout);
  return ms_flush_output(EXIT_SUCCESS);
}
