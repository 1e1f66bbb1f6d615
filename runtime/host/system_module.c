/* The Lua module moonshift.core.system: what scripts need to know of process and machine. */
#include <errno.h>
#include <lauxlib.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/nearest.h"
#include "base/path.h"
#include "binding/options.h"
#include "binding/raise.h"
#include "host/help.h"
#include "host/host.h"
#include "host/signal.h"

/* Registry: the function that takes signals. */
static const char taker_key;

/* is_terminal(descriptor) -> boolean */
static int
system_is_terminal(lua_State *L)
{
  lua_pushboolean(L, isatty((int)luaL_checkinteger(L, 1)));
  return 1;
}

/* host_name() -> string */
static int
system_host_name(lua_State *L)
{
  char name[256];
  if (gethostname(name, sizeof name) != 0) {
    return ms_raisef(L, MS_IO, "cannot read the host's name: %s", strerror(errno));
  }
  name[sizeof name - 1] = '\0';
  lua_pushstring(L, name);
  return 1;
}

/* user_name() -> string: what the environment says comes first, containers often have no password entry */
static int
system_user_name(lua_State *L)
{
  static const char *const variables[] = {"LOGNAME", "USER", "USERNAME"};
  for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
    const char *name = getenv(variables[i]);
    if (name != NULL && name[0] != '\0') {
      lua_pushstring(L, name);
      return 1;
    }
  }
  const struct passwd *entry = getpwuid(getuid());
  lua_pushstring(L, entry != NULL ? entry->pw_name : "moonshift");
  return 1;
}

/* pid() -> integer */
static int
system_pid(lua_State *L)
{
  lua_pushinteger(L, getpid());
  return 1;
}

/* monotonic() -> seconds */
static int
system_monotonic(lua_State *L)
{
  lua_pushnumber(L, (lua_Number)ms_clock_monotonic_us() / 1e6);
  return 1;
}

/* now() -> seconds since 1970 */
static int
system_now(lua_State *L)
{
  lua_pushnumber(L, (lua_Number)ms_clock_now_us() / 1e6);
  return 1;
}

/* folder(kind) -> path */
static int
system_folder(lua_State *L)
{
  static const char *const kinds[] = {"data", "config", "state", "cache", NULL};
  const char *kind = kinds[luaL_checkoption(L, 1, NULL, kinds)];
  struct ms_error err;
  char *path = NULL;
  if (ms_path_xdg(kind, &path, &err) != MS_OK) {
    return ms_raise(L, &err);
  }
  lua_pushstring(L, path);
  free(path);
  return 1;
}

/* set_environment(name, value or nil) */
static int
system_set_environment(lua_State *L)
{
  const char *name = luaL_checkstring(L, 1);
  const char *value = luaL_optstring(L, 2, NULL);
  int failed = value != NULL ? setenv(name, value, 1) : unsetenv(name);
  if (failed) {
    return ms_raisef(L, MS_USAGE, "'%s' cannot be the name of an environment variable", name);
  }
  return 0;
}

/* Adds the type of a handle that keeps the loop alive to the list on top of the stack. */
static void
list_handle(uv_handle_t *handle, void *user)
{
  lua_State *L = user;
  if (uv_is_active(handle) && uv_has_ref(handle) && !uv_is_closing(handle)) {
    lua_pushstring(L, uv_handle_type_name(uv_handle_get_type(handle)));
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
  }
}

/* handles() -> list of names */
static int
system_handles(lua_State *L)
{
  struct ms_tasks *tasks = ms_tasks_of(L);
  lua_newtable(L);
  if (tasks != NULL) {
    uv_walk(ms_tasks_loop(tasks), list_handle, L);
  }
  return 1;
}

/* help(verb) -> text */
static int
system_help(lua_State *L)
{
  struct ms_buffer help;
  struct ms_error err;
  ms_buffer_init(&help, MS_HELP_MAX_BYTES);
  enum ms_status status = ms_help_of_verb(luaL_checkstring(L, 1), &help, &err);
  if (status == MS_OK) {
    lua_pushlstring(L, ms_buffer_string(&help), help.size_bytes);
  }
  ms_buffer_free(&help);
  return status == MS_OK ? 1 : ms_raise(L, &err);
}

/* program() -> path */
static int
system_program(lua_State *L)
{
  char path[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path);
  if (length < 0 || (size_t)length == sizeof path) {
    return ms_raisef(L, MS_IO, "cannot find the program's own path");
  }
  lua_pushlstring(L, path, (size_t)length);
  return 1;
}

/* make_folders(path [, private]) */
static int
system_make_folders(lua_State *L)
{
  struct ms_error err;
  mode_t mode = lua_toboolean(L, 2) ? 0700 : 0777;
  if (ms_path_make_folders(luaL_checkstring(L, 1), mode, &err) != MS_OK) {
    return ms_raise(L, &err);
  }
  return 0;
}

/* duration(text) -> seconds */
static int
system_duration(lua_State *L)
{
  lua_pushnumber(L, (lua_Number)ms_check_duration(L, 1) / 1000);
  return 1;
}

/* nearest(word, candidates) -> string or nil */
static int
system_nearest(lua_State *L)
{
  struct ms_nearest nearest = {.word = luaL_checkstring(L, 1)};
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_Integer count = luaL_len(L, 2);
  for (lua_Integer i = 1; i <= count; i++) {
    if (lua_geti(L, 2, i) == LUA_TSTRING) {
      ms_nearest_offer(&nearest, lua_tostring(L, -1)); /* the table keeps the string */
    }
    lua_pop(L, 1);
  }
  lua_pushstring(L, nearest.best); /* NULL becomes nil */
  return 1;
}

/* ---- signals ---- */

/* Calls the script's function from the loop; its error is reported as luv's are. */
static void
call_taker(void *user, int signal_number)
{
  lua_State *L = user;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &taker_key);
  lua_pushstring(L, ms_signal_name(signal_number));
  lua_pushinteger(L, signal_number);
  ms_state_call_back(L, 2);
}

/* on_signal(f or nil) */
static int
system_on_signal(lua_State *L)
{
  struct ms_signals *signals = ms_signals_of_process();
  lua_settop(L, 1);
  if (!lua_isnil(L, 1)) {
    luaL_checktype(L, 1, LUA_TFUNCTION);
  }
  if (signals == NULL) {
    return ms_raisef(L, MS_CLOSED, "signals cannot be taken while the program ends");
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  ms_signals_take(signals, lua_isnil(L, 1) ? NULL : call_taker, lua_tothread(L, -1));
  lua_pop(L, 1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &taker_key);
  return 0;
}

static const luaL_Reg system_functions[] = {
    {"duration", system_duration},         {"folder", system_folder},
    {"handles", system_handles},           {"help", system_help},
    {"host_name", system_host_name},       {"is_terminal", system_is_terminal},
    {"make_folders", system_make_folders}, {"monotonic", system_monotonic},
    {"nearest", system_nearest},           {"now", system_now},
    {"on_signal", system_on_signal},       {"pid", system_pid},
    {"program", system_program},           {"set_environment", system_set_environment},
    {"user_name", system_user_name},       {NULL, NULL},
};

int
luaopen_moonshift_core_system(lua_State *L)
{
  luaL_newlib(L, system_functions); /* [system] */
  lua_pushliteral(L, MS_VERSION);
  lua_setfield(L, -2, "version");
  return 1;
}
