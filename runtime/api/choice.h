/* What a new entity is given by the schema of its project: the first status and type that there is for it. */
#ifndef MS_API_CHOICE_H
#define MS_API_CHOICE_H

#include "api/batch.h"

enum ms_choice { MS_CHOICE_STATUS, MS_CHOICE_VERSION_STATUS, MS_CHOICE_TYPE };

/* For whom; each may be null. */
struct ms_subject {
  struct ms_parameter project_id;
  struct ms_parameter object_type_id;
  struct ms_parameter type_id;
};

/* The id of the first in the schema's order, or of any where that has none; null when there is nothing at all. */
enum ms_status
ms_choose(struct ms_batch *batch, enum ms_choice choice, const struct ms_subject *subject,
          struct ms_parameter *value, struct ms_error *err);

#endif
