/* GET /jobs/zip?id=JOB: all attachments of a job in one archive, made while it is sent. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "page/jobs.h"
#include "page/zip.h"
#include "server/answer.h"
#include "server/media.h"
#include "server/routes.h"

enum { BLOCK_BYTES = 128 * 1024, NAME_MAX_BYTES = 128, DISPOSITION_MAX_BYTES = 512 };

struct archive {
  struct ms_blobs *blobs; /* borrowed */
  struct ms_zip *zip;     /* owned */
  struct ms_job_file *files;
  size_t count, packed;
};

static enum ms_status
open_entry(void *context, size_t index, int *fd, struct ms_error *err)
{
  struct archive *archive = context;
  int64_t size_bytes;
  return ms_blob_open(archive->blobs, archive->files[index].id, fd, &size_bytes, err);
}

/* Adds the files whose data is there; the others move behind them. */
static enum ms_status
pack(struct archive *archive, struct ms_error *err)
{
  enum ms_status status = MS_OK;
  for (size_t i = 0; status == MS_OK && i < archive->count; i++) {
    struct ms_job_file file = archive->files[i];
    int64_t size_bytes;
    int fd;
    if (ms_blob_open(archive->blobs, file.id, &fd, &size_bytes, NULL) != MS_OK) {
      continue;
    }
    close(fd);
    archive->files[i] = archive->files[archive->packed];
    archive->files[archive->packed++] = file;
    status = ms_zip_add(archive->zip, file.name, (uint64_t)size_bytes, err);
  }
  if (status == MS_OK && archive->packed == 0) {
    return ms_fail(err, MS_NOT_FOUND, "the job has no attachments");
  }
  return status;
}

static enum ms_status
begin(struct ms_request *request, struct ms_error *err)
{
  const char *id = ms_request_argument(request, "id");
  struct archive *archive = calloc(1, sizeof *archive);
  if (!archive || !(archive->zip = ms_zip_new(open_entry, archive))) {
    free(archive);
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  archive->blobs = ms_api_blobs(request->server->api);
  request->state = archive;
  enum ms_status status =
      ms_jobs_files(request->server->page, id ? id : "", &archive->files, &archive->count, err);
  if (status != MS_OK) {
    archive->files = NULL;
    archive->count = 0;
    return status;
  }
  return pack(archive, err);
}

static ssize_t
read_archive(void *context, uint64_t position, char *data, size_t capacity_bytes)
{
  struct ms_request *request = context;
  struct archive *archive = request->state;
  struct ms_error err;
  size_t size_bytes;
  (void)position;
  if (ms_zip_read(archive->zip, data, capacity_bytes, &size_bytes, &err) != MS_OK) {
    ms_log(MS_LOG_WARNING, "an archive was broken off: %s", err.message);
    return MHD_CONTENT_READER_END_WITH_ERROR;
  }
  return size_bytes > 0 ? (ssize_t)size_bytes : MHD_CONTENT_READER_END_OF_STREAM;
}

static enum MHD_Result
answer(struct ms_request *request)
{
  struct archive *archive = request->state;
  uint64_t size_bytes = ms_zip_size(archive->zip);
  struct ms_buffer disposition;
  char name[NAME_MAX_BYTES];
  snprintf(name, sizeof name, "job-%.8s.zip", ms_request_argument(request, "id"));
  ms_buffer_init(&disposition, DISPOSITION_MAX_BYTES);
  ms_media_disposition(name, &disposition);
  const struct ms_answer_header headers[] = {
      {"Content-Type", "application/zip"},
      {"Content-Disposition", ms_buffer_string(&disposition)},
      {"Cache-Control", "no-store"},
      {"X-Content-Type-Options", "nosniff"},
  };
  struct MHD_Response *response =
      ms_mhd.create_response_from_callback(size_bytes, BLOCK_BYTES, read_archive, request, NULL);
  enum MHD_Result result = ms_answer_send(request, MHD_HTTP_OK, response, size_bytes, headers,
                                          sizeof headers / sizeof headers[0]);
  ms_buffer_free(&disposition);
  return result;
}

static void
end(struct ms_request *request)
{
  struct archive *archive = request->state;
  if (archive) {
    ms_zip_free(archive->zip);
    ms_job_files_free(archive->files, archive->count);
    free(archive);
  }
}

const struct ms_endpoint ms_endpoint_jobs_zip = {.begin = begin, .answer = answer, .end = end};
