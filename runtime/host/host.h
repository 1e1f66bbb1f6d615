/* The host: one loop, one Lua state, the tasks on it. */
#ifndef MS_HOST_HOST_H
#define MS_HOST_HOST_H

#include <lua.h>
#include <stdbool.h>
#include <uv.h>

#include "base/embedded.h"
#include "base/error.h"
#include "binding/task.h"

#define MS_VERSION MOONSHIFT_VERSION

enum { MS_EXIT_USAGE = 2, MS_EXIT_SIGNAL = 128 /* + the signal's number */ };

/* lua/ and scripts/. */
extern const struct ms_embedded_file ms_embedded_scripts[];

struct ms_host {
  uv_loop_t loop;
  lua_State *L;
  struct ms_tasks *tasks;
  struct ms_signals *signals;
};

/* Opens loop, Lua state and signal handlers. On failure nothing is left open. */
enum ms_status
ms_host_open(struct ms_host *host, struct ms_error *err);

/* Ends what is left of the tasks, closes everything that they held, in the order that is clean. */
void
ms_host_close(struct ms_host *host);

/* Makes a Lua state for `loop`: the libraries, a strict _G, luv and cjson to be required, our modules,
 * and a module search that leaves out the current folder. NULL when out of memory. */
lua_State *
ms_state_new(uv_loop_t *loop);

/* Calls the function and `argument_count` arguments on top of L, the main thread, out of a callback of the
 * loop, without results. An error is printed with its traceback; os.exit ends the main task. */
void
ms_state_call_back(lua_State *L, int argument_count);

/* Puts `folder`/?.lua and `folder`/?/init.lua at the front of package.path. */
void
ms_state_add_folder(lua_State *L, const char *folder);

/* Makes reading an undeclared global an error in chunks whose name was given to ms_strict_add, and
 * assigning one too unless it happens in the chunk itself, outside of functions. */
void
ms_strict_install(lua_State *L);

void
ms_strict_add(lua_State *L, const char *chunk_name);

/* luaopen: the Lua module moonshift.core.system. */
int
luaopen_moonshift_core_system(lua_State *L);

/* luaopen: the Lua module moonshift.core.tracker. */
int
luaopen_moonshift_core_tracker(lua_State *L);

#endif
