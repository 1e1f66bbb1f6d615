/* What not everybody may do.
 *
 * Whoever has a key may work with everything but the keys of others and the roles that say who is an
 * administrator. The program itself acts without a user and may do everything. */
#ifndef MS_API_PERMISSION_H
#define MS_API_PERMISSION_H

#include "api/batch.h"

/* MS_PERMISSION unless the acting user is an administrator; `what` completes "only an administrator
 * may …". */
enum ms_status
ms_permission_require_administrator(struct ms_batch *batch, const char *what, struct ms_error *err);

/* MS_PERMISSION when the acting user may not write entities of this type. */
enum ms_status
ms_permission_check_write(struct ms_batch *batch, const struct ms_entity_type *type,
                          struct ms_error *err);

#endif
