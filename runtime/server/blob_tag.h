/* The ETag of component data. */
#ifndef MS_SERVER_BLOB_TAG_H
#define MS_SERVER_BLOB_TAG_H

#include <stdbool.h>

enum { MS_BLOB_TAG_SIZE = 96 };

/* The header that tells what the bytes are: "0-HEX" or "SEGMENT-HEX", see ms_blob_checksum. */
#define MS_CHECKSUM_HEADER "Moonshift-MD5"

/* The tag of the file behind `fd`, in quotes: made from what changes whenever other bytes take their
 * place, and from nothing that would have to be read. */
void
ms_blob_tag(int fd, char tag[MS_BLOB_TAG_SIZE]);

/* Whether an If-None-Match header (a list of tags, or "*") names the tag. `header` may be NULL. */
bool
ms_blob_tag_matches(const char *header, const char *tag);

#endif
