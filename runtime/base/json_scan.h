/* What the JSON reader and the JSON writer share: finding the end of a run of plain characters, the
 * inner loop of both. */
#ifndef MS_BASE_JSON_SCAN_H
#define MS_BASE_JSON_SCAN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Whether a byte stands for itself in a JSON string: ASCII, no quote, backslash or control. */
static inline bool
ms_json_is_plain(char byte)
{
  return byte != '"' && byte != '\\' && (unsigned char)(byte - ' ') < 0x80 - ' ';
}

/* A word whose high bits mark the bytes of `word` that are zero, and perhaps bytes above those. */
static inline uint64_t
ms_json_zero_bytes(uint64_t word)
{
  return (word - UINT64_C(0x0101010101010101)) & ~word;
}

/* The first byte in [text, end) that is not plain, or `end`. Eight at a time: a word is left to the
 * byte loop as soon as one of its bytes may be special. */
static inline const char *
ms_json_skip_plain(const char *text, const char *end)
{
  const uint64_t ones = UINT64_C(0x0101010101010101);
  const uint64_t high_bits = UINT64_C(0x8080808080808080);
  while (end - text >= 8) {
    uint64_t word;
    memcpy(&word, text, sizeof word);
    uint64_t special = word | (word - ones * ' ') | ms_json_zero_bytes(word ^ ones * '"') |
                       ms_json_zero_bytes(word ^ ones * '\\');
    if (special & high_bits) {
      break;
    }
    text += 8;
  }
  while (text < end && ms_json_is_plain(*text)) {
    text++;
  }
  return text;
}

#endif
