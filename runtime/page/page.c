/* The page's own connection, and its files. SQLite's data_version is the same as long as nobody else
 * commits; because everything that is shown is written over other connections, it is what tells of all
 * changes without a trigger or a log. */
#include "page/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/path.h"
#include "page/internal.h"

enum { FILE_NAME_MAX_BYTES = 64, MICROSECONDS_A_MILLISECOND = 1000 };

#define FOLDER "runtime/server/page/"

extern const struct ms_embedded_file ms_embedded_page[];

static const struct {
  const char *extension;
  const char *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".svg", "image/svg+xml"},
};

/* The file behind the API's connection. */
static enum ms_status
find_database(struct ms_api *api, char **path, struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  bool row = false;
  enum ms_status status = ms_database_prepare(
      ms_api_database(api), "SELECT file FROM pragma_database_list", &statement, err);
  if (status != MS_OK) {
    return status;
  }
  status = ms_statement_step(statement, &row, err);
  if (status == MS_OK) {
    *path = strdup(row ? ms_statement_text(statement, 0, NULL) : "");
    status = *path ? MS_OK : ms_fail(err, MS_MEMORY, "out of memory");
  }
  ms_statement_done(statement);
  return status;
}

enum ms_status
ms_page_open(struct ms_api *api, struct ms_page **result, struct ms_error *err)
{
  char *path = NULL;
  bool created;
  struct ms_page *page = calloc(1, sizeof *page);
  if (!page) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  page->api = api;
  page->data_version = -1;
  page->version = ms_clock_now_us() / MICROSECONDS_A_MILLISECOND; /* nobody commits as often */
  enum ms_status status = find_database(api, &path, err);
  if (status == MS_OK) {
    status = ms_database_open(path, ms_api_model(api), &page->database, &created, err);
  }
  if (status == MS_OK) {
    page->folder = strndup(path, (size_t)(strrchr(path, '/') - path));
    status = page->folder ? MS_OK : ms_fail(err, MS_MEMORY, "out of memory");
  }
  free(path);
  if (status == MS_OK) {
    status = ms_sign_in_set_up(page, err);
  }
  if (status != MS_OK) {
    ms_page_close(page);
    return status;
  }
  *result = page;
  return MS_OK;
}

void
ms_page_set_previews(struct ms_page *page, bool (*can_preview)(const char *file_name))
{
  page->can_preview = can_preview;
}

void
ms_page_close(struct ms_page *page)
{
  if (page) {
    ms_cache_clear(&page->answers);
    ms_database_close(page->database);
    free(page->folder);
    free(page);
  }
}

const char *
ms_page_folder(const struct ms_page *page)
{
  return page->folder;
}

/* Another number after every commit to the database; 0 when it cannot be read. */
static int64_t
read_data_version(struct ms_page *page)
{
  struct ms_statement *statement = NULL;
  bool row = false;
  int64_t version = 0;
  if (ms_database_prepare(page->database, "PRAGMA data_version", &statement, NULL) != MS_OK) {
    return 0;
  }
  if (ms_statement_step(statement, &row, NULL) == MS_OK && row) {
    version = ms_statement_integer(statement, 0);
  }
  ms_statement_done(statement);
  return version;
}

int64_t
ms_page_version(struct ms_page *page)
{
  int64_t data_version = read_data_version(page);
  if (data_version != page->data_version) {
    page->data_version = data_version;
    page->version++;
  }
  return page->version;
}

/* The version is read before the answer: one that is newer than its version is asked for once more, never the other
 * way round. */
enum ms_status
ms_page_answer(struct ms_page *page, const char *question, int64_t after,
               enum ms_status (*print)(struct ms_page *page, const void *context,
                                       struct ms_buffer *json, struct ms_error *err),
               const void *context, struct ms_buffer *json, struct ms_error *err)
{
  int64_t version = after > 0 && after <= page->version ? after : ms_page_version(page);
  if (ms_cache_find(&page->answers, question, version, json)) {
    return MS_OK;
  }
  version = ms_page_version(page);
  enum ms_status status = ms_database_begin_read(page->database, err);
  if (status != MS_OK) {
    return status;
  }
  status = print(page, context, json, err);
  ms_database_rollback(page->database); /* nothing was written */
  ms_buffer_printf(json, ",\"version\":%lld", (long long)version);
  if (status == MS_OK) {
    status = ms_buffer_check(json, "the answer", err);
  }
  if (status == MS_OK) {
    ms_cache_keep(&page->answers, question, version, ms_buffer_string(json));
  }
  return status;
}

enum ms_status
ms_page_collect(struct ms_statement *statement, int column, struct ms_buffer *json,
                struct ms_error *err)
{
  bool row = false;
  size_t count = 0;
  enum ms_status status;
  ms_buffer_append_char(json, '[');
  while ((status = ms_statement_step(statement, &row, err)) == MS_OK && row) {
    size_t size_bytes;
    const char *text = ms_statement_text(statement, column, &size_bytes);
    if (count++ > 0) {
      ms_buffer_append_char(json, ',');
    }
    ms_buffer_append(json, text, size_bytes);
  }
  ms_buffer_append_char(json, ']');
  ms_statement_done(statement);
  return status;
}

enum ms_status
ms_page_file(const char *name, struct ms_embedded *file, const char **type, struct ms_error *err)
{
  char path[sizeof FOLDER + FILE_NAME_MAX_BYTES];
  const char *extension = ms_path_extension(name);
  *type = NULL;
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    if (strcmp(types[i].extension, extension) == 0) {
      *type = types[i].type;
    }
  }
  bool plain = strlen(name) <= FILE_NAME_MAX_BYTES && !strchr(name, '/') && name[0] != '.';
  snprintf(path, sizeof path, FOLDER "%s", name);
  if (!*type || !plain || !ms_embedded_open(ms_embedded_page, path, file)) {
    return ms_fail(err, MS_NOT_FOUND, "the page has no file '%.64s'", name);
  }
  return MS_OK;
}
