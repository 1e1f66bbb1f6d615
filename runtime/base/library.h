/* Shared libraries that are loaded on first use.
 *
 * libcurl and libmicrohttpd draw in dozens of others, which costs milliseconds at every start; a script
 * that never goes to the network should not pay them. A module lists the functions that it uses and
 * gets them in a table. */
#ifndef MS_BASE_LIBRARY_H
#define MS_BASE_LIBRARY_H

#include <stddef.h>

#include "base/error.h"

/* Loads `soname` and stores the address of names[i] in slots[i], for i < count. Loaded once and never
 * unloaded; MS_NOT_FOUND names the library or function that is missing. Not thread-safe: call it from
 * the loop's thread. */
enum ms_status
ms_library_load(const char *soname, const char *const *names, void **slots, size_t count,
                struct ms_error *err);

#endif
