/* Options tables, read by one table-driven helper that refuses unknown keys with the nearest right
 * one. */
#ifndef MS_BINDING_OPTIONS_H
#define MS_BINDING_OPTIONS_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ms_option_type {
  MS_OPTION_STRING,   /* const char *; borrowed while the table is on the stack */
  MS_OPTION_INTEGER,  /* int64_t */
  MS_OPTION_NUMBER,   /* double */
  MS_OPTION_BOOLEAN,  /* bool */
  MS_OPTION_DURATION, /* int64_t milliseconds, from a number of seconds or text such as "1h30m" */
  MS_OPTION_VALUE     /* int: a stack index that holds the value (pushed), 0 when absent */
};

struct ms_option {
  const char *name;
  enum ms_option_type type;
  size_t offset; /* in the struct that is filled */
  bool required;
};

/* Fills the fields of `*options` that the table at `index` names; the others keep their values. nil or none
 * counts as an empty table. Raises MS_USAGE naming `function`, the key and the nearest right key. */
void
ms_options_read(lua_State *L, int index, const char *function, const struct ms_option *table,
                size_t count, void *options);

/* The duration argument at `index` in milliseconds: a number of seconds or text such as "1h30m".
 * Raises MS_USAGE for anything else. */
int64_t
ms_check_duration(lua_State *L, int index);

#endif
