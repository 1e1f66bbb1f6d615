/* os.exit as an error that nothing catches.
 *
 * os.exit raises an exit object: an error object with code "exit" and the field `exit_code`. pcall, xpcall
 * and coroutine.resume raise it again instead of catching it, so it unwinds everything, runs the closing
 * variables (which get it as their second argument) and ends the main task. */
#ifndef MS_BINDING_EXIT_H
#define MS_BINDING_EXIT_H

#include <lua.h>
#include <stdbool.h>

#include "binding/task.h"

/* Replaces os.exit, pcall and xpcall. */
void
ms_exit_install(lua_State *L);

/* Whether the value at `index` is an exit object. */
bool
ms_is_exit(lua_State *L, int index);

/* Whether it is an error object with code "cancelled". */
bool
ms_is_cancelled(lua_State *L, int index);

/* The exit code of an exit object. */
int
ms_exit_code(lua_State *L, int index);

/* Pops the error value that a spawned task or a callback ended with. When it is an exit object the main
 * task is cancelled with it, and ms_tasks_exiting tells. True for an exit object. */
bool
ms_exit_notice(struct ms_tasks *tasks, lua_State *L);

/* Whether a task or callback called os.exit; its code in `*code`. */
bool
ms_tasks_exiting(const struct ms_tasks *tasks, int *code);

#endif
