/* Families and classes, made on first use in the schema's arena. */
#include "session/schema.h"

#include <lauxlib.h>
#include <string.h>

#include "binding/raise.h"

#define SCHEMA_METATABLE "moonshift.schema"
#define BUILTIN_NAME "builtin"

enum { ARENA_MAX_BYTES = 64 * 1024 * 1024 };

static const char schemas_key; /* registry: name → schema, weak */

/* ---- building ---- */

static void *
allocate(lua_State *L, struct ms_schema *schema, size_t size_bytes)
{
  void *memory = ms_arena_alloc(&schema->arena, size_bytes);
  if (!memory) {
    ms_raisef(L, MS_MEMORY, "out of memory for the schema of a session");
  }
  return memory;
}

static size_t
index_of(const struct ms_schema *schema, const struct ms_entity_type *type)
{
  return (size_t)(type - schema->model->types);
}

/* Position of `name` in the sorted names, or of where it belongs; *found tells which. */
static size_t
search_name(const char *const *names, size_t count, const char *name, bool *found)
{
  size_t low = 0, high = count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = strcmp(names[middle], name);
    if (order == 0) {
      *found = true;
      return middle;
    }
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  *found = false;
  return low;
}

static size_t
add_names(const char **names, size_t count, const struct ms_entity_type *type)
{
  for (size_t i = 0; i < type->attribute_count; i++) {
    bool found;
    size_t place = search_name(names, count, type->attributes[i]->name, &found);
    if (!found) {
      memmove(names + place + 1, names + place, (count - place) * sizeof *names);
      names[place] = type->attributes[i]->name;
      count++;
    }
  }
  return count;
}

static struct ms_family *
make_family(lua_State *L, struct ms_schema *schema, const struct ms_entity_type *root)
{
  size_t maximum = 0;
  for (size_t i = 0; i < root->descendant_count; i++) {
    maximum += root->descendants[i]->attribute_count;
  }
  const char **names = allocate(L, schema, (maximum + 1) * sizeof *names);
  size_t count = 0;
  for (size_t i = 0; i < root->descendant_count; i++) {
    count = add_names(names, count, root->descendants[i]);
  }
  if (count > MS_SLOTS_MAX) {
    ms_raisef(L, MS_LIMIT, "entity type %s has %zu attributes; the limit is %d", root->name, count,
              MS_SLOTS_MAX);
  }
  uint16_t *name_bytes = allocate(L, schema, (count + 1) * sizeof *name_bytes);
  for (size_t i = 0; i < count; i++) {
    name_bytes[i] = (uint16_t)strnlen(names[i], UINT16_MAX);
  }
  struct ms_family *family = allocate(L, schema, sizeof *family);
  *family = (struct ms_family){.root = root,
                               .slot_count = count,
                               .names = names,
                               .name_bytes = name_bytes,
                               .metatable = LUA_NOREF};
  return family;
}

static struct ms_family *
family_of(lua_State *L, struct ms_schema *schema, const struct ms_entity_type *root)
{
  struct ms_family **family = &schema->families[index_of(schema, root)];
  if (!*family) {
    *family = make_family(L, schema, root);
  }
  return *family;
}

/* The foreign key of the relation in `slot` is the scalar of its name with "_id" behind. */
static uint16_t
foreign_key_slot(const struct ms_class *class, size_t slot)
{
  const struct ms_attribute *relation = class->attributes[slot];
  char name[128];
  size_t bytes = strlen(relation->name);
  if (relation->kind != MS_KIND_REFERENCE || bytes + sizeof "_id" > sizeof name) {
    return MS_SLOT_NONE;
  }
  memcpy(name, relation->name, bytes);
  memcpy(name + bytes, "_id", sizeof "_id");
  uint16_t found = ms_class_slot(class, name, bytes + 3);
  if (found == MS_SLOT_NONE || class->attributes[found]->kind != MS_KIND_SCALAR ||
      relation->target->primary_key_count != 1) {
    return MS_SLOT_NONE;
  }
  return found;
}

static struct ms_class *
make_class(lua_State *L, struct ms_schema *schema, const struct ms_entity_type *type)
{
  struct ms_family *family = family_of(L, schema, type->root);
  size_t count = family->slot_count;
  struct ms_class *class = allocate(L, schema, sizeof *class);
  const struct ms_attribute **attributes = allocate(L, schema, (count + 1) * sizeof(void *));
  uint16_t *counterparts = allocate(L, schema, (count + 1) * sizeof *counterparts);
  uint16_t *key_slots = allocate(L, schema, (type->primary_key_count + 1) * sizeof *key_slots);
  class->type = type;
  class->family = family;
  class->attributes = attributes;
  class->counterparts = counterparts;
  class->key_slots = key_slots;
  class->successors = allocate(L, schema, (count + 1) * sizeof *class->successors);
  bool found;
  for (size_t i = 0; i < type->attribute_count; i++) {
    attributes[search_name(family->names, count, type->attributes[i]->name, &found)] =
        type->attributes[i];
  }
  for (size_t i = 0; i < type->primary_key_count; i++) {
    key_slots[i] = (uint16_t)search_name(family->names, count, type->primary_key[i]->name, &found);
  }
  memset(counterparts, 0xFF, (count + 1) * sizeof *counterparts);
  for (size_t slot = 0; slot < count; slot++) {
    uint16_t key = attributes[slot] ? foreign_key_slot(class, slot) : MS_SLOT_NONE;
    if (key != MS_SLOT_NONE) {
      counterparts[slot] = key;
      counterparts[key] = (uint16_t)slot;
    }
  }
  return class;
}

/* ---- looking up ---- */

struct ms_class *
ms_schema_class(lua_State *L, struct ms_schema *schema, const struct ms_entity_type *type)
{
  struct ms_class **class = &schema->classes[index_of(schema, type)];
  if (!*class) {
    *class = make_class(L, schema, type);
  }
  return *class;
}

struct ms_class *
ms_schema_class_find(lua_State *L, struct ms_schema *schema, const char *name, size_t name_bytes)
{
  const struct ms_entity_type *type = ms_model_type_n(schema->model, name, name_bytes);
  return type ? ms_schema_class(L, schema, type) : NULL;
}

struct ms_class *
ms_schema_class_named(lua_State *L, struct ms_schema *schema, const char *name)
{
  struct ms_class *class = ms_schema_class_find(L, schema, name, strlen(name));
  if (!class) {
    const char *nearest = ms_model_nearest_type(schema->model, name);
    if (nearest) {
      ms_raisef(L, MS_NOT_FOUND, "no entity type '%s'; did you mean '%s'?", name, nearest);
    }
    ms_raisef(L, MS_NOT_FOUND, "no entity type '%s'", name);
  }
  return class;
}

uint16_t
ms_class_slot(const struct ms_class *class, const char *name, size_t name_bytes)
{
  const struct ms_family *family = class->family;
  size_t low = 0, high = family->slot_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    size_t bytes = family->name_bytes[middle];
    int order = memcmp(family->names[middle], name, bytes < name_bytes ? bytes : name_bytes);
    if (order == 0 && bytes == name_bytes) {
      return class->attributes[middle] ? (uint16_t)middle : MS_SLOT_NONE;
    }
    if (order < 0 || (order == 0 && bytes < name_bytes)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return MS_SLOT_NONE;
}

int
ms_class_raise_unknown(lua_State *L, const struct ms_class *class, const char *name)
{
  const char *nearest = ms_type_nearest_attribute(class->type, name);
  if (nearest) {
    return ms_raisef(L, MS_NOT_FOUND, "%s has no attribute '%s'; did you mean '%s'?",
                     class->type->name, name, nearest);
  }
  return ms_raisef(L, MS_NOT_FOUND, "%s has no attribute '%s'", class->type->name, name);
}

/* ---- as Lua values ---- */

static int
schema_gc(lua_State *L)
{
  struct ms_schema *schema = luaL_checkudata(L, 1, SCHEMA_METATABLE);
  for (size_t i = 0; schema->families && i < schema->model->type_count; i++) {
    if (schema->families[i]) {
      luaL_unref(L, LUA_REGISTRYINDEX, schema->families[i]->metatable);
    }
  }
  schema->families = NULL;
  ms_arena_free(&schema->arena);
  ms_model_free(schema->owned_model);
  schema->owned_model = NULL;
  return 0;
}

/* Pushes the table of schemas by name. */
static void
push_schemas(lua_State *L)
{
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &schemas_key) == LUA_TTABLE) {
    return;
  }
  lua_pop(L, 1);
  lua_newtable(L);          /* schemas */
  lua_createtable(L, 0, 1); /* schemas, metatable */
  lua_pushliteral(L, "v");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &schemas_key);
}

struct ms_schema *
ms_schema_find(lua_State *L, const char *hash)
{
  push_schemas(L);
  lua_getfield(L, -1, hash);
  lua_remove(L, -2);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    return NULL;
  }
  return lua_touserdata(L, -1);
}

struct ms_schema *
ms_schema_push(lua_State *L, const char *hash, struct ms_model *model)
{
  struct ms_schema *schema = lua_newuserdatauv(L, sizeof *schema, 0);
  *schema = (struct ms_schema){.model = model ? model : ms_model_builtin(), .owned_model = model};
  ms_arena_init(&schema->arena, ARENA_MAX_BYTES);
  if (luaL_newmetatable(L, SCHEMA_METATABLE)) {
    lua_pushcfunction(L, schema_gc);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  size_t count = schema->model->type_count + 1;
  schema->classes = allocate(L, schema, count * sizeof(void *));
  schema->families = allocate(L, schema, count * sizeof(void *));
  push_schemas(L);
  lua_pushvalue(L, -2);
  lua_setfield(L, -2, hash);
  lua_pop(L, 1);
  return schema;
}

struct ms_schema *
ms_schema_push_builtin(lua_State *L)
{
  struct ms_schema *schema = ms_schema_find(L, BUILTIN_NAME);
  return schema ? schema : ms_schema_push(L, BUILTIN_NAME, NULL);
}
