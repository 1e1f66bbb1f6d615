/* The exit object and the functions that let it through. */
#include "binding/exit.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdlib.h>
#include <string.h>

#include "binding/raise.h"
#include "binding/scheduler.h"

/* Whether the value is an error object of this code. */
static bool
has_code(lua_State *L, int index, const char *code)
{
  if (!ms_is_error(L, index)) {
    return false;
  }
  index = lua_absindex(L, index);
  lua_pushliteral(L, "code");
  lua_rawget(L, index);
  const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
  bool same = strcmp(text, code) == 0;
  lua_pop(L, 1);
  return same;
}

bool
ms_is_exit(lua_State *L, int index)
{
  return has_code(L, index, "exit");
}

bool
ms_is_cancelled(lua_State *L, int index)
{
  return has_code(L, index, ms_status_code(MS_CANCELLED));
}

int
ms_exit_code(lua_State *L, int index)
{
  index = lua_absindex(L, index);
  lua_pushliteral(L, "exit_code");
  lua_rawget(L, index);
  int code = (int)lua_tointeger(L, -1);
  lua_pop(L, 1);
  return code;
}

bool
ms_exit_notice(struct ms_tasks *tasks, lua_State *L)
{
  if (!ms_is_exit(L, -1)) {
    lua_pop(L, 1);
    return false;
  }
  tasks->exiting = true;
  tasks->exit_code = ms_exit_code(L, -1);
  if (tasks->main != NULL) {
    ms_task_cancel(L, tasks->main);
  } else {
    lua_pop(L, 1);
  }
  return true;
}

bool
ms_tasks_exiting(const struct ms_tasks *tasks, int *code)
{
  *code = tasks->exit_code;
  return tasks->exiting;
}

/* os.exit([code]): true, false or a number as in Lua. */
static int
exit_function(lua_State *L)
{
  int code = EXIT_SUCCESS;
  if (lua_isboolean(L, 1)) {
    code = lua_toboolean(L, 1) ? EXIT_SUCCESS : EXIT_FAILURE;
  } else {
    code = (int)luaL_optinteger(L, 1, EXIT_SUCCESS);
  }
  lua_createtable(L, 0, 4); /* error */
  lua_pushliteral(L, "exit");
  lua_setfield(L, -2, "code");
  lua_pushinteger(L, code);
  lua_setfield(L, -2, "exit_code");
  lua_pushfstring(L, "the script called os.exit(%d)", code);
  lua_setfield(L, -2, "message");
  lua_pushliteral(L, ""); /* nobody is to see one */
  lua_setfield(L, -2, "traceback");
  ms_make_error(L);
  return lua_error(L);
}

/* Continuation of both protected calls: results begin behind the first `context` slots. */
static int
protected_end(lua_State *L, int status, lua_KContext context)
{
  if (status == LUA_OK || status == LUA_YIELD) {
    return lua_gettop(L) - (int)context;
  }
  if (ms_is_exit(L, -1)) {
    return lua_error(L);
  }
  lua_pushboolean(L, false);
  lua_pushvalue(L, -2);
  return 2;
}

/* pcall(f, ...) as Lua's. */
static int
pcall_function(lua_State *L)
{
  luaL_checkany(L, 1);
  lua_pushboolean(L, true);
  lua_insert(L, 1); /* true, f, arguments… */
  int status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, protected_end);
  return protected_end(L, status, 0);
}

/* The handler that xpcall was given, kept from seeing exit objects. */
static int
handle_unless_exit(lua_State *L)
{
  if (ms_is_exit(L, 1)) {
    return 1;
  }
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  return lua_gettop(L);
}

/* xpcall(f, handler, ...) as Lua's. */
static int
xpcall_function(lua_State *L)
{
  int count = lua_gettop(L);
  luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_pushvalue(L, 2);
  lua_pushcclosure(L, handle_unless_exit, 1);
  lua_replace(L, 2); /* f, handler, arguments… */
  lua_pushboolean(L, true);
  lua_pushvalue(L, 1);
  lua_rotate(L, 3, 2); /* f, handler, true, f, arguments… */
  int status = lua_pcallk(L, count - 2, LUA_MULTRET, 2, 2, protected_end);
  return protected_end(L, status, 2);
}

void
ms_exit_install(lua_State *L)
{
  lua_register(L, "pcall", pcall_function);
  lua_register(L, "xpcall", xpcall_function);
  lua_getglobal(L, LUA_OSLIBNAME);
  if (lua_istable(L, -1)) {
    lua_pushcfunction(L, exit_function);
    lua_setfield(L, -2, "exit");
  }
  lua_pop(L, 1);
}
