/* A retry lives as long as its process: until the new job is there a request waits for it, then it is only there so
 * that the process is waited for, and so that the same job is not retried twice at a time. */
#include "server/retry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/path.h"
#include "page/jobs.h"
#include "server/answer.h"
#include "server/routes.h"

enum { HANDLES = 2, PROGRAM_MAX_BYTES = 4096, ANSWER_MAX_BYTES = 256 };

struct ms_retry {
  uv_process_t process;
  uv_timer_t timer;           /* looks for the new job */
  unsigned handles;           /* that libuv still knows */
  struct ms_server *server;   /* borrowed */
  struct ms_request *request; /* borrowed; NULL once it is answered */
  char *job_id;               /* owned: what is retried */
  char new_id[MS_ID_SIZE];
  FILE *words; /* owned: what the process says where something is wrong */
  bool begun;  /* the new job is there */
  bool waiting;
  struct ms_error error; /* why it is not */
  int64_t started_ms;
  LIST_ENTRY(ms_retry) link;
};

/* ---- an end ---- */

static void
free_retry(struct ms_retry *retry)
{
  if (retry->words) {
    fclose(retry->words);
  }
  free(retry->job_id);
  free(retry);
}

static void
on_closed(uv_handle_t *handle)
{
  struct ms_retry *retry = handle->data;
  if (--retry->handles == 0) {
    free_retry(retry);
  }
}

static void
close_retry(struct ms_retry *retry)
{
  if (retry->request) {
    retry->request->state = NULL;
  }
  LIST_REMOVE(retry, link);
  uv_close((uv_handle_t *)&retry->process, on_closed);
  uv_close((uv_handle_t *)&retry->timer, on_closed);
}

void
ms_retries_close(struct ms_server *server)
{
  while (!LIST_EMPTY(&server->retries)) {
    close_retry(LIST_FIRST(&server->retries));
  }
}

/* ---- news ---- */

/* The first line that is no warning, without our name. */
static void
read_words(struct ms_retry *retry, char *line, int size_bytes)
{
  static const char name[] = "moonshift: ", warning[] = "moonshift: warning: ";
  rewind(retry->words);
  while (fgets(line, size_bytes, retry->words)) {
    line[strcspn(line, "\n")] = '\0';
    if (strncmp(line, name, sizeof name - 1) == 0 &&
        strncmp(line, warning, sizeof warning - 1) != 0) {
      memmove(line, line + sizeof name - 1, strlen(line) - sizeof name + 2);
      return;
    }
  }
  snprintf(line, (size_t)size_bytes, "it did not begin, and did not say why");
}

static void
settle(struct ms_retry *retry)
{
  retry->waiting = false;
  uv_timer_stop(&retry->timer);
  if (retry->request) {
    ms_request_resume(retry->request);
  }
}

static void
look(uv_timer_t *timer)
{
  struct ms_retry *retry = timer->data;
  retry->begun = ms_jobs_exists(retry->server->page, retry->new_id);
  if (retry->begun) {
    settle(retry);
  } else if (ms_clock_monotonic_ms() - retry->started_ms > MS_RETRY_PATIENCE_MS) {
    ms_fail(&retry->error, MS_TIMEOUT, "it was started, but has not begun within %d s",
            MS_RETRY_PATIENCE_MS / 1000);
    settle(retry);
  }
}

static void
on_ended(uv_process_t *process, int64_t exit_code, int signal)
{
  struct ms_retry *retry = process->data;
  char words[MS_RETRY_WORDS_MAX_BYTES];
  bool has_request = retry->request != NULL; /* then its end is the retry's */
  (void)exit_code, (void)signal;
  if (retry->waiting) {
    retry->begun = ms_jobs_exists(retry->server->page, retry->new_id);
    read_words(retry, words, sizeof words);
    ms_fail(&retry->error, MS_INTEGRITY, "%s", words);
    settle(retry);
  }
  if (!has_request) {
    close_retry(retry);
  }
}

/* ---- a beginning ---- */

/* An id is put into a command line and a path: only letters, digits and dashes are. */
static bool
is_plain(const char *id)
{
  static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-";
  return id[0] && id[0] != '-' && id[strspn(id, allowed)] == '\0';
}

static enum ms_status
check_room(struct ms_server *server, const char *job_id, struct ms_error *err)
{
  struct ms_retry *other;
  int starting = 0;
  LIST_FOREACH(other, &server->retries, link)
  {
    starting += other->waiting;
    if (strcmp(other->job_id, job_id) == 0) {
      return ms_fail(err, MS_EXISTS, "the job is being retried already: it is the job %s",
                     other->new_id);
    }
  }
  return starting < MS_RETRY_STARTING_MAX
             ? MS_OK
             : ms_fail(err, MS_BUSY, "too many jobs are being started just now; try again");
}

static enum ms_status
spawn(struct ms_retry *retry, const char *username, struct ms_error *err)
{
  char program[PROGRAM_MAX_BYTES], asked_by[MS_JOBS_USERNAME_SIZE + 16];
  size_t program_bytes = sizeof program;
  uv_exepath(program, &program_bytes);
  snprintf(asked_by, sizeof asked_by, "--asked-by=%s", username);
  char *arguments[] = {program,       "jobs",        "retry",
                       retry->job_id, "--data",      (char *)ms_page_folder(retry->server->page),
                       "--job-id",    retry->new_id, "--quiet",
                       asked_by,      NULL};
  uv_stdio_container_t streams[] = {
      {.flags = UV_IGNORE},
      {.flags = UV_IGNORE},
      {.flags = UV_INHERIT_FD, .data.fd = fileno(retry->words)},
  };
  const uv_process_options_t options = {
      .exit_cb = on_ended,
      .file = program,
      .args = arguments,
      .flags = UV_PROCESS_DETACHED,
      .stdio = streams,
      .stdio_count = 3,
  };
  int failure = uv_spawn(retry->server->loop, &retry->process, &options);
  return failure < 0 ? ms_fail(err, MS_IO, "cannot start '%s': %s", program, uv_strerror(failure))
                     : MS_OK;
}

static struct ms_retry *
new_retry(struct ms_request *request, const char *job_id)
{
  struct ms_retry *retry = calloc(1, sizeof *retry);
  if (!retry) {
    return NULL;
  }
  retry->server = request->server;
  retry->job_id = strdup(job_id);
  retry->words = tmpfile();
  ms_id_new(retry->new_id);
  if (!retry->job_id || !retry->words) {
    free_retry(retry);
    return NULL;
  }
  return retry;
}

static enum ms_status
start(struct ms_request *request, const char *job_id, const char *username, struct ms_error *err)
{
  struct ms_retry *retry = new_retry(request, job_id);
  if (!retry) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  uv_timer_init(request->server->loop, &retry->timer);
  retry->timer.data = retry->process.data = retry;
  retry->handles = HANDLES;
  LIST_INSERT_HEAD(&request->server->retries, retry, link);
  enum ms_status status = spawn(retry, username, err);
  if (status != MS_OK) {
    close_retry(retry);
    return status;
  }
  uv_unref((uv_handle_t *)&retry->process);
  uv_unref((uv_handle_t *)&retry->timer);
  retry->started_ms = ms_clock_monotonic_ms();
  retry->waiting = true;
  retry->request = request;
  request->state = retry;
  uv_timer_start(&retry->timer, look, MS_RETRY_LOOK_MS, MS_RETRY_LOOK_MS);
  ms_log(MS_LOG_INFO, "job %s is retried as %s for %s", job_id, retry->new_id, username);
  return MS_OK;
}

static enum ms_status
begin(struct ms_request *request, struct ms_error *err)
{
  const char *id = ms_request_argument(request, "id");
  char username[MS_JOBS_USERNAME_SIZE];
  id = id ? id : "";
  enum ms_status status =
      ms_jobs_check_retry(request->server->page, id, request->user_id, username, err);
  if (status == MS_OK && !is_plain(id)) {
    status = ms_fail(err, MS_INVALID, "a job with this id cannot be retried");
  }
  if (status == MS_OK) {
    status = check_room(request->server, id, err);
  }
  return status == MS_OK ? start(request, id, username, err) : status;
}

/* ---- answering ---- */

static enum MHD_Result
answer(struct ms_request *request)
{
  static const struct ms_answer_header header = {"Cache-Control", "no-store"};
  struct ms_retry *retry = request->state;
  struct ms_buffer json;
  if (!retry) {
    return MHD_NO; /* the server closes */
  }
  if (retry->waiting) {
    ms_request_suspend(request);
    return MHD_YES;
  }
  if (!retry->begun) {
    return ms_answer_error(request, 0, &retry->error);
  }
  ms_buffer_init(&json, ANSWER_MAX_BYTES);
  ms_buffer_printf(&json, "{\"job\":\"%s\"}", retry->new_id);
  return ms_answer_buffer(request, MHD_HTTP_OK, "application/json", &json, &header, 1);
}

static void
end(struct ms_request *request)
{
  struct ms_retry *retry = request->state;
  if (!retry) {
    return;
  }
  retry->request = NULL;
  if (!uv_is_active((uv_handle_t *)&retry->process)) {
    close_retry(retry); /* it ended before its request did */
  }
}

const struct ms_endpoint ms_endpoint_jobs_retry = {.begin = begin, .answer = answer, .end = end};

/* ---- records ---- */

void
ms_retry_forget(const char *job_id)
{
  char *state = NULL, *path = NULL;
  if (is_plain(job_id) && ms_path_xdg("state", &state, NULL) == MS_OK &&
      asprintf(&path, "%s/runs/%s.json", state, job_id) >= 0) {
    unlink(path);
    free(path);
  }
  free(state);
}
