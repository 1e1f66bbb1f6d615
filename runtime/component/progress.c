#include "component/progress.h"

#include <lauxlib.h>

#include "base/log.h"
#include "binding/exit.h"
#include "binding/raise.h"
#include "binding/task.h"

void
ms_progress_open(lua_State *L, int index, struct ms_progress *progress)
{
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  progress->main = lua_tothread(L, -1);
  lua_pop(L, 1);
  progress->function = LUA_NOREF;
  if (index) {
    lua_pushvalue(L, index);
    progress->function = luaL_ref(L, LUA_REGISTRYINDEX);
  }
}

void
ms_progress_tell(struct ms_progress *progress, int64_t done_bytes, int64_t total_bytes)
{
  lua_State *L = progress->main;
  if (progress->function == LUA_NOREF)
    return;
  lua_rawgeti(L, LUA_REGISTRYINDEX, progress->function);
  lua_pushinteger(L, done_bytes);
  lua_pushinteger(L, total_bytes);
  if (lua_pcall(L, 2, 0, 0) == LUA_OK)
    return;
  bool is_ending = ms_is_cancelled(L, -1) || ms_is_exit(L, -1); /* a signal, or os.exit */
  if (!is_ending) {
    ms_log(MS_LOG_WARNING, "the progress function failed: %s", ms_error_text(L, -1));
    lua_pop(L, 1);
  }
  ms_exit_notice(ms_tasks_of(L), L);
  ms_progress_close(L, progress);
}

void
ms_progress_close(lua_State *L, struct ms_progress *progress)
{
  luaL_unref(L, LUA_REGISTRYINDEX, progress->function);
  progress->function = LUA_NOREF;
}
