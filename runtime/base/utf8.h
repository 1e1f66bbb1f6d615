/* UTF-8, strictly as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef MS_BASE_UTF8_H
#define MS_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

enum { MS_UTF8_MAX = 4 /* bytes of a character */ };

/* Decodes the first character of `size_bytes` (at least 1) bytes; returns how many bytes it has, 0
 * when they are no valid UTF-8. */
size_t
ms_utf8_decode(const char *text, size_t size_bytes, uint32_t *code_point);

/* Writes a character and returns how many bytes it has. */
size_t
ms_utf8_encode(uint32_t code_point, char text[MS_UTF8_MAX]);

#endif
