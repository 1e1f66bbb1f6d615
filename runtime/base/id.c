/* Randomness straight from getrandom(2): no seed, no state, safe after fork. Names are digested by MD5, which
 * version 3 prescribes: it tells names apart, and keeps nothing secret. */
#include "base/id.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/checksum.h"

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

enum { ID_BYTES = 16, VERSION_OF_NAMES = 3, VERSION_OF_CHANCE = 4 };

static bool
is_dash_before(int byte)
{
  return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

static void
write_id(uint8_t bytes[ID_BYTES], int version, char *id)
{
  bytes[6] = (uint8_t)(version << 4 | (bytes[6] & 0x0F));
  bytes[8] = (uint8_t)(0x80 | (bytes[8] & 0x3F)); /* the variant of RFC 4122 */
  for (int i = 0; i < ID_BYTES; i++) {
    if (is_dash_before(i))
      *id++ = '-';
    ms_hex(&bytes[i], 1, id);
    id += 2;
  }
}

void
ms_id_new(char id[MS_ID_SIZE])
{
  uint8_t bytes[ID_BYTES];
  ms_random_bytes(bytes, sizeof bytes);
  write_id(bytes, VERSION_OF_CHANCE, id);
}

static int
hex_value(char digit)
{
  const char *found = digit ? strchr(hex_digits, tolower((unsigned char)digit)) : NULL;
  return found ? (int)(found - hex_digits) : -1;
}

static bool
read_id(const char *id, uint8_t bytes[ID_BYTES])
{
  for (int i = 0; i < ID_BYTES; i++) {
    if (is_dash_before(i) && *id++ != '-')
      return false;
    int high = hex_value(id[0]), low = high < 0 ? -1 : hex_value(id[1]);
    if (low < 0)
      return false;
    bytes[i] = (uint8_t)(high << 4 | low);
    id += 2;
  }
  return *id == '\0';
}

bool
ms_id_of_name(const char *space, const void *name, size_t name_bytes, char id[MS_ID_SIZE])
{
  uint8_t bytes[ID_BYTES];
  struct ms_md5_stream stream;
  if (!read_id(space, bytes))
    return false;
  ms_md5_stream_begin(&stream);
  ms_md5_stream_add(&stream, bytes, sizeof bytes);
  ms_md5_stream_add(&stream, name, name_bytes);
  ms_md5_stream_end(&stream, bytes);
  write_id(bytes, VERSION_OF_NAMES, id);
  return true;
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
