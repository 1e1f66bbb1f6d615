/* What the entities of a family lie in, and the statements that read where they are: found out once. */
#ifndef MS_API_HOLDER_H
#define MS_API_HOLDER_H

#include "api/internal.h"

enum {
  /* Columns of the statements, all of them texts or null. */
  MS_HOLDER_ID,
  MS_HOLDER_TYPE, /* the concrete one's name */
  MS_HOLDER_PARENT_ID,
  MS_HOLDER_OBJECT_TYPE_ID,
  MS_HOLDER_COLUMNS
};

struct ms_holder {
  const char *select;     /* "SELECT … FROM …", to be followed by a condition */
  const char *select_one; /* the same of the entity ?1 */
  const struct ms_entity_type *const *parents; /* families that a parent may be of; ends in NULL */
};

/* What ms_holder_find keeps for the next time; NULL is fine. */
struct ms_holders;

void
ms_holders_free(struct ms_holders *holders);

/* Of the family of `root`. NULL when out of memory. Borrowed from the API. */
const struct ms_holder *
ms_holder_find(struct ms_api *api, const struct ms_entity_type *root);

#endif
