/* The log of a run: what a command printed, as people want to read it afterwards.
 *
 * Bytes go in as they come; the file holds whole lines with the time (UTC) in front, without
 * terminal escapes, with only the last state of a line that was redrawn by carriage returns, and with
 * secrets replaced by "***". It is written as it goes, so a crash leaves everything but the unfinished
 * line. Beyond its limit the middle is cut, never the head and never the tail. A log never fails the
 * run that it is about: when the disk is full it stops growing and says so in its status. */
#ifndef MS_JOB_RUN_LOG_H
#define MS_JOB_RUN_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct ms_run_log;

enum {
  MS_RUN_LOG_LIMIT_BYTES = 64 * 1024 * 1024, /* default size of the file at the most */
  MS_RUN_LOG_LIMIT_MIN_BYTES = 4096,
  MS_RUN_LOG_LINE_MAX_BYTES = 16 * 1024, /* longer lines are broken */
  MS_RUN_LOG_TAIL_BYTES = 64 * 1024,     /* kept in memory */
  MS_RUN_LOG_SECRET_MIN_BYTES = 4        /* shorter secrets would mask ordinary words */
};

struct ms_run_log_options {
  int64_t limit_bytes;        /* 0: the default */
  bool append;                /* go on where an earlier log of this path ended */
  const char *const *secrets; /* texts to mask; copied */
  size_t secret_count;
};

/* Creates the file (mode 0600), or opens it to append. */
enum ms_status
ms_run_log_open(const char *path, const struct ms_run_log_options *options, struct ms_run_log **log,
                struct ms_error *err);

void
ms_run_log_append(struct ms_run_log *log, const void *data, size_t size_bytes);

/* A line of our own, on a line of its own. */
void
ms_run_log_note(struct ms_run_log *log, const char *line);

/* The last lines, at most MS_RUN_LOG_TAIL_BYTES, beginning at a line's start when any were cut. Includes the
 * unfinished line. Borrowed until the next call. */
const char *
ms_run_log_tail(struct ms_run_log *log, size_t *size_bytes);

/* Writes the unfinished line and joins head and tail in the file. The status is that of the first
 * failure since the log was opened; what could be written is there nevertheless. */
enum ms_status
ms_run_log_finish(struct ms_run_log *log, int64_t *size_bytes, struct ms_error *err);

/* Joins what a process that died left of a log, and removes its temporary files. MS_FULL when the disk is
 * full: then they stay for another time. */
enum ms_status
ms_run_log_recover(const char *path, struct ms_error *err);

/* Closes the files; removes its temporary ones. NULL is fine. */
void
ms_run_log_free(struct ms_run_log *log);

#endif
