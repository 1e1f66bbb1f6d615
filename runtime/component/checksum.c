/* moonshift.core.component.checksum: the MD5 of a file that is being fetched, taken on worker threads of what is there
 * so far; and .hold and .reserve, the file itself.
 *
 * The one who waits for the end has the object on its stack, which closes it when it is cancelled. */
#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "binding/raise.h"
#include "binding/task.h"
#include "component/component.h"
#include "transport/digest.h"

#define CLASS "moonshift.Checksum"

struct box {
  struct ms_wait wait;
  struct ms_digest *digest; /* NULL: closed */
  struct ms_file_digest_range range;
  enum ms_status status;
  struct ms_error err;
  char hex[MS_MD5_HEX_SIZE];
};

static void
close_box(struct box *box)
{
  ms_digest_free(box->digest);
  box->digest = NULL;
  if (box->range.fd >= 0)
    close(box->range.fd);
  box->range.fd = -1;
}

/* checksum(path, segment_bytes) -> object; segment_bytes 0: the MD5 of the whole, else that of the MD5s of segments */
static int
component_checksum(lua_State *L)
{
  const char *path = luaL_checkstring(L, 1);
  lua_Integer segment_bytes = luaL_checkinteger(L, 2);
  luaL_argcheck(L, segment_bytes >= 0, 2, "a number of bytes");
  struct box *box = lua_newuserdatauv(L, sizeof *box, 0);
  memset(box, 0, sizeof *box);
  box->range = (struct ms_file_digest_range){.fd = -1, .segment_bytes = segment_bytes};
  luaL_setmetatable(L, CLASS);
  box->range.fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (box->range.fd < 0) {
    ms_fail_errno(&box->err, errno, "cannot read '%s'", path);
    return ms_raise(L, &box->err);
  }
  if (ms_digest_new(ms_tasks_loop(ms_tasks_of(L)), &box->range, &box->digest, &box->err))
    return ms_raise(L, &box->err);
  return 1;
}

static struct box *
check_box(lua_State *L)
{
  struct box *box = luaL_checkudata(L, 1, CLASS);
  if (!box->digest)
    ms_raisef(L, MS_CLOSED, "the checksum has been closed");
  return box;
}

/* advance(self, bytes): so many are there from the beginning */
static int
checksum_advance(lua_State *L)
{
  ms_digest_advance(check_box(L)->digest, luaL_checkinteger(L, 2));
  return 0;
}

static void
on_done(void *user, enum ms_status status, const char *hex, const struct ms_error *err)
{
  struct box *box = user;
  box->status = status;
  if (status)
    box->err = *err;
  memcpy(box->hex, hex, sizeof box->hex);
  ms_wait_finish(&box->wait);
}

static void
on_cancel(struct ms_wait *wait)
{
  close_box((struct box *)wait); /* its first member */
}

static int
push_result(lua_State *L, struct box *box)
{
  bool is_cancelled = box->wait.cancelled;
  close_box(box);
  if (is_cancelled)
    return ms_raise_cancelled(L);
  if (box->status)
    return ms_raise(L, &box->err);
  lua_pushstring(L, box->hex);
  return 1;
}

static int
after_wait(lua_State *L, int status, lua_KContext context)
{
  (void)status;
  return push_result(L, (struct box *)context);
}

/* finish(self, total_bytes) -> hexadecimal; the object is closed */
static int
checksum_finish(lua_State *L)
{
  struct box *box = check_box(L);
  lua_Integer total_bytes = luaL_checkinteger(L, 2);
  box->wait.cancel = on_cancel;
  if (!ms_wait_prepare(L, &box->wait)) {
    box->status = ms_file_digest_compute(&box->range, total_bytes, box->hex, &box->err);
    return push_result(L, box);
  }
  ms_digest_finish(box->digest, total_bytes, on_done, box);
  return ms_wait_yield(L, &box->wait, (lua_KContext)box, after_wait);
}

static int
checksum_close(lua_State *L)
{
  close_box(luaL_checkudata(L, 1, CLASS));
  return 0;
}

/* ---- the file ---- */

#define HOLD_CLASS "moonshift.Hold"

/* hold(path) -> a lock on the file, which is created; nil while another process has it */
static int
component_hold(lua_State *L)
{
  const char *path = luaL_checkstring(L, 1);
  struct ms_error err;
  int *fd = lua_newuserdatauv(L, sizeof *fd, 0);
  *fd = -1;
  luaL_setmetatable(L, HOLD_CLASS);
  *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0666);
  if (*fd < 0) {
    ms_fail_errno(&err, errno, "cannot write '%s'", path);
    return ms_raise(L, &err);
  }
  struct stat held, named;
  bool is_taken = flock(*fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
  bool is_there = fstat(*fd, &held) == 0 && stat(path, &named) == 0 && held.st_ino == named.st_ino;
  if (is_taken || !is_there)
    lua_pushnil(L);
  return 1;
}

static int
hold_close(lua_State *L)
{
  int *fd = luaL_checkudata(L, 1, HOLD_CLASS);
  if (*fd >= 0)
    close(*fd);
  *fd = -1;
  return 0;
}

/* reserve(path, size): a new file of so many bytes, with room for them where the file system can promise it */
static int
component_reserve(lua_State *L)
{
  const char *path = luaL_checkstring(L, 1);
  lua_Integer size_bytes = luaL_checkinteger(L, 2);
  struct ms_error err;
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0666);
  if (fd < 0) {
    ms_fail_errno(&err, errno, "cannot write '%s'", path);
    return ms_raise(L, &err);
  }
  bool is_done = fallocate(fd, 0, 0, size_bytes) == 0 ||
                 ((errno == EOPNOTSUPP || errno == ENOSYS) && ftruncate(fd, size_bytes) == 0);
  int error_number = errno;
  close(fd);
  if (!is_done) {
    unlink(path);
    ms_fail_errno(&err, error_number, "cannot write %lld bytes to '%s'", (long long)size_bytes,
                  path);
    return ms_raise(L, &err);
  }
  return 0;
}

static const luaL_Reg functions[] = {
    {"checksum", component_checksum},
    {"hold", component_hold},
    {"reserve", component_reserve},
    {NULL, NULL},
};

static const luaL_Reg methods[] = {
    {"advance", checksum_advance},
    {"finish", checksum_finish},
    {NULL, NULL},
};

static const luaL_Reg hold_metamethods[] = {
    {"__gc", hold_close},
    {"__close", hold_close},
    {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
    {"__gc", checksum_close},
    {"__close", checksum_close},
    {NULL, NULL},
};

void
ms_component_open_checksum(lua_State *L)
{
  luaL_newmetatable(L, CLASS); /* [module, metatable] */
  luaL_setfuncs(L, metamethods, 0);
  luaL_newlib(L, methods);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  luaL_newmetatable(L, HOLD_CLASS); /* [module, metatable] */
  luaL_setfuncs(L, hold_metamethods, 0);
  lua_pop(L, 1);
  luaL_setfuncs(L, functions, 0);
}
