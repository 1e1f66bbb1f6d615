/* A hash that is not plain hexadecimal names no file. */
#include "session/schema_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/path.h"

enum { HASH_BYTES_MIN = 8, HASH_BYTES_MAX = 64, FILE_NAME_SIZE = HASH_BYTES_MAX + 8 };

static bool
is_plain_hash(const char *hash)
{
  size_t bytes = strlen(hash);
  return bytes >= HASH_BYTES_MIN && bytes <= HASH_BYTES_MAX &&
         strspn(hash, "0123456789abcdef") == bytes;
}

/* The folder of the documents, and the path of one; both owned, NULL when there is no place for
 * them. */
static char *
folder_path(void)
{
  char *cache = NULL;
  if (ms_path_xdg("cache", &cache, NULL) != MS_OK) {
    return NULL;
  }
  char *folder = ms_path_join(cache, "schemas");
  free(cache);
  return folder;
}

static char *
document_path(const char *folder, const char *hash)
{
  char name[FILE_NAME_SIZE];
  snprintf(name, sizeof name, "%s.json", hash);
  return ms_path_join(folder, name);
}

struct ms_model *
ms_schema_cache_read(const char *hash)
{
  char *folder = is_plain_hash(hash) ? folder_path() : NULL;
  char *path = folder ? document_path(folder, hash) : NULL;
  char *text = NULL;
  size_t text_bytes = 0;
  struct ms_model *model = NULL;
  struct ms_error err;
  if (path && ms_path_read(path, MS_MODEL_DOCUMENT_BYTES_MAX, &text, &text_bytes, &err) == MS_OK &&
      ms_model_parse(text, text_bytes, &model, &err) != MS_OK) {
    ms_log(MS_LOG_WARNING, "the cached schema %s cannot be used and is fetched again: %s", path,
           err.message);
    model = NULL;
  }
  free(text);
  free(path);
  free(folder);
  return model;
}

void
ms_schema_cache_write(const char *hash, const char *text, size_t text_bytes)
{
  char *folder = is_plain_hash(hash) ? folder_path() : NULL;
  char *path = folder ? document_path(folder, hash) : NULL;
  struct ms_error err = {.status = MS_OK};
  if (path && (ms_path_make_folders(folder, 0700, &err) != MS_OK ||
               ms_path_write(path, text, text_bytes, 0600, &err) != MS_OK)) {
    ms_log(MS_LOG_WARNING, "the server's schema is not cached: %s", err.message);
  }
  free(path);
  free(folder);
}
