/* Error objects for Lua: tables {code, message, traceback} with a readable tostring.
 *
 * Script authors who forget to check must not carry on, so primitives raise. */
#ifndef MS_BINDING_RAISE_H
#define MS_BINDING_RAISE_H

#include <lua.h>

#include "base/error.h"

/* Pushes the error object for `err`; the traceback is taken here. */
void
ms_push_error(lua_State *L, const struct ms_error *err);

/* Raises it. Never returns; the type lets a C function `return ms_raise(L, &err);`. */
int
ms_raise(lua_State *L, const struct ms_error *err);

/* Fills and raises at once. */
int
ms_raisef(lua_State *L, enum ms_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A message handler for lua_pcall: turns a plain value into an error object with a traceback, leaves an
 * error object as it is (adding a traceback when it lacks one). */
int
ms_message_handler(lua_State *L);

/* The message of the error value at `index` as text, one line or more. Borrowed while it is on the
 * stack. Pushes one string. */
const char *
ms_error_text(lua_State *L, int index);

#endif
