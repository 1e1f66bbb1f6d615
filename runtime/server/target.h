/* The target of a request: mostly a path, but a client may send the whole URL (RFC 9112 §3.2.2, the
 * absolute-form): "GET http://tracker:8000/jobs/list HTTP/1.1".
 *
 * Targets come decoded and without their query, as libmicrohttpd gives them. */
#ifndef MS_SERVER_TARGET_H
#define MS_SERVER_TARGET_H

#include "server/request.h"

/* What is asked for: the path of a URL, "/" where it has none; any other target as it is. Of a URL
 * nothing before the path is in it, so that it may be shown. Borrowed from the target, or static. */
const char *
ms_target_path(const char *target);

/* Refuses a URL that is not ours to answer: of another scheme, with a user in it, or with another host
 * than the header Host, by which origins are checked and links are made. */
enum ms_status
ms_target_check(struct ms_request *request, const char *target);

#endif
