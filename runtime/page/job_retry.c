/* Questions about jobs that somebody wants to run again. */
#include <stdio.h>
#include <string.h>

#include "page/internal.h"
#include "page/jobs.h"

/* The status, whether its wrapper recorded the command, and the name of who asks. What a job says of itself decides
 * only whether it is worth asking on: what is run comes from the record. */
static const char asked_sql[] =
    "SELECT j.status, CASE WHEN json_valid(j.data) THEN j.data ->> '$.retry' END, u.username"
    " FROM Job j, Resource u WHERE j.id = ?1 AND u.id = ?2";

static enum ms_status
judge(struct ms_statement *statement, char username[MS_JOBS_USERNAME_SIZE], struct ms_error *err)
{
  const char *job_status = ms_statement_text(statement, 0, NULL);
  if (job_status && (strcmp(job_status, "running") == 0 || strcmp(job_status, "queued") == 0)) {
    return ms_fail(err, MS_INTEGRITY, "the job is %s: it can be retried when it has ended",
                   job_status);
  }
  if (ms_statement_integer(statement, 1) == 0) {
    return ms_fail(err, MS_INTEGRITY,
                   "the job's command was not recorded: moonshift wrap --allow-retry does that");
  }
  snprintf(username, MS_JOBS_USERNAME_SIZE, "%s", ms_statement_text(statement, 2, NULL));
  return MS_OK;
}

enum ms_status
ms_jobs_check_retry(struct ms_page *page, const char *id, const char *user_id,
                    char username[MS_JOBS_USERNAME_SIZE], struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  bool row = false;
  enum ms_status status = ms_database_prepare(page->database, asked_sql, &statement, err);
  if (status != MS_OK) {
    return status;
  }
  ms_statement_bind_string(statement, 1, id);
  ms_statement_bind_string(statement, 2, user_id);
  status = ms_statement_step(statement, &row, err);
  if (status == MS_OK && !row) {
    status = ms_fail(err, MS_NOT_FOUND, "there is no job '%.60s'; perhaps it was removed", id);
  }
  if (status == MS_OK) {
    status = judge(statement, username, err);
  }
  ms_statement_done(statement);
  return status;
}

bool
ms_jobs_exists(struct ms_page *page, const char *id)
{
  struct ms_statement *statement = NULL;
  bool row = false;
  if (ms_database_prepare(page->database, "SELECT 1 FROM Job WHERE id = ?1", &statement, NULL) !=
      MS_OK) {
    return false;
  }
  ms_statement_bind_string(statement, 1, id);
  ms_statement_step(statement, &row, NULL);
  ms_statement_done(statement);
  return row;
}
