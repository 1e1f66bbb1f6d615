/* libedit reads one character at a time through our own function, so that the loop turns meanwhile. */
#include "host/line_editor.h"

#include <histedit.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "base/library.h"

#define LIBRARY "libedit.so.2"

enum { COMPLETION_MAX_BYTES = 64 * 1024 };

/* The functions that we use, by the names in `library_names`. */
static struct {
  __typeof__(&el_init) init;
  __typeof__(&el_end) end;
  __typeof__(&el_set) set;
  __typeof__(&el_get) get;
  __typeof__(&el_gets) gets;
  __typeof__(&el_line) line;
  __typeof__(&el_insertstr) insert;
  __typeof__(&el_reset) reset;
  __typeof__(&el_wset) wset;
  __typeof__(&history_init) history_init;
  __typeof__(&history_end) history_end;
  __typeof__(&history) history;
} edit;

static const char *const library_names[] = {
    "el_init",      "el_end",   "el_set",  "el_get",       "el_gets",     "el_line",
    "el_insertstr", "el_reset", "el_wset", "history_init", "history_end", "history",
};

enum { FUNCTION_COUNT = sizeof library_names / sizeof library_names[0] };
_Static_assert(sizeof edit == FUNCTION_COUNT * sizeof(void *), "a name for each function");

struct ms_line_editor {
  struct ms_line_editor_options options;
  EditLine *line;
  History *history;
  char *history_path; /* owned */
  const char *prompt; /* borrowed while a line is read */
  bool interrupted;
};

static struct ms_line_editor *
editor_of(EditLine *line)
{
  struct ms_line_editor *editor = NULL;
  edit.get(line, EL_CLIENTDATA, &editor);
  return editor;
}

static char *
show_prompt(EditLine *line)
{
  return (char *)editor_of(line)->prompt;
}

/* One character from standard input: 1, 0 at its end or when the line is given up, -1 after an error. */
static int
read_character(EditLine *line, wchar_t *character)
{
  struct ms_line_editor *editor = editor_of(line);
  mbstate_t state = {0};
  for (;;) {
    char byte = 0;
    if (!editor->options.wait(editor->options.user)) {
      editor->interrupted = true;
      return 0;
    }
    ssize_t n = read(STDIN_FILENO, &byte, 1);
    if (n <= 0) {
      return (int)n;
    }
    size_t used = mbrtowc(character, &byte, 1, &state);
    if (used == (size_t)-1) { /* a bad byte is left out */
      memset(&state, 0, sizeof state);
    } else if (used != (size_t)-2) {
      return 1;
    }
  }
}

static unsigned char
complete(EditLine *line, int key)
{
  (void)key;
  struct ms_line_editor *editor = editor_of(line);
  const LineInfo *info = edit.line(line);
  char *text = strndup(info->buffer, (size_t)(info->cursor - info->buffer));
  if (text == NULL) {
    return CC_ERROR;
  }
  struct ms_buffer insertion, choices;
  ms_buffer_init(&insertion, COMPLETION_MAX_BYTES);
  ms_buffer_init(&choices, COMPLETION_MAX_BYTES);
  editor->options.complete(editor->options.user, text, &insertion, &choices);
  free(text);
  unsigned char result = CC_REFRESH_BEEP;
  if (insertion.size_bytes > 0 && edit.insert(line, ms_buffer_string(&insertion)) == 0) {
    result = CC_REFRESH;
  } else if (choices.size_bytes > 0) {
    printf("\n%s\n", ms_buffer_string(&choices));
    fflush(stdout);
    result = CC_REDISPLAY;
  }
  ms_buffer_free(&insertion);
  ms_buffer_free(&choices);
  return result;
}

/* ---- history ---- */

static void
open_history(struct ms_line_editor *editor)
{
  HistEvent event;
  editor->history = edit.history_init();
  if (editor->history == NULL) {
    return;
  }
  edit.history(editor->history, &event, H_SETSIZE, MS_LINE_HISTORY_MAX);
  edit.history(editor->history, &event, H_SETUNIQUE, 1);
  edit.set(editor->line, EL_HIST, edit.history, editor->history);
  if (editor->options.history_path != NULL) {
    editor->history_path = strdup(editor->options.history_path);
    edit.history(editor->history, &event, H_LOAD, editor->options.history_path);
  }
}

static void
close_history(struct ms_line_editor *editor)
{
  HistEvent event;
  if (editor->history == NULL) {
    return;
  }
  if (editor->history_path != NULL) {
    edit.history(editor->history, &event, H_SAVE, editor->history_path);
  }
  edit.history_end(editor->history);
  free(editor->history_path);
}

void
ms_line_editor_remember(struct ms_line_editor *editor, const char *entry)
{
  HistEvent event;
  if (editor->history != NULL && entry[0] != '\0') {
    edit.history(editor->history, &event, H_ENTER, entry);
  }
}

/* ---- life ---- */

enum ms_status
ms_line_editor_open(const struct ms_line_editor_options *options, struct ms_line_editor **result,
                    struct ms_error *err)
{
  *result = NULL;
  enum ms_status status =
      ms_library_load(LIBRARY, library_names, (void **)&edit, FUNCTION_COUNT, err);
  if (status != MS_OK) {
    return status;
  }
  setlocale(LC_CTYPE, "");
  struct ms_line_editor *editor = calloc(1, sizeof *editor);
  if (editor == NULL) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  editor->options = *options;
  editor->line = edit.init("moonshift", stdin, stdout, stderr);
  if (editor->line == NULL) {
    free(editor);
    return ms_fail(err, MS_IO, "the terminal cannot be used");
  }
  edit.set(editor->line, EL_CLIENTDATA, editor);
  edit.set(editor->line, EL_PROMPT, show_prompt);
  edit.set(editor->line, EL_EDITOR, "emacs");
  edit.set(editor->line, EL_GETCFN, read_character);
  /* wide strings stay as they are; of narrow ones libedit makes copies that it never frees */
  edit.wset(editor->line, EL_ADDFN, L"moonshift-complete", L"Complete a name", complete);
  edit.set(editor->line, EL_BIND, "^I", "moonshift-complete", NULL);
  edit.set(editor->line, EL_BIND, "^R", "em-inc-search-prev", NULL);
  open_history(editor);
  *result = editor;
  return MS_OK;
}

void
ms_line_editor_close(struct ms_line_editor *editor)
{
  if (editor == NULL) {
    return;
  }
  close_history(editor);
  edit.end(editor->line);
  free(editor);
}

enum ms_line_result
ms_line_editor_read(struct ms_line_editor *editor, const char *prompt, struct ms_buffer *line)
{
  int size_bytes = 0;
  ms_buffer_clear(line);
  editor->prompt = prompt;
  editor->interrupted = false;
  const char *text = edit.gets(editor->line, &size_bytes);
  if (editor->interrupted) {
    edit.reset(editor->line);
    return MS_LINE_INTERRUPTED;
  }
  if (text == NULL || size_bytes <= 0) {
    return MS_LINE_END;
  }
  bool has_newline = text[size_bytes - 1] == '\n';
  ms_buffer_append(line, text, (size_t)size_bytes - has_newline);
  return MS_LINE_READ;
}
