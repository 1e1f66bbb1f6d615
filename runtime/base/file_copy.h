/* Copying a file, a step at a time, on any thread.
 *
 * The file system shares the blocks where it can; else the kernel copies them; else they go through memory. Holes
 * stay holes. What has been copied is on its way to the disk at once, so that a sync at the end is short, and a large
 * copy does not take the machine's memory. */
#ifndef MS_BASE_FILE_COPY_H
#define MS_BASE_FILE_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct ms_file_copy {
  int source;         /* borrowed; a regular file, open for reading */
  int target;         /* borrowed; a new file, open for writing */
  int64_t size_bytes; /* of the source when it began */
  int64_t done_bytes; /* from its beginning */
  bool is_over;       /* with fewer than `size_bytes` done, the source was made shorter meanwhile */
  bool is_shared;     /* the two have the same blocks: no byte was read */

  /* For file_copy.c. */
  bool is_sparse, is_through_memory;
  int64_t synced_bytes; /* on the disk already */
};

/* Begins; both descriptors must stay open until the end. */
enum ms_status
ms_file_copy_begin(struct ms_file_copy *copy, int source, int target, struct ms_error *err);

/* Copies some MiB. The target is neither synced nor closed at the end. The message tells the side that failed,
 * "writing: No space left on device", and wants the names put in front. */
enum ms_status
ms_file_copy_step(struct ms_file_copy *copy, struct ms_error *err);

#endif
