/* Birth and death of a transfer: the copy of the request. */
#include "http/transfer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/url.h"

enum { PROGRESS_INTERVAL_MS = 100 };

static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "DELETE"};

static const char *
find_method(const char *method)
{
  for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
    if (strcmp(methods[i], method) == 0) {
      return methods[i];
    }
  }
  return NULL;
}

/* ---- headers ---- */

static bool
has_control_byte(const char *text)
{
  for (; *text; text++) {
    if (((unsigned char)*text < ' ' && *text != '\t') || *text == 0x7F) {
      return true;
    }
  }
  return false;
}

static bool
append_line(struct curl_slist **headers, const char *line)
{
  struct curl_slist *longer = ms_curl.slist_append(*headers, line);
  if (longer) {
    *headers = longer;
  }
  return longer != NULL;
}

static enum ms_status
append_header(struct curl_slist **headers, const struct ms_http_header *header,
              struct ms_error *err)
{
  static const char token[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  if (!*header->name || header->name[strspn(header->name, token)]) {
    return ms_fail(err, MS_USAGE, "'%.64s' is not a name for an HTTP header", header->name);
  }
  if (has_control_byte(header->value)) {
    return ms_fail(err, MS_USAGE,
                   "the value of the HTTP header '%.64s' has a line break or control character",
                   header->name);
  }
  char *line;
  /* To libcurl, "Name:" takes a header away and "Name;" is one with an empty value. */
  bool empty = !*header->value;
  if (asprintf(&line, "%s%s%s", header->name, empty ? ";" : ": ", header->value) < 0) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  bool appended = append_line(headers, line);
  free(line);
  return appended ? MS_OK : ms_fail(err, MS_MEMORY, "out of memory");
}

static bool
names_header(const struct ms_http_request *request, const char *name)
{
  for (size_t i = 0; i < request->header_count; i++) {
    if (strcasecmp(request->headers[i].name, name) == 0) {
      return true;
    }
  }
  return false;
}

static enum ms_status
copy_headers(struct ms_http_transfer *transfer, const struct ms_http_request *request,
             struct ms_error *err)
{
  for (size_t i = 0; i < request->header_count; i++) {
    enum ms_status status = append_header(&transfer->headers, &request->headers[i], err);
    if (status != MS_OK) {
      return status;
    }
  }
  /* Without these libcurl asks for leave before it sends a body, which not every server answers, and
   * calls every body a form. */
  bool appended = append_line(&transfer->headers, "Expect:");
  if (appended && !names_header(request, "content-type")) {
    appended = append_line(&transfer->headers, "Content-Type:");
  }
  return appended ? MS_OK : ms_fail(err, MS_MEMORY, "out of memory");
}

/* ---- the rest ---- */

static enum ms_status
copy_body(struct ms_http_transfer *transfer, const struct ms_http_request *request,
          struct ms_error *err)
{
  if (!request->body) {
    return MS_OK;
  }
  transfer->body = malloc(request->body_bytes + 1);
  if (!transfer->body) {
    return ms_fail(err, MS_MEMORY, "out of memory: a request body has %zu bytes",
                   request->body_bytes);
  }
  memcpy(transfer->body, request->body, request->body_bytes);
  transfer->body_bytes = request->body_bytes;
  return MS_OK;
}

static int64_t
time_limit_ms(const struct ms_http *http, const struct ms_http_request *request)
{
  bool streams = request->upload_fd >= 0 || request->download_fd >= 0;
  return request->timeout_ms ? request->timeout_ms : streams ? 0 : http->timeout_ms;
}

static enum ms_status
copy_request(struct ms_http_transfer *transfer, const struct ms_http_request *request,
             struct ms_error *err)
{
  transfer->method = find_method(request->method);
  if (!transfer->method) {
    return ms_fail(err, MS_USAGE, "'%.16s' is not an HTTP method that is supported",
                   request->method);
  }
  enum ms_status status = ms_http_url_check(request->url, err);
  if (status != MS_OK) {
    return status;
  }
  transfer->url = strdup(request->url);
  if (!transfer->url) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  transfer->upload_fd = request->upload_fd;
  transfer->upload_offset = request->upload_offset;
  transfer->upload_bytes = request->upload_bytes;
  transfer->download_fd = request->download_fd;
  transfer->range_bytes = request->range_bytes;
  transfer->rate = request->rate;
  bool is_on_loop = transfer->multi != transfer->http->in_place;
  ms_http_writer_begin(&transfer->writer, request->download_fd,
                       is_on_loop ? transfer->http->loop : NULL);
  transfer->retry = request->retry;
  transfer->timeout_ms = time_limit_ms(transfer->http, request);
  transfer->deadline_ms =
      transfer->timeout_ms > 0 ? ms_clock_monotonic_ms() + transfer->timeout_ms : INT64_MAX;
  transfer->progress = request->progress;
  transfer->user = request->user;
  transfer->told_bytes = -1;
  ms_buffer_init(&transfer->answer.body, request->download_fd >= 0 ? MS_HTTP_ERROR_BODY_MAX_BYTES
                                                                   : MS_HTTP_ANSWER_MAX_BYTES);
  status = copy_headers(transfer, request, err);
  return status == MS_OK ? copy_body(transfer, request, err) : status;
}

static void
link_transfer(struct ms_http_transfer *transfer)
{
  struct ms_http *http = transfer->http;
  transfer->previous = http->last;
  if (http->last) {
    http->last->next = transfer;
  } else {
    http->first = transfer;
  }
  http->last = transfer;
}

static void
unlink_transfer(struct ms_http_transfer *transfer)
{
  struct ms_http *http = transfer->http;
  *(transfer->previous ? &transfer->previous->next : &http->first) = transfer->next;
  *(transfer->next ? &transfer->next->previous : &http->last) = transfer->previous;
}

enum ms_status
ms_http_transfer_new(struct ms_http *http, CURLM *multi, const struct ms_http_request *request,
                     struct ms_http_transfer **transfer, struct ms_error *err)
{
  struct ms_http_transfer *created = calloc(1, sizeof *created);
  if (!created) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  created->http = http;
  created->multi = multi;
  link_transfer(created);
  enum ms_status status = copy_request(created, request, err);
  if (status == MS_OK) {
    status = ms_http_configure(created, err);
  }
  if (status != MS_OK) {
    ms_http_transfer_free(created);
    return status;
  }
  *transfer = created;
  return MS_OK;
}

static void
detach(struct ms_http_transfer *transfer)
{
  if (transfer->state == MS_HTTP_RUNNING) {
    ms_curl.multi_remove_handle(transfer->multi, transfer->easy);
  }
}

void
ms_http_transfer_free(struct ms_http_transfer *transfer)
{
  detach(transfer);
  unlink_transfer(transfer);
  if (transfer->easy) {
    ms_curl.easy_cleanup(transfer->easy);
  }
  ms_curl.slist_free_all(transfer->headers);
  ms_http_writer_end(&transfer->writer);
  ms_http_answer_free(&transfer->answer);
  free(transfer->url);
  free(transfer->body);
  free(transfer);
}

void
ms_http_transfer_abort(struct ms_http_transfer *transfer, enum ms_status status,
                       const char *message)
{
  detach(transfer);
  transfer->state = MS_HTTP_FINISHED;
  transfer->status = ms_fail(&transfer->error, status, "%s", message);
}

bool
ms_http_transfer_has_news(const struct ms_http_transfer *transfer)
{
  if (!transfer->progress || transfer->done_bytes == transfer->told_bytes) {
    return false;
  }
  if (transfer->state == MS_HTTP_FINISHED) {
    return transfer->status == MS_OK;
  }
  return ms_clock_monotonic_ms() - transfer->told_ms >= PROGRESS_INTERVAL_MS;
}

void
ms_http_transfer_tell(struct ms_http_transfer *transfer)
{
  transfer->told_bytes = transfer->done_bytes;
  transfer->told_ms = ms_clock_monotonic_ms();
  transfer->progress(transfer->user, transfer->done_bytes, transfer->total_bytes);
}
