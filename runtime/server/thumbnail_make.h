/* Small pictures of what people upload, made by ImageMagick or ffmpeg where they are installed, and kept in the cache
 * folder.
 *
 * What is uploaded may be hostile: the program is told the format, may use so much memory and time and no more,
 * and opens that one file. */
#ifndef MS_SERVER_THUMBNAIL_MAKE_H
#define MS_SERVER_THUMBNAIL_MAKE_H

#include "base/error.h"

enum {
  MS_THUMBNAIL_SIZE_MIN =
      16, /* pixels; sizes are rounded up to powers of two, so that few are kept */
  MS_THUMBNAIL_SIZE_MAX = 2048,
  MS_THUMBNAIL_SIZE_DEFAULT = 300,
  MS_THUMBNAIL_TIME_MAX_MS = 8000
};

/* How a picture of a media type is made; NULL when it cannot be. Static. */
struct ms_thumbnail_kind;
const struct ms_thumbnail_kind *
ms_thumbnail_kind_find(const char *media_type);

/* Where the picture of the data with this tag and size is kept, whether it is there or not. Owned. */
enum ms_status
ms_thumbnail_path(const char *tag, int size_pixels, char **path, struct ms_error *err);

/* Makes the picture of the file at `source`: JPEG, inside of size × size pixels. It is at `path` whole or not at
 * all. For a worker thread: it takes up to MS_THUMBNAIL_TIME_MAX_MS. MS_NOT_FOUND: the program is not
 * installed. */
enum ms_status
ms_thumbnail_make(const struct ms_thumbnail_kind *kind, const char *source, const char *path,
                  int size_pixels, struct ms_error *err);

#endif
