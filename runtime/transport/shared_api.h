/* One `struct ms_api` for each data folder, shared by all transports of the process, however the folder is
 * spelled. */
#ifndef MS_TRANSPORT_SHARED_API_H
#define MS_TRANSPORT_SHARED_API_H

#include "api/api.h"

struct ms_shared_api;

/* Opens the folder, or joins those who have it open. */
enum ms_status
ms_shared_api_enter(const char *folder, struct ms_shared_api **shared, struct ms_error *err);

/* Once more, for somebody who may be there longer. */
struct ms_shared_api *
ms_shared_api_join(struct ms_shared_api *shared);

/* The last one closes it. */
void
ms_shared_api_leave(struct ms_shared_api *shared);

/* Borrowed until ms_shared_api_leave. */
struct ms_api *
ms_shared_api_get(const struct ms_shared_api *shared);

#endif
