/* One work request that is queued again for as long as there is more to read. Between its callbacks the digest
 * belongs to the worker; `available_bytes` is copied into `target_bytes` before each start. */
#include "transport/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/id.h"

enum {
  READ_BYTES = 256 * 1024,
  WORK_BYTES = 16 * 1024 * 1024 /* at a time: others want the workers, too */
};

/* What has been read so far. */
struct state {
  struct ms_digest_range range;
  int64_t done_bytes;
  struct ms_md5_stream stream;   /* of the whole, or of the segment's */
  struct ms_md5_stream segments; /* of the segments' MD5s */
};

struct ms_digest {
  uv_work_t work;
  uv_loop_t *loop;
  struct state state;      /* the worker's while `working` */
  int64_t available_bytes; /* told so far */
  int64_t target_bytes;    /* what the worker reads up to */
  int64_t total_bytes;     /* -1: not known yet */
  bool working, freed;
  enum ms_status status;
  struct ms_error err;
  ms_digest_done done;
  void *user;
};

/* ---- reading ---- */

static void
state_begin(struct state *state, const struct ms_digest_range *range)
{
  state->range = *range;
  state->done_bytes = 0;
  ms_md5_stream_begin(&state->stream);
  ms_md5_stream_begin(&state->segments);
}

static void
end_segment(struct state *state)
{
  uint8_t digest[MS_MD5_BYTES];
  ms_md5_stream_end(&state->stream, digest);
  ms_md5_stream_add(&state->segments, digest, sizeof digest);
  ms_md5_stream_begin(&state->stream);
}

/* How much to read at once: not beyond `limit_bytes`, nor beyond the segment. */
static size_t
next_read_bytes(const struct state *state, int64_t limit_bytes)
{
  int64_t size_bytes = limit_bytes - state->done_bytes;
  int64_t segment = state->range.segment_bytes;
  if (segment > 0 && size_bytes > segment - state->done_bytes % segment) {
    size_bytes = segment - state->done_bytes % segment;
  }
  return size_bytes < READ_BYTES ? (size_t)size_bytes : READ_BYTES;
}

static enum ms_status
state_read(struct state *state, int64_t limit_bytes, struct ms_error *err)
{
  enum ms_status status = MS_OK;
  char *room = malloc(READ_BYTES);
  if (!room) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  while (status == MS_OK && state->done_bytes < limit_bytes) {
    ssize_t got = pread(state->range.fd, room, next_read_bytes(state, limit_bytes),
                        state->range.offset + state->done_bytes);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      status = got < 0 ? ms_fail_errno(err, errno, "cannot read the file for its checksum")
                       : ms_fail(err, MS_IO, "the file became shorter while it was moved");
      break;
    }
    ms_md5_stream_add(&state->stream, room, (size_t)got);
    state->done_bytes += got;
    if (state->range.segment_bytes > 0 && state->done_bytes % state->range.segment_bytes == 0) {
      end_segment(state);
    }
  }
  free(room);
  return status;
}

static void
state_end(struct state *state, char hex[MS_MD5_HEX_SIZE])
{
  uint8_t digest[MS_MD5_BYTES];
  int64_t segment = state->range.segment_bytes;
  if (segment > 0 && state->done_bytes % segment != 0) {
    end_segment(state);
  }
  ms_md5_stream_end(segment > 0 ? &state->segments : &state->stream, digest);
  ms_hex(digest, sizeof digest, hex);
}

enum ms_status
ms_digest_compute(const struct ms_digest_range *range, int64_t total_bytes,
                  char hex[MS_MD5_HEX_SIZE], struct ms_error *err)
{
  struct state state;
  state_begin(&state, range);
  enum ms_status status = state_read(&state, total_bytes, err);
  state_end(&state, hex);
  return status;
}

/* ---- on the workers ---- */

static void
destroy(struct ms_digest *digest)
{
  close(digest->state.range.fd);
  free(digest);
}

static void
on_work(uv_work_t *work)
{
  struct ms_digest *digest = work->data;
  digest->status = state_read(&digest->state, digest->target_bytes, &digest->err);
}

static void
next(struct ms_digest *digest);

static void
after_work(uv_work_t *work, int uv_status)
{
  struct ms_digest *digest = work->data;
  (void)uv_status; /* never cancelled */
  digest->working = false;
  next(digest);
}

static bool
is_complete(const struct ms_digest *digest)
{
  return digest->done &&
         (digest->status != MS_OK || digest->state.done_bytes == digest->total_bytes);
}

/* Nothing is being read: goes on reading, or tells the end. An empty piece of work keeps the end out of
 * ms_digest_finish. */
static void
next(struct ms_digest *digest)
{
  if (digest->freed) {
    destroy(digest);
    return;
  }
  if (is_complete(digest)) {
    char hex[MS_MD5_HEX_SIZE];
    state_end(&digest->state, hex);
    ms_digest_done done = digest->done;
    digest->done = NULL;
    done(digest->user, digest->status, hex, &digest->err);
    return;
  }
  int64_t ready_bytes = digest->available_bytes - digest->state.done_bytes;
  if (ready_bytes > 0 && digest->status == MS_OK) {
    int64_t work_bytes = ready_bytes < WORK_BYTES ? ready_bytes : WORK_BYTES;
    digest->target_bytes = digest->state.done_bytes + work_bytes;
    digest->working = true;
    uv_queue_work(digest->loop, &digest->work, on_work, after_work);
  }
}

/* ---- on the loop ---- */

enum ms_status
ms_digest_new(uv_loop_t *loop, const struct ms_digest_range *range, struct ms_digest **digest,
              struct ms_error *err)
{
  struct ms_digest *created = calloc(1, sizeof *created);
  if (!created) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  state_begin(&created->state, range);
  created->state.range.fd = fcntl(range->fd, F_DUPFD_CLOEXEC, 0);
  if (created->state.range.fd < 0) {
    free(created);
    return ms_fail_errno(err, errno, "cannot read the file for its checksum");
  }
  created->loop = loop;
  created->total_bytes = -1;
  created->work.data = created;
  *digest = created;
  return MS_OK;
}

void
ms_digest_advance(struct ms_digest *digest, int64_t available_bytes)
{
  if (available_bytes > digest->available_bytes) {
    digest->available_bytes = available_bytes;
  }
  if (!digest->working) {
    next(digest);
  }
}

void
ms_digest_finish(struct ms_digest *digest, int64_t total_bytes, ms_digest_done done, void *user)
{
  digest->available_bytes = digest->total_bytes = total_bytes;
  digest->done = done;
  digest->user = user;
  if (!digest->working) {
    digest->target_bytes = digest->state.done_bytes; /* even when nothing is left to read */
    digest->working = true;
    uv_queue_work(digest->loop, &digest->work, on_work, after_work);
  }
}

void
ms_digest_free(struct ms_digest *digest)
{
  if (!digest) {
    return;
  }
  digest->freed = true;
  if (!digest->working) {
    destroy(digest);
  }
}
