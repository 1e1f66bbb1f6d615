/* The rows that clients take for granted, as data. */
#ifndef MS_API_SEED_H
#define MS_API_SEED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/id.h"

/* Rows of one entity type. Values are text, read by the type of their attribute; NULL leaves the
 * attribute out. A value "@WORDS" stands for the id that is made of these words, the same in every
 * database: what has no id that clients know gets one so, and others refer to it so. */
struct ms_seed_table {
  const char *type;
  const char *const *names;  /* attributes, NULL-terminated */
  const char *const *values; /* row after row, as many as names in each */
  size_t value_count;
  bool is_needed; /* by the protocol; others make the studio, which may be left out */
};

extern const struct ms_seed_table ms_seed_tables[];
extern const size_t ms_seed_table_count;

/* The role that may do everything. */
#define MS_SEED_ADMINISTRATOR "@role Administrator"

/* The id that "@WORDS" stands for. */
void
ms_seed_id(const char *value, char id[MS_ID_SIZE]);

#endif
