/* The JSON codec of the wire: strict (RFC 8259), bounded, exact for integers.
 *
 * Three doors: a pull reader that allocates nothing but one scratch buffer, a tree in an arena for
 * request bodies whose members come in any order, and a writer into a bounded buffer.
 * Promises: 64-bit integers survive, larger ones become doubles; a number outside double's range is
 * an error; text is valid UTF-8 in both directions (checked when reading; bad bytes become U+FFFD when
 * writing); doubles print as the shortest text of 15 to 17 digits that reads back the same, and stay
 * doubles (24.0); errors name the byte offset. */
#ifndef MS_BASE_JSON_H
#define MS_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

enum { MS_JSON_DEPTH_MAX = 512 /* nested arrays and objects */ };

enum ms_json_type {
  MS_JSON_NULL,
  MS_JSON_FALSE,
  MS_JSON_TRUE,
  MS_JSON_INTEGER,
  MS_JSON_NUMBER,
  MS_JSON_STRING,
  MS_JSON_ARRAY,  /* reader: an array begins */
  MS_JSON_OBJECT, /* reader: an object begins */
  MS_JSON_KEY,    /* reader only: an object's key */
  MS_JSON_END,    /* reader only: the innermost array or object ends */
  MS_JSON_EOF     /* reader only: the document is complete */
};

/* ---- pull reader ---- */

struct ms_json_reader {
  const char *text; /* borrowed */
  size_t size_bytes;
  size_t offset_bytes;       /* of the next byte to read */
  size_t token_offset_bytes; /* where the last event began */
  struct ms_buffer scratch;  /* decoded strings with escapes */
  int depth;
  uint8_t expect;                           /* what the grammar allows next */
  uint8_t is_object[MS_JSON_DEPTH_MAX + 1]; /* per level */
  /* of the last event: */
  enum ms_json_type type;
  const char *string; /* STRING, KEY: UTF-8, not NUL-terminated; borrowed until the next event */
  size_t string_bytes;
  int64_t integer; /* INTEGER */
  double number;   /* NUMBER, INTEGER */
};

void
ms_json_reader_init(struct ms_json_reader *reader, const char *text, size_t size_bytes);

void
ms_json_reader_free(struct ms_json_reader *reader);

/* Reads the next event into reader->type and its value fields. MS_PARSE for bad text, MS_LIMIT for
 * deeper nesting than MS_JSON_DEPTH_MAX; after a failure only ms_json_reader_free is useful. */
enum ms_status
ms_json_next(struct ms_json_reader *reader, struct ms_error *err);

/* Skips the value that the last event began (all of an array or object); nothing to do for others. */
enum ms_status
ms_json_skip(struct ms_json_reader *reader, struct ms_error *err);

/* ---- tree ---- */

struct ms_json_node {
  enum ms_json_type type; /* NULL … OBJECT */
  const char *key;        /* of a member of an object, else NULL; NUL-terminated */
  const char *string;     /* STRING; NUL-terminated (and may contain NULs: see string_bytes) */
  size_t string_bytes;
  int64_t integer;            /* INTEGER */
  double number;              /* NUMBER, INTEGER */
  struct ms_json_node *first; /* ARRAY, OBJECT: first child, or NULL */
  struct ms_json_node *next;  /* the next sibling, or NULL */
  size_t count;               /* ARRAY, OBJECT: children */
};

/* The whole document as a tree in `arena`, borrowed from it; of equal keys the last one counts for
 * ms_json_get. MS_PARSE for bad text and for keys that contain U+0000, MS_LIMIT when the arena is
 * full. */
enum ms_status
ms_json_parse(struct ms_arena *arena, const char *text, size_t size_bytes,
              struct ms_json_node **root, struct ms_error *err);

/* The member `key` of an object, or NULL (also when `node` is NULL or no object). */
const struct ms_json_node *
ms_json_get(const struct ms_json_node *node, const char *key);

/* The string of member `key`, or NULL when it is missing or no string. */
const char *
ms_json_get_string(const struct ms_json_node *node, const char *key);

/* "null", "boolean", "number", "string", "array" or "object": for error messages. */
const char *
ms_json_type_name(enum ms_json_type type);

/* ---- writer ---- */

struct ms_json_writer {
  struct ms_buffer *out; /* borrowed */
  bool needs_comma;
  /* Python's json.dumps separators (", " and ": ") and ASCII escapes: the form that schema hashes
   * are made of. Set after init. */
  bool python_style;
};

void
ms_json_writer_init(struct ms_json_writer *writer, struct ms_buffer *out);

void
ms_json_begin_object(struct ms_json_writer *writer);
void
ms_json_end_object(struct ms_json_writer *writer);
void
ms_json_begin_array(struct ms_json_writer *writer);
void
ms_json_end_array(struct ms_json_writer *writer);
void
ms_json_key(struct ms_json_writer *writer, const char *key);
/* NULL is written as null. */
void
ms_json_string(struct ms_json_writer *writer, const char *string);
void
ms_json_string_n(struct ms_json_writer *writer, const char *string, size_t size_bytes);
void
ms_json_integer(struct ms_json_writer *writer, int64_t integer);
/* Infinities and NaN, which JSON does not have, are written as null. */
void
ms_json_number(struct ms_json_writer *writer, double number);
void
ms_json_boolean(struct ms_json_writer *writer, bool boolean);
void
ms_json_null(struct ms_json_writer *writer);
/* `json` is already JSON text. */
void
ms_json_raw(struct ms_json_writer *writer, const char *json, size_t size_bytes);
/* Writes a tree. */
void
ms_json_node(struct ms_json_writer *writer, const struct ms_json_node *node);
/* Key and value at once. */
void
ms_json_member_string(struct ms_json_writer *writer, const char *key, const char *string);
void
ms_json_member_integer(struct ms_json_writer *writer, const char *key, int64_t integer);

#endif
