/* Small pictures of components' data, kept in the cache folder under the tag of the data: the same bytes have the
 * same picture. */
#ifndef MS_SERVER_THUMBNAIL_MAKE_H
#define MS_SERVER_THUMBNAIL_MAKE_H

#include <stdint.h>

#include "server/thumbnail_tool.h"

enum {
  MS_THUMBNAIL_SIZE_DEFAULT = 300, /* pixels */
  MS_THUMBNAIL_RETRY_S = 60 * 60 /* until data of which no picture could be made are tried again */
};

/* The size that is made for the one that was asked for (text of a number, or NULL): the next smaller of a few, so
 * that few are kept. */
int
ms_thumbnail_size(const char *wanted);

/* Where the picture of the data with this tag and size is kept, whether it is there or not. Owned. */
enum ms_status
ms_thumbnail_path(const char *tag, int size_pixels, char **path, struct ms_error *err);

/* Opens a picture that is kept: the caller closes *fd. MS_NOT_FOUND: it is to be made; MS_INVALID: that failed not
 * long ago. */
enum ms_status
ms_thumbnail_open(const char *path, int *fd, int64_t *size_bytes, struct ms_error *err);

/* Makes the picture of the data behind `source`, or notes that none can be made of it. It is at `path` whole or not
 * at all. For a worker thread, see ms_thumbnail_run. */
enum ms_status
ms_thumbnail_make(const struct ms_thumbnail_kind *kind, int source, const char *path,
                  int size_pixels, struct ms_error *err);

#endif
