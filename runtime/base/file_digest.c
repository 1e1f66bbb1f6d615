/* Alone, bytes go through one stream. Side by side, the same number of bytes of each of several segments is read in
 * turn, until all of them are done. */
#include "base/file_digest.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/id.h"

enum {
  READ_BYTES = 256 * 1024,
  LANE_READ_BYTES = READ_BYTES / MS_MD5_LANES,
  WORK_BYTES = 16 * 1024 * 1024, /* at a time */
  LANES_WORTH = 2,               /* as many segments are read side by side */

  MIB = 1024 * 1024,
  ALONE_BYTES = 64 * 1024, /* smaller files are not worth segments */
  SEGMENT_BYTES = 16 * MIB,
  SEGMENTS_MAX = 1000
};

void
ms_file_digest_begin(struct ms_file_digest *digest, const struct ms_file_digest_range *range)
{
  *digest = (struct ms_file_digest){.range = *range};
  ms_md5_stream_begin(&digest->stream);
  ms_md5_stream_begin(&digest->segments);
}

static int64_t
smaller(int64_t a, int64_t b)
{
  return a < b ? a : b;
}

/* How many segments may be read side by side from here on. */
static int64_t
count_lanes(const struct ms_file_digest *digest, int64_t available_bytes)
{
  int64_t segment_bytes = digest->range.segment_bytes;
  if (segment_bytes == 0 || digest->done_bytes % segment_bytes != 0) {
    return 0;
  }
  int64_t count = smaller((available_bytes - digest->done_bytes) / segment_bytes, MS_MD5_LANES);
  return count >= LANES_WORTH ? count : 0;
}

bool
ms_file_digest_is_ready(const struct ms_file_digest *digest, int64_t available_bytes, bool is_all)
{
  if (digest->lane_count > 0) {
    return true;
  }
  if (is_all || digest->range.segment_bytes == 0) {
    return digest->done_bytes < available_bytes;
  }
  return count_lanes(digest, available_bytes) == MS_MD5_LANES;
}

/* All of it, or MS_IO. */
static enum ms_status
read_at(const struct ms_file_digest *digest, int64_t offset, void *room, size_t size_bytes,
        struct ms_error *err)
{
  char *end = room;
  while (size_bytes > 0) {
    ssize_t got = pread(digest->range.fd, end, size_bytes, digest->range.offset + offset);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return ms_fail_errno(err, errno, "cannot read the file for its checksum");
    }
    if (got == 0) {
      return ms_fail(err, MS_IO, "the file became shorter while it was moved");
    }
    end += got;
    offset += got;
    size_bytes -= (size_t)got;
  }
  return MS_OK;
}

/* ---- alone ---- */

static void
end_segment(struct ms_file_digest *digest)
{
  uint8_t md5[MS_MD5_BYTES];
  ms_md5_stream_end(&digest->stream, md5);
  ms_md5_stream_add(&digest->segments, md5, sizeof md5);
  ms_md5_stream_begin(&digest->stream);
}

/* Not beyond `limit_bytes`, nor beyond the segment. */
static enum ms_status
read_alone(struct ms_file_digest *digest, int64_t limit_bytes, char *room, struct ms_error *err)
{
  int64_t segment_bytes = digest->range.segment_bytes;
  int64_t end = limit_bytes;
  if (segment_bytes > 0) {
    end = smaller(end, (digest->done_bytes / segment_bytes + 1) * segment_bytes);
  }
  end = smaller(end, digest->done_bytes + WORK_BYTES);
  while (digest->done_bytes < end) {
    size_t size_bytes = (size_t)smaller(end - digest->done_bytes, READ_BYTES);
    enum ms_status status = read_at(digest, digest->done_bytes, room, size_bytes, err);
    if (status != MS_OK) {
      return status;
    }
    ms_md5_stream_add(&digest->stream, room, size_bytes);
    digest->done_bytes += (int64_t)size_bytes;
  }
  if (segment_bytes > 0 && digest->done_bytes % segment_bytes == 0) {
    end_segment(digest);
  }
  return MS_OK;
}

/* ---- side by side ---- */

static void
begin_lanes(struct ms_file_digest *digest, int64_t count)
{
  ms_md5_lanes_begin(&digest->lanes);
  digest->lane_count = count;
  digest->lane_bytes = 0;
}

static void
end_lanes(struct ms_file_digest *digest, const uint8_t *const rest[MS_MD5_LANES], size_t rest_bytes)
{
  uint8_t digests[MS_MD5_LANES][MS_MD5_BYTES];
  ms_md5_lanes_end(&digest->lanes, rest, rest_bytes, digests);
  ms_md5_stream_add(&digest->segments, digests, (size_t)digest->lane_count * MS_MD5_BYTES);
  digest->done_bytes += digest->lane_count * digest->range.segment_bytes;
  digest->lane_count = 0;
}

static enum ms_status
read_lanes(struct ms_file_digest *digest, char *room, struct ms_error *err)
{
  const uint8_t *data[MS_MD5_LANES];
  for (int64_t work = 0; digest->lane_count > 0 && work < WORK_BYTES; work += READ_BYTES) {
    int64_t left = digest->range.segment_bytes - digest->lane_bytes;
    size_t size_bytes = (size_t)smaller(left, LANE_READ_BYTES);
    for (int64_t lane = 0; lane < MS_MD5_LANES; lane++) {
      bool is_used = lane < digest->lane_count;
      char *part = room + (is_used ? lane * LANE_READ_BYTES : 0);
      data[lane] = (const uint8_t *)part;
      int64_t offset = digest->done_bytes + lane * digest->range.segment_bytes + digest->lane_bytes;
      enum ms_status status = is_used ? read_at(digest, offset, part, size_bytes, err) : MS_OK;
      if (status != MS_OK) {
        return status;
      }
    }
    digest->lane_bytes += (int64_t)size_bytes;
    if (digest->lane_bytes == digest->range.segment_bytes) {
      end_lanes(digest, data, size_bytes);
    } else {
      ms_md5_lanes_add(&digest->lanes, data, size_bytes);
    }
  }
  return MS_OK;
}

/* ---- both ---- */

enum ms_status
ms_file_digest_read(struct ms_file_digest *digest, int64_t available_bytes, bool is_all,
                    struct ms_error *err)
{
  if (!ms_file_digest_is_ready(digest, available_bytes, is_all)) {
    return MS_OK;
  }
  char *room = malloc(READ_BYTES);
  if (!room) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  if (digest->lane_count == 0) {
    int64_t count = count_lanes(digest, available_bytes);
    if (count > 0) {
      begin_lanes(digest, count);
    }
  }
  enum ms_status status = digest->lane_count > 0 ? read_lanes(digest, room, err)
                                                 : read_alone(digest, available_bytes, room, err);
  free(room);
  return status;
}

int64_t
ms_file_digest_done_bytes(const struct ms_file_digest *digest)
{
  return digest->done_bytes + digest->lane_count * digest->lane_bytes;
}

void
ms_file_digest_end(struct ms_file_digest *digest, char hex[MS_MD5_HEX_SIZE])
{
  uint8_t md5[MS_MD5_BYTES];
  int64_t segment_bytes = digest->range.segment_bytes;
  if (segment_bytes > 0 && digest->done_bytes % segment_bytes != 0) {
    end_segment(digest);
  }
  ms_md5_stream_end(segment_bytes > 0 ? &digest->segments : &digest->stream, md5);
  ms_hex(md5, sizeof md5, hex);
}

enum ms_status
ms_file_digest_compute(const struct ms_file_digest_range *range, int64_t total_bytes,
                       char hex[MS_MD5_HEX_SIZE], struct ms_error *err)
{
  struct ms_file_digest digest;
  enum ms_status status = MS_OK;
  ms_file_digest_begin(&digest, range);
  while (status == MS_OK && digest.done_bytes < total_bytes) {
    status = ms_file_digest_read(&digest, total_bytes, true, err);
  }
  ms_file_digest_end(&digest, hex);
  return status;
}

int64_t
ms_file_digest_segment(int64_t size_bytes)
{
  if (size_bytes < ALONE_BYTES) {
    return 0;
  }
  if (size_bytes <= MS_MD5_LANES * SEGMENT_BYTES) {
    return size_bytes / MS_MD5_LANES / MS_MD5_BLOCK_BYTES * MS_MD5_BLOCK_BYTES;
  }
  int64_t least_bytes = (size_bytes / SEGMENTS_MAX / MIB + 1) * MIB;
  return least_bytes > SEGMENT_BYTES ? least_bytes : SEGMENT_BYTES;
}
