/* The page's proof of who asks: a session cookie. */
#ifndef MS_SERVER_PAGE_ACCESS_H
#define MS_SERVER_PAGE_ACCESS_H

#include "server/request.h"

/* Sets request->user_id from the session cookie. A cookie travels with whatever a browser sends, so it counts
 * only for requests that our own page makes: none that comes from another origin, and no POST without the
 * header moonshift-page, which a foreign page cannot add. */
enum ms_status
ms_page_access_check(struct ms_request *request, struct ms_error *err);

/* The same check of where the request comes from, without the cookie. MS_PERMISSION otherwise. */
enum ms_status
ms_page_access_origin(const struct ms_request *request, struct ms_error *err);

/* Whether browsers reach us by TLS. */
bool
ms_page_access_is_secure(const struct ms_request *request);

#endif
