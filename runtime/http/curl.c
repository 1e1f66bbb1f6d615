/* One table of names, one of slots, both printed from the list in the header. */
#include "http/curl.h"

#include <stdbool.h>
#include <string.h>

#include "base/library.h"

static const char *const names[] = {
#define NAME(name) "curl_" #name,
    MS_CURL_FUNCTIONS(NAME)
#undef NAME
};

enum { COUNT = sizeof names / sizeof names[0] };

_Static_assert(sizeof(struct ms_curl) == COUNT * sizeof(void *), "one slot for each name");

struct ms_curl ms_curl;

enum ms_status
ms_curl_load(struct ms_error *err)
{
  static bool loaded;
  if (loaded) {
    return MS_OK;
  }
  void *slots[COUNT];
  enum ms_status status = ms_library_load("libcurl.so.4", names, slots, COUNT, err);
  if (status != MS_OK) {
    return ms_error_prefix(err, "the network needs libcurl (Debian: libcurl4)");
  }
  memcpy(&ms_curl, slots, sizeof ms_curl);
  CURLcode code = ms_curl.global_init(CURL_GLOBAL_DEFAULT);
  if (code != CURLE_OK) {
    return ms_fail(err, MS_INTERNAL, "libcurl cannot start: %s", ms_curl.easy_strerror(code));
  }
  loaded = true;
  return MS_OK;
}
