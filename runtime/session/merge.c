/* The results of an answer, one by one. */
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "binding/raise.h"
#include "session/merge_internal.h"

static bool
key_is(const struct ms_merge *merge, const char *name)
{
  return merge->reader.string_bytes == strlen(name) &&
         memcmp(merge->reader.string, name, merge->reader.string_bytes) == 0;
}

/* Descends into the object that begins, and sets the stack value at `index` to its
 * `next.offset`. */
static void
read_metadata(struct ms_merge *merge, int index, const char *wanted)
{
  for (ms_merge_next(merge); merge->reader.type != MS_JSON_END; ms_merge_next(merge)) {
    bool is_wanted = key_is(merge, wanted);
    ms_merge_next(merge);
    if (is_wanted && merge->reader.type == MS_JSON_OBJECT && strcmp(wanted, "next") == 0) {
      read_metadata(merge, index, "offset");
    } else if (is_wanted && merge->reader.type == MS_JSON_INTEGER) {
      lua_pushinteger(merge->L, merge->reader.integer);
      lua_replace(merge->L, index);
    } else {
      ms_merge_skip(merge);
    }
  }
}

/* Pushes a result's data and the offset of the next page. */
static void
read_result(struct ms_merge *merge)
{
  lua_State *L = merge->L;
  luaL_checkstack(L, LUA_MINSTACK, "an answer with too many results");
  if (merge->reader.type != MS_JSON_OBJECT) {
    ms_raisef(L, MS_PROTOCOL, "the server's answer has a result that is no object");
  }
  lua_pushnil(L);
  lua_pushnil(L);
  int data = lua_gettop(L) - 1;
  for (ms_merge_next(merge); merge->reader.type != MS_JSON_END; ms_merge_next(merge)) {
    bool is_data = key_is(merge, "data"), is_metadata = key_is(merge, "metadata");
    ms_merge_next(merge);
    if (is_data) {
      ms_merge_read_value(merge);
      lua_replace(L, data);
    } else if (is_metadata && merge->reader.type == MS_JSON_OBJECT) {
      read_metadata(merge, data + 1, "next");
    } else {
      ms_merge_skip(merge);
    }
  }
  if (merge->options->discards) {
    lua_settop(L, data - 1);
  }
}

/* Reads the whole text once without merging anything: the grammar, and the number of results. */
static void
check_text(struct ms_merge *merge)
{
  size_t count = 0;
  ms_merge_next(merge);
  if (merge->reader.type != MS_JSON_ARRAY) {
    ms_raisef(merge->L, MS_PROTOCOL, "the server's answer is no list of results");
  }
  for (ms_merge_next(merge); merge->reader.type != MS_JSON_END; ms_merge_next(merge)) {
    ms_merge_skip(merge);
    count++;
  }
  ms_merge_next(merge);
  if (count != merge->options->result_count) {
    ms_raisef(merge->L, MS_PROTOCOL, "the server's answer has %zu results for %zu operations",
              count, merge->options->result_count);
  }
}

static void
rewind_text(struct ms_merge *merge)
{
  const char *text = merge->reader.text;
  size_t bytes = merge->reader.size_bytes;
  ms_json_reader_free(&merge->reader);
  ms_json_reader_init(&merge->reader, text, bytes);
  ms_merge_next(merge);
}

static int
check_protected(lua_State *L)
{
  struct ms_merge *merge = lua_touserdata(L, MS_MERGE_CONTEXT);
  merge->L = L;
  check_text(merge);
  return 0;
}

static int
read_data_protected(lua_State *L)
{
  struct ms_merge *merge = lua_touserdata(L, MS_MERGE_CONTEXT);
  merge->L = L;
  lua_newtable(L);
  if (!merge->options->is_checked) {
    check_text(merge);
  }
  rewind_text(merge);
  for (ms_merge_next(merge); merge->reader.type != MS_JSON_END; ms_merge_next(merge)) {
    read_result(merge);
  }
  return lua_gettop(L) - (MS_MERGE_RESULTS - 1);
}

static int
read_raw_protected(lua_State *L)
{
  struct ms_merge *merge = lua_touserdata(L, MS_MERGE_CONTEXT);
  merge->L = L;
  lua_newtable(L);
  merge->is_raw = true;
  check_text(merge);
  rewind_text(merge);
  ms_merge_read_value(merge);
  return 1;
}

static void
run(lua_State *L, lua_CFunction reading, const char *text, size_t text_bytes,
    const struct ms_merge_options *options)
{
  struct ms_merge merge = {.options = options};
  int session_index = lua_absindex(L, options->session_index);
  int groups_index = options->groups_index ? lua_absindex(L, options->groups_index) : 0;
  const struct ms_session *session = lua_touserdata(L, session_index);
  merge.schema = session->schema;
  ms_json_reader_init(&merge.reader, text, text_bytes);
  lua_pushcfunction(L, reading);
  lua_pushvalue(L, session_index);
  if (groups_index) {
    lua_pushvalue(L, groups_index);
  } else {
    lua_pushnil(L);
  }
  lua_pushlightuserdata(L, &merge);
  int status = lua_pcall(L, 3, LUA_MULTRET, 0);
  ms_json_reader_free(&merge.reader);
  free(merge.members);
  if (status != LUA_OK) {
    lua_error(L);
  }
}

void
ms_merge_check(lua_State *L, const char *text, size_t text_bytes,
               const struct ms_merge_options *options)
{
  run(L, check_protected, text, text_bytes, options);
}

void
ms_merge_push_data(lua_State *L, const char *text, size_t text_bytes,
                   const struct ms_merge_options *options)
{
  run(L, read_data_protected, text, text_bytes, options);
}

void
ms_merge_push_raw(lua_State *L, const char *text, size_t text_bytes,
                  const struct ms_merge_options *options)
{
  run(L, read_raw_protected, text, text_bytes, options);
}
