/* The SQL functions that compiled queries call. */
#include "base/json.h"
#include "store/database_internal.h"

enum { URL_MAX_BYTES = 8192, URL_JSON_MAX_BYTES = 3 * URL_MAX_BYTES };

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
  if (url.status == MS_OK && json.status == MS_OK)
    ms_database_give_json(context, json.data, json.size_bytes, SQLITE_TRANSIENT);
  ms_buffer_free(&url);
  ms_buffer_free(&json);
}

enum ms_status
ms_database_register_functions(struct ms_database *database, struct ms_error *err)
{
  int code =
      sqlite3_create_function_v2(database->handle, "ms_url", 3, SQLITE_UTF8 | SQLITE_INNOCUOUS,
                                 database, print_url, NULL, NULL, NULL);
  if (code != SQLITE_OK)
    return ms_database_fail(database, code, "register its functions", err);
  return ms_database_register_json_functions(database, err);
}
