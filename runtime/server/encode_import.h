/* What ffmpeg made becomes component data on the thread pool: of a film of some gigabytes that takes seconds. */
#ifndef MS_SERVER_ENCODE_IMPORT_H
#define MS_SERVER_ENCODE_IMPORT_H

#include <stdint.h>

#include "base/error.h"

struct ms_encode_import;
struct ms_server;

/* The data are there, or `err` (borrowed, as long as this runs) says why not; the import is gone. */
typedef void (*ms_encode_import_done)(void *user, enum ms_status status, int64_t size_bytes,
                                      const struct ms_error *err);

/* Copies the file in as blob `id` and then removes it, in any case; it stays the caller's only where this fails.
 * `done` is called once from the loop, unless the import is left before. */
enum ms_status
ms_encode_import_start(struct ms_server *server, const char *id, const char *path,
                       ms_encode_import_done done, void *user, struct ms_encode_import **import,
                       struct ms_error *err);

/* The server closes: to be called after ms_offload_drain, when the data are there or will not be. `done` is not
 * called; the memory is freed when the loop runs next. NULL is fine. */
void
ms_encode_import_leave(struct ms_encode_import *import);

#endif
