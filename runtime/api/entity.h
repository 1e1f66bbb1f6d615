/* Entities in answers: running a compiled query and appending its rows. */
#ifndef MS_API_ENTITY_H
#define MS_API_ENTITY_H

#include "api/row.h"

struct ms_rows {
  int64_t count; /* appended */
  bool has_more; /* there is another one beyond the limit */
};

/* Runs the plan and appends up to plan->limit rows, joined with commas. `key` is that of the entity, where the plan
 * is for one; else NULL. */
enum ms_status
ms_plan_append_rows(struct ms_batch *batch, const struct ms_query_plan *plan,
                    const struct ms_key *key, struct ms_rows *rows, struct ms_error *err);

/* Runs the operation's member `expression` and appends its page under the operation's own action. Rows
 * must also meet `also`, a condition in the query language, or NULL. */
enum ms_status
ms_page_append(struct ms_batch *batch, const struct ms_json_node *operation, const char *also,
               struct ms_error *err);

/* Appends {"action": ACTION, "data": ENTITY} with the entity's key and these attributes.
 * MS_NOT_FOUND when there is no such entity. */
enum ms_status
ms_entity_append(struct ms_batch *batch, const char *action, const struct ms_entity_type *type,
                 const struct ms_key *key, const char *const *attributes, size_t attribute_count,
                 struct ms_error *err);

#endif
