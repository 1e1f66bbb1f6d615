/* moonshift repl: read, run as the main task, print. While a line is typed, other tasks go on. */
#include <lauxlib.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/path.h"
#include "binding/exit.h"
#include "binding/raise.h"
#include "host/commands.h"
#include "host/line_editor.h"
#include "host/script.h"
#include "host/signal.h"

enum { ENTRY_MAX_BYTES = 1024 * 1024 /* what is typed until it is complete */ };

struct repl {
  struct ms_host host;
  struct ms_line_editor *editor; /* NULL: standard input is no terminal */
  uv_poll_t input;
  bool readable;
  int signal_number; /* that came while a line was typed, or 0 */
  bool leaving;
  int exit_code;
};

/* ---- waiting for input ---- */

static void
on_readable(uv_poll_t *input, int status, int events)
{
  (void)status;
  (void)events;
  struct repl *repl = input->data;
  repl->readable = true;
  uv_poll_stop(input);
}

static void
on_signal(void *user, int signal_number)
{
  struct repl *repl = user;
  repl->signal_number = signal_number;
}

/* Lets the tasks go on until there is a byte to read. */
static bool
wait_for_input(void *user)
{
  struct repl *repl = user;
  repl->readable = false;
  uv_poll_start(&repl->input, UV_READABLE, on_readable);
  int code = 0;
  while (!repl->readable && repl->signal_number == 0 &&
         !ms_tasks_exiting(repl->host.tasks, &code)) {
    ms_tasks_turn(repl->host.tasks);
  }
  uv_poll_stop(&repl->input);
  return repl->readable;
}

/* ---- the Lua side: moonshift.repl ---- */

/* Pushes a function of the module. */
static void
push_function(lua_State *L, const char *name)
{
  lua_getglobal(L, "require");
  lua_pushliteral(L, "moonshift.repl");
  lua_call(L, 1, 1);
  lua_getfield(L, -1, name);
  lua_remove(L, -2);
}

struct completion {
  const char *text;
  struct ms_buffer *insertion, *choices;
};

static int
complete_protected(lua_State *L)
{
  struct completion *completion = lua_touserdata(L, 1);
  push_function(L, "complete");
  lua_pushstring(L, completion->text);
  lua_call(L, 1, 2); /* insertion, names */
  ms_buffer_append_string(completion->insertion, luaL_checkstring(L, -2));
  lua_Integer count = luaL_len(L, -1);
  for (lua_Integer i = 1; i <= count; i++) {
    lua_geti(L, -1, i);
    ms_buffer_printf(completion->choices, "%s%s", i > 1 ? "  " : "", luaL_checkstring(L, -1));
    lua_pop(L, 1);
  }
  return 0;
}

static void
complete(void *user, const char *text, struct ms_buffer *insertion, struct ms_buffer *choices)
{
  struct repl *repl = user;
  lua_State *L = repl->host.L;
  struct completion completion = {text, insertion, choices};
  lua_pushcfunction(L, complete_protected);
  lua_pushlightuserdata(L, &completion);
  if (lua_pcall(L, 1, 0, 0) != LUA_OK) {
    lua_pop(L, 1); /* no completion then */
  }
}

/* ---- reading ---- */

static enum ms_line_result
read_plain_line(struct ms_buffer *line)
{
  ms_buffer_clear(line);
  int character = getc(stdin);
  if (character == EOF) {
    return MS_LINE_END;
  }
  for (; character != EOF && character != '\n'; character = getc(stdin)) {
    ms_buffer_append_char(line, (char)character);
  }
  return MS_LINE_READ;
}

static enum ms_line_result
read_line(struct repl *repl, const char *prompt, struct ms_buffer *line)
{
  if (repl->editor == NULL) {
    return read_plain_line(line);
  }
  ms_signals_take(repl->host.signals, on_signal, repl);
  enum ms_line_result result = ms_line_editor_read(repl->editor, prompt, line);
  ms_signals_take(repl->host.signals, NULL, NULL);
  return result;
}

/* ---- running ---- */

static void
print_error(lua_State *L, int index)
{
  bool stopped = ms_signal_of_error(L, index) != 0; /* on request: where does not matter */
  fflush(stdout);
  fprintf(stderr, "%s\n", stopped ? ms_error_text(L, index) : ms_error_report(L, index));
  lua_pop(L, 1);
}

/* Runs the chunk on top of the stack, which is popped. */
static void
run_chunk(struct repl *repl, lua_State *L)
{
  push_function(L, "run");
  lua_insert(L, -2); /* run, chunk */
  int base = lua_gettop(L) - 2;
  if (ms_tasks_run(repl->host.tasks, L, 1, 0) != LUA_OK) {
    if (ms_is_exit(L, -1)) {
      repl->leaving = true;
      repl->exit_code = ms_exit_code(L, -1) & 0xff;
    } else {
      print_error(L, -1);
    }
  }
  lua_settop(L, base);
  ms_signals_forgive(repl->host.signals);
}

/* Runs the entry, or says that it goes on in the next line. */
static bool
run_entry(struct repl *repl, lua_State *L, const struct ms_buffer *entry)
{
  push_function(L, "compile");
  lua_pushlstring(L, ms_buffer_string(entry), entry->size_bytes);
  lua_call(L, 1, 3); /* chunk, message, incomplete */
  bool incomplete = lua_toboolean(L, -1);
  if (lua_isfunction(L, -3)) {
    lua_pop(L, 2);
    run_chunk(repl, L);
  } else {
    if (!incomplete) {
      print_error(L, -2);
    }
    lua_pop(L, 3);
  }
  return !incomplete;
}

/* A signal while a line was typed: Ctrl-C forgets the line, the others leave. */
static void
heed_signal(struct repl *repl)
{
  int number = repl->signal_number;
  repl->signal_number = 0;
  fputs("\n", stdout);
  if (number != SIGINT) {
    repl->leaving = true;
    repl->exit_code = number != 0 ? MS_EXIT_SIGNAL + number : EXIT_SUCCESS;
  }
  int code = 0;
  if (ms_tasks_exiting(repl->host.tasks, &code)) {
    repl->leaving = true;
    repl->exit_code = code & 0xff;
  }
}

/* Reads and runs one entry of one or more lines. */
static void
read_entry(struct repl *repl, lua_State *L, struct ms_buffer *entry, struct ms_buffer *line)
{
  const char *prompt = "> ";
  ms_buffer_clear(entry);
  for (bool complete = false; !complete; prompt = ">> ") {
    switch (read_line(repl, prompt, line)) {
    case MS_LINE_END:
      repl->leaving = true;
      if (entry->size_bytes > 0) { /* shows what is missing */
        luaL_loadbufferx(L, entry->data, entry->size_bytes, "=repl", "t");
        print_error(L, -1);
        lua_pop(L, 1);
      }
      return;
    case MS_LINE_INTERRUPTED:
      heed_signal(repl);
      return;
    case MS_LINE_READ:
      break;
    }
    ms_buffer_printf(entry, "%s%s", entry->size_bytes > 0 ? "\n" : "", ms_buffer_string(line));
    if (entry->status != MS_OK) {
      fprintf(stderr, "an entry has at most %d bytes\n", ENTRY_MAX_BYTES);
      return;
    }
    complete = run_entry(repl, L, entry);
  }
  if (repl->editor != NULL) {
    ms_line_editor_remember(repl->editor, ms_buffer_string(entry));
  }
}

/* Makes the library a global, for convenience. */
static void
require_library(lua_State *L)
{
  lua_getglobal(L, "require");
  lua_pushliteral(L, "moonshift");
  if (lua_pcall(L, 1, 1, 0) == LUA_OK) {
    lua_setglobal(L, "moonshift");
  } else {
    print_error(L, -1);
    lua_pop(L, 1);
  }
}

static int
run_protected(lua_State *L)
{
  struct repl *repl = lua_touserdata(L, 1);
  struct ms_buffer entry, line;
  ms_buffer_init(&entry, ENTRY_MAX_BYTES);
  ms_buffer_init(&line, ENTRY_MAX_BYTES);
  require_library(L);
  while (!repl->leaving) {
    read_entry(repl, L, &entry, &line);
  }
  ms_buffer_free(&entry);
  ms_buffer_free(&line);
  return 0;
}

/* ---- the terminal ---- */

/* The path of the history, its folder made; NULL when it cannot be kept. Owned. */
static char *
history_path(void)
{
  char *folder = NULL, *path = NULL;
  struct ms_error err;
  if (ms_path_xdg("state", &folder, &err) == MS_OK &&
      ms_path_make_folders(folder, 0700, &err) == MS_OK) {
    path = ms_path_join(folder, "repl_history");
  } else {
    ms_log(MS_LOG_WARNING, "the history is not kept: %s", err.message);
  }
  free(folder);
  return path;
}

static enum ms_status
open_editor(struct repl *repl, struct ms_error *err)
{
  char *path = history_path();
  const struct ms_line_editor_options options = {
      .history_path = path, .wait = wait_for_input, .complete = complete, .user = repl};
  enum ms_status status = ms_line_editor_open(&options, &repl->editor, err);
  free(path);
  if (status == MS_OK) {
    uv_poll_init(&repl->host.loop, &repl->input, STDIN_FILENO);
    repl->input.data = repl;
    printf("moonshift %s, %s. Ctrl-D leaves.\n", MS_VERSION, LUA_RELEASE);
  }
  return status;
}

int
ms_command_repl(int argument_count, char **arguments)
{
  struct repl repl = {.exit_code = EXIT_SUCCESS};
  struct ms_error err;
  if (argument_count > 0) {
    return ms_usage_error("repl", "unexpected '%s'", arguments[0]);
  }
  if (ms_host_open(&repl.host, &err) != MS_OK) {
    fprintf(stderr, "moonshift: %s\n", err.message);
    return EXIT_FAILURE;
  }
  bool is_terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
  if (is_terminal && open_editor(&repl, &err) != MS_OK) {
    ms_log(MS_LOG_WARNING, "lines cannot be edited: %s", err.message);
  }
  lua_pushcfunction(repl.host.L, run_protected);
  lua_pushlightuserdata(repl.host.L, &repl);
  if (lua_pcall(repl.host.L, 1, 0, 0) != LUA_OK) {
    fprintf(stderr, "moonshift: %s\n", lua_tostring(repl.host.L, -1));
    repl.exit_code = EXIT_FAILURE;
  }
  lua_settop(repl.host.L, 0);
  ms_line_editor_close(repl.editor);
  ms_host_close(&repl.host);
  return ms_flush_output(repl.exit_code);
}
