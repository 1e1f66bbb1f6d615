/* A URL must say the same as the header Host, as clients have to send it. The RFC would have the header
 * ignored where they differ; refusing is safer, for then nobody before us was shown another host than
 * the one that we go by. */
#include "server/target.h"

#include <string.h>
#include <strings.h>

#define SCHEME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-."

/* Of "http://" before a URL's host; 0 for what is no URL. */
static size_t
scheme_bytes(const char *target)
{
  size_t length = strspn(target, SCHEME_CHARACTERS);
  return length > 0 && strncmp(target + length, "://", 3) == 0 ? length + 3 : 0;
}

const char *
ms_target_path(const char *target)
{
  size_t scheme = scheme_bytes(target);
  const char *path = scheme > 0 ? strchr(target + scheme, '/') : target;
  return path ? path : "/";
}

/* http, and what a proxy that encrypts for us is reached by. */
static bool
is_our_scheme(const struct ms_request *request, const char *target, size_t scheme)
{
  const char *public_url = request->server->public_url;
  return strncasecmp(target, "http://", scheme) == 0 ||
         (public_url && strncasecmp(target, public_url, scheme) == 0);
}

enum ms_status
ms_target_check(struct ms_request *request, const char *target)
{
  size_t scheme = scheme_bytes(target);
  if (scheme == 0) {
    return MS_OK;
  }
  if (!is_our_scheme(request, target, scheme)) {
    return ms_request_refuse(request, MHD_HTTP_MISDIRECTED_REQUEST, MS_PROTOCOL,
                             "this is no proxy: URLs of this server begin with http://");
  }
  const char *authority = target + scheme;
  size_t length = strcspn(authority, "/");
  const char *host = ms_request_header(request, "Host");
  bool is_same = !host || (strlen(host) == length && strncasecmp(host, authority, length) == 0);
  if (!ms_request_is_host(authority, length) || !is_same) {
    return ms_request_refuse(request, MHD_HTTP_BAD_REQUEST, MS_PROTOCOL,
                             "the URL's host must be that of the header Host, without a user");
  }
  return MS_OK;
}
