/* Strings of the pull reader: those without escapes stay where they are in the text; the others are
 * decoded into the scratch buffer. UTF-8 is checked in the same pass. */
#include <string.h>

#include "base/json_parts.h"
#include "base/json_scan.h"
#include "base/utf8.h"

/* The first byte that ends a run of valid, unescaped text: a quote, a backslash, or an error. */
static const char *
skip_run(const char *next, const char *end)
{
  for (;;) {
    next = ms_json_skip_plain(next, end);
    if (next == end || (unsigned char)*next < 0x80) {
      return next;
    }
    uint32_t code_point;
    size_t length = ms_utf8_decode(next, (size_t)(end - next), &code_point);
    if (length == 0) {
      return next;
    }
    next += length;
  }
}

static int
hex_value(char digit)
{
  if (digit >= '0' && digit <= '9') {
    return digit - '0';
  }
  digit |= 0x20;
  return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* The four hexadecimal digits of "\uXXXX" at `escape`, or -1. */
static int32_t
read_hex_escape(const char *escape, const char *end)
{
  if (end - escape < 6 || escape[0] != '\\' || escape[1] != 'u') {
    return -1;
  }
  int32_t value = 0;
  for (int i = 2; i < 6; i++) {
    int digit = hex_value(escape[i]);
    if (digit < 0) {
      return -1;
    }
    value = value << 4 | digit;
  }
  return value;
}

/* Decodes "\uXXXX", or two of them that make a surrogate pair; moves *next behind. */
static enum ms_status
read_unicode_escape(struct ms_json_reader *reader, const char **next, const char *end,
                    struct ms_error *err)
{
  int32_t unit = read_hex_escape(*next, end);
  if (unit < 0) {
    return ms_json_fail_at(reader, *next, "four hexadecimal digits must follow \\u", err);
  }
  uint32_t code_point = (uint32_t)unit;
  const char *behind = *next + 6;
  if (unit >= 0xD800 && unit <= 0xDFFF) {
    int32_t low = unit < 0xDC00 ? read_hex_escape(behind, end) : -1;
    if (low < 0xDC00 || low > 0xDFFF) {
      return ms_json_fail_at(reader, *next, "a surrogate without its partner", err);
    }
    code_point = 0x10000 + (((uint32_t)unit - 0xD800) << 10) + ((uint32_t)low - 0xDC00);
    behind += 6;
  }
  char encoded[MS_UTF8_MAX];
  ms_buffer_append(&reader->scratch, encoded, ms_utf8_encode(code_point, encoded));
  *next = behind;
  return MS_OK;
}

/* Decodes the escape at *next into the scratch buffer and moves *next behind it. */
static enum ms_status
read_escape(struct ms_json_reader *reader, const char **next, const char *end, struct ms_error *err)
{
  static const char letters[] = "\"\\/bfnrt";
  static const char meanings[] = "\"\\/\b\f\n\r\t";
  if (end - *next < 2) {
    return ms_json_fail_at(reader, *next, "the text ends inside a string", err);
  }
  char letter = (*next)[1];
  if (letter == 'u') {
    return read_unicode_escape(reader, next, end, err);
  }
  const char *known = memchr(letters, letter, sizeof letters - 1);
  if (!known) {
    return ms_json_fail_at(reader, *next,
                           "unknown escape; known are \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u", err);
  }
  ms_buffer_append_char(&reader->scratch, meanings[known - letters]);
  *next += 2;
  return MS_OK;
}

static enum ms_status
fail_in_string(const struct ms_json_reader *reader, const char *where, const char *end,
               struct ms_error *err)
{
  if (where == end) {
    return ms_json_fail_at(reader, where, "the text ends inside a string", err);
  }
  if ((unsigned char)*where < ' ') {
    return ms_json_fail_at(reader, where,
                           "a control character in a string must be written as \\u00XX", err);
  }
  return ms_json_fail_at(reader, where, "the string is not valid UTF-8", err);
}

/* The rest of a string that has escapes: `start` is behind the quote, `next` at the first escape. */
static enum ms_status
read_escaped_string(struct ms_json_reader *reader, const char *start, const char *next,
                    struct ms_error *err)
{
  const char *end = reader->text + reader->size_bytes;
  struct ms_buffer *scratch = &reader->scratch;
  ms_buffer_clear(scratch);
  while (next < end && *next == '\\') {
    ms_buffer_append(scratch, start, (size_t)(next - start));
    enum ms_status status = read_escape(reader, &next, end, err);
    if (status != MS_OK) {
      return status;
    }
    start = next;
    next = skip_run(next, end);
  }
  if (next == end || *next != '"') {
    return fail_in_string(reader, next, end, err);
  }
  ms_buffer_append(scratch, start, (size_t)(next - start));
  reader->string = ms_buffer_string(scratch);
  reader->string_bytes = scratch->size_bytes;
  reader->offset_bytes = (size_t)(next + 1 - reader->text);
  return ms_buffer_check(scratch, "a JSON string", err);
}

enum ms_status
ms_json_read_string(struct ms_json_reader *reader, struct ms_error *err)
{
  const char *start = reader->text + reader->offset_bytes + 1;
  const char *end = reader->text + reader->size_bytes;
  const char *next = skip_run(start, end);
  if (next == end || *next != '"') {
    return read_escaped_string(reader, start, next, err);
  }
  reader->string = start;
  reader->string_bytes = (size_t)(next - start);
  reader->offset_bytes = (size_t)(next + 1 - reader->text);
  return MS_OK;
}
