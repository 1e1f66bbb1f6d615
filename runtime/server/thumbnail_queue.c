/* A work belongs to its request and, while a worker has it, to that: whoever leaves last frees it. */
#include "server/thumbnail_queue.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/offload.h"
#include "server/request.h"

enum { MAKERS_MAX = 2 /* of the thread pool's workers */ };

struct ms_thumbnail_work {
  struct ms_offload offload;  /* first: an offload is its work */
  struct ms_request *request; /* borrowed; NULL once it ended */
  struct ms_thumbnail_queue *queue;
  const struct ms_thumbnail_kind *kind;
  char *path; /* owned */
  int source; /* owned */
  int size_pixels;
  bool is_waiting, is_busy;
  struct ms_error error; /* the worker's, while busy */
  TAILQ_ENTRY(ms_thumbnail_work) link;
};

TAILQ_HEAD(work_list, ms_thumbnail_work);

struct ms_thumbnail_queue {
  struct ms_server *server; /* borrowed */
  struct work_list waiting;
  unsigned waiting_count, busy_count;
  bool is_closed; /* freed with the last that is busy */
};

static void
free_work(struct ms_thumbnail_work *work)
{
  close(work->source);
  free(work->path);
  free(work);
}

static void
leave_queue(struct ms_thumbnail_work *work)
{
  TAILQ_REMOVE(&work->queue->waiting, work, link);
  work->queue->waiting_count--;
  work->is_waiting = false;
}

/* Somebody may have asked for the same picture before. */
static void
run(struct ms_offload *offload)
{
  struct ms_thumbnail_work *work = (struct ms_thumbnail_work *)offload;
  int64_t size_bytes;
  int fd;
  enum ms_status status = ms_thumbnail_open(work->path, &fd, &size_bytes, &work->error);
  if (status == MS_OK) {
    close(fd);
  } else if (status == MS_NOT_FOUND) {
    ms_thumbnail_make(work->kind, work->source, work->path, work->size_pixels, &work->error);
  }
}

static void
start_next(struct ms_thumbnail_queue *queue);

static void
on_done(struct ms_offload *offload, bool cancelled)
{
  struct ms_thumbnail_work *work = (struct ms_thumbnail_work *)offload;
  struct ms_thumbnail_queue *queue = work->queue;
  (void)cancelled; /* only when the server closes, and then the request is gone */
  work->is_busy = false;
  queue->busy_count--;
  if (work->request) {
    ms_request_resume(work->request);
  } else {
    free_work(work);
  }
  if (!queue->is_closed) {
    start_next(queue);
  } else if (queue->busy_count == 0) {
    free(queue);
  }
}

static void
start_next(struct ms_thumbnail_queue *queue)
{
  while (queue->busy_count < MAKERS_MAX && !queue->server->closing &&
         !TAILQ_EMPTY(&queue->waiting)) {
    struct ms_thumbnail_work *work = TAILQ_FIRST(&queue->waiting);
    leave_queue(work);
    work->is_busy = ms_offload_start(queue->server, &work->offload, run, on_done, NULL) == MS_OK;
    if (work->is_busy) {
      queue->busy_count++;
    } else {
      ms_request_resume(work->request);
    }
  }
}

enum ms_status
ms_thumbnail_queue_open(struct ms_server *server, struct ms_thumbnail_queue **queue,
                        struct ms_error *err)
{
  *queue = calloc(1, sizeof **queue);
  if (!*queue) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  (*queue)->server = server;
  TAILQ_INIT(&(*queue)->waiting);
  return MS_OK;
}

void
ms_thumbnail_queue_close(struct ms_thumbnail_queue *queue)
{
  if (queue && queue->busy_count > 0) {
    queue->is_closed = true;
  } else {
    free(queue);
  }
}

struct ms_thumbnail_work *
ms_thumbnail_queue_add(struct ms_thumbnail_queue *queue, struct ms_request *request,
                       const struct ms_thumbnail_kind *kind, int source, const char *path,
                       int size_pixels)
{
  struct ms_thumbnail_work *work =
      queue->waiting_count < MS_THUMBNAIL_WAITING_MAX ? calloc(1, sizeof *work) : NULL;
  char *copy = work ? strdup(path) : NULL;
  if (!copy) {
    free(work);
    close(source);
    return NULL;
  }
  work->request = request;
  work->queue = queue;
  work->kind = kind;
  work->path = copy;
  work->source = source;
  work->size_pixels = size_pixels;
  work->is_waiting = true;
  TAILQ_INSERT_TAIL(&queue->waiting, work, link);
  queue->waiting_count++;
  ms_request_suspend(request);
  start_next(queue);
  return work;
}

void
ms_thumbnail_work_leave(struct ms_thumbnail_work *work)
{
  work->request = NULL;
  if (work->is_waiting) {
    leave_queue(work);
  }
  if (!work->is_busy) {
    free_work(work);
  }
}
