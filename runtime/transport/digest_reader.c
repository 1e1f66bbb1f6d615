/* Alone, bytes go through one stream. Side by side, the same number of bytes of each of several segments is read in
 * turn, until all of them are done. */
#include "transport/digest_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/id.h"

enum {
  READ_BYTES = 256 * 1024,
  LANE_READ_BYTES = READ_BYTES / MS_MD5_LANES,
  WORK_BYTES = 16 * 1024 * 1024, /* at a time */
  LANES_WORTH = 2                /* as many segments are read side by side */
};

void
ms_digest_reader_begin(struct ms_digest_reader *reader, const struct ms_digest_range *range)
{
  *reader = (struct ms_digest_reader){.range = *range};
  ms_md5_stream_begin(&reader->stream);
  ms_md5_stream_begin(&reader->segments);
}

static int64_t
smaller(int64_t a, int64_t b)
{
  return a < b ? a : b;
}

/* How many segments may be read side by side from here on. */
static int64_t
count_lanes(const struct ms_digest_reader *reader, int64_t available_bytes)
{
  int64_t segment_bytes = reader->range.segment_bytes;
  if (segment_bytes == 0 || reader->done_bytes % segment_bytes != 0) {
    return 0;
  }
  int64_t count = smaller((available_bytes - reader->done_bytes) / segment_bytes, MS_MD5_LANES);
  return count >= LANES_WORTH ? count : 0;
}

bool
ms_digest_reader_is_ready(const struct ms_digest_reader *reader, int64_t available_bytes,
                          bool is_all)
{
  if (reader->lane_count > 0) {
    return true;
  }
  if (is_all || reader->range.segment_bytes == 0) {
    return reader->done_bytes < available_bytes;
  }
  return count_lanes(reader, available_bytes) == MS_MD5_LANES;
}

/* All of it, or MS_IO. */
static enum ms_status
read_at(const struct ms_digest_reader *reader, int64_t offset, void *room, size_t size_bytes,
        struct ms_error *err)
{
  char *end = room;
  while (size_bytes > 0) {
    ssize_t got = pread(reader->range.fd, end, size_bytes, reader->range.offset + offset);
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
end_segment(struct ms_digest_reader *reader)
{
  uint8_t digest[MS_MD5_BYTES];
  ms_md5_stream_end(&reader->stream, digest);
  ms_md5_stream_add(&reader->segments, digest, sizeof digest);
  ms_md5_stream_begin(&reader->stream);
}

/* Not beyond `limit_bytes`, nor beyond the segment. */
static enum ms_status
read_alone(struct ms_digest_reader *reader, int64_t limit_bytes, char *room, struct ms_error *err)
{
  int64_t segment_bytes = reader->range.segment_bytes;
  int64_t end = limit_bytes;
  if (segment_bytes > 0) {
    end = smaller(end, (reader->done_bytes / segment_bytes + 1) * segment_bytes);
  }
  end = smaller(end, reader->done_bytes + WORK_BYTES);
  while (reader->done_bytes < end) {
    size_t size_bytes = (size_t)smaller(end - reader->done_bytes, READ_BYTES);
    enum ms_status status = read_at(reader, reader->done_bytes, room, size_bytes, err);
    if (status != MS_OK) {
      return status;
    }
    ms_md5_stream_add(&reader->stream, room, size_bytes);
    reader->done_bytes += (int64_t)size_bytes;
  }
  if (segment_bytes > 0 && reader->done_bytes % segment_bytes == 0) {
    end_segment(reader);
  }
  return MS_OK;
}

/* ---- side by side ---- */

static void
begin_lanes(struct ms_digest_reader *reader, int64_t count)
{
  ms_md5_lanes_begin(&reader->lanes);
  reader->lane_count = count;
  reader->lane_bytes = 0;
}

static void
end_lanes(struct ms_digest_reader *reader, const uint8_t *const rest[MS_MD5_LANES],
          size_t rest_bytes)
{
  uint8_t digests[MS_MD5_LANES][MS_MD5_BYTES];
  ms_md5_lanes_end(&reader->lanes, rest, rest_bytes, digests);
  ms_md5_stream_add(&reader->segments, digests, (size_t)reader->lane_count * MS_MD5_BYTES);
  reader->done_bytes += reader->lane_count * reader->range.segment_bytes;
  reader->lane_count = 0;
}

static enum ms_status
read_lanes(struct ms_digest_reader *reader, char *room, struct ms_error *err)
{
  const uint8_t *data[MS_MD5_LANES];
  for (int64_t work = 0; reader->lane_count > 0 && work < WORK_BYTES; work += READ_BYTES) {
    int64_t left = reader->range.segment_bytes - reader->lane_bytes;
    size_t size_bytes = (size_t)smaller(left, LANE_READ_BYTES);
    for (int64_t lane = 0; lane < MS_MD5_LANES; lane++) {
      bool is_used = lane < reader->lane_count;
      char *part = room + (is_used ? lane * LANE_READ_BYTES : 0);
      data[lane] = (const uint8_t *)part;
      int64_t offset = reader->done_bytes + lane * reader->range.segment_bytes + reader->lane_bytes;
      enum ms_status status = is_used ? read_at(reader, offset, part, size_bytes, err) : MS_OK;
      if (status != MS_OK) {
        return status;
      }
    }
    reader->lane_bytes += (int64_t)size_bytes;
    if (reader->lane_bytes == reader->range.segment_bytes) {
      end_lanes(reader, data, size_bytes);
    } else {
      ms_md5_lanes_add(&reader->lanes, data, size_bytes);
    }
  }
  return MS_OK;
}

/* ---- both ---- */

enum ms_status
ms_digest_reader_read(struct ms_digest_reader *reader, int64_t available_bytes, bool is_all,
                      struct ms_error *err)
{
  if (!ms_digest_reader_is_ready(reader, available_bytes, is_all)) {
    return MS_OK;
  }
  char *room = malloc(READ_BYTES);
  if (!room) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  if (reader->lane_count == 0) {
    int64_t count = count_lanes(reader, available_bytes);
    if (count > 0) {
      begin_lanes(reader, count);
    }
  }
  enum ms_status status = reader->lane_count > 0 ? read_lanes(reader, room, err)
                                                 : read_alone(reader, available_bytes, room, err);
  free(room);
  return status;
}

int64_t
ms_digest_reader_read_bytes(const struct ms_digest_reader *reader)
{
  return reader->done_bytes + reader->lane_count * reader->lane_bytes;
}

void
ms_digest_reader_end(struct ms_digest_reader *reader, char hex[MS_MD5_HEX_SIZE])
{
  uint8_t digest[MS_MD5_BYTES];
  int64_t segment_bytes = reader->range.segment_bytes;
  if (segment_bytes > 0 && reader->done_bytes % segment_bytes != 0) {
    end_segment(reader);
  }
  ms_md5_stream_end(segment_bytes > 0 ? &reader->segments : &reader->stream, digest);
  ms_hex(digest, sizeof digest, hex);
}
