/* Files in the program: a linear search, there are a few dozen. */
#include "base/embedded.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"

/* Reads the file from the source tree in a development build. */
static bool
read_source(const char *name, struct ms_embedded *file)
{
#ifdef MOONSHIFT_SOURCE_DIR
  char *path = ms_path_join(MOONSHIFT_SOURCE_DIR, name);
  bool found = path != NULL && ms_path_read(path, MS_EMBEDDED_MAX_BYTES, &file->copy,
                                            &file->size_bytes, NULL) == MS_OK;
  free(path);
  file->data = file->copy;
  return found;
#else
  (void)name;
  (void)file;
  return false;
#endif
}

bool
ms_embedded_open(const struct ms_embedded_file *table, const char *name, struct ms_embedded *file)
{
  *file = (struct ms_embedded){0};
  if (read_source(name, file)) {
    return true;
  }
  for (size_t i = 0; table[i].name != NULL; i++) {
    if (strcmp(table[i].name, name) == 0) {
      file->data = table[i].data;
      file->size_bytes = table[i].size_bytes;
      return true;
    }
  }
  return false;
}

void
ms_embedded_free(struct ms_embedded *file)
{
  free(file->copy);
  *file = (struct ms_embedded){0};
}
