/* Entities: one object per identity and session.
 *
 * An entity is a userdata whose user values are the attributes' remote values, by slot. A value
 * that was assigned and not yet committed lives in its operation (unit_of_work.h) and nowhere else.
 * Null is the light userdata NULL inside and nil outside; an attribute that was never answered is
 * nil inside, and reading it asks the server.
 *
 * Reading: the attributes of the schema come first, then methods (registered per type, inherited
 * along the bases), then the methods of all entities; a type's attribute hides a method of that
 * name. */
#ifndef MS_SESSION_ENTITY_H
#define MS_SESSION_ENTITY_H

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

#include "session/schema.h"
#include "session/state.h"

enum ms_entity_state {
  MS_ENTITY_PERSISTED, /* the server has it */
  MS_ENTITY_CREATED,   /* created here, not yet committed */
  MS_ENTITY_DELETED,   /* deleted here, not yet committed */
  MS_ENTITY_GONE       /* deleted on the server, or its creation was rolled back */
};

struct ms_entity {
  const void *magic;          /* tells entities from other userdata */
  struct ms_session *session; /* kept alive by a user value */
  const struct ms_class *class;
  uint32_t last_operation; /* in the session's unit of work, or MS_OPERATION_NONE */
  enum ms_entity_state state;
  bool has_own_id; /* its id was made here: nobody else can have created it */
};

/* User values of an entity; attributes follow by slot. */
enum { MS_ENTITY_SESSION = 1, MS_ENTITY_GROUP, MS_ENTITY_SLOTS };

/* Makes the metatable of a family's entities, on first use; see entity_class.c. */
void
ms_entity_push_metatable(lua_State *L, struct ms_family *family);

/* Pushes a new entity of the session at `session_index`, without values, in no map. */
struct ms_entity *
ms_entity_new(lua_State *L, int session_index, const struct ms_class *class);

/* The entity at `index`, or NULL for any other value. */
struct ms_entity *
ms_entity_test(lua_State *L, int index);

/* As ms_entity_test, but raises MS_USAGE. */
struct ms_entity *
ms_entity_check(lua_State *L, int index);

/* ---- values ---- */

/* Pushes the remote value in a slot: nil when never answered, light NULL for null. */
int
ms_entity_push_remote(lua_State *L, int index, uint16_t slot);

/* Pops a value and makes it the remote one. */
void
ms_entity_set_remote(lua_State *L, int index, uint16_t slot);

/* Pushes what a script sees: the uncommitted value, else the remote one; null is nil. False and
 * nothing pushed when the server would have to be asked. */
bool
ms_entity_push_value(lua_State *L, int index, uint16_t slot);

/* ---- identity ---- */

/* Pushes the primary key as one string: the value itself, or several joined. False and nothing
 * pushed when a part is missing. */
bool
ms_entity_push_key(lua_State *L, int index);

/* Pushes the identity map of a family: key → entity, weak values. */
void
ms_entity_push_map(lua_State *L, int session_index, const struct ms_family *family);

/* Puts the entity at `index` into its session's map, or takes it out. */
void
ms_entity_remember(lua_State *L, int index);
void
ms_entity_forget(lua_State *L, int index);

/* Pops a key string; pushes the entity that has it and returns it, or NULL and nothing pushed. */
struct ms_entity *
ms_entity_find(lua_State *L, int session_index, const struct ms_family *family);

enum {
  MS_KEY_SEPARATOR = '\x1F', /* between the parts of a composite key */
  MS_ENTITY_TEXT_SIZE = 256  /* bytes of its text with the NUL */
};

/* 'Job "nightly" (6a1b…)' for messages: type, name where loaded, key. */
void
ms_entity_print(lua_State *L, int index, char text[MS_ENTITY_TEXT_SIZE]);

#endif
