/* One table of names, one of slots, both printed from the list in the header. */
#include "events/wslay.h"

#include <stdbool.h>
#include <string.h>

#include "base/library.h"

static const char *const names[] = {
#define NAME(name) "wslay_" #name,
    MS_WSLAY_FUNCTIONS(NAME)
#undef NAME
};

enum { COUNT = sizeof names / sizeof names[0] };

_Static_assert(sizeof(struct ms_wslay) == COUNT * sizeof(void *), "one slot for each name");

struct ms_wslay ms_wslay;

enum ms_status
ms_wslay_load(struct ms_error *err)
{
  static bool loaded;
  if (loaded) {
    return MS_OK;
  }
  void *slots[COUNT];
  enum ms_status status = ms_library_load("libwslay.so.1", names, slots, COUNT, err);
  if (status != MS_OK) {
    return ms_error_prefix(err, "the event hub needs wslay (Debian: libwslay1)");
  }
  memcpy(&ms_wslay, slots, sizeof ms_wslay);
  loaded = true;
  return MS_OK;
}
