/* A file on its way into or out of the blobs, a step at a time, without a loop. For embedded_file.c. */
#ifndef MS_TRANSPORT_EMBEDDED_MOVE_H
#define MS_TRANSPORT_EMBEDDED_MOVE_H

#include <sys/stat.h>

#include "base/file_copy.h"
#include "store/blob.h"
#include "base/file_digest.h"
#include "transport/embedded.h"

struct ms_embedded_move {
  struct ms_shared_api *shared; /* joined, because the session may end meanwhile */
  struct ms_file_copy copy;
  int source, target;                   /* -1: closed */
  char *path;                           /* owned; of the file that is no blob */
  struct stat before;                   /* upload: the file as it was opened */
  struct ms_blob_writer *writer;        /* upload; NULL: committed */
  char expected[MS_BLOB_CHECKSUM_SIZE]; /* download: what the blob is known to be, or "" */
  bool is_upload, has_digest, is_over;
  struct ms_file_digest digest; /* of the file that is no blob */
  enum ms_status status;        /* the end, when it is over */
  struct ms_error err;
};

/* Opens both sides. MS_USAGE and MS_PERMISSION for a URL that is not signed for this, MS_NOT_FOUND and MS_INVALID for a
 * file that cannot be moved, MS_NOT_FOUND where there are no data. On failure nothing is left to end. */
enum ms_status
ms_embedded_move_begin(struct ms_embedded *embedded, bool is_upload,
                       const struct ms_transport_file *file, struct ms_embedded_move *move,
                       struct ms_error *err);

/* Goes on for some tens of milliseconds, on any thread. False at the end: `status` and `err` tell it. What was moved is
 * durable and verified then. */
bool
ms_embedded_move_step(struct ms_embedded_move *move);

/* How far it is, of copy.size_bytes: a byte counts half when it is copied, and half when it is in the checksum. */
int64_t
ms_embedded_move_done(const struct ms_embedded_move *move);

/* Closes what is open. A move that is not over leaves nothing behind. */
void
ms_embedded_move_end(struct ms_embedded_move *move);

#endif
