/* moonshift.core.job.checksum: the MD5 of a file, read by a worker thread while the loop goes on.
 *
 * The operation outlives whoever ends first, the worker or the task that waits: the last one frees it. */
#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_digest.h"
#include "binding/raise.h"
#include "binding/task.h"
#include "job/job.h"
#include "loop/work.h"

struct checksum {
  struct ms_wait wait;
  struct ms_work *work; /* NULL: none, or it is over */
  bool is_waited_for;   /* the task has not come back for it yet */
  bool is_working;      /* `work` has not let go of it yet */
  char *path;
  int64_t size_bytes;
  struct ms_file_digest digest; /* owns its descriptor; -1: none */
  enum ms_status status;
  struct ms_error err;
};

static enum ms_status
fail_reading(struct checksum *checksum)
{
  return ms_fail_errno(&checksum->err, errno, "cannot read '%s'", checksum->path);
}

static enum ms_status
begin(struct checksum *checksum)
{
  struct stat info;
  struct ms_file_digest_range range = {.fd = open(checksum->path, O_RDONLY | O_CLOEXEC)};
  ms_file_digest_begin(&checksum->digest, &range);
  if (range.fd < 0 || fstat(range.fd, &info) < 0)
    return fail_reading(checksum);
  checksum->size_bytes = info.st_size;
  return MS_OK;
}

static bool
step(void *user)
{
  struct checksum *checksum = user;
  checksum->status =
      ms_file_digest_read(&checksum->digest, checksum->size_bytes, true, &checksum->err);
  if (checksum->status != MS_OK)
    ms_error_prefix(&checksum->err, "'%s'", checksum->path);
  return checksum->status == MS_OK && checksum->digest.done_bytes < checksum->size_bytes;
}

static void
free_when_last(struct checksum *checksum)
{
  if (checksum->is_waited_for || checksum->is_working)
    return;
  if (checksum->digest.range.fd >= 0)
    close(checksum->digest.range.fd);
  free(checksum->path);
  free(checksum);
}

static void
on_end(void *user)
{
  struct checksum *checksum = user;
  checksum->work = NULL;
  ms_wait_finish(&checksum->wait);
}

static void
release(void *user)
{
  struct checksum *checksum = user;
  checksum->is_working = false;
  free_when_last(checksum);
}

static const struct ms_work_kind work_kind = {.step = step, .on_end = on_end, .release = release};

static void
on_cancel(struct ms_wait *wait)
{
  struct checksum *checksum = (struct checksum *)wait; /* its first member */
  if (checksum->work)
    ms_work_cancel(checksum->work);
  checksum->work = NULL;
}

static int
finish(lua_State *L, struct checksum *checksum)
{
  struct ms_error err = checksum->err;
  enum ms_status status = checksum->status;
  bool is_cancelled = checksum->wait.cancelled;
  if (!is_cancelled && status == MS_OK) {
    char hex[MS_MD5_HEX_SIZE];
    ms_file_digest_end(&checksum->digest, hex);
    lua_pushstring(L, hex);
    lua_pushinteger(L, checksum->size_bytes);
  }
  checksum->is_waited_for = false;
  free_when_last(checksum);
  if (is_cancelled)
    return ms_raise_cancelled(L);
  return status ? ms_raise(L, &err) : 2;
}

static int
after_wait(lua_State *L, int status, lua_KContext context)
{
  (void)status;
  return finish(L, (struct checksum *)context);
}

/* From here on the worker has it: not even its status may be touched. False where there is no memory. */
static bool
start(lua_State *L, struct checksum *checksum)
{
  struct ms_error ignored;
  uv_loop_t *loop = ms_tasks_loop(ms_tasks_of(L));
  return ms_work_start(loop, &work_kind, checksum, &checksum->work, &ignored) == MS_OK;
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
  checksum->is_waited_for = true;
  luaL_checkstack(L, 2, "checksum");
  checksum->status = begin(checksum);
  if (ms_wait_prepare(L, &checksum->wait) && checksum->status == MS_OK)
    checksum->is_working = start(L, checksum);
  if (checksum->is_working)
    return ms_wait_yield(L, &checksum->wait, (lua_KContext)checksum, after_wait);
  while (checksum->status == MS_OK && step(checksum))
    continue;
  return finish(L, checksum);
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
