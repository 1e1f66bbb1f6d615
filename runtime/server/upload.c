/* PUT /component/put: bytes go to disk in batches, on the thread pool, while the next batch fills.
 *
 * The upload outlives its request when the client breaks off while a batch is being written: `request`
 * is then NULL, and whoever finds the upload idle throws it away. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/answer.h"
#include "server/blob_tag.h"
#include "server/offload.h"
#include "server/routes.h"

enum { BATCH_BYTES = 256 * 1024, MD5_TEXT_MAX_BYTES = 64 };

struct upload {
  struct ms_offload offload;     /* first: an offload is its upload */
  struct ms_request *request;    /* borrowed; NULL once it ended */
  struct ms_blob_writer *writer; /* owned; NULL once committed or abandoned */
  struct ms_buffer filling;      /* coming in */
  struct ms_buffer writing;      /* on its way to disk */
  char *md5;                     /* Content-MD5, owned, or NULL */
  bool busy;                     /* the thread pool has it */
  enum ms_status status;         /* of the file work */
  struct ms_error error;
};

static void
free_upload(struct upload *upload)
{
  ms_blob_abandon(upload->writer);
  ms_buffer_free(&upload->filling);
  ms_buffer_free(&upload->writing);
  free(upload->md5);
  free(upload);
}

/* ---- on a worker thread ---- */

static void
write_batch(struct ms_offload *offload)
{
  struct upload *upload = (struct upload *)offload;
  upload->status = ms_blob_write(upload->writer, upload->writing.data, upload->writing.size_bytes,
                                 &upload->error);
}

static void
commit(struct ms_offload *offload)
{
  struct upload *upload = (struct upload *)offload;
  upload->status = ms_blob_commit(upload->writer, upload->md5, &upload->error);
  upload->writer = NULL;
}

static void
abandon(struct ms_offload *offload)
{
  struct upload *upload = (struct upload *)offload;
  ms_blob_abandon(upload->writer);
  upload->writer = NULL;
}

/* ---- on the loop's ---- */

static void
discard_upload(struct upload *upload);

static void
on_done(struct ms_offload *offload, bool cancelled)
{
  struct upload *upload = (struct upload *)offload;
  (void)cancelled; /* only when the server closes, and then the request is gone */
  upload->busy = false;
  if (upload->request) {
    ms_request_resume(upload->request);
  } else {
    discard_upload(upload);
  }
}

static enum ms_status
start(struct upload *upload, void (*run)(struct ms_offload *offload))
{
  struct ms_server *server = upload->offload.server;
  upload->busy = true; /* from here on `status` and `error` are the worker's */
  enum ms_status status = ms_offload_start(server, &upload->offload, run, on_done, &upload->error);
  if (status != MS_OK) {
    upload->busy = false;
    upload->status = status;
  }
  return status;
}

/* Removing a large file takes as long as writing it: that too is for the thread pool. */
static void
discard_upload(struct upload *upload)
{
  assert(!upload->busy && !upload->request);
  bool closing = upload->offload.server->closing;
  if (closing || !upload->writer || start(upload, abandon) != MS_OK) {
    free_upload(upload);
  }
}

static void
start_batch(struct upload *upload)
{
  struct ms_buffer written = upload->writing;
  upload->writing = upload->filling;
  upload->filling = written;
  ms_buffer_clear(&upload->filling);
  start(upload, write_batch);
}

static enum ms_status
begin(struct ms_request *request, struct ms_error *err)
{
  const char *id = ms_request_argument(request, "id");
  const char *md5 = ms_request_header(request, "Content-MD5");
  struct upload *upload = calloc(1, sizeof *upload);
  if (!upload) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  ms_buffer_init(&upload->filling, BATCH_BYTES);
  ms_buffer_init(&upload->writing, BATCH_BYTES);
  upload->offload.server = request->server;
  upload->request = request;
  enum ms_status status = MS_OK;
  if (md5 && !(upload->md5 = strndup(md5, MD5_TEXT_MAX_BYTES))) {
    status = ms_fail(err, MS_MEMORY, "out of memory");
  }
  if (status == MS_OK) {
    status = ms_blob_create(ms_api_blobs(request->server->api), id ? id : "", &upload->writer, err);
  }
  if (status != MS_OK) {
    free_upload(upload);
    return status;
  }
  request->state = upload;
  return MS_OK;
}

static enum ms_status
receive(struct ms_request *request, const char *data, size_t *size_bytes, struct ms_error *err)
{
  struct upload *upload = request->state;
  for (;;) {
    bool full = upload->filling.size_bytes == BATCH_BYTES;
    if (full && !upload->busy && upload->status == MS_OK) {
      start_batch(upload);
      full = false;
    }
    if (!upload->busy && upload->status != MS_OK) {
      *err = upload->error;
      return upload->status;
    }
    if (*size_bytes == 0) {
      return MS_OK;
    }
    if (full) {
      ms_request_suspend(request);
      return MS_OK;
    }
    size_t room = BATCH_BYTES - upload->filling.size_bytes;
    size_t taken = *size_bytes < room ? *size_bytes : room;
    ms_buffer_append(&upload->filling, data, taken);
    enum ms_status status = ms_buffer_check(&upload->filling, "upload", err);
    if (status != MS_OK) {
      return status;
    }
    data += taken;
    *size_bytes -= taken;
  }
}

/* 200 with the tag under which a download will show the same bytes. */
static enum MHD_Result
answer_stored(struct ms_request *request)
{
  char tag[MS_BLOB_TAG_SIZE];
  int fd;
  int64_t size_bytes;
  enum ms_status status =
      ms_blob_open(ms_api_blobs(request->server->api), ms_request_argument(request, "id"), &fd,
                   &size_bytes, &request->error);
  if (status != MS_OK) {
    return ms_answer_failure(request);
  }
  ms_blob_tag(fd, tag);
  close(fd);
  static const char body[] = "{\"success\": true}";
  const struct ms_answer_header header = {"ETag", tag};
  return ms_answer_static(request, MHD_HTTP_OK, "application/json", body, sizeof body - 1, &header,
                          1);
}

static enum MHD_Result
answer(struct ms_request *request)
{
  struct upload *upload = request->state;
  if (!upload->busy && upload->status == MS_OK && upload->writer) {
    if (upload->filling.size_bytes > 0) {
      start_batch(upload);
    } else {
      start(upload, commit);
    }
  }
  if (upload->busy) {
    ms_request_suspend(request);
    return MHD_YES;
  }
  if (upload->status != MS_OK) {
    return ms_answer_error(request, 0, &upload->error);
  }
  return answer_stored(request);
}

static void
end(struct ms_request *request)
{
  struct upload *upload = request->state;
  if (!upload) {
    return;
  }
  upload->request = NULL;
  if (!upload->busy) {
    discard_upload(upload);
  } else if (request->server->closing) {
    ms_blob_abandon(upload->writer); /* no worker is inside any more; its notice frees the rest */
    upload->writer = NULL;
  }
}

const struct ms_endpoint ms_endpoint_upload = {begin, receive, answer, end};
