/* Rows are never updated, and numbers never used twice: the newest row stays, however old it is. Each row
 * tells which process wrote it by a random number, so that nobody hears an event of their own again. */
#include "api/event_log.h"

#include "api/internal.h"
#include "base/clock.h"

enum {
  SWEEP_EVERY = 64, /* events appended between two sweeps */
  SWEEP_ROWS = 256  /* that go at once: more than come in between */
};

static const int64_t keep_us = (int64_t)MS_EVENT_LOG_KEEP_DAYS * 24 * 3600 * 1000000;

/* ---- writing ---- */

static enum ms_status
insert(struct ms_api *api, const char *event, size_t event_bytes, int64_t now_us,
       struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  enum ms_status status = ms_database_prepare(
      api->database,
      "INSERT INTO moonshift_journal (at, origin, end_bytes, event) VALUES (?1, ?2, ?4 + ifnull("
      "(SELECT end_bytes FROM moonshift_journal ORDER BY sequence DESC LIMIT 1), 0), ?3)",
      &statement, err);
  if (status != MS_OK)
    return status;
  ms_statement_bind_integer(statement, 1, now_us);
  ms_statement_bind_integer(statement, 2, api->origin);
  ms_statement_bind_text(statement, 3, event, event_bytes);
  ms_statement_bind_integer(statement, 4, (int64_t)event_bytes);
  status = ms_statement_step(statement, NULL, err);
  ms_statement_done(statement);
  return status;
}

static enum ms_status
sweep(struct ms_api *api, int64_t now_us, struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  enum ms_status status = ms_database_prepare(
      api->database,
      "WITH newest AS (SELECT sequence, end_bytes FROM moonshift_journal ORDER BY sequence DESC "
      "LIMIT 1)"
      " DELETE FROM moonshift_journal WHERE (at < ?1 OR end_bytes < (SELECT end_bytes FROM newest) "
      "- ?3)"
      " AND sequence IN (SELECT sequence FROM moonshift_journal ORDER BY sequence LIMIT ?2)"
      " AND sequence < (SELECT sequence FROM newest)",
      &statement, err);
  if (status != MS_OK)
    return status;
  ms_statement_bind_integer(statement, 1, now_us - keep_us);
  ms_statement_bind_integer(statement, 2, SWEEP_ROWS);
  ms_statement_bind_integer(statement, 3, MS_EVENT_LOG_KEEP_BYTES);
  status = ms_statement_step(statement, NULL, err);
  ms_statement_done(statement);
  return status;
}

enum ms_status
ms_event_log_append(struct ms_api *api, const char *event, size_t event_bytes, struct ms_error *err)
{
  int64_t now_us = ms_clock_now_us();
  enum ms_status status = insert(api, event, event_bytes, now_us, err);
  if (status == MS_OK && api->events_appended++ % SWEEP_EVERY == 0)
    status = sweep(api, now_us, err);
  return status;
}

/* ---- reading ---- */

enum ms_status
ms_event_log_newest(struct ms_api *api, int64_t *sequence, struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  bool row = false;
  enum ms_status status = ms_database_prepare(
      api->database, "SELECT max(sequence) FROM moonshift_journal", &statement, err);
  if (status != MS_OK)
    return status;
  status = ms_statement_step(statement, &row, err);
  if (status == MS_OK)
    *sequence = row ? ms_statement_integer(statement, 0) : 0;
  ms_statement_done(statement);
  return status;
}

static enum ms_status
begin_reading(struct ms_api *api, int64_t after, int64_t limit, struct ms_statement **statement,
              struct ms_error *err)
{
  enum ms_status status = ms_database_prepare(
      api->database,
      "SELECT sequence, at, origin, event FROM moonshift_journal WHERE sequence > ?1"
      " ORDER BY sequence LIMIT ?2",
      statement, err);
  if (status != MS_OK)
    return status;
  ms_statement_bind_integer(*statement, 1, after);
  ms_statement_bind_integer(*statement, 2, limit);
  return MS_OK;
}

static size_t
print_event(struct ms_json_writer *writer, struct ms_statement *statement)
{
  char at[MS_TIME_TEXT_SIZE];
  size_t event_bytes = 0;
  const char *event = ms_statement_text(statement, 3, &event_bytes);
  ms_time_format(ms_statement_integer(statement, 1), at);
  ms_json_begin_object(writer);
  ms_json_member_integer(writer, "sequence", ms_statement_integer(statement, 0));
  ms_json_member_string(writer, "at", at);
  ms_json_key(writer, "event");
  ms_json_raw(writer, event, event_bytes);
  ms_json_end_object(writer);
  return event_bytes;
}

static enum ms_status
print_page(struct ms_api *api, int64_t after, int64_t limit, struct ms_json_writer *writer,
           struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  bool row = true;
  size_t size_bytes = 0;
  enum ms_status status = begin_reading(api, after, limit, &statement, err);
  if (status != MS_OK)
    return status;
  while (status == MS_OK && size_bytes < MS_EVENT_LOG_PAGE_BYTES_MAX) {
    status = ms_statement_step(statement, &row, err);
    if (status != MS_OK || !row)
      break;
    size_bytes += print_event(writer, statement);
  }
  ms_statement_done(statement);
  return status;
}

static int64_t
clamp(int64_t limit)
{
  if (limit < 1)
    return 1;
  return limit < MS_EVENT_LOG_PAGE_MAX ? limit : MS_EVENT_LOG_PAGE_MAX;
}

enum ms_status
ms_event_log_print(struct ms_api *api, int64_t after, int64_t limit, struct ms_buffer *json,
                   struct ms_error *err)
{
  struct ms_json_writer writer;
  int64_t newest = 0;
  enum ms_status status = ms_event_log_newest(api, &newest, err);
  if (status != MS_OK)
    return status;
  ms_json_writer_init(&writer, json);
  ms_json_begin_object(&writer);
  ms_json_key(&writer, "events");
  ms_json_begin_array(&writer);
  status = print_page(api, after, clamp(limit), &writer, err);
  ms_json_end_array(&writer);
  ms_json_member_integer(&writer, "newest", newest);
  ms_json_end_object(&writer);
  return status == MS_OK ? ms_buffer_check(json, "the events", err) : status;
}

enum ms_status
ms_event_log_follow(struct ms_api *api, enum ms_event_log_authors authors, int64_t *sequence,
                    ms_event_log_visitor visit, void *context, struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  bool row = true;
  enum ms_status status = begin_reading(api, *sequence, MS_EVENT_LOG_PAGE_MAX, &statement, err);
  if (status != MS_OK)
    return status;
  while (status == MS_OK) {
    status = ms_statement_step(statement, &row, err);
    if (status != MS_OK || !row)
      break;
    size_t event_bytes = 0;
    const char *event = ms_statement_text(statement, 3, &event_bytes);
    *sequence = ms_statement_integer(statement, 0);
    if (authors == MS_EVENT_LOG_ALL || ms_statement_integer(statement, 2) != api->origin)
      visit(context, event, event_bytes);
  }
  ms_statement_done(statement);
  return status;
}
