/* SameSite=Strict keeps other sites out, but pages on another port of the same host are the same site:
 * what tells them apart is the Origin header, and Sec-Fetch-Site where a browser sends none. */
#include "server/page_access.h"

#include <string.h>
#include <strings.h>

#include "page/sign_in.h"

static bool
is_our_origin(const struct ms_request *request, const char *origin)
{
  const char *public_url = request->server->public_url;
  const char *host = ms_request_header(request, "Host");
  const char *authority = strstr(origin, "://");
  if (public_url && strcasecmp(origin, public_url) == 0) {
    return true;
  }
  return authority && host && strcasecmp(authority + 3, host) == 0;
}

static bool
comes_from_us(const struct ms_request *request)
{
  const char *origin = ms_request_header(request, "Origin");
  const char *site = ms_request_header(request, "Sec-Fetch-Site");
  if (origin) {
    return is_our_origin(request, origin);
  }
  return !site || strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0;
}

enum ms_status
ms_page_access_origin(const struct ms_request *request, struct ms_error *err)
{
  bool is_post = strcmp(request->method, "POST") == 0;
  if (!comes_from_us(request) || (is_post && !ms_request_header(request, "moonshift-page"))) {
    return ms_fail(err, MS_PERMISSION,
                   "this is for the page itself: send the header moonshift-page, and no Origin but "
                   "the server's");
  }
  return MS_OK;
}

enum ms_status
ms_page_access_check(struct ms_request *request, struct ms_error *err)
{
  enum ms_status status = ms_page_access_origin(request, err);
  if (status != MS_OK) {
    return status;
  }
  return ms_sign_in_check(request->server->page, ms_request_header(request, "Cookie"),
                          request->user_id, err);
}

bool
ms_page_access_is_secure(const struct ms_request *request)
{
  const char *public_url = request->server->public_url;
  return public_url && strncasecmp(public_url, "https://", 8) == 0;
}
