/* The programs that make small pictures: ImageMagick and ffmpeg, where they are installed.
 *
 * What people upload may be hostile. A program is told the format, which is taken from the file's name, and never
 * finds it out by itself; it reads the data from a descriptor and writes to another, so that no path is part of
 * its command; its memory, time and output are limited. */
#ifndef MS_SERVER_THUMBNAIL_TOOL_H
#define MS_SERVER_THUMBNAIL_TOOL_H

#include <stdbool.h>

#include "base/error.h"

enum {
  MS_THUMBNAIL_TIME_MAX_MS = 8000,
  MS_THUMBNAIL_MEMORY_MAX_MIB = 2048,
  MS_THUMBNAIL_PIXELS_MAX = 128 * 1024 * 1024 /* of the original */
};

/* How a picture of a media type is made; NULL when it cannot be. Static. */
struct ms_thumbnail_kind;
const struct ms_thumbnail_kind *
ms_thumbnail_kind_find(const char *media_type);

/* Whether a picture could be made of a file of this name. */
bool
ms_thumbnail_is_possible(const char *file_name);

/* Writes a JPEG inside of size × size pixels to `target`; a small original is not made larger. Both descriptors stay
 * the caller's. For a worker thread: it takes up to MS_THUMBNAIL_TIME_MAX_MS. MS_NOT_FOUND: no program is
 * installed; MS_INVALID: none of them can read it; MS_TIMEOUT. */
enum ms_status
ms_thumbnail_run(const struct ms_thumbnail_kind *kind, int source, int target, int size_pixels,
                 struct ms_error *err);

#endif
