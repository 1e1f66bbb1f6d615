/* A search through eight texts is nothing beside a query. */
#include "page/cache.h"

#include <stdlib.h>
#include <string.h>

bool
ms_cache_find(const struct ms_cache *cache, const char *question, int64_t version,
              struct ms_buffer *answer)
{
  for (unsigned i = 0; i < MS_CACHE_ENTRIES; i++) {
    const char *known = cache->entries[i].question;
    if (known && cache->entries[i].version == version && strcmp(known, question) == 0) {
      ms_buffer_append_string(answer, cache->entries[i].answer);
      return true;
    }
  }
  return false;
}

static void
forget(struct ms_cache *cache, unsigned index)
{
  free(cache->entries[index].question);
  free(cache->entries[index].answer);
  cache->entries[index].question = cache->entries[index].answer = NULL;
}

void
ms_cache_keep(struct ms_cache *cache, const char *question, int64_t version, const char *answer)
{
  if (strlen(answer) > MS_CACHE_ANSWER_MAX_BYTES) {
    return;
  }
  unsigned index = cache->next;
  cache->next = (index + 1) % MS_CACHE_ENTRIES;
  forget(cache, index);
  cache->entries[index].question = strdup(question);
  cache->entries[index].answer = strdup(answer);
  cache->entries[index].version = version;
  if (!cache->entries[index].question || !cache->entries[index].answer) {
    forget(cache, index);
  }
}

void
ms_cache_clear(struct ms_cache *cache)
{
  for (unsigned i = 0; i < MS_CACHE_ENTRIES; i++) {
    forget(cache, i);
  }
}
