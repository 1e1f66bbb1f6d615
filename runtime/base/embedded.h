/* Files that are part of the program: scripts, libraries, the page.
 *
 * The build makes a table of a set of files (see moonshift_embed in CMakeLists.txt). In a development build
 * (MOONSHIFT_DEVELOPMENT) a file of the source tree comes before its copy in the program, so that an edit
 * needs no build. */
#ifndef MS_BASE_EMBEDDED_H
#define MS_BASE_EMBEDDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ms_embedded_file {
  const char *name; /* relative to the source tree: "scripts/wrap.lua"; NULL ends a table */
  const char *data; /* followed by a NUL */
  uint64_t size_bytes;
};

enum { MS_EMBEDDED_MAX_BYTES = 16 * 1024 * 1024 /* of a file that is read from the source tree */ };

/* The contents of a file: either the program's own bytes or a copy from the source tree. */
struct ms_embedded {
  const char *data;
  size_t size_bytes;
  char *copy; /* owned; NULL when the bytes are the program's */
};

/* Finds `name` in the table. False when there is none. On success free with ms_embedded_free. */
bool
ms_embedded_open(const struct ms_embedded_file *table, const char *name, struct ms_embedded *file);

void
ms_embedded_free(struct ms_embedded *file);

#endif
