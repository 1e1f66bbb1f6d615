/* Running a script: load, set `arg`, run as the main task, turn the end into an exit code. */
#include "host/script.h"

#include <errno.h>
#include <lauxlib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/path.h"
#include "binding/exit.h"
#include "binding/raise.h"
#include "host/signal.h"

/* ---- the end ---- */

/* The status of the error value: MS_INTERNAL when it has none of our codes. */
static enum ms_status
status_of_error(lua_State *L, int index)
{
  if (!ms_is_error(L, index)) {
    return MS_INTERNAL;
  }
  index = lua_absindex(L, index);
  lua_pushliteral(L, "code");
  lua_rawget(L, index);
  enum ms_status status =
      lua_type(L, -1) == LUA_TSTRING ? ms_status_from_code(lua_tostring(L, -1)) : MS_INTERNAL;
  lua_pop(L, 1);
  return status;
}

static int
fail_exit_code(lua_State *L, int index, bool bundled)
{
  if (ms_is_exit(L, index)) {
    return ms_exit_code(L, index) & 0xff;
  }
  int signal_number = ms_signal_of_error(L, index);
  if (signal_number != 0) {
    fprintf(stderr, "moonshift: %s\n", ms_error_text(L, index));
    return MS_EXIT_SIGNAL + signal_number;
  }
  enum ms_status status = bundled ? status_of_error(L, index) : MS_INTERNAL;
  bool brief = status != MS_INTERNAL && !ms_log_enabled(MS_LOG_DEBUG);
  fprintf(stderr, "moonshift: %s\n", brief ? ms_error_text(L, index) : ms_error_report(L, index));
  return status == MS_USAGE ? MS_EXIT_USAGE : EXIT_FAILURE;
}

int
ms_script_exit_code(lua_State *L, int status, int base, bool bundled)
{
  if (status != LUA_OK) {
    return fail_exit_code(L, -1, bundled);
  }
  int is_integer = 0;
  lua_Integer code = lua_gettop(L) > base ? lua_tointegerx(L, base + 1, &is_integer) : 0;
  if (is_integer) {
    return (int)(code & 0xff);
  }
  bool failed = lua_gettop(L) > base && lua_isboolean(L, base + 1) && !lua_toboolean(L, base + 1);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

int
ms_flush_output(int exit_code)
{
  if (fflush(stdout) == 0 && !ferror(stdout)) {
    return exit_code;
  }
  if (errno == EPIPE) { /* the reader has seen enough */
    return exit_code != 0 ? exit_code : MS_EXIT_SIGNAL + SIGPIPE;
  }
  fprintf(stderr, "moonshift: cannot write to standard output: %s\n", strerror(errno));
  return exit_code != 0 ? exit_code : EXIT_FAILURE;
}

/* ---- the run ---- */

struct run {
  struct ms_host *host;
  const struct ms_script *script;
  int argument_count;
  char **arguments;
  int exit_code;
};

static void
set_arg(lua_State *L, const struct run *run)
{
  lua_createtable(L, run->argument_count, 1);
  lua_pushstring(L, run->script->name);
  lua_rawseti(L, -2, 0);
  for (int i = 0; i < run->argument_count; i++) {
    lua_pushstring(L, run->arguments[i]);
    lua_rawseti(L, -2, i + 1);
  }
  lua_setglobal(L, "arg");
}

/* Modules beside the script can be required. */
static void
add_own_folder(lua_State *L, const char *path)
{
  const char *slash = strrchr(path, '/');
  const char *folder = slash == NULL   ? lua_pushliteral(L, ".")
                       : slash == path ? lua_pushliteral(L, "/")
                                       : lua_pushlstring(L, path, (size_t)(slash - path));
  ms_state_add_folder(L, folder);
  lua_pop(L, 1);
}

/* Pushes the script as a function, or the message why not. */
static int
load(lua_State *L, const struct ms_script *script)
{
  if (script->path == NULL) {
    ms_strict_add(L, script->chunk_name);
    return luaL_loadbufferx(L, script->text, script->text_bytes, script->chunk_name, "t");
  }
  lua_pushfstring(L, "@%s", script->path);
  ms_strict_add(L, lua_tostring(L, -1));
  lua_pop(L, 1);
  add_own_folder(L, script->path);
  return luaL_loadfilex(L, script->path, "t");
}

enum { JOB_ARGUMENTS = 3 }; /* description, name, script */

/* Puts the function that makes a job of it below the script on top of the stack. */
static void
wrap_as_job(lua_State *L, const struct ms_script *script)
{
  lua_getglobal(L, "require");
  lua_pushliteral(L, "moonshift.script_job");
  lua_call(L, 1, 1);
  lua_getfield(L, -1, "run"); /* [script, module, run] */
  lua_replace(L, -2);
  lua_insert(L, -2); /* [run, script] */
  lua_pushstring(L, script->job);
  lua_pushstring(L, script->name);
  lua_rotate(L, -3, 2); /* [run, job, name, script] */
}

static int
run_protected(lua_State *L)
{
  struct run *run = lua_touserdata(L, 1);
  int base = lua_gettop(L);
  int argument_count = run->argument_count;
  set_arg(L, run);
  if (load(L, run->script) != LUA_OK) {
    fprintf(stderr, "moonshift: %s\n", lua_tostring(L, -1));
    run->exit_code = EXIT_FAILURE;
    return 0;
  }
  luaL_checkstack(L, run->argument_count + JOB_ARGUMENTS + 1, "arguments");
  if (run->script->job != NULL) {
    wrap_as_job(L, run->script);
    argument_count += JOB_ARGUMENTS;
  }
  for (int i = 0; i < run->argument_count; i++) {
    lua_pushstring(L, run->arguments[i]);
  }
  int status = ms_tasks_run(run->host->tasks, L, argument_count, LUA_MULTRET);
  run->exit_code = ms_script_exit_code(L, status, base, run->script->bundled);
  return 0;
}

int
ms_script_main(const struct ms_script *script, int argument_count, char **arguments)
{
  struct ms_host host;
  struct ms_error err;
  if (ms_host_open(&host, &err) != MS_OK) {
    fprintf(stderr, "moonshift: %s\n", err.message);
    return EXIT_FAILURE;
  }
  struct run run = {&host, script, argument_count, arguments, EXIT_FAILURE};
  lua_pushcfunction(host.L, run_protected);
  lua_pushlightuserdata(host.L, &run);
  if (lua_pcall(host.L, 1, 0, 0) != LUA_OK) {
    fprintf(stderr, "moonshift: %s\n", lua_tostring(host.L, -1));
  }
  lua_settop(host.L, 0);
  ms_host_close(&host);
  return ms_flush_output(run.exit_code);
}
