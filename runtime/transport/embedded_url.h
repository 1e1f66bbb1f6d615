/* The URLs that the embedded server signs: "embedded:/component/put?id=…&expires=…&signature=…". */
#ifndef MS_TRANSPORT_EMBEDDED_URL_H
#define MS_TRANSPORT_EMBEDDED_URL_H

#include "base/error.h"

#define MS_EMBEDDED_BASE_URL "embedded:"

enum { MS_EMBEDDED_VALUE_MAX_BYTES = 128 };

struct ms_embedded_url {
  char id[MS_EMBEDDED_VALUE_MAX_BYTES + 1];
  char expires[MS_EMBEDDED_VALUE_MAX_BYTES + 1];
  char signature[MS_EMBEDDED_VALUE_MAX_BYTES + 1];
};

/* Reads a URL whose path is `path` ("/component/get"). MS_USAGE, without the query, for anything else. */
enum ms_status
ms_embedded_url_parse(const char *url, const char *path, struct ms_embedded_url *parsed,
                      struct ms_error *err);

#endif
