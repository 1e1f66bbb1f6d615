/* "did you mean": the word nearest to a misspelt one. */
#ifndef MS_BASE_NEAREST_H
#define MS_BASE_NEAREST_H

#include <stddef.h>

enum { MS_NEAREST_WORD_MAX = 64 /* bytes; longer words have no nearest */ };

/* Damerau-Levenshtein distance (optimal string alignment), case-insensitive. Words longer than
 * MS_NEAREST_WORD_MAX are infinitely far. */
size_t
ms_word_distance(const char *a, const char *b);

/* Running search: start with best = NULL, distance = 0, then offer every candidate. */
struct ms_nearest {
  const char *word; /* borrowed */
  const char
      *best; /* borrowed; NULL while nothing is near enough (a third of the length, at least 1,
                        less than the whole word) */
  size_t distance;
};

void
ms_nearest_offer(struct ms_nearest *nearest, const char *candidate);

#endif
