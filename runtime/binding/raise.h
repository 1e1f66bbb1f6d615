/* Error objects for Lua: tables {code, message, traceback} with a readable tostring.
 *
 * Script authors who forget to check must not carry on, so primitives raise. An error value of a
 * script's own that reaches a task's end is kept in the field `value` of such an object. */
#ifndef MS_BINDING_RAISE_H
#define MS_BINDING_RAISE_H

#include <lua.h>

#include "base/error.h"

/* Pushes the error object for `err`; the traceback is taken here. */
void
ms_push_error(lua_State *L, const struct ms_error *err);

/* Raises it. Never returns; the type lets a C function `return ms_raise(L, &err);`. */
int
ms_raise(lua_State *L, const struct ms_error *err) __attribute__((noreturn));

/* Fills and raises at once. */
int
ms_raisef(lua_State *L, enum ms_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4), noreturn));

/* A message handler for lua_pcall: turns a plain value into an error object with a traceback (code
 * "error"), leaves an error object as it is (adding a traceback when it lacks one). */
int
ms_message_handler(lua_State *L);

/* Whether the value at `index` is an error object. */
bool
ms_is_error(lua_State *L, int index);

/* Sets the metatable of error objects on the table on top, which has code and message. */
void
ms_make_error(lua_State *L);

/* The message of the error value at `index` as text, one line or more. Borrowed while it is on the
 * stack. Pushes one string. */
const char *
ms_error_text(lua_State *L, int index);

/* Message and, when there is one, the traceback: what an uncaught error prints. As above. */
const char *
ms_error_report(lua_State *L, int index);

/* Replaces the global `error` by one that refuses nil: a closing variable could not tell error(nil)
 * from a normal end. */
void
ms_raise_install(lua_State *L);

/* luaopen: the Lua module moonshift.core.error (new). */
int
luaopen_moonshift_core_error(lua_State *L);

#endif
