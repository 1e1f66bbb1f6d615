/* moonshift.core.job.command: a child process whose output passes through and is logged.
 *
 * The userdata is boxed closed before the process starts, and anchored in the registry while it runs, so
 * that dropping it by mistake does not lose the child; closing it ends the child. What the child writes goes
 * to the log and to our own stream at once; a reader of ours that went away only ends the passing
 * through. */
#include <errno.h>
#include <lauxlib.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "binding/options.h"
#include "binding/raise.h"
#include "binding/task.h"
#include "job/job.h"
#include "job/run_log.h"
#include "loop/process.h"
#include "loop/process_tree.h"

#define CLASS "moonshift.command"

enum { ARGUMENTS_MAX = 65536, ENVIRONMENT_MAX = 65536 };

struct command {
  struct ms_process *process; /* NULL: closed */
  struct ms_run_log *log;     /* NULL: none, or finished */
  struct ms_process_result result;
  struct ms_wait *waiting; /* the task in wait(), or NULL */
  int anchor;              /* registry reference while it runs, else LUA_NOREF */
  lua_State *main;         /* for releasing the anchor */
  pid_t pid;
  uint64_t start_ticks;
  bool ended;
  bool passes[2]; /* stream 1, 2: copied to ours */
  int64_t output_bytes;
};

struct settings {
  int arguments, environment, secrets; /* stack indices */
  const char *cwd, *log;
  int64_t log_limit, nice, memory_max;
  bool quiet, log_append;
};

static const struct ms_option options[] = {
    {"arguments", MS_OPTION_VALUE, offsetof(struct settings, arguments), true},
    {"environment", MS_OPTION_VALUE, offsetof(struct settings, environment), false},
    {"cwd", MS_OPTION_STRING, offsetof(struct settings, cwd), false},
    {"log", MS_OPTION_STRING, offsetof(struct settings, log), false},
    {"log_append", MS_OPTION_BOOLEAN, offsetof(struct settings, log_append), false},
    {"log_limit", MS_OPTION_INTEGER, offsetof(struct settings, log_limit), false},
    {"secrets", MS_OPTION_VALUE, offsetof(struct settings, secrets), false},
    {"nice", MS_OPTION_INTEGER, offsetof(struct settings, nice), false},
    {"memory_max", MS_OPTION_INTEGER, offsetof(struct settings, memory_max), false},
    {"quiet", MS_OPTION_BOOLEAN, offsetof(struct settings, quiet), false},
};

/* ---- Lua lists as argv and environment ---- */

/* The strings of the list at `index` as a NULL-terminated array (a userdata, pushed). */
static const char **
push_strings(lua_State *L, int index, const char *what, size_t *count)
{
  luaL_checktype(L, index, LUA_TTABLE);
  lua_Unsigned size = lua_rawlen(L, index);
  if (size > ARGUMENTS_MAX)
    ms_raisef(L, MS_LIMIT, "%s has more than %d entries", what, ARGUMENTS_MAX);
  const char **strings = lua_newuserdatauv(L, (size + 1) * sizeof *strings, 0);
  for (lua_Unsigned i = 0; i < size; i++) {
    size_t length;
    if (lua_rawgeti(L, index, (lua_Integer)i + 1) != LUA_TSTRING)
      ms_raisef(L, MS_USAGE, "%s[%d] is a %s, not a string", what, (int)i + 1,
                luaL_typename(L, -1));
    strings[i] = lua_tolstring(L, -1, &length); /* the list keeps it alive */
    if (strlen(strings[i]) != length)
      ms_raisef(L, MS_USAGE, "%s[%d] contains a NUL byte", what, (int)i + 1);
    lua_pop(L, 1);
  }
  strings[size] = NULL;
  *count = size;
  return strings;
}

/* Sets t["NAME"] = "NAME=value" in the table on top for each of our own variables. */
static void
add_own_environment(lua_State *L)
{
  for (char **variable = environ; *variable; variable++) {
    const char *equals = strchr(*variable, '=');
    if (!equals)
      continue;
    lua_pushlstring(L, *variable, (size_t)(equals - *variable));
    lua_pushstring(L, *variable);
    lua_rawset(L, -3);
  }
}

/* Our environment with the changes of the table at `index` (NAME = "value", or false to remove), as a
 * list on top of the stack. */
static void
push_environment(lua_State *L, int index)
{
  lua_newtable(L); /* [merged] */
  add_own_environment(L);
  lua_pushnil(L);
  while (lua_next(L, index)) { /* [merged, name, value] */
    if (lua_type(L, -2) != LUA_TSTRING || strchr(lua_tostring(L, -2), '='))
      ms_raisef(L, MS_USAGE, "an environment variable's name must be a string without '='");
    lua_pushvalue(L, -2); /* [merged, name, value, name] */
    if (lua_isstring(L, -2))
      lua_pushfstring(L, "%s=%s", lua_tostring(L, -3), lua_tostring(L, -2));
    else
      lua_pushnil(L);
    lua_rawset(L, -5);
    lua_pop(L, 1);
  }
  lua_newtable(L); /* [merged, list] */
  lua_Integer count = 0;
  lua_pushnil(L);
  while (lua_next(L, -3))
    lua_rawseti(L, -3, ++count);
  lua_remove(L, -2);
}

/* ---- output ---- */

/* Writes everything to our own stream, waiting where it is full. False when its reader is gone. */
static bool
pass_on(int fd, const char *data, size_t size_bytes)
{
  while (size_bytes > 0) {
    ssize_t written = write(fd, data, size_bytes);
    if (written > 0) {
      data += written;
      size_bytes -= (size_t)written;
    } else if (written < 0 && errno == EAGAIN) {
      struct pollfd writable = {.fd = fd, .events = POLLOUT};
      poll(&writable, 1, -1);
    } else if (written < 0 && errno != EINTR) {
      return false;
    }
  }
  return true;
}

static void
on_output(void *user, int stream, const char *data, size_t size_bytes)
{
  struct command *command = user;
  bool *passes = &command->passes[stream - 1];
  if (command->log) /* first: what somebody has seen is in the log, even if we die now */
    ms_run_log_append(command->log, data, size_bytes);
  if (*passes)
    *passes = pass_on(stream == 1 ? STDOUT_FILENO : STDERR_FILENO, data, size_bytes);
  command->output_bytes += (int64_t)size_bytes;
}

static void
release_anchor(struct command *command)
{
  luaL_unref(command->main, LUA_REGISTRYINDEX, command->anchor);
  command->anchor = LUA_NOREF;
}

static void
on_end(void *user, const struct ms_process_result *result)
{
  struct command *command = user;
  command->result = *result;
  command->ended = true;
  release_anchor(command);
  if (command->waiting)
    ms_wait_finish(command->waiting);
}

/* ---- the class ---- */

static struct command *
check_command(lua_State *L)
{
  struct command *command = luaL_checkudata(L, 1, CLASS);
  if (!command->process)
    ms_raisef(L, MS_CLOSED, "the command is closed");
  return command;
}

static enum ms_status
open_log(struct command *command, lua_State *L, const struct settings *settings,
         struct ms_error *err)
{
  size_t count = 0;
  const char **secrets = NULL;
  if (!settings->log)
    return MS_OK;
  if (settings->secrets)
    secrets = push_strings(L, settings->secrets, "secrets", &count);
  struct ms_run_log_options log_options = {.limit_bytes = settings->log_limit,
                                           .append = settings->log_append,
                                           .secrets = secrets,
                                           .secret_count = count};
  return ms_run_log_open(settings->log, &log_options, &command->log, err);
}

static enum ms_process_stream
stream_for(const struct settings *settings, int fd)
{
  return !settings->quiet && isatty(fd) ? MS_PROCESS_TERMINAL : MS_PROCESS_PIPE;
}

static int
command_new(lua_State *L)
{
  struct settings settings = {0};
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  ms_options_read(L, 1, "command", options, sizeof options / sizeof *options, &settings);
  size_t argument_count, environment_count;
  const char **arguments = push_strings(L, settings.arguments, "arguments", &argument_count);
  if (argument_count == 0)
    return ms_raisef(L, MS_USAGE, "arguments is empty: the command's name is missing");
  const char **environment = NULL;
  if (settings.environment) {
    push_environment(L, settings.environment);
    environment = push_strings(L, lua_gettop(L), "environment", &environment_count);
  }
  struct command *command = lua_newuserdatauv(L, sizeof *command, 0);
  memset(command, 0, sizeof *command);
  command->anchor = LUA_NOREF;
  luaL_setmetatable(L, CLASS);
  int self = lua_gettop(L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  command->main = lua_tothread(L, -1);

  struct ms_error err;
  if (open_log(command, L, &settings, &err))
    return ms_raise(L, &err);
  command->passes[0] = command->passes[1] = !settings.quiet;
  struct ms_process_options process_options = {.arguments = arguments,
                                               .environment = environment,
                                               .cwd = settings.cwd,
                                               .output = stream_for(&settings, STDOUT_FILENO),
                                               .error = stream_for(&settings, STDERR_FILENO),
                                               .nice = (int)settings.nice,
                                               .memory_max_bytes = settings.memory_max,
                                               .on_output = on_output,
                                               .on_end = on_end,
                                               .user = command};
  uv_loop_t *loop = ms_tasks_loop(ms_tasks_of(L));
  if (ms_process_spawn(loop, &process_options, &command->process, &err))
    return ms_raise(L, &err);
  command->pid = ms_process_pid(command->process);
  command->start_ticks = ms_process_start_ticks(command->pid);
  lua_pushvalue(L, self);
  command->anchor = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_pushvalue(L, self);
  return 1;
}

static int
push_result(lua_State *L, const struct command *command)
{
  const struct ms_process_result *result = &command->result;
  lua_createtable(L, 0, 6);
  if (result->signal) {
    lua_pushinteger(L, result->signal);
    lua_setfield(L, -2, "signal");
  } else {
    lua_pushinteger(L, result->exit_code);
    lua_setfield(L, -2, "exit_code");
  }
  lua_pushnumber(L, (double)result->user_us / 1e6);
  lua_setfield(L, -2, "user_s");
  lua_pushnumber(L, (double)result->system_us / 1e6);
  lua_setfield(L, -2, "system_s");
  lua_pushinteger(L, result->peak_bytes);
  lua_setfield(L, -2, "peak_bytes");
  lua_pushinteger(L, command->output_bytes);
  lua_setfield(L, -2, "output_bytes");
  return 1;
}

static int
after_wait(lua_State *L, int status, lua_KContext context)
{
  struct command *command = luaL_checkudata(L, 1, CLASS);
  struct ms_wait *wait = (struct ms_wait *)context;
  (void)status;
  command->waiting = NULL;
  if (wait->cancelled)
    return ms_raise_cancelled(L);
  return push_result(L, command);
}

static int
command_wait(lua_State *L)
{
  struct command *command = check_command(L);
  lua_settop(L, 1);
  if (command->ended)
    return push_result(L, command);
  if (command->waiting)
    return ms_raisef(L, MS_BUSY, "another task waits for process %d already", (int)command->pid);
  struct ms_wait *wait = lua_newuserdatauv(L, sizeof *wait, 0); /* stays at 2 while waiting */
  memset(wait, 0, sizeof *wait);
  if (!ms_wait_prepare(L, wait))
    return ms_raisef(L, MS_USAGE,
                     "cannot wait for a command here: this code was called from C (a sort "
                     "comparator, a gsub callback, a main chunk of require); call wait outside");
  command->waiting = wait;
  return ms_wait_yield(L, wait, (lua_KContext)wait, after_wait);
}

static int
command_signal(lua_State *L)
{
  struct command *command = check_command(L);
  ms_process_signal(command->process, (int)luaL_checkinteger(L, 2));
  return 0;
}

static int
command_signal_tree(lua_State *L)
{
  struct command *command = check_command(L);
  int number = (int)luaL_checkinteger(L, 2);
  lua_pushinteger(L, ms_process_signal_tree(command->process, number));
  return 1;
}

static int
command_resize(lua_State *L)
{
  ms_process_resize(check_command(L)->process);
  return 0;
}

static int
command_tail(lua_State *L)
{
  struct command *command = check_command(L);
  size_t size_bytes = 0;
  const char *text = command->log ? ms_run_log_tail(command->log, &size_bytes) : "";
  lua_pushlstring(L, text, size_bytes);
  return 1;
}

/* note(line): a line of our own in the log. */
static int
command_note(lua_State *L)
{
  struct command *command = check_command(L);
  const char *line = luaL_checkstring(L, 2);
  if (command->log)
    ms_run_log_note(command->log, line);
  return 0;
}

/* finish_log() -> size in bytes, or nil and why it is incomplete */
static int
command_finish_log(lua_State *L)
{
  struct command *command = check_command(L);
  int64_t size_bytes = 0;
  struct ms_error err = {0};
  if (!command->log)
    return 0;
  enum ms_status status = ms_run_log_finish(command->log, &size_bytes, &err);
  ms_run_log_free(command->log);
  command->log = NULL;
  lua_pushinteger(L, size_bytes);
  if (status)
    lua_pushstring(L, err.message);
  else
    lua_pushnil(L);
  return 2;
}

static int
command_close(lua_State *L)
{
  struct command *command = luaL_checkudata(L, 1, CLASS);
  if (command->anchor != LUA_NOREF)
    release_anchor(command);
  ms_process_free(command->process);
  command->process = NULL;
  ms_run_log_free(command->log);
  command->log = NULL;
  return 0;
}

static int
command_index(lua_State *L)
{
  struct command *command = luaL_checkudata(L, 1, CLASS);
  const char *name = luaL_checkstring(L, 2);
  if (strcmp(name, "pid") == 0)
    lua_pushinteger(L, command->pid);
  else if (strcmp(name, "start_ticks") == 0)
    lua_pushinteger(L, (lua_Integer)command->start_ticks);
  else if (strcmp(name, "ended") == 0)
    lua_pushboolean(L, command->ended);
  else if (lua_getfield(L, lua_upvalueindex(1), name) == LUA_TNIL)
    return ms_raisef(L, MS_USAGE, "a command has no '%s'", name);
  return 1;
}

static int
command_tostring(lua_State *L)
{
  const struct command *command = luaL_checkudata(L, 1, CLASS);
  lua_pushfstring(L, "command (process %d%s)", (int)command->pid,
                  !command->process ? ", closed"
                  : command->ended  ? ", ended"
                                    : "");
  return 1;
}

/* become_subreaper(): orphans of commands are handed to this process from now on. */
static int
become_subreaper(lua_State *L)
{
  (void)L;
  ms_process_become_subreaper();
  return 0;
}

/* start_ticks(pid) -> when the kernel started the process, or nil when there is none */
static int
start_ticks(lua_State *L)
{
  uint64_t ticks = ms_process_start_ticks((pid_t)luaL_checkinteger(L, 1));
  if (ticks)
    lua_pushinteger(L, (lua_Integer)ticks);
  else
    lua_pushnil(L);
  return 1;
}

/* signal_variable("NAME=value", number) -> how many processes of this user, started with that variable,
 * got the signal; their descendants too */
static int
signal_variable(lua_State *L)
{
  const char *assignment = luaL_checkstring(L, 1);
  int number = (int)luaL_checkinteger(L, 2);
  lua_pushinteger(L, ms_process_tree_signal_variable(assignment, number));
  return 1;
}

/* recover_log(path): completes the log of a process that is gone. */
static int
recover_log(lua_State *L)
{
  struct ms_error err;
  if (ms_run_log_recover(luaL_checkstring(L, 1), &err))
    return ms_raise(L, &err);
  return 0;
}

static const luaL_Reg methods[] = {
    {"wait", command_wait},
    {"signal", command_signal},
    {"signal_tree", command_signal_tree},
    {"resize", command_resize},
    {"tail", command_tail},
    {"note", command_note},
    {"finish_log", command_finish_log},
    {"close", command_close},
    {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
    {"__gc", command_close},
    {"__close", command_close},
    {"__tostring", command_tostring},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"command", command_new},     {"become_subreaper", become_subreaper},
    {"start_ticks", start_ticks}, {"signal_variable", signal_variable},
    {"recover_log", recover_log}, {NULL, NULL},
};

void
ms_job_open_command(lua_State *L)
{
  luaL_newmetatable(L, CLASS); /* [module, metatable] */
  luaL_setfuncs(L, metamethods, 0);
  luaL_newlib(L, methods);
  lua_pushcclosure(L, command_index, 1);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  luaL_setfuncs(L, functions, 0);
}
