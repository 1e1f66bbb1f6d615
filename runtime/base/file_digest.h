/* The MD5 of a range of a file, read piece by piece: of the whole, or of the MD5s of its segments. Segments are read
 * eight at a time, which is three times as fast. */
#ifndef MS_BASE_FILE_DIGEST_H
#define MS_BASE_FILE_DIGEST_H

#include <stdbool.h>

#include "base/error.h"
#include "base/md5_lanes.h"

/* What it is of. */
struct ms_file_digest_range {
  int fd;                /* borrowed */
  int64_t offset;        /* where it begins */
  int64_t segment_bytes; /* 0: the MD5 of all bytes; else that of the MD5s of segments of so many */
};

struct ms_file_digest {
  struct ms_file_digest_range range;
  int64_t done_bytes; /* from the range's beginning; of whole segments while lanes are read */
  struct ms_md5_stream stream;   /* of the whole, or of the segment that is read alone */
  struct ms_md5_stream segments; /* of the segments' MD5s */
  struct ms_md5_lanes lanes;     /* of the segments that are read side by side */
  int64_t lane_count;            /* 0: none are */
  int64_t lane_bytes;            /* done of each */
};

/* The segments in which the digest of so many bytes is best taken; 0: the whole. */
int64_t
ms_file_digest_segment(int64_t size_bytes);

void
ms_file_digest_begin(struct ms_file_digest *digest, const struct ms_file_digest_range *range);

/* Whether there is something to read while `available_bytes` are there; `is_all`: no more will come. */
bool
ms_file_digest_is_ready(const struct ms_file_digest *digest, int64_t available_bytes, bool is_all);

/* Reads some of it: at most some MiB, others want the thread, too. MS_IO when the file is shorter. */
enum ms_status
ms_file_digest_read(struct ms_file_digest *digest, int64_t available_bytes, bool is_all,
                    struct ms_error *err);

/* How much has been read so far. */
int64_t
ms_file_digest_done_bytes(const struct ms_file_digest *digest);

/* All has been read. */
void
ms_file_digest_end(struct ms_file_digest *digest, char hex[MS_MD5_HEX_SIZE]);

/* All of it at once. */
enum ms_status
ms_file_digest_compute(const struct ms_file_digest_range *range, int64_t total_bytes,
                       char hex[MS_MD5_HEX_SIZE], struct ms_error *err);

#endif
