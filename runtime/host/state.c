/* The Lua state: what a script finds in it, and where `require` looks. */
#include "host/host.h"

#include <lauxlib.h>
#include <lua-cjson.h>
#include <lualib.h>
#include <luv/luv.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/path.h"
#include "binding/exit.h"
#include "binding/raise.h"
#include "component/component.h"
#include "job/job.h"
#include "session/event_channel.h"
#include "session/session.h"
#include "host/verb.h"

int
luaopen_cjson_safe(lua_State *L); /* exported by lua-cjson, not declared */

/* ---- luv on our loop ---- */

/* Calls a callback (function and `argument_count` arguments on top) for luv. Its error is reported with a
 * traceback and never stops the loop. luv wants the number of results, or minus a status. */
static int
call_callback(lua_State *L, int argument_count, int result_count, int flags)
{
  (void)flags;
  int function = lua_gettop(L) - argument_count;
  lua_pushcfunction(L, ms_message_handler);
  lua_insert(L, function);
  int status = lua_pcall(L, argument_count, result_count, function);
  lua_remove(L, function);
  if (status == LUA_OK) {
    return lua_gettop(L) - function + 1;
  }
  struct ms_tasks *tasks = ms_tasks_of(L);
  if (ms_is_exit(L, -1) && tasks != NULL) {
    ms_exit_notice(tasks, L);
  } else if (ms_is_cancelled(L, -1)) { /* by a signal: the main task has got it too */
    lua_pop(L, 1);
  } else {
    fprintf(stderr, "moonshift: error in a callback: %s\n", ms_error_report(L, -1));
    lua_pop(L, 2);
  }
  return -status;
}

void
ms_state_call_back(lua_State *L, int argument_count)
{
  call_callback(L, argument_count, 0, 0);
}

/* require "luv", without the functions that would run or close the loop that the host runs. */
static int
open_luv(lua_State *L)
{
  static const char *const removed[] = {"run", "stop", "loop_close", "walk", "loop_configure"};
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  lua_State *main = lua_tothread(L, -1);
  luv_set_loop(main, ms_tasks_loop(ms_tasks_of(L)));
  luv_set_callback(main, call_callback);
  lua_pushcfunction(main, luaopen_luv); /* on the main thread: callbacks run there */
  lua_call(main, 0, 1);
  for (size_t i = 0; i < sizeof removed / sizeof removed[0]; i++) {
    lua_pushnil(main);
    lua_setfield(main, -2, removed[i]);
  }
  lua_xmove(main, L, 1);
  return 1;
}

/* ---- modules ---- */

/* Modules in C, by the name that require takes. A row is all that a new one needs. */
static const struct {
  const char *name;
  lua_CFunction open;
} c_modules[] = {
    {"cjson", luaopen_cjson},
    {"cjson.safe", luaopen_cjson_safe},
    {"luv", open_luv},
    {"moonshift.core.component", luaopen_moonshift_core_component},
    {"moonshift.core.error", luaopen_moonshift_core_error},
    {"moonshift.core.events", luaopen_moonshift_core_events},
    {"moonshift.core.job", luaopen_moonshift_core_job},
    {"moonshift.core.session", luaopen_moonshift_core_session},
    {"moonshift.core.system", luaopen_moonshift_core_system},
    {"moonshift.core.task", luaopen_moonshift_core_task},
    {"moonshift.core.tracker", luaopen_moonshift_core_tracker},
};

static void
preload_modules(lua_State *L)
{
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  for (size_t i = 0; i < sizeof c_modules / sizeof c_modules[0]; i++) {
    lua_pushcfunction(L, c_modules[i].open);
    lua_setfield(L, -2, c_modules[i].name);
  }
  lua_pop(L, 1);
}

/* Opens lua/NAME.lua or lua/NAME/init.lua; `*file_name` is pushed. */
static bool
open_module(lua_State *L, const char *name, struct ms_embedded *file, const char **file_name)
{
  const char *path = luaL_gsub(L, name, ".", "/");
  *file_name = lua_pushfstring(L, "lua/%s.lua", path);
  if (ms_embedded_open(ms_embedded_scripts, *file_name, file)) {
    return true;
  }
  *file_name = lua_pushfstring(L, "lua/%s/init.lua", path);
  return ms_embedded_open(ms_embedded_scripts, *file_name, file);
}

static bool
is_ours(const char *name)
{
  size_t length = strlen("moonshift");
  return strncmp(name, "moonshift", length) == 0 && (name[length] == '\0' || name[length] == '.');
}

/* The searcher of the library that is part of the program. Only `moonshift` and `moonshift.*` are in it,
 * and nothing else can take their place. */
static int
search_embedded(lua_State *L)
{
  const char *name = luaL_checkstring(L, 1);
  struct ms_embedded file;
  const char *file_name = NULL;
  if (!is_ours(name)) {
    lua_pushliteral(L, "");
    return 1;
  }
  if (!open_module(L, name, &file, &file_name)) {
    return luaL_error(L, "module '%s' is not part of moonshift", name);
  }
  const char *chunk_name = lua_pushfstring(L, "@%s", file_name);
  ms_strict_add(L, chunk_name);
  int status = luaL_loadbufferx(L, file.data, file.size_bytes, chunk_name, "t");
  ms_embedded_free(&file);
  if (status != LUA_OK) {
    return luaL_error(L, "error loading module '%s':\n\t%s", name, lua_tostring(L, -1));
  }
  lua_pushstring(L, file_name);
  return 2;
}

/* Puts our searcher behind the one for preloaded modules. */
static void
install_searcher(lua_State *L)
{
  lua_getglobal(L, LUA_LOADLIBNAME); /* package */
  lua_getfield(L, -1, "searchers");  /* package, searchers */
  for (int i = (int)lua_rawlen(L, -1); i >= 2; i--) {
    lua_rawgeti(L, -1, i);
    lua_rawseti(L, -2, i + 1);
  }
  lua_pushcfunction(L, search_embedded);
  lua_rawseti(L, -2, 2);
  lua_pop(L, 2);
}

/* ---- where modules are searched ---- */

/* Lua's own defaults end in the current folder; ours do not. What LUA_PATH says stays. */
static void
drop_current_folder(lua_State *L, const char *field, const char *with, const char *without)
{
  lua_getfield(L, -1, field); /* package, path */
  luaL_gsub(L, lua_tostring(L, -1), with, without);
  lua_setfield(L, -3, field);
  lua_pop(L, 1);
}

#define CURRENT_FOLDER_LUA ";./?.lua;./?/init.lua"
#define CURRENT_FOLDER_C ";./?.so"

/* The front part of a default that ends in `suffix`, pushed. */
static const char *
push_without(lua_State *L, const char *path, const char *suffix)
{
  const char *at = strstr(path, suffix);
  return at != NULL ? lua_pushlstring(L, path, (size_t)(at - path)) : lua_pushstring(L, path);
}

void
ms_state_add_folder(lua_State *L, const char *folder)
{
  lua_getglobal(L, LUA_LOADLIBNAME);
  lua_getfield(L, -1, "path");
  lua_pushfstring(L, "%s/?.lua;%s/?/init.lua;%s", folder, folder, lua_tostring(L, -1));
  lua_setfield(L, -3, "path");
  lua_pop(L, 2);
}

static void
set_paths(lua_State *L)
{
  const char *lua_path = push_without(L, LUA_PATH_DEFAULT, CURRENT_FOLDER_LUA);
  const char *c_path = push_without(L, LUA_CPATH_DEFAULT, CURRENT_FOLDER_C);
  lua_getglobal(L, LUA_LOADLIBNAME);
  drop_current_folder(L, "path", LUA_PATH_DEFAULT, lua_path);
  drop_current_folder(L, "cpath", LUA_CPATH_DEFAULT, c_path);
  lua_pop(L, 3);
}

/* Modules of a user's verbs are beside them. */
static void
add_verb_folders(lua_State *L)
{
  char **folders = ms_verb_folders();
  size_t count = 0;
  while (folders != NULL && folders[count] != NULL) {
    count++;
  }
  while (count > 0) {
    ms_state_add_folder(L, folders[--count]);
  }
  ms_verb_folders_free(folders);
}

/* ---- the state ---- */

/* The loop comes as the argument. */
static int
fill_state(lua_State *L)
{
  uv_loop_t *loop = lua_touserdata(L, 1);
  luaL_openlibs(L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  ms_tasks_new(lua_tothread(L, -1), loop);
  preload_modules(L);
  install_searcher(L);
  set_paths(L);
  add_verb_folders(L);
  ms_strict_install(L);
  return 0;
}

lua_State *
ms_state_new(uv_loop_t *loop)
{
  lua_State *L = luaL_newstate();
  if (L == NULL) {
    return NULL;
  }
  lua_pushcfunction(L, fill_state);
  lua_pushlightuserdata(L, loop);
  if (lua_pcall(L, 1, 0, 0) != LUA_OK) {
    ms_log(MS_LOG_ERROR, "cannot prepare Lua: %s", lua_tostring(L, -1));
    lua_close(L);
    return NULL;
  }
  return L;
}
