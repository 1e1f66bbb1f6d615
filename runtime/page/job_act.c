/* What people do to jobs: batches for the API, in the name of who does it. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "page/internal.h"
#include "page/jobs.h"

enum { BODY_MAX_BYTES = 4 * 1024 * 1024, ANSWER_MAX_BYTES = 4 * 1024 * 1024 };

static enum ms_status
call(struct ms_page *page, const char *user_id, const struct ms_buffer *body, struct ms_error *err)
{
  struct ms_buffer answer;
  enum ms_status status = ms_buffer_check(body, "batch", err);
  if (status != MS_OK) {
    return status;
  }
  const struct ms_api_request request = {
      .body = ms_buffer_string(body),
      .body_bytes = body->size_bytes,
      .user_id = user_id,
      .base_url = "",
  };
  ms_buffer_init(&answer, ANSWER_MAX_BYTES);
  status = ms_api_call(page->api, &request, &answer, err);
  ms_buffer_free(&answer);
  return status;
}

static void
begin_operation(struct ms_json_writer *writer, const char *action, const char *entity_type,
                const char *id)
{
  ms_json_begin_object(writer);
  ms_json_member_string(writer, "action", action);
  ms_json_member_string(writer, "entity_type", entity_type);
  ms_json_key(writer, "entity_key");
  ms_json_begin_array(writer);
  ms_json_string(writer, id);
  ms_json_end_array(writer);
}

/* ---- cancelling ---- */

/* The status, and the data as it will be: what others put there survives. */
static const char cancelled_sql[] =
    "SELECT j.status, json_set(CASE WHEN NOT json_valid(j.data) THEN '{}'"
    " WHEN json_type(j.data) = 'object' THEN j.data ELSE '{}' END,"
    " '$.reason', 'cancelled by ' || u.username, '$.cancelled_by', u.username)"
    " FROM Job j, Resource u WHERE j.id = ?1 AND u.id = ?2";

static void
print_cancelling(const char *id, const char *data, struct ms_buffer *body)
{
  struct ms_json_writer writer;
  ms_json_writer_init(&writer, body);
  ms_json_begin_array(&writer);
  begin_operation(&writer, "update", "Job", id);
  ms_json_key(&writer, "entity_data");
  ms_json_begin_object(&writer);
  ms_json_member_string(&writer, "__entity_type__", "Job");
  ms_json_member_string(&writer, "status", "failed");
  ms_json_member_string(&writer, "data", data);
  ms_json_end_object(&writer);
  ms_json_end_object(&writer);
  ms_json_end_array(&writer);
}

static enum ms_status
read_cancelled(struct ms_statement *statement, const char *id, struct ms_buffer *body,
               struct ms_error *err)
{
  bool row = false;
  enum ms_status status = ms_statement_step(statement, &row, err);
  if (status != MS_OK) {
    return status;
  }
  if (!row) {
    return ms_fail(err, MS_NOT_FOUND, "there is no job '%.60s'; perhaps it was removed", id);
  }
  const char *job_status = ms_statement_text(statement, 0, NULL);
  if (!job_status || (strcmp(job_status, "running") != 0 && strcmp(job_status, "queued") != 0)) {
    return ms_fail(err, MS_INTEGRITY, "the job has ended already: it is %.20s",
                   job_status ? job_status : "without a status");
  }
  print_cancelling(id, ms_statement_text(statement, 1, NULL), body);
  return MS_OK;
}

enum ms_status
ms_jobs_cancel(struct ms_page *page, const char *id, const char *user_id, struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  struct ms_buffer body;
  enum ms_status status = ms_database_prepare(page->database, cancelled_sql, &statement, err);
  if (status != MS_OK) {
    return status;
  }
  ms_statement_bind_string(statement, 1, id);
  ms_statement_bind_string(statement, 2, user_id);
  ms_buffer_init(&body, BODY_MAX_BYTES);
  status = read_cancelled(statement, id, &body, err);
  ms_statement_done(statement);
  if (status == MS_OK) {
    status = call(page, user_id, &body, err);
  }
  ms_buffer_free(&body);
  return status;
}

/* ---- removing ---- */

#define ENDED                                        \
  " FROM Job j WHERE j.status IN ('done', 'failed')" \
  " AND coalesce(j.finished_at, j.created_at) < ?1"

/* Files that nothing but jobs that go too refer to. */
#define FILES_OF(jobs)                                                                           \
  " FROM Component c WHERE c.version_id IS NULL AND c.container_id IS NULL AND c.id IN (SELECT " \
  "x.component_id FROM JobComponent x WHERE x.job_id IN (" jobs                                  \
  ")) AND NOT EXISTS (SELECT 1 FROM JobComponent y WHERE y.component_id = c.id AND y.job_id "    \
  "NOT IN (" jobs "))"

#define OLDEST "SELECT j.id" ENDED " ORDER BY coalesce(j.finished_at, j.created_at) LIMIT ?2"
#define ALL "SELECT j.id" ENDED

/* A statement with ?1 bound to the time. */
static enum ms_status
prepare_before(struct ms_page *page, const char *sql, const char *before,
               struct ms_statement **statement, struct ms_error *err)
{
  int64_t before_us;
  if (!before || ms_time_parse(before, strlen(before), &before_us, err) != MS_OK) {
    return ms_fail(err, MS_USAGE, "before must be a date such as 2026-01-31T12:00:00Z");
  }
  enum ms_status status = ms_database_prepare(page->database, sql, statement, err);
  if (status == MS_OK) {
    ms_statement_bind_integer(*statement, 1, before_us);
  }
  return status;
}

enum ms_status
ms_jobs_removable(struct ms_page *page, const char *before, struct ms_buffer *json,
                  struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  bool row = false;
  enum ms_status status =
      prepare_before(page,
                     "SELECT json_object('jobs', (SELECT count(*)" ENDED "), 'files', count(*),"
                     " 'size', coalesce(sum(c.size), 0))" FILES_OF(ALL),
                     before, &statement, err);
  if (status != MS_OK) {
    return status;
  }
  status = ms_statement_step(statement, &row, err);
  if (status == MS_OK && row) {
    ms_buffer_append_string(json, ms_statement_text(statement, 0, NULL));
  }
  ms_statement_done(statement);
  return status;
}

/* Appends deletions of the ids that the statement answers, and the ids to `ids`, each with its NUL. */
static enum ms_status
print_deletions(struct ms_page *page, const char *sql, const char *entity_type, const char *before,
                struct ms_json_writer *writer, struct ms_buffer *ids, struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  bool row = false;
  enum ms_status status = prepare_before(page, sql, before, &statement, err);
  if (status != MS_OK) {
    return status;
  }
  ms_statement_bind_integer(statement, 2, MS_JOBS_REMOVE_MAX);
  while ((status = ms_statement_step(statement, &row, err)) == MS_OK && row) {
    size_t id_bytes;
    const char *id = ms_statement_text(statement, 0, &id_bytes);
    begin_operation(writer, "delete", entity_type, id);
    ms_json_end_object(writer);
    ms_buffer_append(ids, id, id_bytes + 1);
  }
  ms_statement_done(statement);
  return status;
}

/* Tells of each, and how many there are. */
static int
tell_removed(const struct ms_buffer *ids, void (*removed)(const char *job_id))
{
  int count = 0;
  for (size_t at = 0; at < ids->size_bytes; at += strlen(ids->data + at) + 1) {
    if (removed) {
      removed(ids->data + at);
    }
    count++;
  }
  return count;
}

enum ms_status
ms_jobs_remove(struct ms_page *page, const char *before, const char *user_id,
               void (*removed)(const char *job_id), struct ms_buffer *json, struct ms_error *err)
{
  struct ms_buffer body, files, jobs;
  struct ms_json_writer writer;
  ms_buffer_init(&files, BODY_MAX_BYTES);
  ms_buffer_init(&jobs, BODY_MAX_BYTES);
  ms_buffer_init(&body, BODY_MAX_BYTES);
  ms_json_writer_init(&writer, &body);
  ms_json_begin_array(&writer);
  enum ms_status status = print_deletions(page, "SELECT c.id" FILES_OF(OLDEST), "Component", before,
                                          &writer, &files, err);
  if (status == MS_OK) {
    status = print_deletions(page, OLDEST, "Job", before, &writer, &jobs, err);
  }
  ms_json_end_array(&writer);
  if (status == MS_OK) {
    status = call(page, user_id, &body, err);
  }
  if (status == MS_OK) {
    ms_buffer_printf(json, "{\"removed\":%d}", tell_removed(&jobs, removed));
  }
  ms_buffer_free(&body);
  ms_buffer_free(&files);
  ms_buffer_free(&jobs);
  return status;
}
