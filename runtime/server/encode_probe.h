/* What a picture or a film measures, as ffprobe says, in the form that web players look for: the metadata
 * `ftr_meta` of a component. */
#ifndef MS_SERVER_ENCODE_PROBE_H
#define MS_SERVER_ENCODE_PROBE_H

#include <stdbool.h>
#include <uv.h>

#include "base/error.h"

enum { MS_ENCODE_META_SIZE = 256 };

struct ms_encode_probe;

/* `meta` is JSON text, {"frameIn", "frameOut", "frameRate", "height", "width"} of a film, frames being counted
 * from 0, and {"format": "image", "height", "width"} of a picture; "" when it could not be found out. */
typedef void (*ms_encode_probe_done)(void *user, const char *meta);

/* Asks about the file. `done` is called once from the loop, unless the probe is freed before. MS_NOT_FOUND
 * without ffprobe. */
enum ms_status
ms_encode_probe_start(uv_loop_t *loop, const char *path, bool is_film, ms_encode_probe_done done,
                      void *user, struct ms_encode_probe **probe, struct ms_error *err);

/* Gives up; when `done` is called the probe is gone already. NULL is fine. */
void
ms_encode_probe_free(struct ms_encode_probe *probe);

/* Prints the metadata from what ffprobe wrote; false when something is missing there. */
bool
ms_encode_probe_read(const char *json, size_t json_bytes, bool is_film,
                     char meta[MS_ENCODE_META_SIZE]);

#endif
