/* One work request that is queued again for as long as there is more to read. Between its callbacks the digest
 * belongs to the worker; `available_bytes` is copied into `target_bytes` before each start. */
#include "transport/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

struct ms_digest {
  uv_work_t work;
  uv_loop_t *loop;
  struct ms_file_digest file; /* the worker's while `working` */
  int64_t available_bytes;    /* told so far */
  int64_t target_bytes;       /* what the worker may read */
  bool target_is_all;
  int64_t total_bytes; /* -1: not known yet */
  bool working, freed;
  enum ms_status status;
  struct ms_error err;
  ms_digest_done done;
  void *user;
};

/* ---- on the workers ---- */

static void
destroy(struct ms_digest *digest)
{
  close(digest->file.range.fd);
  free(digest);
}

static void
on_work(uv_work_t *work)
{
  struct ms_digest *digest = work->data;
  digest->status =
      ms_file_digest_read(&digest->file, digest->target_bytes, digest->target_is_all, &digest->err);
}

static void
next(struct ms_digest *digest);

static void
after_work(uv_work_t *work, int uv_status);

static void
start_work(struct ms_digest *digest)
{
  digest->target_bytes = digest->available_bytes;
  digest->target_is_all = digest->total_bytes >= 0;
  digest->working = true;
  uv_queue_work(digest->loop, &digest->work, on_work, after_work);
}

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
         (digest->status != MS_OK || digest->file.done_bytes == digest->total_bytes);
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
    ms_file_digest_end(&digest->file, hex);
    ms_digest_done done = digest->done;
    digest->done = NULL;
    done(digest->user, digest->status, hex, &digest->err);
    return;
  }
  bool is_all = digest->total_bytes >= 0;
  if (digest->status == MS_OK &&
      ms_file_digest_is_ready(&digest->file, digest->available_bytes, is_all)) {
    start_work(digest);
  }
}

/* ---- on the loop ---- */

enum ms_status
ms_digest_new(uv_loop_t *loop, const struct ms_file_digest_range *range, struct ms_digest **digest,
              struct ms_error *err)
{
  struct ms_digest *created = calloc(1, sizeof *created);
  if (!created) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  ms_file_digest_begin(&created->file, range);
  created->file.range.fd = fcntl(range->fd, F_DUPFD_CLOEXEC, 0);
  if (created->file.range.fd < 0) {
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
    start_work(digest); /* even when nothing is left to read */
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
