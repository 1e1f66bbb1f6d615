/* moonshift.core.job.journal: the journal of store/journal.h as a Lua class. */
#include <lauxlib.h>
#include <stddef.h>

#include "binding/options.h"
#include "binding/raise.h"
#include "job/job.h"
#include "store/journal.h"

#define CLASS "moonshift.journal"

enum { LIST_AT_ONCE = 64 };

struct box {
  struct ms_journal *journal; /* NULL: closed */
};

static struct ms_journal *
check_journal(lua_State *L)
{
  struct box *box = luaL_checkudata(L, 1, CLASS);
  if (!box->journal)
    ms_raisef(L, MS_CLOSED, "the outbox was closed");
  return box->journal;
}

static int
finish(lua_State *L, enum ms_status status, const struct ms_error *err)
{
  return status == MS_OK ? 0 : ms_raise(L, err);
}

/* ---- entries ---- */

/* A userdata that frees its entries, so that building tables from them may fail. */
struct page {
  size_t count;
  struct ms_journal_entry entries[LIST_AT_ONCE];
};

#define PAGE_CLASS "moonshift.journal.page"

static int
page_close(lua_State *L)
{
  struct page *page = luaL_checkudata(L, 1, PAGE_CLASS);
  for (; page->count > 0; page->count--)
    ms_journal_entry_free(&page->entries[page->count - 1]);
  return 0;
}

static struct page *
push_page(lua_State *L)
{
  struct page *page = lua_newuserdatauv(L, sizeof *page, 0);
  page->count = 0;
  luaL_setmetatable(L, PAGE_CLASS);
  return page;
}

static void
push_entry(lua_State *L, const struct ms_journal_entry *entry)
{
  const struct {
    const char *name, *value;
  } texts[] = {{"tracker", entry->tracker}, {"user", entry->user},   {"job_id", entry->job_id},
               {"kind", entry->kind},       {"title", entry->title}, {"body", entry->body},
               {"error", entry->error}};
  lua_createtable(L, 0, 12); /* entry */
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    lua_pushstring(L, texts[i].value); /* NULL is nil */
    lua_setfield(L, -2, texts[i].name);
  }
  lua_pushinteger(L, entry->sequence);
  lua_setfield(L, -2, "sequence");
  lua_pushinteger(L, entry->attempts);
  lua_setfield(L, -2, "attempts");
  lua_pushnumber(L, (lua_Number)entry->created_at_us / 1e6);
  lua_setfield(L, -2, "created_at");
  lua_pushnumber(L, (lua_Number)entry->next_try_at_us / 1e6);
  lua_setfield(L, -2, "next_try_at");
  lua_pushboolean(L, entry->refused);
  lua_setfield(L, -2, "refused");
}

/* ---- functions ---- */

/* journal(folder) -> journal */
static int
journal_open(lua_State *L)
{
  const char *folder = luaL_checkstring(L, 1);
  struct box *box = lua_newuserdatauv(L, sizeof *box, 0);
  box->journal = NULL;
  luaL_setmetatable(L, CLASS);
  struct ms_error err;
  if (ms_journal_open(folder, &box->journal, &err))
    return ms_raise(L, &err);
  return 1;
}

static int
journal_close(lua_State *L)
{
  struct box *box = luaL_checkudata(L, 1, CLASS);
  ms_journal_close(box->journal);
  box->journal = NULL;
  return 0;
}

#define TEXT(field)                                                          \
  {                                                                          \
#field, MS_OPTION_STRING, offsetof(struct ms_journal_entry, field), true \
  }

static const struct ms_option entry_options[] = {TEXT(tracker), TEXT(user),  TEXT(job_id),
                                                 TEXT(kind),    TEXT(title), TEXT(body)};

/* append{tracker, user, job_id, kind, title, body} -> sequence */
static int
journal_append(lua_State *L)
{
  struct ms_journal *journal = check_journal(L);
  struct ms_journal_entry entry = {0};
  ms_options_read(L, 2, "append", entry_options, sizeof entry_options / sizeof *entry_options,
                  &entry);
  int64_t sequence;
  struct ms_error err;
  if (ms_journal_append(journal, &entry, &sequence, &err))
    return ms_raise(L, &err);
  lua_pushinteger(L, sequence);
  return 1;
}

/* claim(tracker, user) -> whether it is ours */
static int
journal_claim(lua_State *L)
{
  struct ms_journal *journal = check_journal(L);
  bool claimed;
  struct ms_error err;
  if (ms_journal_claim(journal, luaL_checkstring(L, 2), luaL_checkstring(L, 3), &claimed, &err))
    return ms_raise(L, &err);
  lua_pushboolean(L, claimed);
  return 1;
}

static int
journal_release(lua_State *L)
{
  ms_journal_release(check_journal(L));
  return 0;
}

static int
journal_hurry(lua_State *L)
{
  struct ms_error err;
  return finish(L, ms_journal_hurry(check_journal(L), &err), &err);
}

/* take(job_id?) -> entry, or nil when none is due */
static int
journal_take(lua_State *L)
{
  struct ms_journal *journal = check_journal(L);
  const char *job_id = luaL_optstring(L, 2, NULL);
  struct page *page = push_page(L);
  bool found;
  struct ms_error err;
  if (ms_journal_take(journal, job_id, &page->entries[0], &found, &err))
    return ms_raise(L, &err);
  page->count = found;
  if (found)
    push_entry(L, &page->entries[0]);
  else
    lua_pushnil(L);
  return 1;
}

/* remove(sequence) */
static int
journal_remove(lua_State *L)
{
  struct ms_error err;
  return finish(L, ms_journal_remove(check_journal(L), luaL_checkinteger(L, 2), &err), &err);
}

/* refuse(sequence, words) */
static int
journal_refuse(lua_State *L)
{
  struct ms_error err;
  return finish(
      L, ms_journal_refuse(check_journal(L), luaL_checkinteger(L, 2), luaL_checkstring(L, 3), &err),
      &err);
}

/* retry_later(sequence, delay, words) */
static int
journal_retry_later(lua_State *L)
{
  struct ms_error err;
  return finish(L,
                ms_journal_retry_later(check_journal(L), luaL_checkinteger(L, 2),
                                       ms_check_duration(L, 3), luaL_checkstring(L, 4), &err),
                &err);
}

/* retry(sequence) */
static int
journal_retry(lua_State *L)
{
  struct ms_error err;
  return finish(L, ms_journal_retry(check_journal(L), luaL_checkinteger(L, 2), &err), &err);
}

/* list(after?) -> up to LIST_AT_ONCE entries */
static int
journal_list(lua_State *L)
{
  struct ms_journal *journal = check_journal(L);
  lua_Integer after = luaL_optinteger(L, 2, 0);
  struct page *page = push_page(L);
  struct ms_error err;
  if (ms_journal_list(journal, after, page->entries, LIST_AT_ONCE, &page->count, &err))
    return ms_raise(L, &err);
  lua_createtable(L, (int)page->count, 0);
  for (size_t i = 0; i < page->count; i++) {
    push_entry(L, &page->entries[i]);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

/* count(tracker, user, job_id?) -> waiting, refused */
static int
journal_count(lua_State *L)
{
  struct ms_journal *journal = check_journal(L);
  int64_t waiting, refused;
  struct ms_error err;
  if (ms_journal_count(journal, luaL_checkstring(L, 2), luaL_checkstring(L, 3),
                       luaL_optstring(L, 4, NULL), &waiting, &refused, &err))
    return ms_raise(L, &err);
  lua_pushinteger(L, waiting);
  lua_pushinteger(L, refused);
  return 2;
}

static const luaL_Reg methods[] = {
    {"append", journal_append},
    {"claim", journal_claim},
    {"release", journal_release},
    {"hurry", journal_hurry},
    {"take", journal_take},
    {"remove", journal_remove},
    {"refuse", journal_refuse},
    {"retry_later", journal_retry_later},
    {"retry", journal_retry},
    {"list", journal_list},
    {"count", journal_count},
    {"close", journal_close},
    {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
    {"__gc", journal_close},
    {"__close", journal_close},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"journal", journal_open},
    {NULL, NULL},
};

void
ms_job_open_outbox(lua_State *L)
{
  luaL_newmetatable(L, PAGE_CLASS); /* [module, metatable] */
  lua_pushcfunction(L, page_close);
  lua_setfield(L, -2, "__gc");
  lua_pop(L, 1);
  luaL_newmetatable(L, CLASS);
  luaL_setfuncs(L, metamethods, 0);
  luaL_newlib(L, methods);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  luaL_setfuncs(L, functions, 0);
}
