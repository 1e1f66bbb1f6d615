/* A table of conditions: each has its fragment of SQL and what is bound to its parameter. Only those that the
 * filter has get into the statement, so that the planner can use the indices that serve them. */
#include "page/filter.h"

#include <string.h>

#include "base/clock.h"

enum { PATTERN_SIZE = MS_JOBS_TEXT_MAX_BYTES * 2 + 3 };

#define SEARCHED(key) "coalesce(j.data ->> '$." key "', '') || char(10) || "

/* What people read of a job. */
#define READ                                                                                       \
  "CASE WHEN json_valid(j.data) THEN " SEARCHED("description") SEARCHED("name") SEARCHED("reason") \
      SEARCHED("phase") "coalesce(j.data ->> '$.host', '') ELSE j.data END"

#define HAS_ID_OR_USER "j.id LIKE ?5 ESCAPE '\\' OR u.username LIKE ?4 ESCAPE '\\'"

static const char text_condition[] = "(" HAS_ID_OR_USER " OR " READ " LIKE ?4 ESCAPE '\\')";

/* For texts that JSON writes as they are: what the data does not contain need not be parsed. */
static const char plain_text_condition[] =
    "(" HAS_ID_OR_USER " OR CASE WHEN j.data LIKE ?4 ESCAPE '\\' THEN " READ
    " LIKE ?4 ESCAPE '\\' END)";

static const char *const statuses[] = {"queued", "running", "done", "failed"};

static bool
given(const char *text)
{
  return text && *text;
}

static bool
is_plain(const char *text)
{
  for (; *text; text++) {
    if (*text < ' ' || *text > '~' || strchr("\"\\/", *text)) {
      return false;
    }
  }
  return true;
}

static enum ms_status
check_time(const char *name, const char *text, struct ms_error *err)
{
  int64_t time_us;
  if (given(text) && ms_time_parse(text, strlen(text), &time_us, err) != MS_OK) {
    return ms_fail(err, MS_USAGE, "%s must be a date such as 2026-01-31T12:00:00Z, not '%.60s'",
                   name, text);
  }
  return MS_OK;
}

enum ms_status
ms_filter_check(const struct ms_job_filter *filter, struct ms_error *err)
{
  bool known = !given(filter->status);
  for (size_t i = 0; !known && i < sizeof statuses / sizeof statuses[0]; i++) {
    known = strcmp(statuses[i], filter->status) == 0;
  }
  if (!known) {
    return ms_fail(err, MS_USAGE, "status must be queued, running, done or failed, not '%.40s'",
                   filter->status);
  }
  if (given(filter->text) && strlen(filter->text) > MS_JOBS_TEXT_MAX_BYTES) {
    return ms_fail(err, MS_USAGE, "the text to search for has more than %d bytes",
                   MS_JOBS_TEXT_MAX_BYTES);
  }
  enum ms_status status = check_time("since", filter->since, err);
  return status == MS_OK ? check_time("until", filter->until, err) : status;
}

void
ms_filter_print(const struct ms_job_filter *filter, struct ms_buffer *sql)
{
  const struct {
    const char *value;
    const char *condition;
  } conditions[] = {
      {filter->user, "j.user_id = (SELECT id FROM Resource WHERE username = ?1 COLLATE NOCASE)"},
      {filter->since, "j.created_at >= ?2"},
      {filter->until, "j.created_at < ?3"},
      {filter->text,
       given(filter->text) && is_plain(filter->text) ? plain_text_condition : text_condition},
      {filter->status, "j.status = ?6 COLLATE NOCASE"},
  };
  const char *joint = " WHERE ";
  for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++) {
    if (given(conditions[i].value)) {
      ms_buffer_printf(sql, "%s%s", joint, conditions[i].condition);
      joint = " AND ";
    }
  }
}

static void
bind_time(struct ms_statement *statement, int index, const char *text)
{
  int64_t time_us = 0;
  if (given(text)) {
    ms_time_parse(text, strlen(text), &time_us, NULL);
    ms_statement_bind_integer(statement, index, time_us);
  }
}

/* The text for LIKE, where "%", "_" and "\" mean themselves. */
static void
bind_pattern(struct ms_statement *statement, int index, const char *start, const char *text)
{
  char pattern[PATTERN_SIZE];
  char *end = stpcpy(pattern, start);
  for (; *text; text++) {
    if (strchr("%_\\", *text)) {
      *end++ = '\\';
    }
    *end++ = *text;
  }
  *end++ = '%';
  ms_statement_bind_text(statement, index, pattern, (size_t)(end - pattern));
}

void
ms_filter_bind(const struct ms_job_filter *filter, struct ms_statement *statement)
{
  if (given(filter->user)) {
    ms_statement_bind_string(statement, 1, filter->user);
  }
  bind_time(statement, 2, filter->since);
  bind_time(statement, 3, filter->until);
  if (given(filter->text)) {
    bind_pattern(statement, 4, "%", filter->text);
    bind_pattern(statement, 5, "", filter->text);
  }
  if (given(filter->status)) {
    ms_statement_bind_string(statement, 6, filter->status);
  }
}
