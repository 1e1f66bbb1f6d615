/* Our own server printed these URLs, from characters that need no escapes. */
#include "transport/embedded_url.h"

#include <stddef.h>
#include <string.h>

static const struct {
  const char *name;
  size_t offset; /* in struct ms_embedded_url */
} parameters[] = {
    {"id=", offsetof(struct ms_embedded_url, id)},
    {"expires=", offsetof(struct ms_embedded_url, expires)},
    {"signature=", offsetof(struct ms_embedded_url, signature)},
};

static void
read_parameter(const char *text, size_t length, struct ms_embedded_url *parsed)
{
  for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++) {
    size_t name_bytes = strlen(parameters[i].name);
    if (length < name_bytes || memcmp(text, parameters[i].name, name_bytes) != 0 ||
        length - name_bytes > MS_EMBEDDED_VALUE_MAX_BYTES) {
      continue;
    }
    char *value = (char *)parsed + parameters[i].offset;
    memcpy(value, text + name_bytes, length - name_bytes);
    value[length - name_bytes] = '\0';
  }
}

enum ms_status
ms_embedded_url_parse(const char *url, const char *path, struct ms_embedded_url *parsed,
                      struct ms_error *err)
{
  *parsed = (struct ms_embedded_url){0};
  size_t base_bytes = strlen(MS_EMBEDDED_BASE_URL), path_bytes = strlen(path);
  if (strncmp(url, MS_EMBEDDED_BASE_URL, base_bytes) != 0 ||
      strncmp(url + base_bytes, path, path_bytes) != 0 || url[base_bytes + path_bytes] != '?') {
    return ms_fail(err, MS_USAGE,
                   "'%.*s' is not a URL of the embedded server, which begins with %s%s?",
                   (int)strcspn(url, "?#"), url, MS_EMBEDDED_BASE_URL, path);
  }
  const char *query = url + base_bytes + path_bytes + 1;
  while (*query) {
    size_t length = strcspn(query, "&");
    read_parameter(query, length, parsed);
    query += length + (query[length] == '&');
  }
  return MS_OK;
}
