/* A signature proves the right to one component's bytes until it expires; a key proves a user. Where
 * both are accepted, a URL with signature= is judged by that alone. */
#include "server/access.h"

#include "server/page_access.h"

static enum ms_status
check_user(struct ms_request *request, const char *user, const char *key, struct ms_error *err)
{
  if (!user || !key) {
    return ms_fail(err, MS_AUTHENTICATION,
                   "send the user in the header ftrack-user and an API key in ftrack-api-key");
  }
  enum ms_status status =
      ms_api_authenticate(request->server->api, user, key, request->user_id, err);
  request->username = status == MS_OK ? user : NULL;
  return status;
}

static enum ms_status
check_headers(struct ms_request *request, struct ms_error *err)
{
  return check_user(request, ms_request_header(request, "ftrack-user"),
                    ms_request_header(request, "ftrack-api-key"), err);
}

static enum ms_status
check_key(struct ms_request *request, const char *user_argument, const char *key_argument,
          struct ms_error *err)
{
  const char *user = ms_request_argument(request, user_argument);
  const char *key = ms_request_argument(request, key_argument);
  return user || key ? check_user(request, user, key, err) : check_headers(request, err);
}

static enum ms_status
check_signature(struct ms_request *request, enum ms_signature_use use, struct ms_error *err)
{
  const char *signature = ms_request_argument(request, "signature");
  if (!signature && use == MS_SIGNATURE_PART) {
    return ms_fail(err, MS_PERMISSION, "a part is sent to the URL that get_upload_metadata gave");
  }
  if (!signature) {
    return check_key(request, "username", "apiKey", err);
  }
  const char *id = ms_request_argument(request, "id");
  const char *expires = ms_request_argument(request, "expires");
  enum ms_status status = ms_api_check_signature(request->server->api, use, id ? id : "",
                                                 expires ? expires : "", signature, err);
  if (status == MS_TIMEOUT) {
    err->status = MS_PERMISSION; /* the URL expired; for HTTP that is a refusal, no time-out */
    return MS_PERMISSION;
  }
  return status;
}

enum ms_status
ms_access_check(struct ms_request *request, struct ms_error *err)
{
  switch (request->route->access) {
  case MS_ACCESS_ANYBODY:
    return MS_OK;
  case MS_ACCESS_HEADERS:
    return check_headers(request, err);
  case MS_ACCESS_KEY:
    return check_key(request, "username", "apiKey", err);
  case MS_ACCESS_GET:
    return check_signature(request, MS_SIGNATURE_GET, err);
  case MS_ACCESS_PUT:
    return check_signature(request, MS_SIGNATURE_PUT, err);
  case MS_ACCESS_PART:
    return check_signature(request, MS_SIGNATURE_PART, err);
  case MS_ACCESS_THUMBNAIL:
    return check_signature(request, MS_SIGNATURE_THUMBNAIL, err);
  case MS_ACCESS_HUB:
    return check_key(request, "api_user", "api_key", err);
  case MS_ACCESS_PAGE:
    return ms_request_header(request, "ftrack-user") ? check_headers(request, err)
                                                     : ms_page_access_check(request, err);
  }
  return ms_fail(err, MS_INTERNAL, "a route without an access rule");
}
