/* The writer appends straight to the buffer; commas follow from one flag: whether a value has been
 * written on this level. */
#include "base/json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json_double.h"
#include "base/json_scan.h"
#include "base/utf8.h"

enum { INTEGER_DIGITS = 20 /* of the longest int64_t, with its sign */ };

void
ms_json_writer_init(struct ms_json_writer *writer, struct ms_buffer *out)
{
  *writer = (struct ms_json_writer){.out = out};
}

/* ---- commas ---- */

/* Before every value and key. */
static void
begin_item(struct ms_json_writer *writer)
{
  if (writer->needs_comma) {
    ms_buffer_append(writer->out, ", ", writer->python_style ? 2 : 1);
  }
  writer->needs_comma = true;
}

static void
begin_level(struct ms_json_writer *writer, char bracket)
{
  begin_item(writer);
  ms_buffer_append_char(writer->out, bracket);
  writer->needs_comma = false;
}

static void
end_level(struct ms_json_writer *writer, char bracket)
{
  ms_buffer_append_char(writer->out, bracket);
  writer->needs_comma = true;
}

void
ms_json_begin_object(struct ms_json_writer *writer)
{
  begin_level(writer, '{');
}

void
ms_json_end_object(struct ms_json_writer *writer)
{
  end_level(writer, '}');
}

void
ms_json_begin_array(struct ms_json_writer *writer)
{
  begin_level(writer, '[');
}

void
ms_json_end_array(struct ms_json_writer *writer)
{
  end_level(writer, ']');
}

/* ---- strings ---- */

/* A UTF-16 unit as \uXXXX. */
static void
put_unit(struct ms_buffer *out, uint32_t unit)
{
  static const char digits[] = "0123456789abcdef";
  char escape[] = {'\\',
                   'u',
                   digits[unit >> 12 & 15],
                   digits[unit >> 8 & 15],
                   digits[unit >> 4 & 15],
                   digits[unit & 15]};
  ms_buffer_append(out, escape, sizeof escape);
}

/* An ASCII character that may not stand for itself. */
static void
put_escape(struct ms_buffer *out, char byte)
{
  static const char special[] = "\"\\\b\f\n\r\t";
  static const char letters[] = "\"\\bfnrt";
  const char *known = memchr(special, byte, sizeof special - 1);
  if (known) {
    char escape[] = {'\\', letters[known - special]};
    ms_buffer_append(out, escape, sizeof escape);
  } else {
    put_unit(out, (unsigned char)byte);
  }
}

/* The character at `text`, which is not ASCII; bad bytes become U+FFFD one by one. Returns its
 * length. */
static size_t
put_wide(struct ms_json_writer *writer, const char *text, size_t size_bytes)
{
  uint32_t code_point;
  size_t length = ms_utf8_decode(text, size_bytes, &code_point);
  if (length == 0) {
    code_point = 0xFFFD;
    text = "\xEF\xBF\xBD";
  }
  if (!writer->python_style) {
    ms_buffer_append(writer->out, text, length ? length : 3);
  } else if (code_point < 0x10000) {
    put_unit(writer->out, code_point);
  } else {
    put_unit(writer->out, 0xD800 + ((code_point - 0x10000) >> 10));
    put_unit(writer->out, 0xDC00 + ((code_point - 0x10000) & 0x3FF));
  }
  return length ? length : 1;
}

/* The end of the run of characters at `text` that stand for themselves. */
static const char *
skip_plain(const struct ms_json_writer *writer, const char *text, const char *end)
{
  const char *special = ms_json_skip_plain(text, end);
  if (writer->python_style) { /* Python escapes DEL, too */
    const char *del = memchr(text, 0x7F, (size_t)(special - text));
    return del ? del : special;
  }
  return special;
}

/* A string that stands for itself all through: the usual one, at the cost of one copy. */
static void
put_plain(struct ms_buffer *out, const char *string, size_t size_bytes)
{
  char *room = ms_buffer_reserve(out, size_bytes + 2);
  if (!room) {
    return;
  }
  room[0] = '"';
  if (size_bytes > 0) {
    memcpy(room + 1, string, size_bytes);
  }
  room[size_bytes + 1] = '"';
  ms_buffer_grew(out, size_bytes + 2);
}

/* The quoted string, without any separator. */
static void
put_string(struct ms_json_writer *writer, const char *string, size_t size_bytes)
{
  const char *next = string;
  const char *end = string + size_bytes;
  if (skip_plain(writer, string, end) == end) {
    put_plain(writer->out, string, size_bytes);
    return;
  }
  ms_buffer_append_char(writer->out, '"');
  while (next < end) {
    const char *special = skip_plain(writer, next, end);
    ms_buffer_append(writer->out, next, (size_t)(special - next));
    next = special;
    if (next < end && (unsigned char)*next < 0x80) {
      put_escape(writer->out, *next++);
    } else if (next < end) {
      next += put_wide(writer, next, (size_t)(end - next));
    }
  }
  ms_buffer_append_char(writer->out, '"');
}

void
ms_json_key(struct ms_json_writer *writer, const char *key)
{
  begin_item(writer);
  put_string(writer, key, strlen(key));
  ms_buffer_append(writer->out, ": ", writer->python_style ? 2 : 1);
  writer->needs_comma = false;
}

void
ms_json_string_n(struct ms_json_writer *writer, const char *string, size_t size_bytes)
{
  begin_item(writer);
  put_string(writer, string, size_bytes);
}

void
ms_json_string(struct ms_json_writer *writer, const char *string)
{
  if (string) {
    ms_json_string_n(writer, string, strlen(string));
  } else {
    ms_json_null(writer);
  }
}

/* ---- other values ---- */

void
ms_json_raw(struct ms_json_writer *writer, const char *json, size_t size_bytes)
{
  begin_item(writer);
  ms_buffer_append(writer->out, json, size_bytes);
}

void
ms_json_integer(struct ms_json_writer *writer, int64_t integer)
{
  char text[INTEGER_DIGITS];
  char *first = text + sizeof text;
  uint64_t magnitude = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;
  do {
    *--first = (char)('0' + magnitude % 10);
    magnitude /= 10;
  } while (magnitude > 0);
  if (integer < 0) {
    *--first = '-';
  }
  ms_json_raw(writer, first, (size_t)(text + sizeof text - first));
}

void
ms_json_number(struct ms_json_writer *writer, double number)
{
  if (!isfinite(number)) {
    ms_json_null(writer);
    return;
  }
  char text[MS_JSON_DOUBLE_SIZE];
  ms_json_double_format(number, text);
  ms_json_raw(writer, text, strlen(text));
}

void
ms_json_boolean(struct ms_json_writer *writer, bool boolean)
{
  ms_json_raw(writer, boolean ? "true" : "false", boolean ? 4 : 5);
}

void
ms_json_null(struct ms_json_writer *writer)
{
  ms_json_raw(writer, "null", 4);
}

static void
put_children(struct ms_json_writer *writer, const struct ms_json_node *node)
{
  for (const struct ms_json_node *child = node->first; child; child = child->next) {
    if (child->key) {
      ms_json_key(writer, child->key);
    }
    ms_json_node(writer, child);
  }
}

void
ms_json_node(struct ms_json_writer *writer, const struct ms_json_node *node)
{
  switch (node->type) {
  case MS_JSON_FALSE:
  case MS_JSON_TRUE:
    ms_json_boolean(writer, node->type == MS_JSON_TRUE);
    break;
  case MS_JSON_INTEGER:
    ms_json_integer(writer, node->integer);
    break;
  case MS_JSON_NUMBER:
    ms_json_number(writer, node->number);
    break;
  case MS_JSON_STRING:
    ms_json_string_n(writer, node->string, node->string_bytes);
    break;
  case MS_JSON_ARRAY:
    ms_json_begin_array(writer);
    put_children(writer, node);
    ms_json_end_array(writer);
    break;
  case MS_JSON_OBJECT:
    ms_json_begin_object(writer);
    put_children(writer, node);
    ms_json_end_object(writer);
    break;
  default:
    ms_json_null(writer);
  }
}

void
ms_json_member_string(struct ms_json_writer *writer, const char *key, const char *string)
{
  ms_json_key(writer, key);
  ms_json_string(writer, string);
}

void
ms_json_member_integer(struct ms_json_writer *writer, const char *key, int64_t integer)
{
  ms_json_key(writer, key);
  ms_json_integer(writer, integer);
}
