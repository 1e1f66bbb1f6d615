/* Bytes -> clean line (line_filter) -> time in front, secrets masked -> file. The file's first half is the
 * head; what comes behind it goes round in a ring beside it (tail_ring), which always holds the last half
 * of the limit. Finishing appends the ring to the head, with a line that says what was cut between. */
#include "job/run_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "job/line_filter.h"
#include "job/tail_ring.h"

enum { STAMP_BYTES_MAX = 24, MASK_BYTES = 3 };

struct ms_run_log {
  char *path, *ring_path;
  int fd;
  int64_t head_bytes, head_limit_bytes;
  struct ms_tail_ring *ring; /* NULL until the head is full */
  struct ms_line_filter filter;
  struct ms_buffer pending; /* lines of this append, not written yet */
  struct ms_buffer masked;  /* the same without secrets, when there were any */
  struct ms_buffer tail;    /* the last lines, up to twice MS_RUN_LOG_TAIL_BYTES */
  struct ms_buffer tail_text;
  char **secrets;
  size_t secret_count;
  int64_t stamp_second; /* the second that `stamp` is the text of */
  char stamp[STAMP_BYTES_MAX];
  size_t stamp_bytes;
  struct ms_error failure; /* the first one */
};

static void
remember(struct ms_run_log *log, int error_number)
{
  if (!log->failure.status)
    ms_fail_errno(&log->failure, error_number, "cannot write the log '%s'", log->path);
}

static void
remember_error(struct ms_run_log *log, const struct ms_error *err)
{
  if (!log->failure.status)
    log->failure = *err;
}

static bool
write_all(struct ms_run_log *log, int fd, const char *data, size_t size_bytes)
{
  while (size_bytes > 0) {
    ssize_t written = write(fd, data, size_bytes);
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0) {
      remember(log, errno);
      return false;
    }
    data += written;
    size_bytes -= (size_t)written;
  }
  return true;
}

/* ---- where lines go ---- */

/* How much of the text, in whole lines, fits. */
static size_t
fitting_lines(const char *data, size_t size_bytes, int64_t room_bytes)
{
  if (room_bytes <= 0)
    return 0;
  if ((int64_t)size_bytes <= room_bytes)
    return size_bytes;
  const char *newline = memrchr(data, '\n', (size_t)room_bytes);
  return newline ? (size_t)(newline + 1 - data) : 0;
}

static bool
write_head(struct ms_run_log *log, const char *data, size_t size_bytes)
{
  if (!write_all(log, log->fd, data, size_bytes))
    return false;
  log->head_bytes += (int64_t)size_bytes;
  return true;
}

static void
write_ring(struct ms_run_log *log, const char *data, size_t size_bytes)
{
  struct ms_error err;
  if (!log->ring && ms_tail_ring_create(log->ring_path, log->head_limit_bytes, &log->ring, &err))
    remember_error(log, &err);
  else if (ms_tail_ring_write(log->ring, data, size_bytes, &err))
    remember_error(log, &err);
}

static void
write_lines(struct ms_run_log *log, const char *data, size_t size_bytes)
{
  size_t fitting = 0;
  if (!log->ring)
    fitting = fitting_lines(data, size_bytes, log->head_limit_bytes - log->head_bytes);
  if (fitting > 0 && !write_head(log, data, fitting))
    return;
  if (fitting < size_bytes)
    write_ring(log, data + fitting, size_bytes - fitting);
}

static void
keep_tail(struct ms_run_log *log, const char *data, size_t size_bytes)
{
  if (size_bytes > MS_RUN_LOG_TAIL_BYTES) {
    data += size_bytes - MS_RUN_LOG_TAIL_BYTES;
    size_bytes = MS_RUN_LOG_TAIL_BYTES;
  }
  ms_buffer_append(&log->tail, data, size_bytes);
  if (log->tail.size_bytes > (size_t)(2 * MS_RUN_LOG_TAIL_BYTES))
    ms_buffer_consume(&log->tail, log->tail.size_bytes - MS_RUN_LOG_TAIL_BYTES);
}

/* ---- what a line looks like ---- */

/* Called once for all lines that came together. */
static void
set_stamp(struct ms_run_log *log)
{
  int64_t second = ms_clock_now_us() / 1000000;
  if (second == log->stamp_second)
    return;
  char text[MS_TIME_TEXT_SIZE];
  log->stamp_second = second;
  ms_time_format(second * 1000000, text);
  log->stamp_bytes = (size_t)snprintf(log->stamp, sizeof log->stamp, "%.19sZ ", text);
}

/* The first secret in the text, or NULL. Of those at the same place, the longest. */
static const char *
find_secret(const struct ms_run_log *log, const char *text, size_t size_bytes, size_t *found_bytes)
{
  const char *first = NULL;
  for (size_t i = 0; i < log->secret_count; i++) {
    size_t bytes = strlen(log->secrets[i]);
    const char *found = memmem(text, size_bytes, log->secrets[i], bytes);
    if (found && (!first || found < first || (found == first && bytes > *found_bytes))) {
      first = found;
      *found_bytes = bytes;
    }
  }
  return first;
}

/* Appends `text` to `out` with each secret replaced. */
static void
append_masked(struct ms_run_log *log, struct ms_buffer *out, const char *text, size_t size_bytes)
{
  size_t secret_bytes = 0;
  const char *secret;
  while ((secret = find_secret(log, text, size_bytes, &secret_bytes))) {
    ms_buffer_append(out, text, (size_t)(secret - text));
    ms_buffer_append(out, "***", MASK_BYTES);
    size_bytes -= (size_t)(secret - text) + secret_bytes;
    text = secret + secret_bytes;
  }
  ms_buffer_append(out, text, size_bytes);
}

static void
flush_pending(struct ms_run_log *log)
{
  const struct ms_buffer *lines = &log->pending;
  size_t secret_bytes = 0;
  if (find_secret(log, ms_buffer_string(lines), lines->size_bytes, &secret_bytes)) {
    ms_buffer_clear(&log->masked);
    append_masked(log, &log->masked, lines->data, lines->size_bytes);
    lines = &log->masked;
  }
  write_lines(log, lines->data, lines->size_bytes);
  keep_tail(log, lines->data, lines->size_bytes);
  ms_buffer_clear(&log->pending);
}

static void
on_line(void *user, const char *line, size_t size_bytes)
{
  struct ms_run_log *log = user;
  char *place = ms_buffer_reserve(&log->pending, log->stamp_bytes + size_bytes + 1);
  if (!place)
    return;
  memcpy(place, log->stamp, log->stamp_bytes);
  memcpy(place + log->stamp_bytes, line, size_bytes);
  place[log->stamp_bytes + size_bytes] = '\n';
  ms_buffer_grew(&log->pending, log->stamp_bytes + size_bytes + 1);
  if (log->pending.size_bytes > (size_t)MS_RUN_LOG_TAIL_BYTES)
    flush_pending(log);
}

/* ---- the ends ---- */

static bool
copy_secrets(struct ms_run_log *log, const struct ms_run_log_options *options)
{
  log->secrets = calloc(options->secret_count + 1, sizeof *log->secrets);
  if (!log->secrets)
    return false;
  for (size_t i = 0; i < options->secret_count; i++) {
    if (strlen(options->secrets[i]) < MS_RUN_LOG_SECRET_MIN_BYTES)
      continue;
    char *copy = strdup(options->secrets[i]);
    if (!copy)
      return false;
    log->secrets[log->secret_count++] = copy;
  }
  return true;
}

static bool
name_files(struct ms_run_log *log, const char *path)
{
  log->path = strdup(path);
  if (asprintf(&log->ring_path, "%s.tail", path) < 0)
    log->ring_path = NULL;
  return log->path && log->ring_path;
}

enum ms_status
ms_run_log_open(const char *path, const struct ms_run_log_options *options,
                struct ms_run_log **result, struct ms_error *err)
{
  struct ms_run_log *log = calloc(1, sizeof *log);
  if (!log)
    return ms_fail(err, MS_MEMORY, "out of memory");
  log->fd = -1;
  int64_t limit_bytes = options->limit_bytes ? options->limit_bytes : MS_RUN_LOG_LIMIT_BYTES;
  log->head_limit_bytes = limit_bytes / 2;
  ms_line_filter_init(&log->filter, MS_RUN_LOG_LINE_MAX_BYTES, on_line, log);
  ms_buffer_init(&log->pending, 4 * MS_RUN_LOG_TAIL_BYTES);
  ms_buffer_init(&log->masked, 4 * MS_RUN_LOG_TAIL_BYTES);
  ms_buffer_init(&log->tail, 4 * MS_RUN_LOG_TAIL_BYTES);
  ms_buffer_init(&log->tail_text, 4 * MS_RUN_LOG_TAIL_BYTES);
  enum ms_status status = MS_OK;
  if (limit_bytes < MS_RUN_LOG_LIMIT_MIN_BYTES)
    status = ms_fail(err, MS_USAGE, "a log limit of %" PRId64 " bytes is too small: at least %d",
                     limit_bytes, MS_RUN_LOG_LIMIT_MIN_BYTES);
  else if (!name_files(log, path) || !copy_secrets(log, options))
    status = ms_fail(err, MS_MEMORY, "out of memory");
  else if ((log->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | (options->append ? 0 : O_TRUNC),
                           0600)) < 0)
    status = ms_fail_errno(err, errno, "cannot create the log '%s'", path);
  if (status) {
    ms_run_log_free(log);
    return status;
  }
  if (options->append)
    log->head_bytes = lseek(log->fd, 0, SEEK_END);
  *result = log;
  return MS_OK;
}

void
ms_run_log_append(struct ms_run_log *log, const void *data, size_t size_bytes)
{
  set_stamp(log);
  ms_line_filter_add(&log->filter, data, size_bytes);
  flush_pending(log);
}

void
ms_run_log_note(struct ms_run_log *log, const char *line)
{
  ms_line_filter_end(&log->filter);
  ms_run_log_append(log, line, strlen(line));
  ms_run_log_append(log, "\n", 1);
}

const char *
ms_run_log_tail(struct ms_run_log *log, size_t *size_bytes)
{
  size_t unfinished_bytes;
  const char *unfinished = ms_line_filter_unfinished(&log->filter, &unfinished_bytes);
  const char *text = ms_buffer_string(&log->tail);
  size_t text_bytes = log->tail.size_bytes;
  if (text_bytes > MS_RUN_LOG_TAIL_BYTES) {
    const char *start = text + text_bytes - MS_RUN_LOG_TAIL_BYTES;
    const char *newline = memchr(start, '\n', MS_RUN_LOG_TAIL_BYTES);
    start = newline ? newline + 1 : start;
    text_bytes -= (size_t)(start - text);
    text = start;
  }
  ms_buffer_clear(&log->tail_text);
  ms_buffer_append(&log->tail_text, text, text_bytes);
  append_masked(log, &log->tail_text, unfinished, unfinished_bytes);
  *size_bytes = log->tail_text.size_bytes;
  return ms_buffer_string(&log->tail_text);
}

static enum ms_status
append_to_head(void *user, const char *data, size_t size_bytes)
{
  struct ms_run_log *log = user;
  return write_head(log, data, size_bytes) ? MS_OK : log->failure.status;
}

/* Appends the ring to the head, behind a line that says what is missing between the two. */
static void
join(struct ms_run_log *log)
{
  char note[96];
  int64_t cut_bytes;
  struct ms_error err;
  if (ms_tail_ring_cut_bytes(log->ring, &cut_bytes, &err)) {
    remember_error(log, &err);
    return;
  }
  int note_bytes = cut_bytes == 0
                       ? 0
                       : snprintf(note, sizeof note,
                                  "[moonshift: %" PRId64 " bytes are left out here]\n", cut_bytes);
  if (write_head(log, note, (size_t)note_bytes) &&
      ms_tail_ring_read(log->ring, append_to_head, log, &err))
    remember_error(log, &err);
}

enum ms_status
ms_run_log_finish(struct ms_run_log *log, int64_t *size_bytes, struct ms_error *err)
{
  set_stamp(log);
  ms_line_filter_end(&log->filter);
  flush_pending(log);
  if (log->ring)
    join(log);
  ms_tail_ring_remove(log->ring);
  log->ring = NULL;
  *size_bytes = log->head_bytes;
  if (log->failure.status)
    return ms_fail(err, log->failure.status, "%s", log->failure.message);
  return MS_OK;
}

/* Joins the ring that somebody left. When that fails the head is as it was, and the ring stays. */
static enum ms_status
join_found(struct ms_run_log *log, struct ms_error *err)
{
  int64_t size_bytes = log->head_bytes;
  join(log);
  if (!log->failure.status) {
    ms_tail_ring_remove(log->ring);
    log->ring = NULL;
    return MS_OK;
  }
  if (ftruncate(log->fd, size_bytes) != 0)
    return ms_fail_errno(err, errno, "cannot shorten the log '%s'", log->path);
  return ms_fail(err, log->failure.status, "%s", log->failure.message);
}

enum ms_status
ms_run_log_recover(const char *path, struct ms_error *err)
{
  struct ms_run_log *log;
  const struct ms_run_log_options options = {.append = true};
  enum ms_status status = ms_run_log_open(path, &options, &log, err);
  if (status)
    return status;
  status = ms_tail_ring_open(log->ring_path, &log->ring, err);
  if (!status)
    status = join_found(log, err);
  else if (status == MS_NOT_FOUND || status == MS_INVALID) {
    unlink(log->ring_path); /* none, or one that nothing was written to yet */
    status = MS_OK;
  }
  ms_tail_ring_free(log->ring);
  log->ring = NULL;
  ms_run_log_free(log);
  return status;
}

void
ms_run_log_free(struct ms_run_log *log)
{
  if (!log)
    return;
  if (log->fd >= 0)
    close(log->fd);
  ms_tail_ring_remove(log->ring);
  for (size_t i = 0; i < log->secret_count; i++)
    free(log->secrets[i]);
  free(log->secrets);
  ms_line_filter_free(&log->filter);
  ms_buffer_free(&log->pending);
  ms_buffer_free(&log->masked);
  ms_buffer_free(&log->tail);
  ms_buffer_free(&log->tail_text);
  free(log->path);
  free(log->ring_path);
  free(log);
}
