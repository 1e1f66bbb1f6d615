/* The SQL functions that compiled queries call to print values as JSON.
 *
 * Their results carry SQLite's JSON subtype, so json_object and json_array take them as they are. */
#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "store/database_internal.h"

enum {
  JSON_SUBTYPE = 'J', /* how SQLite's JSON functions know each other's results */
  NUMBER_MAX_BYTES = 64,
  URL_MAX_BYTES = 8192,
  URL_JSON_MAX_BYTES = 3 * URL_MAX_BYTES
};

static void
give_json(sqlite3_context *context, const char *text, size_t size_bytes)
{
  sqlite3_result_text64(context, text, size_bytes, SQLITE_TRANSIENT, SQLITE_UTF8);
  sqlite3_result_subtype(context, JSON_SUBTYPE);
}

/* ms_time(microseconds): {"__type__":"datetime","value":"2022-10-10T10:12:09"}, null for null. */
static void
print_time(sqlite3_context *context, int count, sqlite3_value **arguments)
{
  (void)count;
  if (sqlite3_value_type(arguments[0]) == SQLITE_NULL)
    return;
  char time[MS_TIME_TEXT_SIZE];
  char json[MS_TIME_TEXT_SIZE + 64];
  ms_time_format(sqlite3_value_int64(arguments[0]), time);
  int size = snprintf(json, sizeof json, "{\"__type__\":\"datetime\",\"value\":\"%s\"}", time);
  give_json(context, json, (size_t)size);
}

/* ms_boolean(integer): true or false, null for null. */
static void
print_boolean(sqlite3_context *context, int count, sqlite3_value **arguments)
{
  (void)count;
  if (sqlite3_value_type(arguments[0]) == SQLITE_NULL)
    return;
  if (sqlite3_value_int64(arguments[0]))
    give_json(context, "true", 4);
  else
    give_json(context, "false", 5);
}

/* ms_number(x): the shortest JSON number that reads back the same, null where JSON has none. */
static void
print_number(sqlite3_context *context, int count, sqlite3_value **arguments)
{
  (void)count;
  if (sqlite3_value_type(arguments[0]) == SQLITE_NULL)
    return;
  struct ms_buffer json;
  struct ms_json_writer writer;
  ms_buffer_init(&json, NUMBER_MAX_BYTES);
  ms_json_writer_init(&writer, &json);
  ms_json_number(&writer, sqlite3_value_double(arguments[0]));
  if (ms_buffer_check(&json, "number", NULL) == MS_OK)
    give_json(context, json.data, json.size_bytes);
  ms_buffer_free(&json);
}

/* ms_url(base, kind, id): {"url":"…"}, null where there is nothing to point to. */
static void
print_url(sqlite3_context *context, int count, sqlite3_value **arguments)
{
  (void)count;
  struct ms_database *database = sqlite3_user_data(context);
  const char *base = (const char *)sqlite3_value_text(arguments[0]);
  const char *kind = (const char *)sqlite3_value_text(arguments[1]);
  const char *id = (const char *)sqlite3_value_text(arguments[2]);
  if (!base || !kind || !id || !database->print_url)
    return;
  struct ms_buffer url;
  struct ms_buffer json;
  struct ms_json_writer writer;
  ms_buffer_init(&url, URL_MAX_BYTES);
  ms_buffer_init(&json, URL_JSON_MAX_BYTES);
  database->print_url(database->url_context, base, kind, id, &url);
  ms_json_writer_init(&writer, &json);
  ms_json_begin_object(&writer);
  ms_json_member_string(&writer, "url", ms_buffer_string(&url));
  ms_json_end_object(&writer);
  if (ms_buffer_check(&url, "URL", NULL) == MS_OK && ms_buffer_check(&json, "URL", NULL) == MS_OK)
    give_json(context, json.data, json.size_bytes);
  ms_buffer_free(&url);
  ms_buffer_free(&json);
}

static const struct {
  const char *name;
  int argument_count;
  int flags; /* of SQLite: results that depend on the arguments alone are DETERMINISTIC */
  void (*call)(sqlite3_context *context, int count, sqlite3_value **arguments);
} functions[] = {
    {"ms_time", 1, SQLITE_DETERMINISTIC, print_time},
    {"ms_boolean", 1, SQLITE_DETERMINISTIC, print_boolean},
    {"ms_number", 1, SQLITE_DETERMINISTIC, print_number},
    {"ms_url", 3, 0, print_url},
};

enum ms_status
ms_database_register_functions(struct ms_database *database, struct ms_error *err)
{
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    int code =
        sqlite3_create_function_v2(database->handle, functions[i].name, functions[i].argument_count,
                                   SQLITE_UTF8 | SQLITE_INNOCUOUS | functions[i].flags, database,
                                   functions[i].call, NULL, NULL, NULL);
    if (code != SQLITE_OK)
      return ms_database_fail(database, code, "register its functions", err);
  }
  return MS_OK;
}
