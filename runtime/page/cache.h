/* Answers that many pages ask for at once: everybody who looks at the same after the same change gets one query's
 * result. The oldest answer makes room for a new question. */
#ifndef MS_PAGE_CACHE_H
#define MS_PAGE_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

enum {
  MS_CACHE_ENTRIES = 64,
  MS_CACHE_ANSWER_MAX_BYTES = 256 * 1024,
  MS_CACHE_LIFETIME_MS =
      10000 /* an answer may hold what depends on the time, such as signed URLs */
};

struct ms_cache {
  struct ms_cache_entry {
    char *question, *answer; /* owned; NULL while empty */
    int64_t version;
    int64_t made_ms;
  } entries[MS_CACHE_ENTRIES];
  unsigned next; /* the entry that a new question gets */
};

/* Appends the answer to `question` that was made at `version` or later; false when there is none. */
bool
ms_cache_find(const struct ms_cache *cache, const char *question, int64_t version,
              struct ms_buffer *answer);

/* Keeps an answer, unless it is too large. */
void
ms_cache_keep(struct ms_cache *cache, const char *question, int64_t version, const char *answer);

void
ms_cache_clear(struct ms_cache *cache);

#endif
