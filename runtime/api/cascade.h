/* Deleting an entity with all that belongs to it.
 *
 * The model says of every column that holds an id what becomes of its row. The entities to delete are
 * taken family by family, many at a time, so that deleting a project costs a few statements per
 * family and level, not one per entity. */
#ifndef MS_API_CASCADE_H
#define MS_API_CASCADE_H

#include "api/row.h"

/* Deletes the entity, which exists, and what belongs to it; clears references to it; notes a check
 * for what must not refer to it any more when the batch ends. */
enum ms_status
ms_cascade_delete(struct ms_batch *batch, const struct ms_entity_type *type,
                  const struct ms_key *key, struct ms_error *err);

/* Component data whose component a batch deleted. */
struct ms_removed_blob {
  const char *component_id; /* in the batch's arena */
  struct ms_removed_blob *next;
};

#endif
