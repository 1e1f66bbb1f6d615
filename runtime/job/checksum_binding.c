/* moonshift.core.job.checksum: the MD5 of a file, read by a worker thread while the loop goes on.
 *
 * The operation outlives whoever ends first, the worker or the task that waits: the last one frees it. */
#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/checksum.h"
#include "base/id.h"
#include "binding/raise.h"
#include "binding/task.h"
#include "job/job.h"

enum { READ_BYTES = 256 * 1024 };

struct checksum {
  struct ms_wait wait;
  uv_work_t work;
  char *path;
  atomic_bool stop; /* the task was cancelled */
  bool waited_for;  /* the task has not come back for it yet */
  bool working;
  int64_t size_bytes;
  char hex[MS_MD5_HEX_SIZE];
  enum ms_status status;
  struct ms_error err;
};

static void
free_when_last(struct checksum *checksum)
{
  if (checksum->waited_for || checksum->working)
    return;
  free(checksum->path);
  free(checksum);
}

static enum ms_status
add_all(struct checksum *checksum, int fd, struct ms_md5_stream *stream)
{
  char *data = malloc(READ_BYTES);
  if (!data)
    return ms_fail(&checksum->err, MS_MEMORY, "out of memory");
  ssize_t size = 1;
  while (size > 0 && !atomic_load(&checksum->stop)) {
    size = read(fd, data, READ_BYTES);
    if (size > 0) {
      ms_md5_stream_add(stream, data, (size_t)size);
      checksum->size_bytes += size;
    }
  }
  int error_number = errno;
  free(data);
  return size < 0 ? ms_fail_errno(&checksum->err, error_number, "cannot read '%s'", checksum->path)
                  : MS_OK;
}

static void
compute(struct checksum *checksum)
{
  struct ms_md5_stream stream;
  uint8_t digest[MS_MD5_BYTES];
  int fd = open(checksum->path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    checksum->status = ms_fail_errno(&checksum->err, errno, "cannot read '%s'", checksum->path);
    return;
  }
  ms_md5_stream_begin(&stream);
  checksum->status = add_all(checksum, fd, &stream);
  ms_md5_stream_end(&stream, digest);
  ms_hex(digest, sizeof digest, checksum->hex);
  close(fd);
}

static void
on_work(uv_work_t *work)
{
  compute(work->data);
}

static void
after_work(uv_work_t *work, int uv_status)
{
  struct checksum *checksum = work->data;
  (void)uv_status;
  checksum->working = false;
  if (checksum->waited_for)
    ms_wait_finish(&checksum->wait);
  free_when_last(checksum);
}

static void
on_cancel(struct ms_wait *wait)
{
  struct checksum *checksum = (struct checksum *)wait; /* its first member */
  atomic_store(&checksum->stop, true);
}

static int
finish(lua_State *L, struct checksum *checksum)
{
  struct ms_error err = checksum->err;
  enum ms_status status = checksum->status;
  bool cancelled = checksum->wait.cancelled;
  if (!cancelled && !status) {
    lua_pushstring(L, checksum->hex);
    lua_pushinteger(L, checksum->size_bytes);
  }
  checksum->waited_for = false;
  free_when_last(checksum);
  if (cancelled)
    return ms_raise_cancelled(L);
  return status ? ms_raise(L, &err) : 2;
}

static int
after_wait(lua_State *L, int status, lua_KContext context)
{
  (void)status;
  return finish(L, (struct checksum *)context);
}

/* checksum(path) -> MD5 as hexadecimal text, size in bytes */
static int
file_checksum(lua_State *L)
{
  const char *path = luaL_checkstring(L, 1);
  struct checksum *checksum = calloc(1, sizeof *checksum);
  if (!checksum || !(checksum->path = strdup(path))) {
    free(checksum);
    return ms_raisef(L, MS_MEMORY, "out of memory");
  }
  checksum->wait.cancel = on_cancel;
  checksum->waited_for = true;
  checksum->work.data = checksum;
  luaL_checkstack(L, 2, "checksum");
  if (!ms_wait_prepare(L, &checksum->wait)) {
    compute(checksum);
    return finish(L, checksum);
  }
  checksum->working = true;
  int failure = uv_queue_work(ms_tasks_loop(ms_tasks_of(L)), &checksum->work, on_work, after_work);
  if (failure < 0) {
    checksum->working = false;
    compute(checksum);
    ms_wait_finish(&checksum->wait);
  }
  return ms_wait_yield(L, &checksum->wait, (lua_KContext)checksum, after_wait);
}

static const luaL_Reg functions[] = {
    {"checksum", file_checksum},
    {NULL, NULL},
};

void
ms_job_open_checksum(lua_State *L)
{
  luaL_setfuncs(L, functions, 0);
}
