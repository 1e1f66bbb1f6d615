/* moonshift.core.job.lease and .abandoned_leases: see lease.h for the idea. */
#include <lauxlib.h>
#include <stdlib.h>

#include "binding/raise.h"
#include "job/job.h"
#include "job/lease.h"

#define CLASS "moonshift.lease"

enum { TAKE_AT_ONCE = 64 };

struct box {
  struct ms_lease *lease; /* NULL: released */
};

static struct box *
push_box(lua_State *L)
{
  struct box *box = lua_newuserdatauv(L, sizeof *box, 0);
  box->lease = NULL;
  luaL_setmetatable(L, CLASS);
  return box;
}

static struct ms_lease *
check_lease(lua_State *L)
{
  struct box *box = luaL_checkudata(L, 1, CLASS);
  if (!box->lease)
    ms_raisef(L, MS_CLOSED, "the lease was released");
  return box->lease;
}

/* lease(folder, name, text) -> lease */
static int
lease_acquire(lua_State *L)
{
  size_t text_bytes;
  const char *folder = luaL_checkstring(L, 1);
  const char *name = luaL_checkstring(L, 2);
  const char *text = luaL_checklstring(L, 3, &text_bytes);
  struct box *box = push_box(L);
  struct ms_error err;
  if (ms_lease_acquire(folder, name, text, text_bytes, &box->lease, &err))
    return ms_raise(L, &err);
  return 1;
}

/* abandoned_leases(folder) -> list of leases that are now ours, up to a few dozen a call */
static int
abandoned_leases(lua_State *L)
{
  const char *folder = luaL_checkstring(L, 1);
  struct ms_lease *leases[TAKE_AT_ONCE];
  struct box *boxes[TAKE_AT_ONCE];
  size_t count;
  struct ms_error err;
  lua_createtable(L, TAKE_AT_ONCE, 0);
  for (int i = 0; i < TAKE_AT_ONCE; i++) { /* boxed before they exist, so that no error leaks one */
    boxes[i] = push_box(L);
    lua_rawseti(L, -2, i + 1);
  }
  if (ms_lease_take_abandoned(folder, leases, TAKE_AT_ONCE, &count, &err))
    return ms_raise(L, &err);
  for (size_t i = 0; i < TAKE_AT_ONCE; i++) {
    if (i < count) {
      boxes[i]->lease = leases[i];
      continue;
    }
    lua_pushnil(L);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

static int
lease_update(lua_State *L)
{
  size_t text_bytes;
  struct ms_lease *lease = check_lease(L);
  const char *text = luaL_checklstring(L, 2, &text_bytes);
  struct ms_error err;
  if (ms_lease_update(lease, text, text_bytes, &err))
    return ms_raise(L, &err);
  return 0;
}

static int
lease_text(lua_State *L)
{
  size_t text_bytes;
  const char *text = ms_lease_text(check_lease(L), &text_bytes);
  lua_pushlstring(L, text, text_bytes);
  return 1;
}

static int
lease_name(lua_State *L)
{
  lua_pushstring(L, ms_lease_name(check_lease(L)));
  return 1;
}

static int
lease_release(lua_State *L)
{
  struct box *box = luaL_checkudata(L, 1, CLASS);
  if (box->lease)
    ms_lease_release(box->lease);
  box->lease = NULL;
  return 0;
}

static int
lease_abandon(lua_State *L)
{
  struct box *box = luaL_checkudata(L, 1, CLASS);
  ms_lease_abandon(box->lease);
  box->lease = NULL;
  return 0;
}

static const luaL_Reg methods[] = {
    {"update", lease_update},   {"text", lease_text},       {"name", lease_name},
    {"release", lease_release}, {"abandon", lease_abandon}, {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
    {"__gc", lease_abandon},
    {"__close", lease_abandon},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"lease", lease_acquire},
    {"abandoned_leases", abandoned_leases},
    {NULL, NULL},
};

void
ms_job_open_lease(lua_State *L)
{
  luaL_newmetatable(L, CLASS); /* [module, metatable] */
  luaL_setfuncs(L, metamethods, 0);
  luaL_newlib(L, methods);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  luaL_setfuncs(L, functions, 0);
}
