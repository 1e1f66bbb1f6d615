/* What sessions know of a model beyond the model itself: where an entity keeps which attribute.
 *
 * The types of one family (Context, TypedContext, Task, …) share one numbering of attributes, the
 * slots, so that an entity can turn out to be of a more specific type than first thought. Families
 * and classes are made when a type is first met: opening a session costs nothing. One schema serves
 * every session on the same model. */
#ifndef MS_SESSION_SCHEMA_H
#define MS_SESSION_SCHEMA_H

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "model/model.h"

enum {
  MS_SLOTS_MAX = 16384,     /* attributes of a family; Lua allows 65,535 user values */
  MS_SLOT_NONE = UINT16_MAX /* no attribute */
};

/* A root type and everything below it. */
struct ms_family {
  const struct ms_entity_type *root;
  size_t slot_count;
  const char *const *names;   /* of the attribute in each slot; sorted (strcmp) */
  const uint16_t *name_bytes; /* their lengths */
  int metatable;              /* registry reference of its entities' metatable, LUA_NOREF before */
};

/* One entity type. */
struct ms_class {
  const struct ms_entity_type *type;
  struct ms_family *family;
  const struct ms_attribute *const *attributes; /* by slot; NULL: not an attribute of this type */
  const uint16_t *key_slots;                    /* of the primary key, in its order */
  /* By slot: of a relation the slot of its foreign key and the other way round, or MS_SLOT_NONE. */
  const uint16_t *counterparts;
  /* By slot, and at [slot_count] for the first: the slot that was read next last time. Rows of an
   * answer list the same attributes in the same order, so this guess nearly always hits. */
  uint16_t *successors;
};

struct ms_schema {
  const struct ms_model *model;
  struct ms_model *owned_model; /* the same, when it was read from a document */
  struct ms_arena arena;        /* families and classes */
  struct ms_family **families;  /* by the root's index in the model; NULL until needed */
  struct ms_class **classes;    /* by index in the model; NULL until needed */
};

/* Pushes the schema of the built-in model, or of `model` (taken) under the name `hash`. Kept by
 * name while any session uses it. */
struct ms_schema *
ms_schema_push_builtin(lua_State *L);
struct ms_schema *
ms_schema_push(lua_State *L, const char *hash, struct ms_model *model);

/* Pushes the schema that a session of this process already has under `hash`; NULL and nothing
 * pushed when there is none. */
struct ms_schema *
ms_schema_find(lua_State *L, const char *hash);

/* The class of a type of this schema's model. Raises MS_MEMORY, or MS_LIMIT beyond MS_SLOTS_MAX. */
struct ms_class *
ms_schema_class(lua_State *L, struct ms_schema *schema, const struct ms_entity_type *type);

/* The class named `name`; raises MS_NOT_FOUND with the nearest type. */
struct ms_class *
ms_schema_class_named(lua_State *L, struct ms_schema *schema, const char *name);

/* As ms_schema_class_named, but NULL for an unknown name; it need not be NUL-terminated. */
struct ms_class *
ms_schema_class_find(lua_State *L, struct ms_schema *schema, const char *name, size_t name_bytes);

/* The slot of an attribute of this class, or MS_SLOT_NONE. */
uint16_t
ms_class_slot(const struct ms_class *class, const char *name, size_t name_bytes);

/* Raises MS_NOT_FOUND: "Task has no attribute 'stauts'; did you mean 'status'?" */
int
ms_class_raise_unknown(lua_State *L, const struct ms_class *class, const char *name);

#endif
