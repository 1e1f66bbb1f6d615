/* A few rows, searched from the top: the busiest first. */
#include "server/routes.h"

#include <string.h>

enum { READ = MS_METHOD_GET | MS_METHOD_HEAD };

static const struct ms_route routes[] = {
    {"/api", false, MS_METHOD_POST, MS_ACCESS_HEADERS, true, &ms_endpoint_api},
    {"/component/get", false, READ, MS_ACCESS_GET, false, &ms_endpoint_download},
    {"/component/put", false, MS_METHOD_PUT, MS_ACCESS_PUT, false, &ms_endpoint_upload},
    {"/component/part", false, MS_METHOD_PUT, MS_ACCESS_PART, false, &ms_endpoint_part},
    {"/component/thumbnail", false, READ, MS_ACCESS_THUMBNAIL, false, &ms_endpoint_thumbnail},
    {"/component/remove", false, MS_METHOD_GET, MS_ACCESS_KEY, false, &ms_endpoint_remove},
    {"/socket.io/1/", false, MS_METHOD_GET, MS_ACCESS_HUB, false, &ms_endpoint_handshake},
    {"/socket.io/1", false, MS_METHOD_GET, MS_ACCESS_HUB, false, &ms_endpoint_handshake},
    {"/socket.io/1/websocket/", true, MS_METHOD_GET, MS_ACCESS_ANYBODY, false, &ms_endpoint_socket},
    {"/", false, READ, MS_ACCESS_ANYBODY, false, &ms_endpoint_page},
    {"/page/sign-in", false, MS_METHOD_POST, MS_ACCESS_HEADERS, false, &ms_endpoint_sign_in},
    {"/page/sign-out", false, MS_METHOD_POST, MS_ACCESS_ANYBODY, false, &ms_endpoint_sign_out},
    {"/page/session", false, READ, MS_ACCESS_ANYBODY, false, &ms_endpoint_session},
    {"/page/", true, READ, MS_ACCESS_ANYBODY, false, &ms_endpoint_page_file},
    {"/jobs/list", false, READ, MS_ACCESS_PAGE, false, &ms_endpoint_jobs_list},
    {"/jobs/detail", false, READ, MS_ACCESS_PAGE, false, &ms_endpoint_jobs_detail},
    {"/jobs/changes", false, MS_METHOD_GET, MS_ACCESS_PAGE, false, &ms_endpoint_jobs_changes},
    {"/jobs/users", false, READ, MS_ACCESS_PAGE, false, &ms_endpoint_jobs_users},
    {"/jobs/zip", false, MS_METHOD_GET, MS_ACCESS_PAGE, false, &ms_endpoint_jobs_zip},
    {"/jobs/removable", false, READ, MS_ACCESS_PAGE, false, &ms_endpoint_jobs_removable},
    {"/jobs/cancel", false, MS_METHOD_POST, MS_ACCESS_PAGE, false, &ms_endpoint_jobs_cancel},
    {"/jobs/retry", false, MS_METHOD_POST, MS_ACCESS_PAGE, false, &ms_endpoint_jobs_retry},
    {"/jobs/remove", false, MS_METHOD_POST, MS_ACCESS_PAGE, false, &ms_endpoint_jobs_remove},
    {"/events", false, READ, MS_ACCESS_PAGE, false, &ms_endpoint_events},
    {"/img/thumbnail2.png", false, READ, MS_ACCESS_ANYBODY, false, &ms_endpoint_placeholder},
    {"/healthz", false, READ, MS_ACCESS_ANYBODY, false, &ms_endpoint_health},
};

static const struct {
  const char *name;
  unsigned bit;
} methods[] = {
    {"GET", MS_METHOD_GET},
    {"HEAD", MS_METHOD_HEAD},
    {"POST", MS_METHOD_POST},
    {"PUT", MS_METHOD_PUT},
};

const struct ms_route *
ms_route_find(const char *path)
{
  for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
    const struct ms_route *route = &routes[i];
    if (route->is_prefix ? strncmp(route->path, path, strlen(route->path)) == 0
                         : strcmp(route->path, path) == 0) {
      return route;
    }
  }
  return NULL;
}

unsigned
ms_method_bit(const char *method)
{
  for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
    if (strcmp(methods[i].name, method) == 0) {
      return methods[i].bit;
    }
  }
  return 0;
}
