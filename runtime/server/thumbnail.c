/* GET /component/thumbnail: a small picture, made on a worker when it is first asked for. Where none can be made, an
 * image that every browser shows is its own thumbnail, and everything else gets a placeholder. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/answer.h"
#include "server/blob_tag.h"
#include "server/media.h"
#include "server/offload.h"
#include "server/routes.h"
#include "server/thumbnail_make.h"

enum {
  ORIGINAL_MAX_BYTES = 8 * 1024 * 1024,
  MAKERS_MAX = 2 /* at a time: uploads want the workers, too */
};

/* A picture that is being made. */
struct thumbnail {
  struct ms_offload offload;  /* first: an offload is its thumbnail */
  struct ms_request *request; /* borrowed; NULL once it ended */
  const struct ms_thumbnail_kind *kind;
  char *source, *path; /* owned */
  int size_pixels;
  bool busy, finished;
  struct ms_error error; /* the worker's, while busy */
};

static int
    makers; /* how many are busy, of all servers of the process; the loop's thread alone counts */

static const char placeholder[] =
    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 160 90\" width=\"320\" height=\"180\">"
    "<rect width=\"160\" height=\"90\" fill=\"#e8eaed\"/>"
    "<path d=\"M58 62 76 38l12 15 8-9 14 18z\" fill=\"#b3b8bf\"/>"
    "<circle cx=\"100\" cy=\"33\" r=\"6\" fill=\"#b3b8bf\"/></svg>";

static const char *const shown_types[] = {"image/png", "image/jpeg", "image/gif", "image/webp"};

static bool
is_shown(const char *type)
{
  for (size_t i = 0; i < sizeof shown_types / sizeof shown_types[0]; i++) {
    if (strcmp(shown_types[i], type) == 0) {
      return true;
    }
  }
  return false;
}

static enum MHD_Result
answer_placeholder(struct ms_request *request)
{
  static const struct ms_answer_header cache = {"Cache-Control", "max-age=300"};
  return ms_answer_static(request, MHD_HTTP_OK, "image/svg+xml", placeholder,
                          sizeof placeholder - 1, &cache, 1);
}

static enum MHD_Result
answer_original(struct ms_request *request, const char *type, int fd, int64_t size_bytes)
{
  char tag[MS_BLOB_TAG_SIZE];
  ms_blob_tag(fd, tag);
  const struct ms_answer_header headers[] = {
      {"Content-Type", type},
      {"ETag", tag},
      {"Cache-Control", "private, no-cache"},
      {"X-Content-Type-Options", "nosniff"},
  };
  size_t count = sizeof headers / sizeof headers[0];
  if (ms_blob_tag_matches(ms_request_header(request, "If-None-Match"), tag)) {
    close(fd);
    return ms_answer_static(request, MHD_HTTP_NOT_MODIFIED, NULL, "", 0, headers, count);
  }
  return ms_answer_file(request, MHD_HTTP_OK, fd, 0, (uint64_t)size_bytes, headers, count);
}

/* ---- making ---- */

static void
free_thumbnail(struct thumbnail *thumbnail)
{
  free(thumbnail->source);
  free(thumbnail->path);
  free(thumbnail);
}

static void
run(struct ms_offload *offload)
{
  struct thumbnail *thumbnail = (struct thumbnail *)offload;
  ms_thumbnail_make(thumbnail->kind, thumbnail->source, thumbnail->path, thumbnail->size_pixels,
                    &thumbnail->error);
}

static void
on_done(struct ms_offload *offload, bool cancelled)
{
  struct thumbnail *thumbnail = (struct thumbnail *)offload;
  (void)cancelled; /* only when the server closes, and then the request is gone */
  makers--;
  thumbnail->busy = false;
  thumbnail->finished = true;
  if (thumbnail->request) {
    ms_request_resume(thumbnail->request);
  } else {
    free_thumbnail(thumbnail);
  }
}

/* Whether a picture is being made; the request is suspended then. */
static bool
start(struct ms_request *request, const char *id, const struct ms_thumbnail_kind *kind,
      const char *path, int size_pixels)
{
  if (makers >= MAKERS_MAX) {
    return false;
  }
  struct thumbnail *thumbnail = calloc(1, sizeof *thumbnail);
  if (!thumbnail) {
    return false;
  }
  thumbnail->request = request;
  thumbnail->kind = kind;
  thumbnail->size_pixels = size_pixels;
  thumbnail->path = strdup(path);
  bool is_ready = thumbnail->path && ms_blob_path(ms_api_blobs(request->server->api), id,
                                                  &thumbnail->source, NULL) == MS_OK;
  if (!is_ready ||
      ms_offload_start(request->server, &thumbnail->offload, run, on_done, NULL) != MS_OK) {
    free_thumbnail(thumbnail);
    return false;
  }
  makers++;
  thumbnail->busy = true;
  request->state = thumbnail;
  ms_request_suspend(request);
  return true;
}

/* ---- answering ---- */

/* A power of two that is not smaller than what was asked for. */
static int
wanted_size(const struct ms_request *request)
{
  const char *text = ms_request_argument(request, "size");
  long wanted = text ? strtol(text, NULL, 10) : MS_THUMBNAIL_SIZE_DEFAULT;
  int size = MS_THUMBNAIL_SIZE_MIN;
  while (size < wanted && size < MS_THUMBNAIL_SIZE_MAX) {
    size *= 2;
  }
  return size;
}

/* The picture that was made earlier, or -1. */
static int
open_picture(const char *path, int64_t *size_bytes)
{
  struct stat info;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd >= 0 && fstat(fd, &info) == 0) {
    *size_bytes = info.st_size;
  }
  return fd;
}

/* Whether there is an answer, or will be: a picture that is kept, or one that is being made. */
static bool
answer_picture(struct ms_request *request, const char *id, const char *type, int data_fd,
               enum MHD_Result *result)
{
  const struct ms_thumbnail_kind *kind = ms_thumbnail_kind_find(type);
  char tag[MS_BLOB_TAG_SIZE], *path = NULL;
  int size_pixels = wanted_size(request);
  int64_t size_bytes = 0;
  ms_blob_tag(data_fd, tag);
  if (!kind || ms_thumbnail_path(tag, size_pixels, &path, NULL) != MS_OK) {
    return false;
  }
  int fd = open_picture(path, &size_bytes);
  bool is_answered = fd >= 0;
  if (fd >= 0) {
    *result = answer_original(request, "image/jpeg", fd, size_bytes);
  } else if (!request->state) {
    is_answered = start(request, id, kind, path, size_pixels);
    *result = MHD_YES;
  }
  free(path);
  return is_answered;
}

static enum MHD_Result
answer_data(struct ms_request *request, const char *id, const char *type)
{
  enum MHD_Result result;
  int fd;
  int64_t size_bytes;
  if (ms_blob_open(ms_api_blobs(request->server->api), id, &fd, &size_bytes, NULL) != MS_OK) {
    return answer_placeholder(request);
  }
  if (answer_picture(request, id, type, fd, &result)) {
    close(fd);
    return result;
  }
  if (!is_shown(type) || size_bytes > ORIGINAL_MAX_BYTES) {
    close(fd);
    return answer_placeholder(request);
  }
  return answer_original(request, type, fd, size_bytes);
}

static enum MHD_Result
answer(struct ms_request *request)
{
  const char *id = ms_request_argument(request, "id");
  char *name = NULL;
  if (!id || ms_api_component_file_name(request->server->api, id, &name, NULL) != MS_OK) {
    return answer_placeholder(request);
  }
  const char *type = ms_media_type(name);
  free(name);
  return answer_data(request, id, type);
}

static void
end(struct ms_request *request)
{
  struct thumbnail *thumbnail = request->state;
  if (thumbnail) {
    thumbnail->request = NULL;
    if (!thumbnail->busy) {
      free_thumbnail(thumbnail);
    }
  }
}

const struct ms_endpoint ms_endpoint_thumbnail = {.answer = answer, .end = end};
const struct ms_endpoint ms_endpoint_placeholder = {.answer = answer_placeholder};
