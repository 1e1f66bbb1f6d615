/* The SQL functions that print entities as JSON.
 *
 * ms_object reads its first argument, the names of its members, once per statement: what it prints before each
 * value is then one copy. Results carry SQLite's JSON subtype, so one may be an argument of the other, or of
 * SQLite's own. Far faster than json_object, which looks at every byte and goes through a function for every
 * date and number. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "store/database_internal.h"

enum {
  JSON_SUBTYPE = 'J',                   /* how SQLite's JSON functions know each other's results */
  RESULT_MAX_BYTES = 512 * 1024 * 1024, /* as long as SQLite's own texts may be, or nearly */
  PREFIXES_MAX_BYTES = 1024 * 1024
};

enum kind { KIND_PLAIN, KIND_TIME, KIND_NUMBER, KIND_BOOLEAN, KIND_COUNT };

/* What follows a colon in the text of a shape. */
static const char *const kind_names[KIND_COUNT] = {"", "time", "number", "boolean"};

struct member {
  size_t prefix_offset; /* of `,"name":` in `prefixes` */
  size_t prefix_bytes;
  enum kind kind;
};

struct shape {
  struct ms_buffer prefixes;
  struct ms_buffer text; /* the object, kept for its memory */
  int member_count;
  struct member members[];
};

void
ms_database_give_json(sqlite3_context *context, const char *text, size_t size_bytes,
                      void (*release)(void *))
{
  sqlite3_result_text64(context, text, size_bytes, release, SQLITE_UTF8);
  sqlite3_result_subtype(context, JSON_SUBTYPE);
}

static void
fail(sqlite3_context *context, enum ms_status status)
{
  if (status == MS_MEMORY)
    sqlite3_result_error_nomem(context);
  else
    sqlite3_result_error_toobig(context);
}

/* ---- values ---- */

static void
append_time(struct ms_json_writer *writer, int64_t time_us)
{
  static const char before[] = "{\"__type__\":\"datetime\",\"value\":\"";
  char text[sizeof before - 1 + MS_TIME_TEXT_SIZE + 2];
  memcpy(text, before, sizeof before - 1);
  ms_time_format(time_us, text + sizeof before - 1);
  size_t size = strlen(text);
  memcpy(text + size, "\"}", 2);
  ms_json_raw(writer, text, size + 2);
}

static void
append_text(struct ms_json_writer *writer, sqlite3_value *value)
{
  /* Not sqlite3_value_text, which copies what has no NUL behind it. */
  const char *text = sqlite3_value_blob(value);
  size_t size = (size_t)sqlite3_value_bytes(value);
  if (sqlite3_value_subtype(value) == JSON_SUBTYPE)
    ms_json_raw(writer, text, size);
  else
    ms_json_string_n(writer, text ? text : "", size);
}

static void
append_plain(struct ms_json_writer *writer, sqlite3_value *value, int type)
{
  if (type == SQLITE_TEXT)
    append_text(writer, value);
  else if (type == SQLITE_INTEGER)
    ms_json_integer(writer, sqlite3_value_int64(value));
  else if (type == SQLITE_FLOAT)
    ms_json_number(writer, sqlite3_value_double(value));
  else
    ms_json_null(writer); /* bytes have no form in JSON, and no column holds them */
}

static void
append_value(struct ms_json_writer *writer, sqlite3_value *value, enum kind kind)
{
  int type = sqlite3_value_type(value);
  if (type == SQLITE_NULL)
    ms_json_null(writer);
  else if (kind == KIND_TIME)
    append_time(writer, sqlite3_value_int64(value));
  else if (kind == KIND_NUMBER)
    ms_json_number(writer, sqlite3_value_double(value));
  else if (kind == KIND_BOOLEAN)
    ms_json_boolean(writer, sqlite3_value_int64(value) != 0);
  else
    append_plain(writer, value, type);
}

/* ---- shapes ---- */

static void
free_shape(void *pointer)
{
  struct shape *shape = pointer;
  ms_buffer_free(&shape->prefixes);
  ms_buffer_free(&shape->text);
  free(shape);
}

static enum kind
find_kind(const char *text, size_t size_bytes)
{
  for (enum kind kind = KIND_TIME; kind < KIND_COUNT; kind++)
    if (strlen(kind_names[kind]) == size_bytes && memcmp(kind_names[kind], text, size_bytes) == 0)
      return kind;
  return KIND_PLAIN;
}

/* Takes the member that begins at `word`; answers where the next one begins. */
static const char *
add_member(struct shape *shape, const char *word)
{
  struct ms_json_writer writer;
  struct member *member = &shape->members[shape->member_count];
  size_t size = strcspn(word, " ");
  const char *colon = memchr(word, ':', size);
  size_t name_bytes = colon ? (size_t)(colon - word) : size;
  member->prefix_offset = shape->prefixes.size_bytes;
  member->kind = colon ? find_kind(colon + 1, size - name_bytes - 1) : KIND_PLAIN;
  ms_buffer_append_char(&shape->prefixes, shape->member_count++ ? ',' : '{');
  ms_json_writer_init(&writer, &shape->prefixes);
  ms_json_string_n(&writer, word, name_bytes);
  ms_buffer_append_char(&shape->prefixes, ':');
  member->prefix_bytes = shape->prefixes.size_bytes - member->prefix_offset;
  return word + size + strspn(word + size, " ");
}

/* NULL when out of memory. */
static struct shape *
read_shape(const char *text, int member_count)
{
  struct shape *shape = calloc(1, sizeof *shape + (size_t)member_count * sizeof *shape->members);
  if (!shape)
    return NULL;
  ms_buffer_init(&shape->prefixes, PREFIXES_MAX_BYTES);
  ms_buffer_init(&shape->text, RESULT_MAX_BYTES);
  while (*text && shape->member_count < member_count)
    text = add_member(shape, text);
  if (shape->prefixes.status == MS_OK)
    return shape;
  free_shape(shape);
  return NULL;
}

/* That of the first argument: kept with the statement, whose text holds it. */
static struct shape *
shape_of(sqlite3_context *context, int count, sqlite3_value **arguments)
{
  struct shape *shape = sqlite3_get_auxdata(context, 0);
  if (shape)
    return shape;
  const char *text = (const char *)sqlite3_value_text(arguments[0]);
  shape = text ? read_shape(text, count - 1) : NULL;
  if (shape)
    sqlite3_set_auxdata(context, 0, shape, free_shape);
  return sqlite3_get_auxdata(context, 0);
}

/* ---- the functions ---- */

/* ms_object('name start_date:time …', value, …): an object with these members; the word behind a colon tells
 * what the value is: microseconds, a number that stays one with a fraction, true or false. */
static void
print_object(sqlite3_context *context, int count, sqlite3_value **arguments)
{
  struct shape *shape = shape_of(context, count, arguments);
  if (!shape) {
    sqlite3_result_error_nomem(context);
    return;
  }
  struct ms_buffer *text = &shape->text;
  struct ms_json_writer writer;
  ms_buffer_clear(text);
  ms_json_writer_init(&writer, text);
  if (shape->member_count == 0)
    ms_buffer_append_char(text, '{');
  for (int i = 0; i < shape->member_count; i++) {
    const struct member *member = &shape->members[i];
    ms_buffer_append(text, shape->prefixes.data + member->prefix_offset, member->prefix_bytes);
    writer.needs_comma = false;
    append_value(&writer, arguments[i + 1], member->kind);
  }
  ms_buffer_append_char(text, '}');
  if (text->status == MS_OK)
    ms_database_give_json(context, text->data, text->size_bytes, SQLITE_TRANSIENT);
  else
    fail(context, text->status);
}

/* ms_array(value): a list of the values of all rows, in their order. */
static void
add_element(sqlite3_context *context, int count, sqlite3_value **arguments)
{
  (void)count;
  struct ms_buffer *text = sqlite3_aggregate_context(context, sizeof *text);
  struct ms_json_writer writer;
  if (!text) {
    sqlite3_result_error_nomem(context);
    return;
  }
  bool is_first = text->maximum_bytes == 0;
  if (is_first)
    ms_buffer_init(text, RESULT_MAX_BYTES);
  ms_json_writer_init(&writer, text);
  ms_buffer_append_char(text, is_first ? '[' : ',');
  append_plain(&writer, arguments[0], sqlite3_value_type(arguments[0]));
}

static void
finish_array(sqlite3_context *context)
{
  struct ms_buffer *text = sqlite3_aggregate_context(context, 0);
  if (!text || text->maximum_bytes == 0) {
    ms_database_give_json(context, "[]", 2, SQLITE_STATIC);
    return;
  }
  ms_buffer_append_char(text, ']');
  enum ms_status status = text->status;
  size_t size = text->size_bytes;
  if (status == MS_OK)
    ms_database_give_json(context, ms_buffer_take(text), size, free);
  else
    fail(context, status);
  ms_buffer_free(text);
}

enum ms_status
ms_database_register_json_functions(struct ms_database *database, struct ms_error *err)
{
  const int flags = SQLITE_UTF8 | SQLITE_INNOCUOUS | SQLITE_DETERMINISTIC | SQLITE_SUBTYPE;
  int code = sqlite3_create_function_v2(database->handle, "ms_object", -1, flags, NULL,
                                        print_object, NULL, NULL, NULL);
  if (code == SQLITE_OK)
    code = sqlite3_create_function_v2(database->handle, "ms_array", 1, flags, NULL, NULL,
                                      add_element, finish_array, NULL);
  return code == SQLITE_OK ? MS_OK
                           : ms_database_fail(database, code, "register its functions", err);
}
