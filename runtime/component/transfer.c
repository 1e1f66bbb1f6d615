/* moonshift.core.component.upload and .download: one file over the session's transport.
 *
 * The operation is a userdata that stays on the waiting function's stack, so it lives exactly as long as
 * the call. */
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "binding/options.h"
#include "binding/raise.h"
#include "binding/task.h"
#include "component/component.h"
#include "component/progress.h"
#include "session/session.h"

enum { HEADERS_MAX = 32 };

struct operation {
  struct ms_wait wait;
  struct ms_transport_call *call; /* while under way */
  enum ms_status status;
  struct ms_error err;
  int64_t size_bytes;
  struct ms_transport_moved moved;
  struct ms_progress progress;
};

struct settings {
  int session, headers, progress, rate; /* stack indices */
  const char *url, *path, *etag;
  int64_t offset, size;
  bool sends_key;
};

static const struct ms_option options[] = {
    {"session", MS_OPTION_VALUE, offsetof(struct settings, session), true},
    {"url", MS_OPTION_STRING, offsetof(struct settings, url), true},
    {"path", MS_OPTION_STRING, offsetof(struct settings, path), false},
    {"offset", MS_OPTION_INTEGER, offsetof(struct settings, offset), false},
    {"size", MS_OPTION_INTEGER, offsetof(struct settings, size), false},
    {"etag", MS_OPTION_STRING, offsetof(struct settings, etag), false},
    {"sends_key", MS_OPTION_BOOLEAN, offsetof(struct settings, sends_key), false},
    {"rate", MS_OPTION_VALUE, offsetof(struct settings, rate), false},
    {"headers", MS_OPTION_VALUE, offsetof(struct settings, headers), false},
    {"progress", MS_OPTION_VALUE, offsetof(struct settings, progress), false},
};

typedef enum ms_status (*start_function)(struct ms_transport *, const struct ms_transport_file *,
                                         ms_transport_file_done, void *,
                                         struct ms_transport_call **, struct ms_error *);
typedef enum ms_status (*in_place_function)(struct ms_transport *, const struct ms_transport_file *,
                                            int64_t *, struct ms_error *);

/* The string pairs of the table at `index` (borrowed from it). */
static size_t
read_headers(lua_State *L, int index, struct ms_http_header *headers)
{
  size_t count = 0;
  luaL_checktype(L, index, LUA_TTABLE);
  lua_pushnil(L);
  while (lua_next(L, index)) { /* [name, value] */
    if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
      ms_raisef(L, MS_USAGE, "headers must map names to strings");
    if (count == HEADERS_MAX)
      ms_raisef(L, MS_LIMIT, "more than %d headers", HEADERS_MAX);
    headers[count++] = (struct ms_http_header){lua_tostring(L, -2), lua_tostring(L, -1)};
    lua_pop(L, 1);
  }
  return count;
}

static void
on_progress(void *user, int64_t done_bytes, int64_t total_bytes)
{
  struct operation *operation = user;
  ms_progress_tell(&operation->progress, done_bytes, total_bytes);
}

static void
on_done(void *user, enum ms_status status, int64_t size_bytes, const struct ms_error *err)
{
  struct operation *operation = user;
  operation->call = NULL;
  operation->status = status;
  operation->size_bytes = size_bytes;
  if (status)
    operation->err = *err;
  ms_wait_finish(&operation->wait);
}

static void
on_cancel(struct ms_wait *wait)
{
  struct operation *operation = (struct operation *)wait; /* its first member */
  if (operation->call)
    ms_transport_cancel(operation->call);
  operation->call = NULL;
}

/* Pushes {etag, checksum, total, ranges}; what is not known is left out. */
static void
push_moved(lua_State *L, const struct ms_transport_moved *moved)
{
  const struct {
    const char *name, *text;
  } texts[] = {{"etag", moved->etag}, {"checksum", moved->checksum}};
  lua_createtable(L, 0, 4);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    if (!texts[i].text[0])
      continue;
    lua_pushstring(L, texts[i].text);
    lua_setfield(L, -2, texts[i].name);
  }
  if (moved->total_bytes >= 0) {
    lua_pushinteger(L, moved->total_bytes);
    lua_setfield(L, -2, "total");
  }
  lua_pushboolean(L, moved->has_ranges);
  lua_setfield(L, -2, "ranges");
}

static int
finish(lua_State *L, struct operation *operation)
{
  ms_progress_close(L, &operation->progress);
  if (operation->wait.cancelled)
    return ms_raise_cancelled(L);
  if (operation->status)
    return ms_raise(L, &operation->err);
  lua_pushinteger(L, operation->size_bytes);
  push_moved(L, &operation->moved);
  return 2;
}

static int
after_wait(lua_State *L, int status, lua_KContext context)
{
  (void)status;
  return finish(L, (struct operation *)context);
}

static struct operation *
push_operation(lua_State *L)
{
  struct operation *operation = lua_newuserdatauv(L, sizeof *operation, 0);
  memset(operation, 0, sizeof *operation);
  operation->wait.cancel = on_cancel;
  return operation;
}

static int
transfer(lua_State *L, const char *name, start_function start, in_place_function in_place)
{
  struct settings settings = {0};
  struct ms_http_header headers[HEADERS_MAX];
  lua_settop(L, 1);
  struct operation *operation = push_operation(L); /* stays at 2 while waiting */
  ms_options_read(L, 1, name, options, sizeof options / sizeof *options, &settings);
  struct ms_transport *transport = ms_session_transport(L, settings.session);
  struct ms_transport_file file = {
      .url = settings.url,
      .path = settings.path,
      .headers = headers,
      .offset = settings.offset,
      .size_bytes = settings.size,
      .etag = settings.etag,
      .sends_key = settings.sends_key,
      .moved = &operation->moved,
      .progress = on_progress,
  };
  if (settings.rate)
    file.rate = ms_component_rate(L, settings.rate);
  if (settings.headers)
    file.header_count = read_headers(L, settings.headers, headers);
  ms_progress_open(L, settings.progress, &operation->progress);
  if (!ms_wait_prepare(L, &operation->wait)) {
    file.progress = NULL;
    operation->status = in_place(transport, &file, &operation->size_bytes, &operation->err);
    return finish(L, operation);
  }
  operation->status =
      start(transport, &file, on_done, operation, &operation->call, &operation->err);
  if (operation->status)
    return finish(L, operation);
  return ms_wait_yield(L, &operation->wait, (lua_KContext)operation, after_wait);
}

/* upload{session, url, path, headers?, offset?, size?, rate?, progress?} -> bytes sent, {etag?, checksum?} */
static int
component_upload(lua_State *L)
{
  if (lua_istable(L, 1) && lua_getfield(L, 1, "path") == LUA_TNIL)
    return ms_raisef(L, MS_USAGE, "upload: 'path' is missing");
  return transfer(L, "upload", ms_transport_upload, ms_transport_upload_in_place);
}

/* download{session, url, path?, offset?, size?, etag?, rate?, progress?} -> bytes received,
 * {etag?, checksum?, total?, ranges} */
static int
component_download(lua_State *L)
{
  return transfer(L, "download", ms_transport_download, ms_transport_download_in_place);
}

/* local_path(session, component_id) -> path, or nil when the data is not on this machine */
static int
component_local_path(lua_State *L)
{
  struct ms_transport *transport = ms_session_transport(L, 1);
  const char *component_id = luaL_checkstring(L, 2);
  char *path;
  struct ms_error err;
  if (ms_transport_local_path(transport, component_id, &path, &err))
    return ms_raise(L, &err);
  lua_pushstring(L, path); /* nil for NULL */
  free(path);
  return 1;
}

/* remove_local(session, component_id) -> whether the data was on this machine, and is not any more */
static int
component_remove_local(lua_State *L)
{
  struct ms_transport *transport = ms_session_transport(L, 1);
  const char *component_id = luaL_checkstring(L, 2);
  bool is_local;
  struct ms_error err;
  if (ms_transport_remove_local(transport, component_id, &is_local, &err))
    return ms_raise(L, &err);
  lua_pushboolean(L, is_local);
  return 1;
}

static const luaL_Reg functions[] = {
    {"local_path", component_local_path},
    {"remove_local", component_remove_local},
    {"upload", component_upload},
    {"download", component_download},
    {NULL, NULL},
};

void
ms_component_open_transfer(lua_State *L)
{
  luaL_setfuncs(L, functions, 0);
}
