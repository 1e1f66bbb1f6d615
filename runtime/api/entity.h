/* Entities in answers: running a compiled query and appending its rows. */
#ifndef MS_API_ENTITY_H
#define MS_API_ENTITY_H

#include "api/row.h"

/* Runs the plan and appends up to plan->limit rows, joined with commas. *has_more tells whether there
 * is another one. */
enum ms_status
ms_plan_append_rows(struct ms_batch *batch, const struct ms_query_plan *plan, bool *has_more,
                    struct ms_error *err);

/* Appends {"action": ACTION, "data": ENTITY} with the entity's key and these attributes. */
enum ms_status
ms_entity_append(struct ms_batch *batch, const char *action, const struct ms_entity_type *type,
                 const struct ms_key *key, const char *const *attributes, size_t attribute_count,
                 struct ms_error *err);

#endif
