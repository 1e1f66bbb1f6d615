/* GET /component/thumbnail: a small picture, made on a worker when it is first asked for. Without a
 * program that makes it, an image that every browser shows is its own thumbnail; everything else, and what is
 * broken, gets a placeholder; with placeholder=no in the URL it is a 404, for a page that would rather show
 * nothing. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/answer.h"
#include "server/blob_tag.h"
#include "server/media.h"
#include "server/routes.h"
#include "server/thumbnail_queue.h"

enum { ORIGINAL_MAX_BYTES = 8 * 1024 * 1024 };

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
answer_none(struct ms_request *request)
{
  const char *wanted = ms_request_argument(request, "placeholder");
  if (!wanted || strcmp(wanted, "no") != 0) {
    return answer_placeholder(request);
  }
  ms_request_refuse(request, MHD_HTTP_NOT_FOUND, MS_NOT_FOUND, "there is no picture of it");
  return ms_answer_failure(request);
}

static enum MHD_Result
answer_file(struct ms_request *request, const char *type, int fd, int64_t size_bytes)
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

/* The data themselves, when browsers show them; takes `fd`. */
static enum MHD_Result
answer_original(struct ms_request *request, const char *type, int fd, int64_t size_bytes)
{
  if (is_shown(type) && size_bytes <= ORIGINAL_MAX_BYTES) {
    return answer_file(request, type, fd, size_bytes);
  }
  close(fd);
  return answer_none(request);
}

/* Called again when a picture was made: there is one then, or there will be none. Takes `fd`. */
static enum MHD_Result
answer_picture(struct ms_request *request, const struct ms_thumbnail_kind *kind, const char *type,
               int fd, int64_t size_bytes)
{
  char tag[MS_BLOB_TAG_SIZE], *path = NULL;
  int size_pixels = ms_thumbnail_size(ms_request_argument(request, "size"));
  int64_t picture_bytes = 0;
  int picture = -1;
  ms_blob_tag(fd, tag);
  enum ms_status status = ms_thumbnail_path(tag, size_pixels, &path, NULL);
  if (status == MS_OK) {
    status = ms_thumbnail_open(path, &picture, &picture_bytes, NULL);
  }
  if (status == MS_NOT_FOUND && !request->state) {
    request->state =
        ms_thumbnail_queue_add(request->server->thumbnails, request, kind, fd, path, size_pixels);
    free(path);
    return request->state ? MHD_YES : answer_none(request);
  }
  free(path);
  if (status == MS_NOT_FOUND) {
    return answer_original(request, type, fd, size_bytes);
  }
  close(fd);
  return status == MS_OK ? answer_file(request, "image/jpeg", picture, picture_bytes)
                         : answer_none(request);
}

/* The data of a component and their media type. */
static enum ms_status
open_data(struct ms_api *api, const char *id, const char **type, int *fd, int64_t *size_bytes)
{
  char *name = NULL;
  enum ms_status status = ms_api_component_file_name(api, id, &name, NULL);
  if (status == MS_OK) {
    *type = ms_media_type(name);
    free(name);
    status = ms_blob_open(ms_api_blobs(api), id, fd, size_bytes, NULL);
  }
  return status;
}

static enum ms_status
open_member(struct ms_api *api, const char *id, const char **type, int *fd, int64_t *size_bytes)
{
  char *member_id = NULL;
  enum ms_status status = ms_api_middle_member(api, id, &member_id, NULL);
  if (status == MS_OK) {
    status = open_data(api, member_id, type, fd, size_bytes);
  }
  free(member_id);
  return status;
}

/* A sequence looks like the frame in its middle. */
static enum MHD_Result
answer(struct ms_request *request)
{
  const char *id = ms_request_argument(request, "id");
  struct ms_api *api = request->server->api;
  const char *type = NULL;
  int64_t size_bytes;
  int fd;
  if (!id || (open_data(api, id, &type, &fd, &size_bytes) != MS_OK &&
              open_member(api, id, &type, &fd, &size_bytes) != MS_OK)) {
    return answer_none(request);
  }
  const struct ms_thumbnail_kind *kind = ms_thumbnail_kind_find(type);
  return kind ? answer_picture(request, kind, type, fd, size_bytes)
              : answer_original(request, type, fd, size_bytes);
}

static void
end(struct ms_request *request)
{
  if (request->state) {
    ms_thumbnail_work_leave(request->state);
  }
}

const struct ms_endpoint ms_endpoint_thumbnail = {.answer = answer, .end = end};
const struct ms_endpoint ms_endpoint_placeholder = {.answer = answer_placeholder};
