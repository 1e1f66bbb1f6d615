/* What the server puts into a new row where the client left something out. */
#ifndef MS_API_FILL_H
#define MS_API_FILL_H

#include "api/row.h"

/* Sets the cells of all defaults and fills of the row's type that have no value yet. */
enum ms_status
ms_fill_row(struct ms_batch *batch, struct ms_row *row, struct ms_error *err);

/* Whether `column` of `type` may hold the id of an entity of the family of `root`: one of them has a
 * relation that finds its rows so. */
bool
ms_family_may_own(const struct ms_entity_type *root, const struct ms_entity_type *type,
                  const char *column);

/* The name of the concrete type of the entity `id`, among those that the column `column` of `type` may
 * point to. NULL when there is none. Borrowed from the model. */
enum ms_status
ms_find_type_of(struct ms_batch *batch, const struct ms_entity_type *type, const char *column,
                const char *id, const char **name, struct ms_error *err);

#endif
