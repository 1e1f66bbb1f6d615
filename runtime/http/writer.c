/* Pushing takes milliseconds whenever the disk is behind, so a worker thread does it, on a descriptor of its own:
 * one piece of work at a time, for all that has been written since the last one. */
#include "http/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROOM_BYTES = 256 * 1024, PUSH_BYTES = 8 * 1024 * 1024 };

struct ms_http_push {
  uv_work_t work;
  int fd; /* owned */
  int64_t from, to;
  bool is_working, is_orphan;
};

/* ---- to the disk ---- */

static void
free_push(struct ms_http_push *push)
{
  close(push->fd);
  free(push);
}

static void
on_push(uv_work_t *work)
{
  struct ms_http_push *push = work->data;
  sync_file_range(push->fd, push->from, push->to - push->from, SYNC_FILE_RANGE_WRITE);
}

static void
after_push(uv_work_t *work, int unused)
{
  struct ms_http_push *push = work->data;
  (void)unused;
  push->is_working = false;
  push->from = push->to;
  if (push->is_orphan) {
    free_push(push);
  }
}

static struct ms_http_push *
new_push(const struct ms_http_writer *writer)
{
  struct ms_http_push *push = calloc(1, sizeof *push);
  if (!push) {
    return NULL;
  }
  push->fd = fcntl(writer->fd, F_DUPFD_CLOEXEC, 0);
  if (push->fd < 0) {
    free(push);
    return NULL;
  }
  push->work.data = push;
  push->from = writer->start;
  return push;
}

/* A failure only means that syncing takes longer. */
static void
push_written(struct ms_http_writer *writer)
{
  if (!writer->loop || writer->start < 0 || (!writer->push && writer->written_bytes < PUSH_BYTES)) {
    return;
  }
  if (!writer->push) {
    writer->push = new_push(writer);
  }
  struct ms_http_push *push = writer->push;
  int64_t end = writer->start + writer->written_bytes;
  if (!push || push->is_working || end - push->from < PUSH_BYTES) {
    return;
  }
  push->to = end;
  push->is_working = uv_queue_work(writer->loop, &push->work, on_push, after_push) == 0;
}

static void
drop_push(struct ms_http_writer *writer)
{
  struct ms_http_push *push = writer->push;
  writer->push = NULL;
  if (push && push->is_working) {
    push->is_orphan = true;
  } else if (push) {
    free_push(push);
  }
}

/* ---- to the file ---- */

void
ms_http_writer_begin(struct ms_http_writer *writer, int fd, uv_loop_t *loop)
{
  *writer = (struct ms_http_writer){
      .fd = fd, .start = fd >= 0 ? lseek(fd, 0, SEEK_CUR) : -1, .loop = loop};
}

static bool
write_all(int fd, const char *data, size_t size_bytes)
{
  while (size_bytes > 0) {
    ssize_t written = write(fd, data, size_bytes);
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      return false;
    }
    data += written;
    size_bytes -= (size_t)written;
  }
  return true;
}

bool
ms_http_writer_flush(struct ms_http_writer *writer)
{
  if (writer->gathered_bytes > 0 && !write_all(writer->fd, writer->room, writer->gathered_bytes)) {
    return false;
  }
  writer->written_bytes += (int64_t)writer->gathered_bytes;
  writer->gathered_bytes = 0;
  push_written(writer);
  return true;
}

bool
ms_http_writer_add(struct ms_http_writer *writer, const char *data, size_t size_bytes)
{
  if (!writer->room && !(writer->room = malloc(ROOM_BYTES))) {
    errno = ENOMEM;
    return false;
  }
  while (size_bytes > 0) {
    size_t left_bytes = ROOM_BYTES - writer->gathered_bytes;
    size_t part_bytes = size_bytes < left_bytes ? size_bytes : left_bytes;
    memcpy(writer->room + writer->gathered_bytes, data, part_bytes);
    writer->gathered_bytes += part_bytes;
    data += part_bytes;
    size_bytes -= part_bytes;
    if (writer->gathered_bytes == ROOM_BYTES && !ms_http_writer_flush(writer)) {
      return false;
    }
  }
  return true;
}

int64_t
ms_http_writer_taken(const struct ms_http_writer *writer)
{
  return writer->written_bytes + (int64_t)writer->gathered_bytes;
}

bool
ms_http_writer_rewind(struct ms_http_writer *writer)
{
  bool is_fresh = writer->written_bytes == 0;
  writer->gathered_bytes = 0;
  if (is_fresh) {
    return true;
  }
  drop_push(writer);
  writer->written_bytes = 0;
  return writer->start >= 0 && ftruncate(writer->fd, writer->start) == 0 &&
         lseek(writer->fd, writer->start, SEEK_SET) >= 0;
}

void
ms_http_writer_end(struct ms_http_writer *writer)
{
  drop_push(writer);
  free(writer->room);
  writer->room = NULL;
  writer->gathered_bytes = 0;
}
