/* The pull reader: one pass, one event per call, no allocation for strings without escapes.
 *
 * The grammar is a state of six values and a stack of bits (array or object). An offset moves on
 * only past what was understood, so a failed call fails the same way when it is repeated. */
#include "base/json.h"

#include <string.h>

#include "base/json_parts.h"

/* What the grammar allows next. */
enum expect {
  EXPECT_VALUE,
  EXPECT_FIRST_VALUE, /* or ']' */
  EXPECT_KEY,
  EXPECT_FIRST_KEY, /* or '}' */
  EXPECT_SEPARATOR, /* ',' or the end of the array or object */
  EXPECT_NOTHING    /* but blanks: the document is complete */
};

void
ms_json_reader_init(struct ms_json_reader *reader, const char *text, size_t size_bytes)
{
  reader->text = text;
  reader->size_bytes = size_bytes;
  reader->offset_bytes = 0;
  reader->token_offset_bytes = 0;
  ms_buffer_init(&reader->scratch, size_bytes); /* decoding only shortens */
  reader->depth = 0;
  reader->expect = EXPECT_VALUE;
  reader->is_object[0] = false;
  reader->type = MS_JSON_EOF;
  reader->string = NULL;
  reader->string_bytes = 0;
  reader->integer = 0;
  reader->number = 0;
}

void
ms_json_reader_free(struct ms_json_reader *reader)
{
  ms_buffer_free(&reader->scratch);
}

/* ---- errors ---- */

enum ms_status
ms_json_fail_at(const struct ms_json_reader *reader, const char *where, const char *problem,
                struct ms_error *err)
{
  return ms_fail(err, MS_PARSE, "bad JSON at byte %zu: %s", (size_t)(where - reader->text),
                 problem);
}

/* "expected …, found …" at the next byte. */
static enum ms_status
fail_expected(const struct ms_json_reader *reader, const char *expected, struct ms_error *err)
{
  size_t offset = reader->offset_bytes;
  if (offset == reader->size_bytes) {
    return ms_fail(err, MS_PARSE, "bad JSON at byte %zu: expected %s, but the text ends", offset,
                   expected);
  }
  unsigned char found = (unsigned char)reader->text[offset];
  const char *format = found > ' ' && found < 0x7F
                           ? "bad JSON at byte %zu: expected %s, found '%c'"
                           : "bad JSON at byte %zu: expected %s, found the byte 0x%02x";
  return ms_fail(err, MS_PARSE, format, offset, expected, found);
}

/* ---- the grammar ---- */

/* The next byte that is no blank, or -1 at the end of the text. */
static int
skip_blanks(struct ms_json_reader *reader)
{
  size_t offset = reader->offset_bytes;
  while (offset < reader->size_bytes) {
    char byte = reader->text[offset];
    if (byte != ' ' && byte != '\n' && byte != '\r' && byte != '\t') {
      reader->offset_bytes = offset;
      return (unsigned char)byte;
    }
    offset++;
  }
  reader->offset_bytes = offset;
  return -1;
}

/* After a value or the end of one. */
static enum ms_status
expect_more(struct ms_json_reader *reader)
{
  reader->expect = reader->depth > 0 ? EXPECT_SEPARATOR : EXPECT_NOTHING;
  return MS_OK;
}

static enum ms_status
begin_level(struct ms_json_reader *reader, bool is_object, struct ms_error *err)
{
  if (reader->depth == MS_JSON_DEPTH_MAX) {
    return ms_fail(err, MS_LIMIT, "JSON at byte %zu is nested deeper than %d levels",
                   reader->offset_bytes, MS_JSON_DEPTH_MAX);
  }
  reader->is_object[++reader->depth] = is_object;
  reader->type = is_object ? MS_JSON_OBJECT : MS_JSON_ARRAY;
  reader->expect = is_object ? EXPECT_FIRST_KEY : EXPECT_FIRST_VALUE;
  reader->offset_bytes++;
  return MS_OK;
}

static enum ms_status
end_level(struct ms_json_reader *reader)
{
  reader->depth--;
  reader->type = MS_JSON_END;
  reader->offset_bytes++;
  return expect_more(reader);
}

static enum ms_status
read_word(struct ms_json_reader *reader, const char *word, enum ms_json_type type,
          struct ms_error *err)
{
  size_t length = strlen(word);
  if (reader->size_bytes - reader->offset_bytes < length ||
      memcmp(reader->text + reader->offset_bytes, word, length) != 0) {
    return ms_json_fail_at(reader, reader->text + reader->offset_bytes,
                           "unknown word, known are true, false and null", err);
  }
  reader->type = type;
  reader->offset_bytes += length;
  return expect_more(reader);
}

static enum ms_status
read_value(struct ms_json_reader *reader, int byte, struct ms_error *err)
{
  enum ms_status status;
  switch (byte) {
  case '{':
    return begin_level(reader, true, err);
  case '[':
    return begin_level(reader, false, err);
  case 't':
    return read_word(reader, "true", MS_JSON_TRUE, err);
  case 'f':
    return read_word(reader, "false", MS_JSON_FALSE, err);
  case 'n':
    return read_word(reader, "null", MS_JSON_NULL, err);
  case '"':
    status = ms_json_read_string(reader, err);
    reader->type = MS_JSON_STRING;
    break;
  default:
    if (byte != '-' && (byte < '0' || byte > '9')) {
      return fail_expected(reader, "a value", err);
    }
    status = ms_json_read_number(reader, err);
  }
  return status == MS_OK ? expect_more(reader) : status;
}

/* A key and its colon. A failure leaves the reader before the key. */
static enum ms_status
read_key(struct ms_json_reader *reader, int byte, struct ms_error *err)
{
  if (byte != '"') {
    return fail_expected(reader, "a key in double quotes", err);
  }
  enum ms_status status = ms_json_read_string(reader, err);
  if (status != MS_OK) {
    return status;
  }
  if (skip_blanks(reader) != ':') {
    status = fail_expected(reader, "':' after the key", err);
    reader->offset_bytes = reader->token_offset_bytes;
    return status;
  }
  reader->offset_bytes++;
  reader->type = MS_JSON_KEY;
  reader->expect = EXPECT_VALUE;
  return MS_OK;
}

/* Reads the comma before the next key or value. */
static enum ms_status
read_separator(struct ms_json_reader *reader, int byte, struct ms_error *err)
{
  bool in_object = reader->is_object[reader->depth];
  if (byte != ',') {
    return fail_expected(reader, in_object ? "',' or '}'" : "',' or ']'", err);
  }
  reader->offset_bytes++;
  reader->expect = in_object ? EXPECT_KEY : EXPECT_VALUE;
  return MS_OK;
}

static enum ms_status
read_event(struct ms_json_reader *reader, int byte, struct ms_error *err)
{
  switch ((enum expect)reader->expect) {
  case EXPECT_FIRST_VALUE:
    return byte == ']' ? end_level(reader) : read_value(reader, byte, err);
  case EXPECT_FIRST_KEY:
    return byte == '}' ? end_level(reader) : read_key(reader, byte, err);
  case EXPECT_KEY:
    return read_key(reader, byte, err);
  case EXPECT_NOTHING:
    if (byte >= 0) {
      return fail_expected(reader, "the end of the text", err);
    }
    reader->type = MS_JSON_EOF;
    return MS_OK;
  default:
    return read_value(reader, byte, err);
  }
}

enum ms_status
ms_json_next(struct ms_json_reader *reader, struct ms_error *err)
{
  int byte = skip_blanks(reader);
  if (reader->expect == EXPECT_SEPARATOR) {
    if (byte == (reader->is_object[reader->depth] ? '}' : ']')) {
      reader->token_offset_bytes = reader->offset_bytes;
      return end_level(reader);
    }
    enum ms_status status = read_separator(reader, byte, err);
    if (status != MS_OK) {
      return status;
    }
    byte = skip_blanks(reader);
  }
  reader->token_offset_bytes = reader->offset_bytes;
  return read_event(reader, byte, err);
}

enum ms_status
ms_json_skip(struct ms_json_reader *reader, struct ms_error *err)
{
  if (reader->type != MS_JSON_ARRAY && reader->type != MS_JSON_OBJECT) {
    return MS_OK;
  }
  int outside = reader->depth - 1;
  while (reader->depth > outside) {
    enum ms_status status = ms_json_next(reader, err);
    if (status != MS_OK) {
      return status;
    }
  }
  return MS_OK;
}
