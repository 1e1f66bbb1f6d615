/* What the files of page/ share. Nobody else includes this. */
#ifndef MS_PAGE_INTERNAL_H
#define MS_PAGE_INTERNAL_H

#include "base/checksum.h"
#include "page/cache.h"
#include "page/page.h"

enum { MS_PAGE_COOKIE_NAME_SIZE = 32 };

struct ms_page {
  struct ms_api *api;                         /* borrowed */
  bool (*can_preview)(const char *file_name); /* NULL: of none */
  struct ms_database *database;               /* owned */
  char *folder;                               /* owned */
  char cookie_name[MS_PAGE_COOKIE_NAME_SIZE]; /* the same for this data folder, whatever the port */
  char link_hash[MS_SHA256_HEX_SIZE];         /* of the one-time token; "" when there is none */
  char link_user_id[64];
  int64_t link_expires_us;
  int64_t data_version; /* SQLite's, when we looked last; -1 before */
  int64_t version;      /* ours: grows with each look that finds another one */
  struct ms_cache answers;
};

/* Makes ready what sign_in.c keeps in the database. */
enum ms_status
ms_sign_in_set_up(struct ms_page *page, struct ms_error *err);

/* Makes an answer in the empty buffer `json`: a JSON object that `print` prints all of but its end, in one state of
 * the database and with its arguments in `context`; or the answer of somebody else who asked the same `question`,
 * where it is from the version `after` (ms_page_version) or later. 0: where nothing has changed since. Its version
 * is its last member. */
enum ms_status
ms_page_answer(struct ms_page *page, const char *question, int64_t after,
               enum ms_status (*print)(struct ms_page *page, const void *context,
                                       struct ms_buffer *json, struct ms_error *err),
               const void *context, struct ms_buffer *json, struct ms_error *err);

/* Appends column `column` of each row, JSON objects, as a JSON array, and ends the statement. */
enum ms_status
ms_page_collect(struct ms_statement *statement, int column, struct ms_buffer *json,
                struct ms_error *err);

/* The expression that makes a JSON object of Job j with its user u: what a list shows of a job. */
#define MS_PAGE_JOB_OBJECT                                                                      \
  "json_object('id', j.id, 'status', j.status, 'user', u.username,"                             \
  " 'created_at', " MS_PAGE_TIME("j.created_at") ", 'finished_at', " MS_PAGE_TIME(              \
      "j.finished_at") ","                                                                      \
                       " 'attachments', (SELECT count(*) FROM JobComponent x WHERE x.job_id = " \
                       "j.id)," MS_PAGE_FIELD("description") MS_PAGE_FIELD("name")              \
                           MS_PAGE_FIELD("phase") MS_PAGE_FIELD("host") MS_PAGE_FIELD("reason") \
                               MS_PAGE_FIELD("started_at") MS_PAGE_FIELD("ended_at")            \
                                   MS_PAGE_FIELD("duration_s") MS_PAGE_FIELD(                   \
                                       "retry_of") " 'progress', " MS_PAGE_DATA("progress") ")"

/* A date-time column as text of ISO 8601 with its zone. */
#define MS_PAGE_TIME(column) "strftime('%Y-%m-%dT%H:%M:%fZ', " column " / 1000000.0, 'unixepoch')"

/* A key of the job's data, which is text that anybody wrote: null unless it is a JSON object; bounded. */
#define MS_PAGE_DATA(key) \
  "CASE WHEN json_valid(j.data) THEN substr(j.data ->> '$." key "', 1, 1000) END"
#define MS_PAGE_FIELD(key) " '" key "', " MS_PAGE_DATA(key) ","

#endif
