/* A recursive descent over Lua values. */
#include "session/encode.h"

#include <lauxlib.h>
#include <string.h>

#include "binding/raise.h"
#include "session/collection.h"
#include "session/datetime.h"
#include "session/entity.h"

#define LIST_METATABLE "moonshift.list"

void
ms_mark_list(lua_State *L)
{
  luaL_newmetatable(L, LIST_METATABLE);
  lua_setmetatable(L, -2);
}

static bool
is_list(lua_State *L, int index)
{
  if (lua_rawgeti(L, index, 1) != LUA_TNIL) {
    lua_pop(L, 1);
    return true;
  }
  lua_pop(L, 1);
  if (!lua_getmetatable(L, index)) {
    return false;
  }
  luaL_newmetatable(L, LIST_METATABLE);
  bool is_marked = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return is_marked;
}

/* ---- entities ---- */

static void
write_key_text(lua_State *L, struct ms_json_writer *writer)
{
  size_t bytes;
  const char *text = luaL_tolstring(L, -1, &bytes);
  ms_json_string_n(writer, text, bytes);
  lua_pop(L, 2);
}

void
ms_encode_key(lua_State *L, int index, struct ms_json_writer *writer)
{
  const struct ms_entity *entity = lua_touserdata(L, index);
  ms_json_begin_array(writer);
  for (size_t i = 0; i < entity->class->type->primary_key_count; i++) {
    ms_entity_push_remote(L, index, entity->class->key_slots[i]);
    write_key_text(L, writer);
  }
  ms_json_end_array(writer);
}

void
ms_encode_reference(lua_State *L, int index, struct ms_json_writer *writer)
{
  const struct ms_entity *entity = lua_touserdata(L, index);
  const struct ms_entity_type *type = entity->class->type;
  ms_json_begin_object(writer);
  ms_json_member_string(writer, "__entity_type__", type->name);
  for (size_t i = 0; i < type->primary_key_count; i++) {
    ms_json_key(writer, type->primary_key[i]->name);
    ms_entity_push_remote(L, index, entity->class->key_slots[i]);
    write_key_text(L, writer);
  }
  ms_json_end_object(writer);
}

static void
write_collection(lua_State *L, int index, struct ms_json_writer *writer)
{
  ms_collection_push_items(L, index);
  lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
  ms_json_begin_array(writer);
  for (lua_Integer i = 1; i <= count; i++) {
    lua_rawgeti(L, -1, i);
    const struct ms_entity *item = lua_touserdata(L, -1);
    if (item->state != MS_ENTITY_DELETED) {
      ms_encode_reference(L, -1, writer);
    }
    lua_pop(L, 1);
  }
  ms_json_end_array(writer);
  lua_pop(L, 1);
}

static void
write_datetime(const struct ms_datetime *datetime, struct ms_json_writer *writer)
{
  char text[MS_DATETIME_TEXT_SIZE];
  ms_datetime_print(datetime, text);
  ms_json_begin_object(writer);
  ms_json_member_string(writer, "__type__", "datetime");
  ms_json_member_string(writer, "value", text);
  ms_json_end_object(writer);
}

/* ---- tables ---- */

static void
write_value(lua_State *L, int index, struct ms_json_writer *writer, int depth);

static void
write_list(lua_State *L, int index, struct ms_json_writer *writer, int depth)
{
  lua_Integer count = (lua_Integer)lua_rawlen(L, index);
  ms_json_begin_array(writer);
  for (lua_Integer i = 1; i <= count; i++) {
    lua_rawgeti(L, index, i);
    if (lua_isnil(L, -1)) {
      ms_json_null(writer);
    } else {
      write_value(L, lua_gettop(L), writer, depth + 1);
    }
    lua_pop(L, 1);
  }
  ms_json_end_array(writer);
}

static void
write_object(lua_State *L, int index, struct ms_json_writer *writer, int depth)
{
  ms_json_begin_object(writer);
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING) {
      ms_raisef(L, MS_INVALID, "a table with a %s as key cannot be sent: use strings, or 1, 2, …",
                luaL_typename(L, -2));
    }
    ms_json_key(writer, lua_tostring(L, -2));
    write_value(L, lua_gettop(L), writer, depth + 1);
  }
  ms_json_end_object(writer);
}

static void
write_table(lua_State *L, int index, struct ms_json_writer *writer, int depth)
{
  if (depth > MS_ENCODE_DEPTH_MAX) {
    ms_raisef(L, MS_LIMIT, "a value nested deeper than %d tables cannot be sent",
              MS_ENCODE_DEPTH_MAX);
  }
  luaL_checkstack(L, 8, "nested tables");
  if (is_list(L, index)) {
    write_list(L, index, writer, depth);
  } else {
    write_object(L, index, writer, depth);
  }
}

/* ---- values ---- */

static void
write_number(lua_State *L, int index, struct ms_json_writer *writer)
{
  if (lua_isinteger(L, index)) {
    ms_json_integer(writer, lua_tointeger(L, index));
    return;
  }
  lua_Number number = lua_tonumber(L, index);
  if (number - number != 0) {
    ms_raisef(L, MS_INVALID, "the number %f cannot be sent", number);
  }
  ms_json_number(writer, number);
}

static void
write_userdata(lua_State *L, int index, struct ms_json_writer *writer)
{
  const struct ms_datetime *datetime;
  if (ms_entity_test(L, index)) {
    ms_encode_reference(L, index, writer);
  } else if (ms_collection_test(L, index)) {
    write_collection(L, index, writer);
  } else if ((datetime = ms_datetime_test(L, index))) {
    write_datetime(datetime, writer);
  } else {
    ms_raisef(L, MS_INVALID, "a %s cannot be sent", luaL_typename(L, index));
  }
}

static void
write_value(lua_State *L, int index, struct ms_json_writer *writer, int depth)
{
  size_t bytes;
  const char *text;
  switch (lua_type(L, index)) {
  case LUA_TSTRING:
    text = lua_tolstring(L, index, &bytes);
    ms_json_string_n(writer, text, bytes);
    break;
  case LUA_TNUMBER:
    write_number(L, index, writer);
    break;
  case LUA_TBOOLEAN:
    ms_json_boolean(writer, lua_toboolean(L, index));
    break;
  case LUA_TNIL:
  case LUA_TLIGHTUSERDATA:
    ms_json_null(writer);
    break;
  case LUA_TTABLE:
    write_table(L, index, writer, depth);
    break;
  case LUA_TUSERDATA:
    write_userdata(L, index, writer);
    break;
  default:
    ms_raisef(L, MS_INVALID, "a %s cannot be sent", luaL_typename(L, index));
  }
}

void
ms_encode_value(lua_State *L, int index, struct ms_json_writer *writer)
{
  write_value(L, lua_absindex(L, index), writer, 0);
}
