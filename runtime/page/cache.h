/* Answers that many pages ask for at once: everybody who looks at the same list after the same change gets one
 * query's result. A few answers, the oldest goes first. */
#ifndef MS_PAGE_CACHE_H
#define MS_PAGE_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

enum { MS_CACHE_ENTRIES = 8, MS_CACHE_ANSWER_MAX_BYTES = 256 * 1024 };

struct ms_cache {
  struct {
    char *question, *answer; /* owned; NULL while empty */
    int64_t version;
  } entries[MS_CACHE_ENTRIES];
  unsigned next; /* the entry that is written next */
};

/* Appends the answer to `question` at `version` of the database; false when it is not known. */
bool
ms_cache_find(const struct ms_cache *cache, const char *question, int64_t version,
              struct ms_buffer *answer);

/* Keeps an answer, unless it is too large. */
void
ms_cache_keep(struct ms_cache *cache, const char *question, int64_t version, const char *answer);

void
ms_cache_clear(struct ms_cache *cache);

#endif
