/* Multiply and fold, word by word; the multiplier is an odd number with as many ones as zeros, scattered. */
#include "base/hash.h"

#include <string.h>

static const uint64_t MULTIPLIER = UINT64_C(0x9E3779B97F4A7C15);

static uint64_t
mix(uint64_t hash, uint64_t word)
{
  hash = (hash ^ word) * MULTIPLIER;
  return hash ^ hash >> 32;
}

uint64_t
ms_hash(const void *data, size_t size_bytes)
{
  const unsigned char *next = data;
  uint64_t hash = size_bytes * MULTIPLIER;
  uint64_t word;
  for (; size_bytes >= sizeof word; next += sizeof word, size_bytes -= sizeof word) {
    memcpy(&word, next, sizeof word);
    hash = mix(hash, word);
  }
  word = 0;
  if (size_bytes > 0) {
    memcpy(&word, next, size_bytes);
  }
  return mix(hash, word);
}
