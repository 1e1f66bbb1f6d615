/* Randomness straight from getrandom(2): no seed, no state, safe after fork. */
#include "base/id.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

static const char hex_digits[] = "0123456789abcdef";

void
ms_random_bytes(void *bytes, size_t size_bytes)
{
  char *rest = bytes;
  while (size_bytes > 0) {
    ssize_t got = getrandom(rest, size_bytes, 0);
    if (got < 0 && errno != EINTR) {
      /* A predictable secret is worse than no program. */
      perror("moonshift: error: getrandom");
      abort();
    }
    if (got > 0) {
      rest += got;
      size_bytes -= (size_t)got;
    }
  }
}

void
ms_hex(const void *bytes, size_t size_bytes, char *hex)
{
  const uint8_t *from = bytes;
  for (size_t i = 0; i < size_bytes; i++) {
    *hex++ = hex_digits[from[i] >> 4];
    *hex++ = hex_digits[from[i] & 15];
  }
  *hex = '\0';
}

void
ms_id_new(char id[MS_ID_SIZE])
{
  uint8_t bytes[16];
  ms_random_bytes(bytes, sizeof bytes);
  bytes[6] = (uint8_t)(0x40 | (bytes[6] & 0x0F)); /* version 4 */
  bytes[8] = (uint8_t)(0x80 | (bytes[8] & 0x3F)); /* the variant of RFC 4122 */
  for (int i = 0; i < 16; i++) {
    if (i == 4 || i == 6 || i == 8 || i == 10) {
      *id++ = '-';
    }
    ms_hex(&bytes[i], 1, id);
    id += 2;
  }
}

bool
ms_secret_equal(const void *a, size_t a_bytes, const void *b, size_t b_bytes)
{
  if (a_bytes != b_bytes) {
    return false;
  }
  const volatile uint8_t *left = a;
  const volatile uint8_t *right = b;
  uint8_t difference = 0;
  for (size_t i = 0; i < a_bytes; i++) {
    difference |= left[i] ^ right[i];
  }
  return difference == 0;
}
