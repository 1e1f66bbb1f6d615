/* One table of names, one of slots, both printed from the list in the header. */
#include "server/mhd.h"

#include <stdbool.h>
#include <string.h>

#include "base/library.h"

static const char *const names[] = {
#define NAME(name) "MHD_" #name,
    MS_MHD_FUNCTIONS(NAME)
#undef NAME
};

enum { COUNT = sizeof names / sizeof names[0] };

_Static_assert(sizeof(struct ms_mhd) == COUNT * sizeof(void *), "one slot for each name");

struct ms_mhd ms_mhd;

enum ms_status
ms_mhd_load(struct ms_error *err)
{
  static bool loaded;
  if (loaded) {
    return MS_OK;
  }
  void *slots[COUNT];
  enum ms_status status = ms_library_load("libmicrohttpd.so.12", names, slots, COUNT, err);
  if (status != MS_OK) {
    return ms_error_prefix(err, "serving needs libmicrohttpd (Debian: libmicrohttpd12)");
  }
  memcpy(&ms_mhd, slots, sizeof ms_mhd);
  loaded = true;
  return MS_OK;
}
