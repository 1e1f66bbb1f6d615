/* Columns that may hold the id of an entity of any type (Note.parent_id): whose they may be, and whose
 * one is. */
#ifndef MS_API_OWNER_H
#define MS_API_OWNER_H

#include "api/row.h"

/* Whether `column` of `type` may hold the id of an entity of the family of `root`: one of them has a
 * relation that finds its rows so. */
bool
ms_family_may_own(const struct ms_entity_type *root, const struct ms_entity_type *type,
                  const char *column);

/* What ms_find_type_of keeps for the next time; NULL is fine. */
struct ms_owners;

void
ms_owners_free(struct ms_owners *owners);

/* The families whose entities `column` of `type` may point to; ends in NULL. NULL when out of memory. Borrowed
 * from the API. */
const struct ms_entity_type *const *
ms_owner_families(struct ms_api *api, const struct ms_entity_type *type, const char *column);

/* The name of the concrete type of the entity `id`, among those that the column `column` of `type` may
 * point to. NULL when there is none. Borrowed from the model. */
enum ms_status
ms_find_type_of(struct ms_batch *batch, const struct ms_entity_type *type, const char *column,
                const char *id, const char **name, struct ms_error *err);

#endif
