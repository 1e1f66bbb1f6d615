/* Jobs for the page: lists with counts, one job in full, and what may be done to them. Answers are JSON
 * text, appended to a buffer; jobs in them have id, status, user, created_at, finished_at (ISO 8601, UTC),
 * attachments (how many), and of what they say about themselves description, name, phase, host, reason,
 * started_at, ended_at, duration_s, retry_of, progress. */
#ifndef MS_PAGE_JOBS_H
#define MS_PAGE_JOBS_H

#include <stdbool.h>

#include "page/page.h"

enum {
  MS_JOBS_PAGE_MAX = 500,       /* jobs of one list */
  MS_JOBS_TEXT_MAX_BYTES = 200, /* of what is searched for */
  MS_JOBS_RELATED_MAX = 12,     /* related runs */
  MS_JOBS_RELATED_AMONG = 5000, /* the newest jobs that they are looked for in */
  MS_JOBS_REMOVE_MAX = 100,     /* jobs that one call removes */
  MS_JOBS_USERNAME_SIZE = 256,
  MS_JOBS_ANSWER_MAX_BYTES = 16 * 1024 * 1024
};

/* Which jobs; NULL or "": any. Borrowed texts. */
struct ms_job_filter {
  const char *status; /* queued, running, done or failed */
  const char *user;   /* a username */
  const char *text;   /* in the description, name, reason, host or user; or the id's beginning */
  const char *since;  /* ISO 8601; created at that time or later */
  const char *until;  /* created before that time */
};

/* {"total", "offset", "counts": {STATUS: N}, "now", "version", "jobs": […]}: newest first. The counts are of the filter without
 * its status, the total with it. What somebody else was answered will do when it is from the version `after`
 * (ms_page_version) or later; 0: from now. MS_USAGE for a filter that cannot be read. */
enum ms_status
ms_jobs_list(struct ms_page *page, const struct ms_job_filter *filter, unsigned offset,
             unsigned limit, int64_t after, struct ms_buffer *json, struct ms_error *err);

/* {"users": [NAME…]}: everybody who has jobs. */
enum ms_status
ms_jobs_users(struct ms_page *page, struct ms_buffer *json, struct ms_error *err);

/* A job in full: as in a list, with "data" (the object, or the text where it is none), "files" (id, name,
 * size, url) instead of their number, and "related": what it retries and was retried
 * as, and other runs with the same name or else command.
 * The URLs begin with "/" and are signed. `after` as for a list. MS_NOT_FOUND for an unknown id. */
enum ms_status
ms_jobs_detail(struct ms_page *page, const char *id, int64_t after, struct ms_buffer *json,
               struct ms_error *err);

/* Fails a job that is queued or running, with the reason "cancelled by NAME"; whoever runs it sees that and
 * ends it. MS_INTEGRITY when it has ended already. */
enum ms_status
ms_jobs_cancel(struct ms_page *page, const char *id, const char *user_id, struct ms_error *err);

/* Whether a job may be retried as far as it says itself: it has ended, and its wrapper recorded the command. The
 * name of who asks, `user_id`, comes with it. MS_INTEGRITY when it may not, MS_NOT_FOUND for an unknown job. */
enum ms_status
ms_jobs_check_retry(struct ms_page *page, const char *id, const char *user_id,
                    char username[MS_JOBS_USERNAME_SIZE], struct ms_error *err);

bool
ms_jobs_exists(struct ms_page *page, const char *id);

/* {"jobs", "files", "size"}: what removing everything that ended before `before` would remove. */
enum ms_status
ms_jobs_removable(struct ms_page *page, const char *before, struct ms_buffer *json,
                  struct ms_error *err);

/* Removes up to MS_JOBS_REMOVE_MAX of them with their files, the oldest first, and appends
 * {"removed": N}; call it until that is 0. Files that belong to something else stay. `removed` hears of each job
 * that is gone (NULL: nobody does). */
enum ms_status
ms_jobs_remove(struct ms_page *page, const char *before, const char *user_id,
               void (*removed)(const char *job_id), struct ms_buffer *json, struct ms_error *err);

/* One attachment of a job. */
struct ms_job_file {
  char *id, *name; /* owned */
};

/* The attachments of a job in the order of their names: *files is owned (ms_job_files_free). */
enum ms_status
ms_jobs_files(struct ms_page *page, const char *id, struct ms_job_file **files, size_t *count,
              struct ms_error *err);

void
ms_job_files_free(struct ms_job_file *files, size_t count);

#endif
