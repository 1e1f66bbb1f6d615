/* Verbs: scripts by name. The program's own come first, so nobody can shadow them; then the folders of
 * MOONSHIFT_PATH; then the folder `scripts` beside the configuration. Never the current folder. */
#ifndef MS_HOST_VERB_H
#define MS_HOST_VERB_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum { MS_VERB_SCRIPT_MAX_BYTES = 16 * 1024 * 1024 };

struct ms_verb {
  char *chunk_name; /* owned: "@scripts/wrap.lua", "@/home/ada/verbs/nightly.lua" */
  char *text;       /* owned */
  size_t text_bytes;
  bool bundled;
};

/* Reads the verb `name`. MS_NOT_FOUND when there is none, with the nearest one in the message; MS_IO and
 * the like when its file cannot be read. On success free with ms_verb_free. */
enum ms_status
ms_verb_open(const char *name, struct ms_verb *verb, struct ms_error *err);

void
ms_verb_free(struct ms_verb *verb);

/* Calls `visit` for each verb that ms_verb_open would find, sorted by name, the program's own first. The
 * name is borrowed during the call. */
void
ms_verb_each(void (*visit)(void *user, const char *name, bool bundled), void *user);

/* The folders of users' verbs, absolute, in search order: a NULL-terminated array. Owned, free each and
 * the array. NULL when out of memory. */
char **
ms_verb_folders(void);

void
ms_verb_folders_free(char **folders);

#endif
