/* The state of one merge, shared by the files of it: merge.c (results), merge_value.c (events to
 * values) and merge_entity.c (members to entities). */
#ifndef MS_SESSION_MERGE_INTERNAL_H
#define MS_SESSION_MERGE_INTERNAL_H

#include "base/json.h"
#include "session/entity.h"
#include "session/merge.h"

enum { MS_MERGE_RECENT_CLASSES = 4 };

/* Indices on the protected function's stack. */
enum {
  MS_MERGE_SESSION = 1,
  MS_MERGE_GROUPS,
  MS_MERGE_CONTEXT,
  MS_MERGE_NAMES, /* strings that members are named by */
  MS_MERGE_RESULTS
};

/* A member of an object that is being read; its value is on the Lua stack. */
struct ms_merge_member {
  const char *name; /* in the text, or in a string that MS_MERGE_NAMES holds */
  size_t name_bytes;
  uint16_t slot;
};

struct ms_merge {
  lua_State *L;
  const struct ms_merge_options *options;
  struct ms_schema *schema;
  struct ms_json_reader reader;
  struct ms_merge_member *members; /* of all objects that are open, innermost last; owned */
  size_t member_count, member_capacity;
  int nesting; /* objects that are open within `data` */
  bool is_raw; /* entities and date-times become plain tables */
  struct ms_class *recent[MS_MERGE_RECENT_CLASSES]; /* classes met last */
  unsigned next_recent;
};

/* Read the next event, or skip the value that the last one began; raise for bad text. */
void
ms_merge_next(struct ms_merge *merge);
void
ms_merge_skip(struct ms_merge *merge);

/* Pushes the value that the last event began. */
void
ms_merge_read_value(struct ms_merge *merge);

/* Turns the members from `first` on, whose values are behind stack index `base`, into an entity in
 * their place; false when they lack its key. */
bool
ms_merge_finish_entity(struct ms_merge *merge, struct ms_class *class, int base, size_t first);

#endif
