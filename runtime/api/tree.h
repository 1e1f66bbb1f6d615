/* Trees: contexts, groups, replies and containers lie in one another, and never in themselves. */
#ifndef MS_API_TREE_H
#define MS_API_TREE_H

#include "api/row.h"

/* Whether `column` of the type's table holds the id of an entity of the same family that a row lies in. */
bool
ms_tree_has_parent_in(const struct ms_entity_type *type, const char *column);

/* MS_INVALID when the entity `id` has come to lie in itself by that column. */
enum ms_status
ms_tree_check(struct ms_batch *batch, const struct ms_entity_type *type, const char *column,
              const struct ms_parameter *id, struct ms_error *err);

#endif
