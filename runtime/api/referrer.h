/* Who refers to whom: the columns that hold ids, by the family that they point to. */
#ifndef MS_API_REFERRER_H
#define MS_API_REFERRER_H

#include "api/internal.h"

struct ms_referrer {
  const struct ms_entity_type *root; /* whose table has the column */
  const struct ms_column *column;
  const struct ms_entity_type *target; /* root of the family that it refers to */
};

struct ms_referrers {
  size_t count;
  struct ms_referrer items[];
};

/* Makes api->referrers from the model, once. */
enum ms_status
ms_referrers_load(struct ms_api *api, struct ms_error *err);

/* NULL is fine. */
void
ms_referrers_free(struct ms_referrers *referrers);

#endif
