/* dlopen with every name looked up at once: a version that lacks one is found at the first use, not
 * in the middle of a transfer. What the library and the thirty behind it need of each other is bound
 * when it is called: most of that never is, and binding it all takes a millisecond. */
#include "base/library.h"

#include <dlfcn.h>

enum ms_status
ms_library_load(const char *soname, const char *const *names, void **slots, size_t count,
                struct ms_error *err)
{
  void *library = dlopen(soname, RTLD_LAZY | RTLD_LOCAL);
  if (!library) {
    return ms_fail(err, MS_NOT_FOUND, "cannot load the library '%s': %s", soname, dlerror());
  }
  for (size_t i = 0; i < count; i++) {
    slots[i] = dlsym(library, names[i]);
    if (!slots[i]) {
      ms_fail(err, MS_NOT_FOUND, "the library '%s' has no function '%s'; install a newer version",
              soname, names[i]);
      dlclose(library);
      return MS_NOT_FOUND;
    }
  }
  return MS_OK;
}
