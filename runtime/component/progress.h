/* The progress function that a script gave for a transfer. For the files of this folder.
 *
 * It is called from the loop: it may look and print, not wait; an error in it is reported and ends the reporting, never
 * the transfer. */
#ifndef MS_COMPONENT_PROGRESS_H
#define MS_COMPONENT_PROGRESS_H

#include <lua.h>
#include <stdint.h>

struct ms_progress {
  lua_State *main;
  int function; /* registry reference, or LUA_NOREF */
};

/* Takes the function at `index`; 0: there is none. */
void
ms_progress_open(lua_State *L, int index, struct ms_progress *progress);

/* Calls it with two numbers of bytes. */
void
ms_progress_tell(struct ms_progress *progress, int64_t done_bytes, int64_t total_bytes);

/* Lets go of it. Any number of times. */
void
ms_progress_close(lua_State *L, struct ms_progress *progress);

#endif
