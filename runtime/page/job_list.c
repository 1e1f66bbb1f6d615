/* Lists: the window's rows are chosen by the index on created_at first, then made into JSON, so that the
 * tenth thousand costs hardly more than the first. */
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "page/filter.h"
#include "page/internal.h"

enum { QUESTION_MAX_BYTES = 4096 };

#define FROM_JOB " FROM Job j LEFT JOIN Resource u ON u.id = j.user_id"

static enum ms_status
prepare(struct ms_page *page, struct ms_buffer *sql, const struct ms_job_filter *filter,
        struct ms_statement **statement, struct ms_error *err)
{
  enum ms_status status = ms_buffer_check(sql, "statement", err);
  if (status == MS_OK) {
    status = ms_database_prepare(page->database, ms_buffer_string(sql), statement, err);
  }
  if (status == MS_OK) {
    ms_filter_bind(filter, *statement);
  }
  ms_buffer_free(sql);
  return status;
}

/* Writes the counts; *total is of the filter's status. */
static enum ms_status
count_jobs(struct ms_page *page, const struct ms_job_filter *filter, struct ms_json_writer *writer,
           int64_t *total, struct ms_error *err)
{
  struct ms_job_filter any = *filter;
  struct ms_statement *statement = NULL;
  struct ms_buffer sql;
  bool row = false;
  any.status = NULL;
  ms_buffer_init(&sql, MS_FILTER_SQL_MAX_BYTES);
  /* The join is for the text's sake; without one, an index alone answers. */
  ms_buffer_append_string(&sql, "SELECT j.status, count(*)");
  ms_buffer_append_string(&sql, filter->text && *filter->text ? FROM_JOB : " FROM Job j");
  ms_filter_print(&any, &sql);
  ms_buffer_append_string(&sql, " GROUP BY j.status COLLATE NOCASE");
  enum ms_status status = prepare(page, &sql, &any, &statement, err);
  if (status != MS_OK) {
    return status;
  }
  const char *wanted = filter->status && *filter->status ? filter->status : NULL;
  *total = 0;
  ms_json_begin_object(writer);
  while ((status = ms_statement_step(statement, &row, err)) == MS_OK && row) {
    const char *name = ms_statement_text(statement, 0, NULL);
    int64_t count = ms_statement_integer(statement, 1);
    if (name) {
      ms_json_member_integer(writer, name, count);
    }
    if (!wanted || (name && strcmp(name, wanted) == 0)) {
      *total += count;
    }
  }
  ms_json_end_object(writer);
  ms_statement_done(statement);
  return status;
}

static enum ms_status
list_window(struct ms_page *page, const struct ms_job_filter *filter, unsigned offset,
            unsigned limit, struct ms_buffer *json, struct ms_error *err)
{
  static const char order[] = " ORDER BY j.created_at DESC, j.id DESC";
  struct ms_statement *statement = NULL;
  struct ms_buffer sql;
  ms_buffer_init(&sql, MS_FILTER_SQL_MAX_BYTES);
  ms_buffer_append_string(&sql, "WITH chosen AS MATERIALIZED (SELECT j.rowid AS place" FROM_JOB);
  ms_filter_print(filter, &sql);
  ms_buffer_printf(&sql, "%s LIMIT ?%d OFFSET ?%d) SELECT ", order, MS_FILTER_PARAMETERS + 1,
                   MS_FILTER_PARAMETERS + 2);
  ms_buffer_append_string(&sql, MS_PAGE_JOB_OBJECT);
  ms_buffer_append_string(&sql, " FROM chosen JOIN Job j ON j.rowid = place"
                                " LEFT JOIN Resource u ON u.id = j.user_id");
  ms_buffer_append_string(&sql, order);
  enum ms_status status = prepare(page, &sql, filter, &statement, err);
  if (status != MS_OK) {
    return status;
  }
  ms_statement_bind_integer(statement, MS_FILTER_PARAMETERS + 1, limit);
  ms_statement_bind_integer(statement, MS_FILTER_PARAMETERS + 2, offset);
  return ms_page_collect(statement, 0, json, err);
}

/* A window of a list. */
struct window {
  const struct ms_job_filter *filter;
  unsigned offset, limit;
};

/* All of the answer but its end. */
static enum ms_status
print_list(struct ms_page *page, const void *context, struct ms_buffer *json, struct ms_error *err)
{
  const struct window *window = context;
  int64_t total = 0;
  struct ms_json_writer writer;
  ms_json_writer_init(&writer, json);
  ms_json_begin_object(&writer);
  ms_json_key(&writer, "counts");
  enum ms_status status = count_jobs(page, window->filter, &writer, &total, err);
  if (status != MS_OK) {
    return status;
  }
  ms_json_member_integer(&writer, "total", total);
  ms_json_member_integer(&writer, "offset", window->offset);
  ms_json_key(&writer, "jobs");
  return list_window(page, window->filter, window->offset, window->limit, json, err);
}

/* Everything that the answer depends on, beside the database. */
static void
print_question(const struct window *window, struct ms_buffer *question)
{
  const struct ms_job_filter *filter = window->filter;
  const char *const texts[] = {filter->status, filter->user, filter->text, filter->since,
                               filter->until};
  ms_buffer_printf(question, "list %u %u", window->offset, window->limit);
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    const char *text = texts[i] ? texts[i] : "";
    ms_buffer_printf(question, " %zu:%s", strlen(text), text);
  }
}

static void
append_now(struct ms_buffer *json)
{
  char now[MS_TIME_TEXT_SIZE];
  ms_time_format(ms_clock_now_us(), now);
  ms_buffer_printf(json, ",\"now\":\"%sZ\"}", now);
}

enum ms_status
ms_jobs_list(struct ms_page *page, const struct ms_job_filter *filter, unsigned offset,
             unsigned limit, int64_t after, struct ms_buffer *json, struct ms_error *err)
{
  struct ms_buffer question;
  const struct window window = {filter, offset,
                                limit < MS_JOBS_PAGE_MAX ? limit : MS_JOBS_PAGE_MAX};
  enum ms_status status = ms_filter_check(filter, err);
  if (status != MS_OK) {
    return status;
  }
  ms_buffer_init(&question, QUESTION_MAX_BYTES);
  print_question(&window, &question);
  status = ms_buffer_check(&question, "filter", err);
  if (status == MS_OK) {
    status =
        ms_page_answer(page, ms_buffer_string(&question), after, print_list, &window, json, err);
  }
  ms_buffer_free(&question);
  append_now(json);
  return status;
}

enum ms_status
ms_jobs_users(struct ms_page *page, struct ms_buffer *json, struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  enum ms_status status = ms_database_prepare(
      page->database,
      "SELECT json_quote(u.username) FROM Resource u WHERE u.__entity_type__ = 'User'"
      " AND EXISTS (SELECT 1 FROM Job j WHERE j.user_id = u.id)"
      " ORDER BY u.username COLLATE NOCASE LIMIT 1000",
      &statement, err);
  if (status != MS_OK) {
    return status;
  }
  ms_buffer_append_string(json, "{\"users\":");
  status = ms_page_collect(statement, 0, json, err);
  ms_buffer_append_string(json, "}");
  return status;
}
