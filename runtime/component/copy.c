/* moonshift.core.component.copy: one file of this machine into another, on a worker thread while the loop goes on.
 *
 * The copy outlives whoever ends first, the worker or the task that waits: the last one frees it. */
#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file_copy.h"
#include "binding/options.h"
#include "binding/raise.h"
#include "binding/task.h"
#include "component/component.h"
#include "component/progress.h"
#include "loop/work.h"

enum { PROGRESS_INTERVAL_MS = 100 };

struct copy {
  struct ms_wait wait;
  struct ms_work *work; /* NULL: none, or it is over */
  bool is_waited_for;   /* the task has not come back for it yet */
  bool is_working;      /* `work` has not let go of it yet */
  int source, target;   /* -1: closed */
  char *path;           /* owned; of the target, NULL once it is whole */
  struct ms_file_copy file;
  struct ms_progress progress;
  int64_t told_ms;
  enum ms_status status;
  struct ms_error err;
};

struct settings {
  const char *source, *path;
  int progress; /* stack index */
};

static const struct ms_option options[] = {
    {"source", MS_OPTION_STRING, offsetof(struct settings, source), true},
    {"path", MS_OPTION_STRING, offsetof(struct settings, path), true},
    {"progress", MS_OPTION_VALUE, offsetof(struct settings, progress), false},
};

/* ---- the copy ---- */

/* The message wants the names put in front, as those of the steps. */
static enum ms_status
begin(struct copy *copy, const struct settings *settings, struct ms_error *err)
{
  copy->source = open(settings->source, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (copy->source < 0)
    return ms_fail_errno(err, errno, "reading");
  copy->target =
      open(settings->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0666);
  if (copy->target < 0)
    return ms_fail_errno(err, errno, "writing");
  copy->path = strdup(settings->path);
  if (!copy->path) {
    unlink(settings->path);
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  return ms_file_copy_begin(&copy->file, copy->source, copy->target, err);
}

/* Durable at the end. */
static bool
step(void *user)
{
  struct copy *copy = user;
  copy->status = ms_file_copy_step(&copy->file, &copy->err);
  if (copy->status == MS_OK && copy->file.is_over && fsync(copy->target) < 0)
    copy->status = ms_fail_errno(&copy->err, errno, "writing");
  return copy->status == MS_OK && !copy->file.is_over;
}

static void
on_step(void *user)
{
  struct copy *copy = user;
  int64_t now_ms = ms_clock_monotonic_ms();
  if (now_ms - copy->told_ms >= PROGRESS_INTERVAL_MS) {
    copy->told_ms = now_ms;
    ms_progress_tell(&copy->progress, copy->file.done_bytes, copy->file.size_bytes);
  }
}

static void
close_files(struct copy *copy)
{
  if (copy->source >= 0)
    close(copy->source);
  if (copy->target >= 0)
    close(copy->target);
  if (copy->path)
    unlink(copy->path);
  copy->source = copy->target = -1;
}

static void
free_when_last(struct copy *copy)
{
  if (copy->is_waited_for || copy->is_working)
    return;
  close_files(copy);
  free(copy->path);
  free(copy);
}

/* ---- the end ---- */

static void
on_end(void *user)
{
  struct copy *copy = user;
  copy->work = NULL;
  if (copy->status == MS_OK)
    ms_progress_tell(&copy->progress, copy->file.done_bytes, copy->file.size_bytes);
  ms_wait_finish(&copy->wait);
}

static void
release(void *user)
{
  struct copy *copy = user;
  copy->is_working = false;
  free_when_last(copy);
}

static const struct ms_work_kind work_kind = {
    .step = step, .on_step = on_step, .on_end = on_end, .release = release};

static void
on_cancel(struct ms_wait *wait)
{
  struct copy *copy = (struct copy *)wait; /* its first member */
  if (copy->work)
    ms_work_cancel(copy->work);
  copy->work = NULL;
}

/* The file stays when it is whole. */
static int
finish(lua_State *L, struct copy *copy)
{
  struct ms_error err = copy->err;
  enum ms_status status = copy->status;
  bool is_cancelled = copy->wait.cancelled;
  int64_t size_bytes = copy->file.done_bytes;
  ms_progress_close(L, &copy->progress);
  if (!is_cancelled && status == MS_OK) {
    free(copy->path);
    copy->path = NULL;
  }
  copy->is_waited_for = false;
  free_when_last(copy);
  if (is_cancelled)
    return ms_raise_cancelled(L);
  if (status != MS_OK)
    return ms_raise(L, &err);
  lua_pushinteger(L, size_bytes);
  return 1;
}

static int
after_wait(lua_State *L, int status, lua_KContext context)
{
  (void)status;
  return finish(L, (struct copy *)context);
}

/* From here on the worker has the copy: not even its status may be touched. False where there is no memory. */
static bool
start(lua_State *L, struct copy *copy)
{
  struct ms_error ignored;
  uv_loop_t *loop = ms_tasks_loop(ms_tasks_of(L));
  return ms_work_start(loop, &work_kind, copy, &copy->work, &ignored) == MS_OK;
}

/* copy{source, path, progress?} -> bytes; `path` is a new file, durable at the end */
static int
component_copy(lua_State *L)
{
  struct settings settings = {0};
  lua_settop(L, 1);
  ms_options_read(L, 1, "copy", options, sizeof options / sizeof *options, &settings);
  struct copy *copy = calloc(1, sizeof *copy);
  if (!copy)
    return ms_raisef(L, MS_MEMORY, "out of memory");
  copy->source = copy->target = -1;
  copy->is_waited_for = true;
  copy->wait.cancel = on_cancel;
  ms_progress_open(L, settings.progress, &copy->progress);
  copy->status = begin(copy, &settings, &copy->err);
  if (ms_wait_prepare(L, &copy->wait) && copy->status == MS_OK)
    copy->is_working = start(L, copy);
  if (copy->is_working)
    return ms_wait_yield(L, &copy->wait, (lua_KContext)copy, after_wait);
  while (copy->status == MS_OK && step(copy))
    continue;
  return finish(L, copy);
}

static const luaL_Reg functions[] = {
    {"copy", component_copy},
    {NULL, NULL},
};

void
ms_component_open_copy(lua_State *L)
{
  luaL_setfuncs(L, functions, 0);
}
