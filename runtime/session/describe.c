/* One table per type, made when it is asked for. */
#include "session/describe.h"

#include <lauxlib.h>

#include "binding/raise.h"
#include "query/check.h"
#include "session/state.h"

static const char *const KINDS[] = {[MS_KIND_SCALAR] = "scalar",
                                    [MS_KIND_REFERENCE] = "reference",
                                    [MS_KIND_COLLECTION] = "collection",
                                    [MS_KIND_MAPPED] = "mapped"};

static const char *const VALUE_TYPES[] = {
    [MS_VALUE_STRING] = "string",   [MS_VALUE_JSON] = "json",
    [MS_VALUE_BOOLEAN] = "boolean", [MS_VALUE_INTEGER] = "integer",
    [MS_VALUE_NUMBER] = "number",   [MS_VALUE_DATETIME] = "datetime",
    [MS_VALUE_OBJECT] = "object",   [MS_VALUE_VARIABLE] = "variable",
};

static const struct {
  unsigned flag;
  const char *name;
} FLAGS[] = {
    {MS_ATTRIBUTE_REQUIRED, "required"}, {MS_ATTRIBUTE_IMMUTABLE, "immutable"},
    {MS_ATTRIBUTE_COMPUTED, "computed"}, {MS_ATTRIBUTE_RESTRICTED, "restricted"},
    {MS_ATTRIBUTE_PRIMARY_KEY, "key"},
};

/* types(session): the names of the server's entity types, sorted. */
int
ms_session_types(lua_State *L)
{
  const struct ms_model *model = ms_session_schema(L, ms_session_check(L, 1))->model;
  lua_createtable(L, (int)model->type_count, 0);
  for (size_t i = 0; i < model->type_count; i++) {
    lua_pushstring(L, model->types_by_name[i]->name);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

static void
set_string(lua_State *L, const char *key, const char *value)
{
  if (value) {
    lua_pushstring(L, value);
    lua_setfield(L, -2, key);
  }
}

/* Pushes {kind=, type=, target=, …} of an attribute. */
static void
push_attribute(lua_State *L, const struct ms_attribute *attribute)
{
  lua_createtable(L, 0, 6);
  set_string(L, "name", attribute->name);
  set_string(L, "kind", KINDS[attribute->kind]);
  if (attribute->kind == MS_KIND_SCALAR) {
    set_string(L, "type", VALUE_TYPES[attribute->value_type]);
  }
  set_string(L, "target", attribute->target ? attribute->target->name : NULL);
  set_string(L, "key_attribute", attribute->key_attribute);
  set_string(L, "value_attribute", attribute->value_attribute);
  for (size_t i = 0; i < sizeof FLAGS / sizeof *FLAGS; i++) {
    if (attribute->flags & FLAGS[i].flag) {
      lua_pushboolean(L, true);
      lua_setfield(L, -2, FLAGS[i].name);
    }
  }
  if (attribute->enum_count > 0) {
    lua_createtable(L, (int)attribute->enum_count, 0);
    for (size_t i = 0; i < attribute->enum_count; i++) {
      lua_pushstring(L, attribute->enum_values[i]);
      lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "values");
  }
}

/* check_query(session, text): raises for a misspelt name, with its place and the nearest right one, as
 * far as the schema tells; the server tells the rest. */
int
ms_session_check_query(lua_State *L)
{
  const struct ms_session *session = ms_session_check(L, 1);
  size_t text_bytes;
  const char *text = luaL_checklstring(L, 2, &text_bytes);
  struct ms_error err;
  if (session->schema &&
      ms_query_check_names(session->schema->model, text, text_bytes, &err) != MS_OK) {
    return ms_raise(L, &err);
  }
  return 0;
}

static void
set_names(lua_State *L, const char *key, const struct ms_attribute *const *attributes, size_t count)
{
  lua_createtable(L, (int)count, 0);
  for (size_t i = 0; i < count; i++) {
    lua_pushstring(L, attributes[i]->name);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  lua_setfield(L, -2, key);
}

/* describe(session, type): {name, base, family, primary_key, default_projections, attributes};
 * raises for an unknown type, naming the nearest. */
int
ms_session_describe(lua_State *L)
{
  struct ms_schema *schema = ms_session_schema(L, ms_session_check(L, 1));
  const struct ms_entity_type *type =
      ms_schema_class_named(L, schema, luaL_checkstring(L, 2))->type;
  lua_createtable(L, 0, 6);
  set_string(L, "name", type->name);
  set_string(L, "base", type->base ? type->base->name : NULL);
  set_string(L, "family", type->root->name);
  set_names(L, "primary_key", type->primary_key, type->primary_key_count);
  set_names(L, "default_projections", type->default_projections, type->default_projection_count);
  lua_createtable(L, 0, (int)type->attribute_count);
  for (size_t i = 0; i < type->attribute_count; i++) {
    push_attribute(L, type->attributes[i]);
    lua_setfield(L, -2, type->attributes[i]->name);
  }
  lua_setfield(L, -2, "attributes");
  return 1;
}
