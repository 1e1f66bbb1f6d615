/* A recursive descent over the pull reader's events.
 *
 * The members of an object wait on the Lua stack until its end, because __entity_type__ and the key
 * may come anywhere. */
#include <assert.h>
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "binding/raise.h"
#include "session/datetime.h"
#include "session/encode.h"
#include "session/merge_internal.h"

#define ENTITY_TYPE "__entity_type__"
#define VALUE_TYPE "__type__"

enum { FIRST_MEMBERS = 64 };

static void
raise_unreadable(struct ms_merge *merge, struct ms_error *err)
{
  ms_error_prefix(err, "the server's answer cannot be read");
  if (err->status == MS_PARSE) {
    err->status = MS_PROTOCOL;
  }
  ms_raise(merge->L, err);
}

void
ms_merge_next(struct ms_merge *merge)
{
  struct ms_error err;
  if (ms_json_next(&merge->reader, &err) != MS_OK) {
    raise_unreadable(merge, &err);
  }
}

void
ms_merge_skip(struct ms_merge *merge)
{
  struct ms_error err;
  if (ms_json_skip(&merge->reader, &err) != MS_OK) {
    raise_unreadable(merge, &err);
  }
}

/* The class that the string just read names, or NULL for one that the schema does not have. */
static struct ms_class *
read_class(struct ms_merge *merge)
{
  const char *name = merge->reader.string;
  size_t bytes = merge->reader.string_bytes;
  for (unsigned i = 0; i < MS_MERGE_RECENT_CLASSES; i++) {
    struct ms_class *class = merge->recent[i];
    if (class && strlen(class->type->name) == bytes &&
        memcmp(class->type->name, name, bytes) == 0) {
      return class;
    }
  }
  if (merge->is_raw) {
    return NULL;
  }
  struct ms_class *class = ms_schema_class_find(merge->L, merge->schema, name, bytes);
  if (class) {
    merge->recent[merge->next_recent++ % MS_MERGE_RECENT_CLASSES] = class;
  }
  return class;
}

/* Keeps the name of the key just read. */
static struct ms_merge_member *
add_member(struct ms_merge *merge)
{
  if (merge->member_count == merge->member_capacity) {
    size_t capacity = merge->member_capacity ? merge->member_capacity * 2 : FIRST_MEMBERS;
    struct ms_merge_member *members = realloc(merge->members, capacity * sizeof *members);
    if (!members) {
      ms_raisef(merge->L, MS_MEMORY, "out of memory for an answer of the server");
    }
    merge->members = members;
    merge->member_capacity = capacity;
  }
  const char *name = merge->reader.string;
  size_t bytes = merge->reader.string_bytes;
  bool is_in_text =
      name >= merge->reader.text && name <= merge->reader.text + merge->reader.size_bytes;
  if (!is_in_text) { /* it had escapes */
    name = lua_pushlstring(merge->L, name, bytes);
    lua_rawseti(merge->L, MS_MERGE_NAMES, (lua_Integer)lua_rawlen(merge->L, MS_MERGE_NAMES) + 1);
  }
  assert(merge->members);
  struct ms_merge_member *member = &merge->members[merge->member_count++];
  *member = (struct ms_merge_member){.name = name, .name_bytes = bytes, .slot = MS_SLOT_NONE};
  return member;
}

static bool
is_named(const struct ms_merge_member *member, const char *name, size_t name_bytes)
{
  return member->name_bytes == name_bytes && memcmp(member->name, name, name_bytes) == 0;
}

/* A date-time in place of the members behind `base`; false when they are none. */
static bool
finish_typed(struct ms_merge *merge, int base, size_t first)
{
  lua_State *L = merge->L;
  const char *type = NULL;
  int value = 0;
  for (size_t i = first; i < merge->member_count; i++) {
    int index = base + 1 + (int)(i - first);
    if (is_named(&merge->members[i], VALUE_TYPE, sizeof VALUE_TYPE - 1)) {
      type = lua_tostring(L, index);
    } else if (is_named(&merge->members[i], "value", sizeof "value" - 1)) {
      value = index;
    }
  }
  if (!type || value == 0 || lua_type(L, value) != LUA_TSTRING ||
      (strcmp(type, "datetime") != 0 && strcmp(type, "date") != 0)) {
    return false;
  }
  struct ms_error err;
  if (ms_datetime_push_text(L, lua_tostring(L, value), lua_rawlen(L, value), &err) != MS_OK) {
    ms_raisef(L, MS_PROTOCOL, "the server's answer: %s", err.message);
  }
  lua_replace(L, base + 1);
  lua_settop(L, base + 1);
  return true;
}

static void
finish_plain(struct ms_merge *merge, int base, size_t first)
{
  lua_State *L = merge->L;
  lua_createtable(L, 0, (int)(merge->member_count - first));
  int table = lua_gettop(L);
  for (size_t i = first; i < merge->member_count; i++) {
    int value = base + 1 + (int)(i - first);
    if (!lua_islightuserdata(L, value)) {
      lua_pushlstring(L, merge->members[i].name, merge->members[i].name_bytes);
      lua_pushvalue(L, value);
      lua_rawset(L, table);
    }
  }
  if (table > base + 1) {
    lua_replace(L, base + 1);
    lua_settop(L, base + 1);
  }
}

static void
read_object(struct ms_merge *merge)
{
  int base = lua_gettop(merge->L);
  size_t first = merge->member_count;
  struct ms_class *class = NULL;
  bool is_typed = false;
  merge->nesting++;
  for (ms_merge_next(merge); merge->reader.type != MS_JSON_END; ms_merge_next(merge)) {
    const struct ms_merge_member *member = add_member(merge);
    bool names_class = is_named(member, ENTITY_TYPE, sizeof ENTITY_TYPE - 1);
    is_typed = is_typed || (!merge->is_raw && is_named(member, VALUE_TYPE, sizeof VALUE_TYPE - 1));
    ms_merge_next(merge);
    if (names_class && merge->reader.type == MS_JSON_STRING) {
      class = read_class(merge);
      if (class) {
        merge->member_count--;
        continue;
      }
    }
    ms_merge_read_value(merge);
  }
  if (!(class && ms_merge_finish_entity(merge, class, base, first)) &&
      !(is_typed && finish_typed(merge, base, first))) {
    finish_plain(merge, base, first);
  }
  merge->member_count = first;
  merge->nesting--;
}

static void
read_list(struct ms_merge *merge)
{
  lua_State *L = merge->L;
  lua_newtable(L);
  lua_Integer count = 0;
  for (ms_merge_next(merge); merge->reader.type != MS_JSON_END; ms_merge_next(merge)) {
    ms_merge_read_value(merge);
    lua_rawseti(L, -2, ++count);
  }
  if (count == 0) {
    ms_mark_list(L);
  }
}

void
ms_merge_read_value(struct ms_merge *merge)
{
  lua_State *L = merge->L;
  luaL_checkstack(L, LUA_MINSTACK, "an answer with too many members");
  switch (merge->reader.type) {
  case MS_JSON_FALSE:
  case MS_JSON_TRUE:
    lua_pushboolean(L, merge->reader.type == MS_JSON_TRUE);
    break;
  case MS_JSON_INTEGER:
    lua_pushinteger(L, merge->reader.integer);
    break;
  case MS_JSON_NUMBER:
    lua_pushnumber(L, merge->reader.number);
    break;
  case MS_JSON_STRING:
    lua_pushlstring(L, merge->reader.string, merge->reader.string_bytes);
    break;
  case MS_JSON_ARRAY:
    read_list(merge);
    break;
  case MS_JSON_OBJECT:
    read_object(merge);
    break;
  default:
    lua_pushlightuserdata(L, NULL);
  }
}
