/* Optimal string alignment: insert, delete, replace, or swap two neighbours, each costs 1.
 *
 * Three rows of the table are kept: swapping looks two rows back. */
#include "base/nearest.h"

#include <stdint.h>
#include <string.h>

static unsigned char
lower(char byte)
{
  return (unsigned char)(byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte);
}

static size_t
smaller(size_t a, size_t b)
{
  return a < b ? a : b;
}

size_t
ms_word_distance(const char *a, const char *b)
{
  size_t a_bytes = strnlen(a, MS_NEAREST_WORD_MAX + 1);
  size_t b_bytes = strnlen(b, MS_NEAREST_WORD_MAX + 1);
  if (a_bytes > MS_NEAREST_WORD_MAX || b_bytes > MS_NEAREST_WORD_MAX) {
    return SIZE_MAX;
  }
  size_t rows[3][MS_NEAREST_WORD_MAX + 1];
  for (size_t j = 0; j <= b_bytes; j++) {
    rows[0][j] = j;
  }
  for (size_t i = 1; i <= a_bytes; i++) {
    size_t *row = rows[i % 3];
    const size_t *above = rows[(i - 1) % 3];
    const size_t *two_above = rows[(i + 1) % 3];
    row[0] = i;
    for (size_t j = 1; j <= b_bytes; j++) {
      unsigned char x = lower(a[i - 1]);
      unsigned char y = lower(b[j - 1]);
      size_t changed = smaller(above[j], row[j - 1]) + 1;
      row[j] = smaller(changed, above[j - 1] + (x != y));
      if (i > 1 && j > 1 && x == lower(b[j - 2]) && y == lower(a[i - 2])) {
        row[j] = smaller(row[j], two_above[j - 2] + 1);
      }
    }
  }
  return rows[a_bytes % 3][b_bytes];
}

void
ms_nearest_offer(struct ms_nearest *nearest, const char *candidate)
{
  size_t length = strlen(nearest->word);
  size_t tolerance = length >= 6 ? length / 3 : 1;
  size_t distance = ms_word_distance(nearest->word, candidate);
  if (distance > tolerance || distance >= length) {
    return;
  }
  if (!nearest->best || distance < nearest->distance) {
    nearest->best = candidate;
    nearest->distance = distance;
  }
}
