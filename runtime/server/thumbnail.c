/* GET /component/thumbnail: an image that every browser shows, of moderate size, is its own thumbnail
 * (clients scale it); everything else gets a placeholder. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/answer.h"
#include "server/blob_tag.h"
#include "server/media.h"
#include "server/routes.h"

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

static enum MHD_Result
answer(struct ms_request *request)
{
  struct ms_api *api = request->server->api;
  const char *id = ms_request_argument(request, "id");
  char *name = NULL;
  if (!id || ms_api_component_file_name(api, id, &name, NULL) != MS_OK) {
    return answer_placeholder(request);
  }
  const char *type = ms_media_type(name);
  free(name);
  int fd;
  int64_t size_bytes;
  if (!is_shown(type) || ms_blob_open(ms_api_blobs(api), id, &fd, &size_bytes, NULL) != MS_OK) {
    return answer_placeholder(request);
  }
  if (size_bytes > ORIGINAL_MAX_BYTES) {
    close(fd);
    return answer_placeholder(request);
  }
  return answer_original(request, type, fd, size_bytes);
}

const struct ms_endpoint ms_endpoint_thumbnail = {.answer = answer};
const struct ms_endpoint ms_endpoint_placeholder = {.answer = answer_placeholder};
