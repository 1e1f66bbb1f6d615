/* GET and HEAD /component/get: the kernel sends the file (sendfile), libmicrohttpd waits for slow
 * readers, nothing is copied here. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/answer.h"
#include "server/blob_tag.h"
#include "server/media.h"
#include "server/range.h"
#include "server/routes.h"
#include "server/share.h"

enum { DISPOSITION_MAX_BYTES = 2048, CONTENT_RANGE_SIZE = 80 };

static const struct ms_answer_header caching = {"Cache-Control", "private, no-cache"};

struct download {
  int fd; /* owned, until an answer takes it */
  uint64_t size_bytes;
  const char *type;
  char tag[MS_BLOB_TAG_SIZE];
  char checksum[MS_BLOB_CHECKSUM_SIZE]; /* "": not known */
  struct ms_buffer disposition;
};

/* The name to offer. Data may be there before the component is: then it has only its id. */
static void
describe(struct ms_request *request, const char *id, struct download *download)
{
  char *name = NULL;
  ms_api_component_file_name(request->server->api, id, &name, NULL);
  download->type = ms_media_type(name ? name : id);
  ms_buffer_init(&download->disposition, DISPOSITION_MAX_BYTES);
  ms_media_disposition(name ? name : id, &download->disposition);
  free(name);
}

/* If-Range: the range counts only while the client's tag is still the right one. HEAD knows no ranges. */
static struct ms_range
wanted_range(struct ms_request *request, const struct download *download)
{
  const char *condition = ms_request_header(request, "If-Range");
  bool counts =
      strcmp(request->method, "GET") == 0 && (!condition || strcmp(condition, download->tag) == 0);
  return ms_range_parse(counts ? ms_request_header(request, "Range") : NULL, download->size_bytes);
}

/* If-Match: for whoever wants these bytes or none. */
static bool
is_other(struct ms_request *request, const struct download *download)
{
  const char *condition = ms_request_header(request, "If-Match");
  return condition && !ms_blob_tag_matches(condition, download->tag);
}

static enum MHD_Result
answer_unsatisfiable(struct ms_request *request, struct download *download)
{
  char content_range[CONTENT_RANGE_SIZE];
  const struct ms_answer_header header = {"Content-Range", content_range};
  snprintf(content_range, sizeof content_range, "bytes */%" PRIu64, download->size_bytes);
  close(download->fd);
  ms_request_refuse(request, MHD_HTTP_RANGE_NOT_SATISFIABLE, MS_USAGE,
                    "the range begins behind the end; there are %" PRIu64 " bytes",
                    download->size_bytes);
  return ms_answer_failure_with(request, &header);
}

static enum MHD_Result
answer_data(struct ms_request *request, struct download *download)
{
  struct ms_range range = wanted_range(request, download);
  if (range.kind == MS_RANGE_UNSATISFIABLE) {
    return answer_unsatisfiable(request, download);
  }
  char content_range[CONTENT_RANGE_SIZE];
  snprintf(content_range, sizeof content_range, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64,
           range.first, range.first + range.size_bytes - 1, download->size_bytes);
  bool part = range.kind == MS_RANGE_PART;
  const struct ms_answer_header headers[] = {
      {"Content-Type", download->type},
      {"Content-Disposition", ms_buffer_string(&download->disposition)},
      {"Content-Range", part ? content_range : NULL},
      {"ETag", download->tag},
      {MS_CHECKSUM_HEADER, download->checksum[0] ? download->checksum : NULL},
      {"Accept-Ranges", "bytes"},
      caching,
      {"X-Content-Type-Options", "nosniff"},
      {"Content-Security-Policy", "sandbox"},
  };
  return ms_answer_file(request, part ? MHD_HTTP_PARTIAL_CONTENT : MHD_HTTP_OK, download->fd,
                        range.first, range.size_bytes, headers, sizeof headers / sizeof headers[0]);
}

static enum MHD_Result
answer(struct ms_request *request)
{
  const char *id = ms_request_argument(request, "id");
  struct download download = {0};
  struct ms_error err;
  int64_t size_bytes;
  enum ms_status status = ms_blob_open(ms_api_blobs(request->server->api), id ? id : "",
                                       &download.fd, &size_bytes, &err);
  if (status != MS_OK) {
    return ms_answer_error(request, 0, &err);
  }
  download.size_bytes = (uint64_t)size_bytes;
  ms_blob_tag(download.fd, download.tag);
  if (!ms_blob_checksum(download.fd, download.checksum) &&
      !ms_blob_learned_checksum(download.fd, download.checksum)) {
    ms_share_learn(request->server->share, id);
  }
  if (is_other(request, &download)) {
    close(download.fd);
    ms_request_refuse(request, MHD_HTTP_PRECONDITION_FAILED, MS_INVALID,
                      "the data are others now: their tag is %s", download.tag);
    return ms_answer_failure(request);
  }
  if (ms_blob_tag_matches(ms_request_header(request, "If-None-Match"), download.tag)) {
    close(download.fd);
    const struct ms_answer_header headers[] = {{"ETag", download.tag}, caching};
    return ms_answer_static(request, MHD_HTTP_NOT_MODIFIED, NULL, "", 0, headers, 2);
  }
  describe(request, id, &download);
  enum MHD_Result result = answer_data(request, &download);
  ms_buffer_free(&download.disposition);
  return result;
}

const struct ms_endpoint ms_endpoint_download = {.answer = answer};
