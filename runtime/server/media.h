/* How a file is named and typed in an HTTP answer. */
#ifndef MS_SERVER_MEDIA_H
#define MS_SERVER_MEDIA_H

#include "base/buffer.h"

/* The media type for a file name, by its extension; "application/octet-stream" for an unknown one.
 * Static text. */
const char *
ms_media_type(const char *file_name);

/* Appends the value of Content-Disposition that offers a download as `file_name` (RFC 6266): a plain
 * ASCII name for old clients and, where that differs, the true one in UTF-8. Only the part behind the
 * last slash counts; control characters become "_". */
void
ms_media_disposition(const char *file_name, struct ms_buffer *value);

#endif
