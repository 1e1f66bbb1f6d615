/* Collections: what a script sees of a relation to many.
 *
 * A plain collection is an array of entities (`#`, indices, ipairs, add, remove, contains); a
 * mapped one is a table from keys to values whose rows are entities, too (metadata,
 * custom_attributes). An entity has one object per attribute for life: an answer of the server
 * refills it. Contents are fetched when they are first looked at, for all entities of the same
 * query result at once. */
#ifndef MS_SESSION_COLLECTION_H
#define MS_SESSION_COLLECTION_H

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

#include "model/model.h"

struct ms_collection {
  const void *magic; /* tells collections from other userdata */
  const struct ms_attribute *attribute;
  uint32_t gone_seen; /* the session's count of entities that are gone when items were last swept */
  uint16_t slot;      /* of the owner */
  bool is_loaded;     /* the items are known */
  bool is_modified;   /* items differ from what the server has; plain collections alone */
};

/* User values: the entity whose attribute it is, the array of items, and the array before the first
 * modification (nil when there is none, or when it is not known any more). */
enum { MS_COLLECTION_OWNER = 1, MS_COLLECTION_ITEMS, MS_COLLECTION_ORIGINAL };

/* Pushes the collection of an attribute of the entity at `index`, made when there is none yet. Of
 * an entity that the server does not have it is empty and loaded. */
struct ms_collection *
ms_collection_push(lua_State *L, int index, uint16_t slot);

/* The plain or mapped collection at `index`, or NULL. */
struct ms_collection *
ms_collection_test(lua_State *L, int index);

/* As ms_collection_test, but raises MS_USAGE. */
struct ms_collection *
ms_collection_check(lua_State *L, int index);

/* Pops an array of entities and makes it what the server has. A collection with uncommitted changes
 * keeps its items. */
void
ms_collection_load(lua_State *L, int index);

/* The items have to be fetched again before the next look; nothing for a modified collection. */
void
ms_collection_expire(lua_State *L, int index);

/* Pops an array of entities, already checked, and makes it the uncommitted content. */
void
ms_collection_assign(lua_State *L, int index);

/* Before items are changed in place: remembers them for a rollback. Afterwards ms_collection_record
 * makes the whole content an assignment to the owner. */
void
ms_collection_begin_modification(lua_State *L, int index);
void
ms_collection_record(lua_State *L, int index);

/* After a commit, and after a rollback. Nothing for values that are no collections. */
void
ms_collection_settle(lua_State *L, int index, bool is_changed_again);
void
ms_collection_revert(lua_State *L, int index);

/* Raises unless the entity whose collection is at `index` may be changed in this attribute. */
void
ms_collection_check_writable(lua_State *L, int index);

/* Calls the continuation `k` with the stack as it is once the collection at 1 is loaded; the result
 * is the C function's. */
int
ms_collection_with_items(lua_State *L, lua_KFunction k);

/* Pushes the array of items of the collection at `index`, entities that are gone left out. */
void
ms_collection_push_items(lua_State *L, int index);

/* Pushes a copy of the array at `index`. */
void
ms_collection_copy_items(lua_State *L, int index);

/* Push the metatables of plain and mapped collections; see collection_class.c and mapped.c. */
void
ms_collection_push_metatable(lua_State *L);
void
ms_mapped_push_metatable(lua_State *L);

/* Whether the attribute maps custom attributes: its rows exist for every entity, and their keys are
 * given by configurations that have to be asked for even when the entity is not committed yet. */
bool
ms_mapped_is_custom(const struct ms_attribute *attribute);

/* Raises MS_USAGE unless the entity at `value_index` may be an item: an entity of the same session
 * and of the right type that is not gone. */
void
ms_collection_check_item(lua_State *L, int index, int value_index);

#endif
