/* Paths, folders and small files, with the XDG locations of this program.
 *
 * Results are owned by the caller (free with free()); NULL or a status on failure. */
#ifndef MS_BASE_PATH_H
#define MS_BASE_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

/* `folder` and `name` with one slash between; an absolute `name` is returned alone. Owned. */
char *
ms_path_join(const char *folder, const char *name);

/* What follows the last slash. Borrowed from `path`. */
const char *
ms_path_basename(const char *path);

/* The extension with its dot (".mov"), or "" (also for ".profile"). Borrowed from `path`. */
const char *
ms_path_extension(const char *path);

/* The program's folder for `kind`: "data", "config", "state" or "cache". MOONSHIFT_DATA counts for
 * "data"; otherwise $XDG_<KIND>_HOME/moonshift, otherwise the XDG default below $HOME. Not created.
 * MS_NOT_FOUND when neither is set. */
enum ms_status
ms_path_xdg(const char *kind, char **path, struct ms_error *err);

/* mkdir -p; new folders get `mode`. */
enum ms_status
ms_path_make_folders(const char *path, mode_t mode, struct ms_error *err);

/* Reads a whole regular file of at most `maximum_bytes`; the text is NUL-terminated and owned. */
enum ms_status
ms_path_read(const char *path, size_t maximum_bytes, char **text, size_t *size_bytes,
             struct ms_error *err);

/* Replaces the file as a whole: temporary file beside it, fsync, rename. */
enum ms_status
ms_path_write(const char *path, const void *data, size_t size_bytes, mode_t mode,
              struct ms_error *err);

#endif
