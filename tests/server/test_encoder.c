/* Encoding, with an ffmpeg of ours that copies what it is given a word for: what it made becomes component data on
 * the thread pool, whose only worker these tests can hold. */
#include <dirent.h>
#include <sys/stat.h>

#include "support.h"

enum { REQUEST_MAX_BYTES = 8192, LOOKS = 10 };

static const char source_id[] = "film";

struct stage {
  struct fixture *fixture;
  char tools[FOLDER_BYTES]; /* ffmpeg and ffprobe */
  uv_work_t holder;
  uv_sem_t holding, release;
};

/* ---- the programs ---- */

static void
write_file(const char *folder, const char *name, const char *text)
{
  char path[FOLDER_PATH_BYTES];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(text, file);
  assert_int_equal(fclose(file), 0);
  assert_int_equal(chmod(path, 0700), 0);
}

static bool
is_there(const struct stage *stage, const char *name)
{
  char path[FOLDER_PATH_BYTES];
  snprintf(path, sizeof path, "%s/%s", stage->tools, name);
  return access(path, F_OK) == 0;
}

static void
sleep_briefly(void)
{
  usleep(20 * 1000);
}

static void
wait_for(const struct stage *stage, const char *name)
{
  for (int tries = 0; !is_there(stage, name); tries++) {
    assert_in_range(tries, 0, PATIENCE_S * 50);
    sleep_briefly();
  }
}

/* ffmpeg waits for the file `go`; ffprobe leaves the file `probed`, after which the output is taken. */
static void
write_tools(const struct stage *stage)
{
  char text[1024];
  snprintf(text, sizeof text,
           "#!/bin/sh\nfor last; do :; done\n"
           "while [ ! -e %s/go ]; do sleep 0.02; done\nprintf encoded > \"$last\"\n",
           stage->tools);
  write_file(stage->tools, "ffmpeg", text);
  snprintf(text, sizeof text, "#!/bin/sh\n: > %s/probed\nexit 1\n", stage->tools);
  write_file(stage->tools, "ffprobe", text);
}

static int
stage_open(void **state)
{
  struct stage *stage = calloc(1, sizeof *stage);
  char path[4096];
  assert_non_null(stage);
  assert_int_equal(folder_make(stage->tools), 0);
  write_tools(stage);
  snprintf(path, sizeof path, "%s:%s", stage->tools, getenv("PATH"));
  setenv("PATH", path, 1);
  uv_sem_init(&stage->holding, 0);
  uv_sem_init(&stage->release, 0);
  void *fixture;
  assert_int_equal(fixture_open(&fixture), 0);
  stage->fixture = fixture;
  *state = stage;
  return 0;
}

static int
stage_close(void **state)
{
  struct stage *stage = *state;
  void *fixture = stage->fixture;
  fixture_close(&fixture);
  const char *path = getenv("PATH");
  setenv("PATH", path + strlen(stage->tools) + 1, 1);
  uv_sem_destroy(&stage->holding);
  uv_sem_destroy(&stage->release);
  folder_remove(stage->tools);
  free(stage);
  return 0;
}

/* ---- the thread pool ---- */

static void
hold(uv_work_t *work)
{
  struct stage *stage = work->data;
  uv_sem_post(&stage->holding);
  uv_sem_wait(&stage->release);
}

static void
held(uv_work_t *work, int status)
{
  (void)work, (void)status;
}

/* The pool's worker does nothing until `release` is posted. */
static void
hold_worker(struct stage *stage)
{
  struct fixture *fixture = stage->fixture;
  stage->holder.data = stage;
  hold_server(fixture); /* meanwhile the loop is ours */
  assert_int_equal(uv_queue_work(&fixture->loop, &stage->holder, hold, held), 0);
  release_server(fixture);
  uv_sem_wait(&stage->holding);
}

static void
release_worker(struct stage *stage)
{
  uv_sem_post(&stage->release);
}

/* ---- the tracker ---- */

/* One batch, whose answer the caller frees. */
static char *
call(struct stage *stage, const char *batch)
{
  char request[REQUEST_MAX_BYTES];
  int length = snprintf(request, sizeof request,
                        "POST /api HTTP/1.1\r\nHost: h\r\nConnection: close\r\n%s"
                        "Content-Length: %zu\r\n\r\n%s",
                        credentials(stage->fixture), strlen(batch), batch);
  char *answer = exchange(stage->fixture, request, (size_t)length);
  if (!strstr(answer, "HTTP/1.1 200") || strstr(answer, "\"exception\"")) {
    fail_msg("%s: %s", batch, answer);
  }
  return answer;
}

/* Asks for a film to be encoded. */
static void
encode(struct stage *stage)
{
  struct ms_blob_writer *writer;
  struct ms_error err;
  must(ms_blob_create(ms_api_blobs(stage->fixture->api), source_id, &writer, &err), &err);
  must(ms_blob_commit(writer, NULL, &err), &err);
  free(call(stage, "[{\"action\":\"create\",\"entity_type\":\"FileComponent\",\"entity_data\":"
                   "{\"id\":\"film\",\"file_type\":\".mov\"}},"
                   "{\"action\":\"encode_media\",\"component_id\":\"film\","
                   "\"keep_original\":true}]"));
}

/* The film's job, as it is told. */
static char *
read_job(struct stage *stage)
{
  return call(stage, "[{\"action\":\"query\",\"expression\":\"select status from Job\"}]");
}

static bool
job_is(struct stage *stage, const char *status)
{
  char *answer = read_job(stage), member[64];
  snprintf(member, sizeof member, "\"status\":\"%s\"", status);
  bool is_found = strstr(answer, member) != NULL;
  free(answer);
  return is_found;
}

/* The job and its components, when the server has ended. */
static char *
read_ended_job(struct stage *stage)
{
  static const char body[] = "[{\"action\":\"query\",\"expression\":"
                             "\"select status, data, job_components from Job\"}]";
  const struct ms_api_request request = {.body = body, .body_bytes = strlen(body), .base_url = ""};
  struct ms_buffer answer;
  struct ms_error err;
  ms_buffer_init(&answer, 1 << 20);
  must(ms_api_call(stage->fixture->api, &request, &answer, &err), &err);
  return ms_buffer_take(&answer);
}

/* ---- files ---- */

/* The files in a folder and in those in it whose name is not `besides`. */
static unsigned
count_files(const char *folder, const char *besides)
{
  unsigned count = 0;
  DIR *listing = opendir(folder);
  assert_non_null(listing);
  for (struct dirent *entry; (entry = readdir(listing));) {
    char path[1024];
    struct stat info;
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    if (entry->d_name[0] == '.' || strcmp(entry->d_name, besides) == 0 || stat(path, &info) != 0) {
      continue;
    }
    count += S_ISDIR(info.st_mode) ? count_files(path, besides) : 1;
  }
  closedir(listing);
  return count;
}

/* Of what ffmpeg writes to, in TMPDIR. */
static unsigned
count_outputs(void)
{
  unsigned count = 0;
  DIR *listing = opendir(getenv("TMPDIR"));
  assert_non_null(listing);
  for (struct dirent *entry; (entry = readdir(listing));) {
    count += strncmp(entry->d_name, "moonshift-encode-", strlen("moonshift-encode-")) == 0;
  }
  closedir(listing);
  return count;
}

/* Besides the film. */
static unsigned
count_blobs(const struct stage *stage)
{
  char path[FOLDER_PATH_BYTES];
  snprintf(path, sizeof path, "%s/blobs", stage->fixture->folder);
  return count_files(path, source_id);
}

/* ---- tests ---- */

/* The film is made, and has to wait for the worker before it is component data. */
static void
encode_until_the_import(struct stage *stage)
{
  encode(stage);
  hold_worker(stage);
  write_file(stage->tools, "go", "");
  wait_for(stage, "probed");
}

static void
others_are_served_while_an_output_is_copied(void **state)
{
  struct stage *stage = *state;
  encode_until_the_import(stage);
  for (int i = 0; i < LOOKS; i++) {
    assert_true(job_is(stage, "running"));
    sleep_briefly();
  }
  assert_int_equal(count_blobs(stage), 0);
  release_worker(stage);
  for (int i = 0; !job_is(stage, "done"); i++) {
    assert_in_range(i, 0, PATIENCE_S * 50);
    sleep_briefly();
  }
  assert_int_equal(count_blobs(stage), 2); /* a film and a picture */
  assert_int_equal(count_outputs(), 0);
}

static void
expect_interrupted(struct stage *stage, const char *job)
{
  if (!strstr(job, "\"status\":\"failed\"") || !strstr(job, "the server ended") ||
      !strstr(job, "\"job_components\":[]")) {
    fail_msg("%s", job);
  }
  assert_int_equal(count_blobs(stage), 0);
}

/* The server closes before the worker comes to it. */
static void
an_output_that_waits_goes_with_the_server(void **state)
{
  struct stage *stage = *state;
  encode_until_the_import(stage);
  uv_async_send(&stage->fixture->stop);
  for (int fd; (fd = try_to_dial(stage->fixture)) >= 0; close(fd)) {
    sleep_briefly();
  }
  release_worker(stage);
  fixture_stop(stage->fixture);
  char *job = read_ended_job(stage);
  expect_interrupted(stage, job);
  assert_int_equal(count_outputs(), 0);
  free(job);
}

/* The server closes while the worker may be anywhere. */
static void
a_server_may_close_at_any_time(void **state)
{
  struct stage *stage = *state;
  encode_until_the_import(stage);
  release_worker(stage);
  fixture_stop(stage->fixture);
  char *job = read_ended_job(stage);
  if (strstr(job, "\"status\":\"done\"")) {
    assert_int_equal(count_blobs(stage), 2);
  } else {
    expect_interrupted(stage, job);
  }
  assert_int_equal(count_outputs(), 0);
  free(job);
}

#define ON_A_STAGE(test) cmocka_unit_test_setup_teardown(test, stage_open, stage_close)

int
main(void)
{
  setenv("UV_THREADPOOL_SIZE", "1", 1);
  const struct CMUnitTest tests[] = {
      ON_A_STAGE(others_are_served_while_an_output_is_copied),
      ON_A_STAGE(an_output_that_waits_goes_with_the_server),
      ON_A_STAGE(a_server_may_close_at_any_time),
      ON_A_STAGE(a_server_may_close_at_any_time),
      ON_A_STAGE(a_server_may_close_at_any_time),
  };
  char folder[FOLDER_BYTES];
  if (folder_make(folder) != 0) {
    return 1;
  }
  setenv("TMPDIR", folder, 1);
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  return folder_remove(folder) == 0 ? failures : 1;
}
