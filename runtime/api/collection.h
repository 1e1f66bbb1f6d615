/* Collections are written as whole lists: the members become those of the list, others leave.
 *
 * A member that does not exist yet may be created later in the same batch, so a list with unknown
 * members is gone through again when the batch ends. */
#ifndef MS_API_COLLECTION_H
#define MS_API_COLLECTION_H

#include "api/row.h"

struct ms_pending_membership;

/* Applies all memberships of a row that exists. */
enum ms_status
ms_collections_write(struct ms_batch *batch, const struct ms_row *row, struct ms_error *err);

/* Applies those with unknown members again; MS_INTEGRITY for a member that still does not exist. */
enum ms_status
ms_collections_settle(struct ms_batch *batch, struct ms_error *err);

#endif
