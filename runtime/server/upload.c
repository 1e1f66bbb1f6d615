/* PUT /component/put and /component/part: bytes go to disk in batches, on the thread pool, while the next batch fills.
 *
 * The upload outlives its request when the client breaks off while a batch is being written: `request`
 * is then NULL, and whoever finds the upload idle throws it away. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/part.h"
#include "server/answer.h"
#include "server/blob_tag.h"
#include "server/offload.h"
#include "server/routes.h"
#include "server/share.h"

enum { BATCH_BYTES = 256 * 1024, MD5_TEXT_MAX_BYTES = 64 };

struct upload {
  struct ms_offload offload;     /* first: an offload is its upload */
  struct ms_request *request;    /* borrowed; NULL once it ended */
  struct ms_blob_writer *writer; /* owned; NULL once committed or abandoned */
  struct ms_buffer filling;      /* coming in */
  struct ms_buffer writing;      /* on its way to disk */
  char *md5;                     /* Content-MD5, owned, or NULL */
  struct ms_part part;           /* what is sent; number 0: the whole */
  int64_t segment_bytes;         /* of a part */
  uint8_t digest[MS_MD5_BYTES];  /* of a part that is stored */
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
  upload->status = upload->part.number > 0
                       ? ms_blob_part_commit(upload->writer, upload->digest, &upload->error)
                       : ms_blob_commit(upload->writer, upload->md5, &upload->error);
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

static struct upload *
new_upload(struct ms_request *request)
{
  struct upload *upload = calloc(1, sizeof *upload);
  if (upload) {
    ms_buffer_init(&upload->filling, BATCH_BYTES);
    ms_buffer_init(&upload->writing, BATCH_BYTES);
    upload->offload.server = request->server;
    upload->request = request;
  }
  return upload;
}

static enum ms_status
open_whole(struct ms_request *request, struct upload *upload, struct ms_error *err)
{
  const char *id = ms_request_argument(request, "id");
  const char *md5 = ms_request_header(request, "Content-MD5");
  if (md5 && !(upload->md5 = strndup(md5, MD5_TEXT_MAX_BYTES))) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  struct ms_blobs *blobs = ms_api_blobs(request->server->api);
  bool is_known = request->expected_bytes <= INT64_MAX; /* else it comes in chunks */
  enum ms_status status =
      is_known ? ms_blobs_check_room(blobs, (int64_t)request->expected_bytes, err) : MS_OK;
  if (status == MS_OK) {
    status = ms_blob_create(blobs, id ? id : "", &upload->writer, err);
  }
  if (status == MS_OK && is_known && !md5) {
    ms_blob_expect(upload->writer, (int64_t)request->expected_bytes);
  }
  return status;
}

/* Its length says where a part belongs, so it has to be known. */
static enum ms_status
open_part(struct ms_request *request, struct upload *upload, struct ms_error *err)
{
  const char *text = ms_request_argument(request, "id");
  struct ms_part *part = &upload->part;
  int64_t offset = 0;
  enum ms_status status = ms_part_parse(text ? text : "", part, err);
  if (status == MS_OK && request->expected_bytes > INT64_MAX) {
    status = ms_request_refuse(request, MHD_HTTP_LENGTH_REQUIRED, MS_USAGE,
                               "a part is sent with its Content-Length");
    *err = request->error;
  }
  if (status == MS_OK) {
    status =
        ms_part_place(part, (int64_t)request->expected_bytes, &offset, &upload->segment_bytes, err);
  }
  if (status == MS_OK) {
    status = ms_blob_part_create(ms_api_blobs(request->server->api), part->upload_id, offset,
                                 &upload->writer, err);
  }
  return status;
}

static enum ms_status
begin_with(struct ms_request *request,
           enum ms_status (*open)(struct ms_request *, struct upload *, struct ms_error *),
           struct ms_error *err)
{
  struct upload *upload = new_upload(request);
  enum ms_status status =
      upload ? open(request, upload, err) : ms_fail(err, MS_MEMORY, "out of memory");
  if (status != MS_OK && upload) {
    free_upload(upload);
  } else if (upload) {
    request->state = upload;
  }
  return status;
}

static enum ms_status
begin(struct ms_request *request, struct ms_error *err)
{
  return begin_with(request, open_whole, err);
}

static enum ms_status
begin_part(struct ms_request *request, struct ms_error *err)
{
  return begin_with(request, open_part, err);
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

static const char stored_body[] = "{\"success\": true}";

/* 200 with the tag under which a download will show the same bytes, and what they are. */
static enum MHD_Result
answer_stored(struct ms_request *request)
{
  char tag[MS_BLOB_TAG_SIZE], checksum[MS_BLOB_CHECKSUM_SIZE];
  int fd;
  int64_t size_bytes;
  enum ms_status status =
      ms_blob_open(ms_api_blobs(request->server->api), ms_request_argument(request, "id"), &fd,
                   &size_bytes, &request->error);
  if (status != MS_OK) {
    return ms_answer_failure(request);
  }
  ms_blob_tag(fd, tag);
  bool is_known = ms_blob_checksum(fd, checksum);
  close(fd);
  const struct ms_answer_header headers[] = {{"ETag", tag},
                                             {MS_CHECKSUM_HEADER, is_known ? checksum : NULL}};
  return ms_answer_static(request, MHD_HTTP_OK, "application/json", stored_body,
                          sizeof stored_body - 1, headers, sizeof headers / sizeof headers[0]);
}

/* 200 with the receipt of a part. */
static enum MHD_Result
answer_part(struct ms_request *request, const struct upload *upload)
{
  char tag[MS_PART_TAG_SIZE], quoted[MS_PART_TAG_SIZE + 2];
  ms_part_tag(request->server->api, &upload->part, upload->segment_bytes, upload->digest, tag);
  snprintf(quoted, sizeof quoted, "\"%s\"", tag);
  const struct ms_answer_header header = {"ETag", quoted};
  return ms_answer_static(request, MHD_HTTP_OK, "application/json", stored_body,
                          sizeof stored_body - 1, &header, 1);
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
  ms_share_start(request->server->share);
  return upload->part.number > 0 ? answer_part(request, upload) : answer_stored(request);
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
const struct ms_endpoint ms_endpoint_part = {begin_part, receive, answer, end};
