/* Component data in and out of the blobs: on a worker thread where a loop waits for it, else in place. */
#include <stdlib.h>

#include "base/clock.h"
#include "loop/work.h"
#include "transport/embedded_move.h"

enum { PROGRESS_INTERVAL_MS = 100 };

struct progress {
  void (*call)(void *user, int64_t done_bytes, int64_t total_bytes);
  void *user;
  int64_t told_ms;
};

struct ms_embedded_call {
  struct ms_transport_call base;
  LIST_ENTRY(ms_embedded_call) link;
  struct ms_work *work;
  struct ms_embedded_move move; /* the worker's, during a step */
  struct progress progress;
  ms_transport_file_done done;
  void *user;
  bool is_cancelled;
};

static void
begin_progress(struct progress *progress, const struct ms_transport_file *file, void *user)
{
  *progress = (struct progress){
      .call = file->progress,
      .user = file->progress_user ? file->progress_user : user,
      .told_ms = ms_clock_monotonic_ms(),
  };
}

static void
tell(struct progress *progress, const struct ms_embedded_move *move, bool is_end)
{
  int64_t now_ms = ms_clock_monotonic_ms();
  if (progress->call && (is_end || now_ms - progress->told_ms >= PROGRESS_INTERVAL_MS)) {
    progress->told_ms = now_ms;
    progress->call(progress->user, ms_embedded_move_done(move), move->copy.size_bytes);
  }
}

/* ---- on the loop ---- */

static bool
step(void *user)
{
  struct ms_embedded_call *call = user;
  return ms_embedded_move_step(&call->move);
}

static void
on_step(void *user)
{
  struct ms_embedded_call *call = user;
  tell(&call->progress, &call->move, false);
}

/* `progress` may have closed the transport. */
static void
on_end(void *user)
{
  struct ms_embedded_call *call = user;
  bool is_done = call->move.status == MS_OK;
  call->work = NULL;
  if (is_done) {
    tell(&call->progress, &call->move, true);
  }
  if (!call->is_cancelled) {
    LIST_REMOVE(call, link);
    call->done(call->user, call->move.status, is_done ? call->move.copy.done_bytes : 0,
               &call->move.err);
  }
}

static void
release(void *user)
{
  struct ms_embedded_call *call = user;
  ms_embedded_move_end(&call->move);
  free(call);
}

static const struct ms_work_kind work_kind = {
    .step = step, .on_step = on_step, .on_end = on_end, .release = release};

/* It stays until no worker has it any more. */
static void
cancel(struct ms_transport_call *base)
{
  struct ms_embedded_call *call = (struct ms_embedded_call *)base;
  LIST_REMOVE(call, link);
  call->is_cancelled = true;
  if (call->work) {
    ms_work_cancel(call->work);
  }
}

void
ms_embedded_cancel_files(struct ms_embedded *embedded)
{
  while (!LIST_EMPTY(&embedded->files)) {
    ms_transport_cancel(&LIST_FIRST(&embedded->files)->base);
  }
}

static enum ms_status
start(struct ms_transport *transport, bool is_upload, const struct ms_transport_file *file,
      ms_transport_file_done done, void *user, struct ms_transport_call **call,
      struct ms_error *err)
{
  struct ms_embedded *embedded = (struct ms_embedded *)transport;
  struct ms_embedded_call *created = calloc(1, sizeof *created);
  if (!created) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  created->base.cancel = cancel;
  created->done = done;
  created->user = user;
  begin_progress(&created->progress, file, user);
  enum ms_status status = ms_embedded_move_begin(embedded, is_upload, file, &created->move, err);
  if (status != MS_OK) {
    free(created);
    return status;
  }
  status = ms_work_start(embedded->loop, &work_kind, created, &created->work, err);
  if (status != MS_OK) {
    release(created);
    return status;
  }
  LIST_INSERT_HEAD(&embedded->files, created, link);
  if (call) {
    *call = &created->base;
  }
  return MS_OK;
}

enum ms_status
ms_embedded_upload(struct ms_transport *transport, const struct ms_transport_file *file,
                   ms_transport_file_done done, void *user, struct ms_transport_call **call,
                   struct ms_error *err)
{
  return start(transport, true, file, done, user, call, err);
}

enum ms_status
ms_embedded_download(struct ms_transport *transport, const struct ms_transport_file *file,
                     ms_transport_file_done done, void *user, struct ms_transport_call **call,
                     struct ms_error *err)
{
  return start(transport, false, file, done, user, call, err);
}

/* ---- in place ---- */

static enum ms_status
perform(struct ms_transport *transport, bool is_upload, const struct ms_transport_file *file,
        int64_t *size_bytes, struct ms_error *err)
{
  struct ms_embedded_move move;
  struct progress progress;
  *size_bytes = 0;
  begin_progress(&progress, file, NULL);
  enum ms_status status =
      ms_embedded_move_begin((struct ms_embedded *)transport, is_upload, file, &move, err);
  if (status != MS_OK) {
    return status;
  }
  while (ms_embedded_move_step(&move)) {
    tell(&progress, &move, false);
  }
  status = move.status;
  if (status == MS_OK) {
    *size_bytes = move.copy.done_bytes;
    tell(&progress, &move, true);
  } else if (err) {
    *err = move.err;
  }
  ms_embedded_move_end(&move);
  return status;
}

enum ms_status
ms_embedded_upload_in_place(struct ms_transport *transport, const struct ms_transport_file *file,
                            int64_t *size_bytes, struct ms_error *err)
{
  return perform(transport, true, file, size_bytes, err);
}

enum ms_status
ms_embedded_download_in_place(struct ms_transport *transport, const struct ms_transport_file *file,
                              int64_t *size_bytes, struct ms_error *err)
{
  return perform(transport, false, file, size_bytes, err);
}
