/* RFC 1321 in GNU C's vector types: the compiler makes of them what the processor has. Two registers of 16 bytes,
 * which every x86-64 and arm64 has, keep it as busy as one of 32. */
#include "base/md5_lanes.h"

#include <string.h>

enum { WORDS = 16, STEPS = 64 };

typedef uint32_t vector __attribute__((vector_size(sizeof(uint32_t) * MS_MD5_LANES)));

static const uint32_t initial_words[4] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476};

/* floor(2^32 * |sin(i + 1)|) */
static const uint32_t sines[STEPS] = {
    0xD76AA478, 0xE8C7B756, 0x242070DB, 0xC1BDCEEE, 0xF57C0FAF, 0x4787C62A, 0xA8304613, 0xFD469501,
    0x698098D8, 0x8B44F7AF, 0xFFFF5BB1, 0x895CD7BE, 0x6B901122, 0xFD987193, 0xA679438E, 0x49B40821,
    0xF61E2562, 0xC040B340, 0x265E5A51, 0xE9B6C7AA, 0xD62F105D, 0x02441453, 0xD8A1E681, 0xE7D3FBC8,
    0x21E1CDE6, 0xC33707D6, 0xF4D50D87, 0x455A14ED, 0xA9E3E905, 0xFCEFA3F8, 0x676F02D9, 0x8D2A4C8A,
    0xFFFA3942, 0x8771F681, 0x6D9D6122, 0xFDE5380C, 0xA4BEEA44, 0x4BDECFA9, 0xF6BB4B60, 0xBEBFBC70,
    0x289B7EC6, 0xEAA127FA, 0xD4EF3085, 0x04881D05, 0xD9D4D039, 0xE6DB99E5, 0x1FA27CF8, 0xC4AC5665,
    0xF4292244, 0x432AFF97, 0xAB9423A7, 0xFC93A039, 0x655B59C3, 0x8F0CCC92, 0xFFEFF47D, 0x85845DD1,
    0x6FA87E4F, 0xFE2CE6E0, 0xA3014314, 0x4E0811A1, 0xF7537E82, 0xBD3AF235, 0x2AD7D2BB, 0xEB86D391,
};

static uint32_t
read_word(const uint8_t *bytes)
{
  return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
         (uint32_t)bytes[3] << 24;
}

static void
write_word(uint32_t word, uint8_t *bytes)
{
  for (int i = 0; i < 4; i++) {
    bytes[i] = (uint8_t)(word >> 8 * i);
  }
}

/* The four rounds differ in how they mix, in the order of the words, and in the rotations. */
#define MIX_1(b, c, d) ((d) ^ ((b) & ((c) ^ (d))))
#define MIX_2(b, c, d) ((c) ^ ((d) & ((b) ^ (c))))
#define MIX_3(b, c, d) ((b) ^ (c) ^ (d))
#define MIX_4(b, c, d) ((c) ^ ((b) | ~(d)))

#define STEP(mix, a, b, c, d, i, word, turn)          \
  do {                                                \
    a += mix(b, c, d) + block[(word)&15] + sines[i];  \
    a = ((a << (turn)) | (a >> (32 - (turn)))) + (b); \
  } while (0)

/* Four steps: every word takes its turn as the one that changes. */
#define STEPS_4(mix, i, factor, offset, turn_1, turn_2, turn_3, turn_4)      \
  do {                                                                       \
    STEP(mix, a, b, c, d, (i), (factor) * (i) + (offset), turn_1);           \
    STEP(mix, d, a, b, c, (i) + 1, (factor) * ((i) + 1) + (offset), turn_2); \
    STEP(mix, c, d, a, b, (i) + 2, (factor) * ((i) + 2) + (offset), turn_3); \
    STEP(mix, b, c, d, a, (i) + 3, (factor) * ((i) + 3) + (offset), turn_4); \
  } while (0)

#define ROUND(mix, first, factor, offset, turn_1, turn_2, turn_3, turn_4)       \
  do {                                                                          \
    STEPS_4(mix, (first), factor, offset, turn_1, turn_2, turn_3, turn_4);      \
    STEPS_4(mix, (first) + 4, factor, offset, turn_1, turn_2, turn_3, turn_4);  \
    STEPS_4(mix, (first) + 8, factor, offset, turn_1, turn_2, turn_3, turn_4);  \
    STEPS_4(mix, (first) + 12, factor, offset, turn_1, turn_2, turn_3, turn_4); \
  } while (0)

static void
add_blocks(struct ms_md5_lanes *lanes, const uint8_t *const data[MS_MD5_LANES], size_t count)
{
  vector words[4];
  memcpy(words, lanes->words, sizeof words);
  for (size_t at = 0; at < count * MS_MD5_BLOCK_BYTES; at += MS_MD5_BLOCK_BYTES) {
    vector block[WORDS];
    for (size_t word = 0; word < WORDS; word++) {
      for (size_t lane = 0; lane < MS_MD5_LANES; lane++) {
        block[word][lane] = read_word(data[lane] + at + 4 * word);
      }
    }
    vector a = words[0], b = words[1], c = words[2], d = words[3];
    ROUND(MIX_1, 0, 1, 0, 7, 12, 17, 22);
    ROUND(MIX_2, 16, 5, 1, 5, 9, 14, 20);
    ROUND(MIX_3, 32, 3, 5, 4, 11, 16, 23);
    ROUND(MIX_4, 48, 7, 0, 6, 10, 15, 21);
    words[0] += a;
    words[1] += b;
    words[2] += c;
    words[3] += d;
  }
  memcpy(lanes->words, words, sizeof words);
}

void
ms_md5_lanes_begin(struct ms_md5_lanes *lanes)
{
  for (size_t word = 0; word < 4; word++) {
    for (size_t lane = 0; lane < MS_MD5_LANES; lane++) {
      lanes->words[word][lane] = initial_words[word];
    }
  }
  lanes->size_bytes = 0;
}

void
ms_md5_lanes_add(struct ms_md5_lanes *lanes, const uint8_t *const data[MS_MD5_LANES],
                 size_t size_bytes)
{
  lanes->size_bytes += size_bytes;
  add_blocks(lanes, data, size_bytes / MS_MD5_BLOCK_BYTES);
}

/* The padding: a bit, zeros, and the length in bits in the last eight bytes of a block. */
void
ms_md5_lanes_end(struct ms_md5_lanes *lanes, const uint8_t *const rest[MS_MD5_LANES],
                 size_t rest_bytes, uint8_t digests[MS_MD5_LANES][MS_MD5_BYTES])
{
  enum { LENGTH_BYTES = 8 };
  uint8_t blocks[MS_MD5_LANES][2 * MS_MD5_BLOCK_BYTES] = {{0}};
  const uint8_t *padded[MS_MD5_LANES];
  size_t whole_bytes = rest_bytes - rest_bytes % MS_MD5_BLOCK_BYTES;
  size_t tail_bytes = rest_bytes - whole_bytes;
  size_t padded_bytes =
      tail_bytes + LENGTH_BYTES < MS_MD5_BLOCK_BYTES ? MS_MD5_BLOCK_BYTES : sizeof blocks[0];
  ms_md5_lanes_add(lanes, rest, whole_bytes);
  uint64_t bits = (lanes->size_bytes + tail_bytes) * 8;
  for (size_t lane = 0; lane < MS_MD5_LANES; lane++) {
    memcpy(blocks[lane], rest[lane] + whole_bytes, tail_bytes);
    blocks[lane][tail_bytes] = 0x80;
    write_word((uint32_t)bits, blocks[lane] + padded_bytes - LENGTH_BYTES);
    write_word((uint32_t)(bits >> 32), blocks[lane] + padded_bytes - LENGTH_BYTES / 2);
    padded[lane] = blocks[lane];
  }
  ms_md5_lanes_add(lanes, padded, padded_bytes);
  for (size_t lane = 0; lane < MS_MD5_LANES; lane++) {
    for (size_t word = 0; word < 4; word++) {
      write_word(lanes->words[word][lane], digests[lane] + 4 * word);
    }
  }
}
