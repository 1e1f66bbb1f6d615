/* Answers into the session: an object with __entity_type__ becomes or updates its entity as it is
 * read, with no table in between.
 *
 * The text is checked as a whole before anything is merged, so that half an answer changes nothing.
 * What is not an entity becomes a plain value: objects and lists are tables, a missing member is
 * nil, null within a list is light NULL, {"__type__": "datetime"} is a date-time. */
#ifndef MS_SESSION_MERGE_H
#define MS_SESSION_MERGE_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

/* What to do with an answer, the JSON list of results. */
struct ms_merge_options {
  int session_index;
  /* A table in which the entities of this answer are grouped by family, so that what one of them
   * lacks can be fetched for all; 0 for none. */
  int groups_index;
  bool keeps_groups;   /* the entities that were asked for stay in the group that they have */
  bool discards;       /* the entities are merged, but nothing is pushed */
  bool is_checked;     /* ms_merge_check has passed the text */
  size_t result_count; /* results that are expected: one per operation */
};

/* Raises MS_PROTOCOL for a text that is no list of that many results. The functions below do the
 * same first. */
void
ms_merge_check(lua_State *L, const char *text, size_t text_bytes,
               const struct ms_merge_options *options);

/* Merges and pushes for every result its `data` and the offset of the next page (nil on the last).
 * Raises MS_PROTOCOL for values that their attributes cannot hold. */
void
ms_merge_push_data(lua_State *L, const char *text, size_t text_bytes,
                   const struct ms_merge_options *options);

/* Pushes the list of results as one table, exactly as the server wrote it: nothing is merged, and
 * entities and date-times are tables as well. */
void
ms_merge_push_raw(lua_State *L, const char *text, size_t text_bytes,
                  const struct ms_merge_options *options);

#endif
