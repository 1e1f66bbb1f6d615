/* One row per length: what the first byte looks like and the smallest code point that needs it. */
#include "base/utf8.h"

#include <assert.h>
#include <stdbool.h>

static const struct form {
  uint8_t mask;      /* bits of the first byte that tell the form */
  uint8_t mark;      /* their value */
  uint32_t smallest; /* below: overlong */
} forms[] = {
    {0x80, 0x00, 0x0},
    {0xE0, 0xC0, 0x80},
    {0xF0, 0xE0, 0x800},
    {0xF8, 0xF0, 0x10000},
};

static bool
is_scalar(uint32_t code_point)
{
  return code_point <= 0x10FFFF && (code_point < 0xD800 || code_point > 0xDFFF);
}

size_t
ms_utf8_decode(const char *text, size_t size_bytes, uint32_t *code_point)
{
  const uint8_t *bytes = (const uint8_t *)text;
  size_t length = 1;
  while (length <= MS_UTF8_MAX && (bytes[0] & forms[length - 1].mask) != forms[length - 1].mark) {
    length++;
  }
  if (length > MS_UTF8_MAX || length > size_bytes) {
    return 0;
  }
  uint32_t value = bytes[0] & (uint8_t)~forms[length - 1].mask;
  for (size_t i = 1; i < length; i++) {
    if ((bytes[i] & 0xC0) != 0x80) {
      return 0;
    }
    value = value << 6 | (bytes[i] & 0x3F);
  }
  if (value < forms[length - 1].smallest || !is_scalar(value)) {
    return 0;
  }
  *code_point = value;
  return length;
}

size_t
ms_utf8_encode(uint32_t code_point, char text[MS_UTF8_MAX])
{
  assert(is_scalar(code_point));
  size_t length = MS_UTF8_MAX;
  while (code_point < forms[length - 1].smallest) {
    length--;
  }
  for (size_t i = length - 1; i > 0; i--) {
    text[i] = (char)(0x80 | (code_point & 0x3F));
    code_point >>= 6;
  }
  text[0] = (char)(forms[length - 1].mark | code_point);
  return length;
}
