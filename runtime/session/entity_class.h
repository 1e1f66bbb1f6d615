/* The script's side of entities: methods and assignment. */
#ifndef MS_SESSION_ENTITY_CLASS_H
#define MS_SESSION_ENTITY_CLASS_H

#include <lua.h>
#include <stdint.h>

/* Registers the methods that every entity has. */
void
ms_entity_open(lua_State *L);

/* Pushes the table of methods of an entity type (made when there is none); "Entity" has those of
 * all. */
void
ms_entity_push_methods(lua_State *L, const char *type_name);

/* Checks the value at `value_index` and records its assignment to a slot of the entity at `index`,
 * whatever the attribute's kind. The slot itself was checked before (ms_value_check_assignable). */
void
ms_entity_assign(lua_State *L, int index, uint16_t slot, int value_index);

/* The part of it for relations to many: a list (table or collection), and a table of keys and
 * values, which takes the place of what was there; of custom attributes it sets those that it has. */
void
ms_collection_assign_list(lua_State *L, int index, int list_index);
void
ms_mapped_assign(lua_State *L, int index, int table_index);

#endif
