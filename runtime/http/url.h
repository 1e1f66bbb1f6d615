/* What can be told about a URL without libcurl: whether it is one of ours, whom it addresses, and how it
 * may be shown. Signed URLs carry secrets in the query and URLs may carry a password, so nothing else
 * of a URL ever reaches a message. */
#ifndef MS_HTTP_URL_H
#define MS_HTTP_URL_H

#include <stdbool.h>

#include "base/error.h"

enum { MS_HTTP_URL_MAX_BYTES = 16 * 1024 };

/* MS_OK for http://HOST[:PORT][/…] and https://…; MS_USAGE with the reason otherwise. */
enum ms_status
ms_http_url_check(const char *url, struct ms_error *err);

/* "http://host:8000": scheme and host in lower case, the port only when it is not the scheme's own,
 * without user and password. `url` must have passed the check. Owned; NULL when out of memory. */
char *
ms_http_url_origin(const char *url);

/* The origin and path: what messages and traces show. Without query and fragment. `url` must have passed
 * the check. Owned; NULL when out of memory. */
char *
ms_http_url_public(const char *url);

/* Whether both address the same scheme, host and port. Both must have passed the check. */
bool
ms_http_url_same_origin(const char *a, const char *b);

#endif
