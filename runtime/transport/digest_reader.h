/* Reads a range of a file piece by piece for its MD5: of the whole, or of the MD5s of its segments. Segments are
 * read eight at a time, which is three times as fast. For digest.c. */
#ifndef MS_TRANSPORT_DIGEST_READER_H
#define MS_TRANSPORT_DIGEST_READER_H

#include <stdbool.h>

#include "base/md5_lanes.h"
#include "transport/digest.h"

struct ms_digest_reader {
  struct ms_digest_range range;
  int64_t done_bytes; /* from the range's beginning; of whole segments while lanes are read */
  struct ms_md5_stream stream;   /* of the whole, or of the segment that is read alone */
  struct ms_md5_stream segments; /* of the segments' MD5s */
  struct ms_md5_lanes lanes;     /* of the segments that are read side by side */
  int64_t lane_count;            /* 0: none are */
  int64_t lane_bytes;            /* done of each */
};

void
ms_digest_reader_begin(struct ms_digest_reader *reader, const struct ms_digest_range *range);

/* Whether there is something to read while `available_bytes` are there; `is_all`: no more will come. */
bool
ms_digest_reader_is_ready(const struct ms_digest_reader *reader, int64_t available_bytes,
                          bool is_all);

/* Reads some of it: at most some MiB, others want the thread, too. MS_IO when the file is shorter. */
enum ms_status
ms_digest_reader_read(struct ms_digest_reader *reader, int64_t available_bytes, bool is_all,
                      struct ms_error *err);

/* How much has been read so far. */
int64_t
ms_digest_reader_read_bytes(const struct ms_digest_reader *reader);

/* All has been read. */
void
ms_digest_reader_end(struct ms_digest_reader *reader, char hex[MS_MD5_HEX_SIZE]);

#endif
