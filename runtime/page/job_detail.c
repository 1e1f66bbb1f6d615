/* One job in full. What a job says about itself is passed on as it is where it is a JSON object; its files get
 * URLs that work for whoever has them, for a day. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "page/internal.h"
#include "page/jobs.h"

enum { FILES_MAX = 1000, MICROSECONDS = 1000000, URL_MAX_BYTES = 1024, QUESTION_MAX_BYTES = 512 };

static enum ms_status
out_of_memory(struct ms_error *err)
{
  return ms_fail(err, MS_MEMORY, "out of memory");
}

/* The first row's only column, owned; NULL where there is no row. */
static enum ms_status
read_text(struct ms_page *page, const char *sql, const char *parameter, char **text,
          struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  bool row = false;
  *text = NULL;
  enum ms_status status = ms_database_prepare(page->database, sql, &statement, err);
  if (status != MS_OK) {
    return status;
  }
  ms_statement_bind_string(statement, 1, parameter);
  status = ms_statement_step(statement, &row, err);
  if (status == MS_OK && row) {
    *text = strdup(ms_statement_text(statement, 0, NULL));
    status = *text ? MS_OK : out_of_memory(err);
  }
  ms_statement_done(statement);
  return status;
}

/* ---- files ---- */

static const char files_sql[] =
    "SELECT c.id, coalesce(c.name, 'unnamed') || coalesce(c.file_type, ''), c.size"
    " FROM JobComponent x JOIN Component c ON c.id = x.component_id WHERE x.job_id = ?1"
    " ORDER BY 2 COLLATE NOCASE, c.id LIMIT ?2";

static enum ms_status
prepare_files(struct ms_page *page, const char *id, struct ms_statement **statement,
              struct ms_error *err)
{
  enum ms_status status = ms_database_prepare(page->database, files_sql, statement, err);
  if (status == MS_OK) {
    ms_statement_bind_string(*statement, 1, id);
    ms_statement_bind_integer(*statement, 2, FILES_MAX);
  }
  return status;
}

static void
print_url(const struct ms_page *page, const char *path, enum ms_signature_use use,
          const char *component_id, const char *more, const char *key,
          struct ms_json_writer *writer)
{
  struct ms_buffer url;
  ms_buffer_init(&url, URL_MAX_BYTES);
  ms_buffer_append_string(&url, path);
  ms_api_sign(page->api, use, component_id,
              ms_clock_now_us() / MICROSECONDS + MS_API_URL_LIFETIME_S, &url);
  ms_buffer_append_string(&url, more);
  ms_json_member_string(writer, key, ms_buffer_string(&url));
  ms_buffer_free(&url);
}

/* "preview_url": of a small picture, for files of which the server makes some; a 404 there means that this one has
 * none. */
static void
print_file(struct ms_page *page, struct ms_statement *statement, struct ms_json_writer *writer)
{
  const char *component_id = ms_statement_text(statement, 0, NULL);
  const char *name = ms_statement_text(statement, 1, NULL);
  ms_json_begin_object(writer);
  ms_json_member_string(writer, "id", component_id);
  ms_json_member_string(writer, "name", name);
  ms_json_member_integer(writer, "size", ms_statement_integer(statement, 2));
  print_url(page, "/component/get?", MS_SIGNATURE_GET, component_id, "", "url", writer);
  if (page->can_preview && page->can_preview(name)) {
    print_url(page, "/component/thumbnail?", MS_SIGNATURE_THUMBNAIL, component_id,
              "&size=640&placeholder=no", "preview_url", writer);
  }
  ms_json_end_object(writer);
}

static enum ms_status
print_files(struct ms_page *page, const char *id, struct ms_buffer *json, struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  struct ms_json_writer writer;
  bool row = false;
  enum ms_status status = prepare_files(page, id, &statement, err);
  if (status != MS_OK) {
    return status;
  }
  ms_json_writer_init(&writer, json);
  ms_json_begin_array(&writer);
  while ((status = ms_statement_step(statement, &row, err)) == MS_OK && row) {
    print_file(page, statement, &writer);
  }
  ms_json_end_array(&writer);
  ms_statement_done(statement);
  return status;
}

void
ms_job_files_free(struct ms_job_file *files, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    free(files[i].id);
    free(files[i].name);
  }
  free(files);
}

enum ms_status
ms_jobs_files(struct ms_page *page, const char *id, struct ms_job_file **files, size_t *count,
              struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  bool row = false;
  *count = 0;
  *files = calloc(FILES_MAX, sizeof **files);
  if (!*files) {
    return out_of_memory(err);
  }
  enum ms_status status = prepare_files(page, id, &statement, err);
  while (status == MS_OK) {
    status = ms_statement_step(statement, &row, err);
    if (status != MS_OK || !row) {
      break;
    }
    struct ms_job_file *file = &(*files)[(*count)++];
    file->id = strdup(ms_statement_text(statement, 0, NULL));
    file->name = strdup(ms_statement_text(statement, 1, NULL));
    status = file->id && file->name ? MS_OK : out_of_memory(err);
  }
  ms_statement_done(statement);
  if (status != MS_OK) {
    ms_job_files_free(*files, *count);
  }
  return status;
}

/* ---- related runs ---- */

/* What it retries and was retried as; those that bear the same name or, where it has none, ran the same command.
 * Looking for the text of either in the data spares most jobs the JSON parser. */
static const char related_sql[] =
    "WITH this AS (SELECT id, data ->> '$.name' AS name, data -> '$.command' AS command,"
    " data ->> '$.retry_of' AS retry_of FROM Job WHERE id = ?1 AND json_valid(data)),"
    " among AS (SELECT place FROM (SELECT rowid AS place FROM Job ORDER BY created_at DESC LIMIT "
    "?2)"
    " UNION SELECT rowid FROM Job WHERE id = (SELECT retry_of FROM this))"
    " SELECT " MS_PAGE_JOB_OBJECT " FROM this, among JOIN Job j ON j.rowid = place"
    " LEFT JOIN Resource u ON u.id = j.user_id"
    " WHERE j.id <> this.id AND (j.id = this.retry_of"
    " OR (instr(j.data, this.id) > 0 AND json_valid(j.data) AND j.data ->> '$.retry_of' = this.id)"
    " OR (instr(j.data, coalesce(this.name, this.command)) > 0 AND json_valid(j.data)"
    " AND CASE WHEN this.name IS NOT NULL THEN j.data ->> '$.name' = this.name"
    " ELSE j.data -> '$.command' = this.command END))"
    " ORDER BY j.created_at DESC LIMIT ?3";

static enum ms_status
print_related(struct ms_page *page, const char *id, struct ms_buffer *json, struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  enum ms_status status = ms_database_prepare(page->database, related_sql, &statement, err);
  if (status != MS_OK) {
    return status;
  }
  ms_statement_bind_string(statement, 1, id);
  ms_statement_bind_integer(statement, 2, MS_JOBS_RELATED_AMONG);
  ms_statement_bind_integer(statement, 3, MS_JOBS_RELATED_MAX);
  return ms_page_collect(statement, 0, json, err);
}

/* ---- the whole ---- */

/* All of the answer but its end. */
static enum ms_status
print_detail(struct ms_page *page, const void *context, struct ms_buffer *json,
             struct ms_error *err)
{
  const char *id = context;
  char *job = NULL, *data = NULL;
  enum ms_status status =
      read_text(page,
                "SELECT " MS_PAGE_JOB_OBJECT " FROM Job j LEFT JOIN Resource u ON u.id = j.user_id"
                " WHERE j.id = ?1",
                id, &job, err);
  if (status == MS_OK && !job) {
    status = ms_fail(err, MS_NOT_FOUND, "there is no job '%.60s'; perhaps it was removed", id);
  }
  if (status == MS_OK) {
    status = read_text(page,
                       "SELECT CASE WHEN data IS NULL THEN 'null' WHEN json_valid(data)"
                       " THEN data ELSE json_quote(data) END FROM Job WHERE id = ?1",
                       id, &data, err);
  }
  if (status == MS_OK) {
    ms_buffer_printf(json, "{\"job\":%s,\"data\":%s,\"files\":", job, data);
    status = print_files(page, id, json, err);
  }
  free(job);
  free(data);
  if (status == MS_OK) {
    ms_buffer_append_string(json, ",\"related\":");
    status = print_related(page, id, json, err);
  }
  return status;
}

enum ms_status
ms_jobs_detail(struct ms_page *page, const char *id, int64_t after, struct ms_buffer *json,
               struct ms_error *err)
{
  char question[QUESTION_MAX_BYTES];
  int length = snprintf(question, sizeof question, "detail %s", id);
  if (length >= (int)sizeof question) {
    return ms_fail(err, MS_NOT_FOUND, "there is no job '%.60s'; perhaps it was removed", id);
  }
  enum ms_status status = ms_page_answer(page, question, after, print_detail, id, json, err);
  ms_buffer_append_char(json, '}');
  return status;
}
