/* What the files of the blob store share. Nobody else includes this. */
#ifndef MS_STORE_BLOB_INTERNAL_H
#define MS_STORE_BLOB_INTERNAL_H

#include "store/blob.h"

enum {
  MS_BLOB_ID_MAX_BYTES = 128,
  MS_BLOB_NAME_SIZE = 3 + MS_BLOB_ID_MAX_BYTES + 1, /* "ab/" and the id with its NUL */
  MS_BLOB_FOLDER_SIZE = 3                           /* "ab" with its NUL */
};

struct ms_blobs {
  char *folder;    /* owned */
  int folder_fd;   /* everything is opened relative to it */
  int incoming_fd; /* of the folder with temporary files */
};

/* Where a blob is, relative to the folder. */
struct ms_blob_name {
  char folder[MS_BLOB_FOLDER_SIZE];
  char path[MS_BLOB_NAME_SIZE];
};

/* MS_INVALID for an id that is no plain name. */
enum ms_status
ms_blob_name(const char *id, struct ms_blob_name *name, struct ms_error *err);

#endif
