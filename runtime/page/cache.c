/* A search through some texts is nothing beside a query. */
#include "page/cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static void
forget(struct ms_cache_entry *entry)
{
  free(entry->question);
  free(entry->answer);
  *entry = (struct ms_cache_entry){0};
}

static const struct ms_cache_entry *
find(const struct ms_cache *cache, const char *question)
{
  for (unsigned i = 0; i < MS_CACHE_ENTRIES; i++) {
    const struct ms_cache_entry *entry = &cache->entries[i];
    if (entry->question && strcmp(entry->question, question) == 0) {
      return entry;
    }
  }
  return NULL;
}

bool
ms_cache_find(const struct ms_cache *cache, const char *question, int64_t version,
              struct ms_buffer *answer)
{
  const struct ms_cache_entry *entry = find(cache, question);
  if (!entry || entry->version < version ||
      ms_clock_monotonic_ms() - entry->made_ms > MS_CACHE_LIFETIME_MS) {
    return false;
  }
  ms_buffer_append_string(answer, entry->answer);
  return true;
}

/* The entry of a question: its own, or the next. */
static struct ms_cache_entry *
place(struct ms_cache *cache, const char *question)
{
  const struct ms_cache_entry *known = find(cache, question);
  if (known) {
    return &cache->entries[known - cache->entries];
  }
  struct ms_cache_entry *entry = &cache->entries[cache->next];
  cache->next = (cache->next + 1) % MS_CACHE_ENTRIES;
  return entry;
}

void
ms_cache_keep(struct ms_cache *cache, const char *question, int64_t version, const char *answer)
{
  if (strlen(answer) > MS_CACHE_ANSWER_MAX_BYTES) {
    return;
  }
  struct ms_cache_entry *entry = place(cache, question);
  forget(entry);
  entry->question = strdup(question);
  entry->answer = strdup(answer);
  entry->version = version;
  entry->made_ms = ms_clock_monotonic_ms();
  if (!entry->question || !entry->answer) {
    forget(entry);
  }
}

void
ms_cache_clear(struct ms_cache *cache)
{
  for (unsigned i = 0; i < MS_CACHE_ENTRIES; i++) {
    forget(&cache->entries[i]);
  }
}
