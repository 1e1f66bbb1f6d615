/* A queue and one process at a time. A job has one or two passes, each of which makes one output; the
 * first that fails is the job's reason. */
#include "server/encoder.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "loop/process.h"
#include "server/daemon.h"
#include "server/encode_import.h"
#include "server/encode_report.h"

enum { COMPLAINT_MAX_BYTES = 16 * 1024, ARGUMENTS_MAX = 40 };

enum pass { PASS_VIDEO, PASS_IMAGE, PASS_COUNT };

/* What ffmpeg is told between the source and the output. */
static const char *const pass_arguments[PASS_COUNT][16] = {
    [PASS_VIDEO] = {"-map", "0:v:0", "-map", "0:a:0?", "-c:v", "libx264", "-pix_fmt", "yuv420p",
                    "-vf", "scale=trunc(iw/2)*2:trunc(ih/2)*2", "-movflags", "+faststart", "-f",
                    "mp4"},
    [PASS_IMAGE] = {"-map", "0:v:0", "-frames:v", "1", "-vf", "scale='min(1920,iw)':-2", "-f",
                    "mjpeg"},
};

struct job {
  struct ms_encoding encoding; /* texts owned */
  int64_t asked_ms;
  TAILQ_ENTRY(job) link;
};

TAILQ_HEAD(job_list, job);

struct ms_encoder {
  struct ms_server *server; /* borrowed */
  uv_timer_t timer;         /* to begin, or the time-out of what runs */
  struct job_list jobs;     /* the first one is at work, if any is */
  unsigned job_count;
  bool is_busy;
  enum pass pass;
  struct ms_process *process;      /* owned, or NULL */
  char path[256];                  /* of the pass's output, "" for none */
  struct ms_buffer complaint;      /* what ffmpeg wrote to its error output */
  bool is_late;                    /* it was killed for that */
  struct ms_encode_probe *probe;   /* owned, or NULL */
  struct ms_encode_import *import; /* owned, or NULL */
  struct ms_encode_output outputs[PASS_COUNT];
};

/* ---- jobs ---- */

static void
free_job(struct job *job)
{
  free((char *)job->encoding.job_id);
  free((char *)job->encoding.source_id);
  free((char *)job->encoding.version_id);
  free((char *)job->encoding.video_id);
  free((char *)job->encoding.image_id);
  free(job);
}

static bool
copy_text(const char **copy, const char *text)
{
  *copy = text ? strdup(text) : NULL;
  return !text || *copy;
}

/* NULL when out of memory. */
static struct job *
copy_job(const struct ms_encoding *encoding)
{
  struct job *job = calloc(1, sizeof *job);
  if (!job) {
    return NULL;
  }
  job->asked_ms = ms_clock_monotonic_ms();
  job->encoding.keep_original = encoding->keep_original;
  if (copy_text(&job->encoding.job_id, encoding->job_id) &&
      copy_text(&job->encoding.source_id, encoding->source_id) &&
      copy_text(&job->encoding.version_id, encoding->version_id) &&
      copy_text(&job->encoding.video_id, encoding->video_id) &&
      copy_text(&job->encoding.image_id, encoding->image_id)) {
    return job;
  }
  free_job(job);
  return NULL;
}

/* ---- one pass ---- */

static void
start_next(struct ms_encoder *encoder);

static void
on_timer(uv_timer_t *timer);

static void
remove_output(struct ms_encoder *encoder)
{
  if (encoder->path[0]) {
    unlink(encoder->path);
    encoder->path[0] = '\0';
  }
}

static void
finish_job(struct ms_encoder *encoder, const char *reason)
{
  struct job *job = TAILQ_FIRST(&encoder->jobs);
  struct ms_api *api = encoder->server->api;
  struct ms_error err;
  remove_output(encoder);
  enum ms_status status =
      reason ? ms_encode_report_failed(api, &job->encoding, reason, &err)
             : ms_encode_report_done(api, &job->encoding, &encoder->outputs[PASS_VIDEO],
                                     &encoder->outputs[PASS_IMAGE], &err);
  if (status != MS_OK) {
    ms_log(MS_LOG_WARNING, "encode_media: %s", err.message);
  }
  TAILQ_REMOVE(&encoder->jobs, job, link);
  encoder->job_count--;
  encoder->is_busy = false;
  free_job(job);
  start_next(encoder);
}

/* The last line that ffmpeg wrote, without a line's end. */
static const char *
last_complaint(struct ms_encoder *encoder)
{
  const char *text = ms_buffer_string(&encoder->complaint);
  size_t size = encoder->complaint.size_bytes;
  while (size > 0 && text[size - 1] == '\n') {
    ms_buffer_truncate(&encoder->complaint, --size);
  }
  const char *line = strrchr(ms_buffer_string(&encoder->complaint), '\n');
  return line ? line + 1 : ms_buffer_string(&encoder->complaint);
}

static void
start_pass(struct ms_encoder *encoder);

static void
on_imported(void *user, enum ms_status status, int64_t size_bytes, const struct ms_error *err)
{
  struct ms_encoder *encoder = user;
  encoder->import = NULL;
  encoder->outputs[encoder->pass].size_bytes = size_bytes;
  if (status != MS_OK) {
    finish_job(encoder, err->message);
  } else if (encoder->pass == PASS_IMAGE) {
    finish_job(encoder, NULL);
  } else {
    encoder->pass = PASS_IMAGE;
    start_pass(encoder);
  }
}

/* The pass's output is in its file: into the blobs with it. */
static void
take_output(struct ms_encoder *encoder)
{
  const struct ms_encoding *encoding = &TAILQ_FIRST(&encoder->jobs)->encoding;
  const char *id = encoder->pass == PASS_VIDEO ? encoding->video_id : encoding->image_id;
  struct ms_error err;
  if (ms_encode_import_start(encoder->server, id, encoder->path, on_imported, encoder,
                             &encoder->import, &err) == MS_OK) {
    encoder->path[0] = '\0'; /* the import's now */
  } else {
    finish_job(encoder, err.message);
  }
}

static void
on_probed(void *user, const char *meta)
{
  struct ms_encoder *encoder = user;
  encoder->probe = NULL;
  uv_timer_stop(&encoder->timer);
  strcpy(encoder->outputs[encoder->pass].meta, meta);
  take_output(encoder);
}

/* Its measures first; without ffprobe they stay unknown. */
static void
probe_output(struct ms_encoder *encoder)
{
  struct ms_error ignored;
  if (ms_encode_probe_start(encoder->server->loop, encoder->path, encoder->pass == PASS_VIDEO,
                            on_probed, encoder, &encoder->probe, &ignored) == MS_OK) {
    uv_timer_start(&encoder->timer, on_timer, MS_ENCODER_PROBE_TIME_MAX_MS, 0);
  } else {
    take_output(encoder);
  }
}

static void
on_output(void *user, int stream, const char *data, size_t size_bytes)
{
  struct ms_encoder *encoder = user;
  (void)stream;
  if (encoder->complaint.size_bytes + size_bytes < COMPLAINT_MAX_BYTES) {
    ms_buffer_append(&encoder->complaint, data, size_bytes);
  }
}

static void
on_end(void *user, const struct ms_process_result *result)
{
  struct ms_encoder *encoder = user;
  char reason[512];
  ms_process_free(encoder->process);
  encoder->process = NULL;
  uv_timer_stop(&encoder->timer);
  if (result->exit_code == 0) {
    probe_output(encoder);
    return;
  }
  if (encoder->is_late) {
    snprintf(reason, sizeof reason, "ffmpeg was stopped after %d minutes",
             MS_ENCODER_TIME_MAX_MS / 60000);
  } else {
    snprintf(reason, sizeof reason, "ffmpeg could not read it: %.400s", last_complaint(encoder));
  }
  finish_job(encoder, reason);
}

static enum ms_status
make_output_file(struct ms_encoder *encoder, struct ms_error *err)
{
  const char *folder = getenv("TMPDIR");
  folder = folder && *folder ? folder : "/tmp";
  int length = snprintf(encoder->path, sizeof encoder->path, "%s/moonshift-encode-XXXXXX", folder);
  int fd = length < (int)sizeof encoder->path ? mkstemp(encoder->path) : -1;
  if (fd < 0) {
    encoder->path[0] = '\0';
    return ms_fail(err, MS_IO, "there is no room for a temporary file in %s", folder);
  }
  close(fd);
  return MS_OK;
}

/* `source` is a URL of ffmpeg's: a name with a colon in it is no protocol. */
static enum ms_status
spawn(struct ms_encoder *encoder, const char *source, struct ms_error *err)
{
  const char *arguments[ARGUMENTS_MAX] = {"ffmpeg", "-nostdin", "-hide_banner",        "-loglevel",
                                          "error",  "-y",       "-protocol_whitelist", "file",
                                          "-i",     source};
  size_t count = 10;
  for (const char *const *each = pass_arguments[encoder->pass]; *each; each++) {
    arguments[count++] = *each;
  }
  arguments[count++] = encoder->path;
  assert(count < ARGUMENTS_MAX);
  const struct ms_process_options options = {.arguments = arguments,
                                             .output = MS_PROCESS_PIPE,
                                             .error = MS_PROCESS_PIPE,
                                             .nice = MS_ENCODER_NICE,
                                             .on_output = on_output,
                                             .on_end = on_end,
                                             .user = encoder};
  return ms_process_spawn(encoder->server->loop, &options, &encoder->process, err);
}

static enum ms_status
spawn_pass(struct ms_encoder *encoder, struct ms_error *err)
{
  const struct ms_encoding *encoding = &TAILQ_FIRST(&encoder->jobs)->encoding;
  char *path = NULL, *source = NULL;
  enum ms_status status =
      ms_blob_path(ms_api_blobs(encoder->server->api), encoding->source_id, &path, err);
  if (status == MS_OK && asprintf(&source, "file:%s", path) < 0) {
    source = NULL;
    status = ms_fail(err, MS_MEMORY, "out of memory");
  }
  if (status == MS_OK) {
    status = make_output_file(encoder, err);
  }
  if (status == MS_OK) {
    status = spawn(encoder, source, err);
  }
  free(source);
  free(path);
  return status;
}

/* A client that looks at its job right after it has asked shall see what is to be made of its media; and whoever
 * installs ffmpeg now is in time. */
static void
miss_ffmpeg(struct ms_encoder *encoder)
{
  int64_t waited_ms = ms_clock_monotonic_ms() - TAILQ_FIRST(&encoder->jobs)->asked_ms;
  remove_output(encoder);
  if (waited_ms < MS_ENCODER_WAIT_MS) {
    uv_timer_start(&encoder->timer, on_timer, (uint64_t)(MS_ENCODER_WAIT_MS - waited_ms), 0);
  } else {
    finish_job(encoder, "ffmpeg is not installed where the tracker runs: install it there");
  }
}

static void
start_pass(struct ms_encoder *encoder)
{
  struct ms_error err;
  ms_buffer_clear(&encoder->complaint);
  encoder->is_late = false;
  enum ms_status status = spawn_pass(encoder, &err);
  if (status == MS_OK) {
    uv_timer_start(&encoder->timer, on_timer, MS_ENCODER_TIME_MAX_MS, 0);
  } else if (status == MS_NOT_FOUND) {
    miss_ffmpeg(encoder);
  } else {
    finish_job(encoder, err.message);
  }
}

/* ---- the queue ---- */

static void
start_job(struct ms_encoder *encoder)
{
  struct job *job = TAILQ_FIRST(&encoder->jobs);
  struct ms_error err;
  if (encoder->is_busy || !job) {
    return;
  }
  encoder->is_busy = true;
  memset(encoder->outputs, 0, sizeof encoder->outputs);
  if (ms_encode_report_started(encoder->server->api, job->encoding.job_id, &err) != MS_OK) {
    finish_job(encoder, err.message); /* the job may have been deleted */
    return;
  }
  encoder->pass = job->encoding.video_id ? PASS_VIDEO : PASS_IMAGE;
  start_pass(encoder);
}

static void
on_timer(uv_timer_t *timer)
{
  struct ms_encoder *encoder = timer->data;
  if (encoder->process) {
    encoder->is_late = true;
    ms_process_signal_tree(encoder->process, SIGKILL);
  } else if (encoder->probe) {
    ms_encode_probe_free(encoder->probe);
    on_probed(encoder, "");
  } else if (encoder->is_busy) {
    start_pass(encoder);
  } else {
    start_job(encoder);
  }
}

/* From the loop, not from within an API call. */
static void
start_next(struct ms_encoder *encoder)
{
  if (!encoder->is_busy && !TAILQ_EMPTY(&encoder->jobs)) {
    uv_timer_start(&encoder->timer, on_timer, 0, 0);
  }
}

static void
on_asked(void *context, const struct ms_encoding *encoding)
{
  struct ms_encoder *encoder = context;
  struct job *job = encoder->job_count < MS_ENCODER_QUEUE_MAX ? copy_job(encoding) : NULL;
  if (!job) {
    ms_log(MS_LOG_WARNING, "encode_media: job %s waits for another start of the server",
           encoding->job_id);
    return;
  }
  TAILQ_INSERT_TAIL(&encoder->jobs, job, link);
  encoder->job_count++;
  start_next(encoder);
}

enum ms_status
ms_encoder_open(struct ms_server *server, struct ms_encoder **result, struct ms_error *err)
{
  enum ms_status status = ms_encode_report_interrupted(server->api, err);
  if (status != MS_OK) {
    return status;
  }
  struct ms_encoder *encoder = calloc(1, sizeof *encoder);
  if (!encoder) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  encoder->server = server;
  TAILQ_INIT(&encoder->jobs);
  ms_buffer_init(&encoder->complaint, COMPLAINT_MAX_BYTES);
  uv_timer_init(server->loop, &encoder->timer);
  encoder->timer.data = encoder;
  ms_api_set_encoder(server->api, on_asked, encoder);
  *result = encoder;
  return MS_OK;
}

static void
on_closed(uv_handle_t *handle)
{
  struct ms_encoder *encoder = handle->data;
  ms_buffer_free(&encoder->complaint);
  free(encoder);
}

void
ms_encoder_close(struct ms_encoder *encoder)
{
  struct ms_error err;
  struct job *job;
  if (!encoder) {
    return;
  }
  ms_api_set_encoder(encoder->server->api, NULL, NULL);
  ms_process_free(encoder->process);
  ms_encode_probe_free(encoder->probe);
  ms_encode_import_leave(encoder->import);
  remove_output(encoder);
  bool is_unfinished = !TAILQ_EMPTY(&encoder->jobs);
  while ((job = TAILQ_FIRST(&encoder->jobs))) {
    TAILQ_REMOVE(&encoder->jobs, job, link);
    free_job(job);
  }
  if (is_unfinished && ms_encode_report_interrupted(encoder->server->api, &err) != MS_OK) {
    ms_log(MS_LOG_WARNING, "encode_media: %s", err.message);
  }
  uv_close((uv_handle_t *)&encoder->timer, on_closed);
}
