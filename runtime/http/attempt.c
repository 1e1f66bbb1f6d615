/* One attempt: from the hand-over to libcurl to the decision what comes next. */
#include "http/transfer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "http/url.h"

/* ---- begin ---- */

static void
clear_attempt(struct ms_http_transfer *transfer)
{
  struct ms_http_answer *answer = &transfer->answer;
  ms_buffer_clear(&answer->body);
  answer->status = 0;
  answer->content_type[0] = answer->etag[0] = answer->location[0] = '\0';
  answer->checksum[0] = answer->content_range[0] = '\0';
  transfer->curl_message[0] = '\0';
  transfer->failure.status = MS_OK;
  transfer->read_bytes = transfer->ignored_bytes = transfer->turn = 0;
  transfer->is_cut = false;
  transfer->done_bytes = transfer->total_bytes = 0;
}

static void
start_hop(struct ms_http_transfer *transfer)
{
  clear_attempt(transfer);
  int64_t limit_ms = 0;
  if (transfer->deadline_ms != INT64_MAX) {
    int64_t remaining_ms = transfer->deadline_ms - ms_clock_monotonic_ms();
    limit_ms = remaining_ms > 1 ? remaining_ms : 1;
  }
  CURL *easy = transfer->easy;
  int wrong = (int)ms_curl.easy_setopt(easy, CURLOPT_URL, transfer->url);
  wrong |= (int)ms_curl.easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
  wrong |= (int)ms_curl.easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)limit_ms);
  if (wrong || ms_curl.multi_add_handle(transfer->multi, easy) != CURLM_OK) {
    ms_http_transfer_abort(transfer, MS_MEMORY, "out of memory: a request could not be started");
    return;
  }
  transfer->state = MS_HTTP_RUNNING;
}

void
ms_http_transfer_start(struct ms_http_transfer *transfer)
{
  if (!ms_http_writer_rewind(&transfer->writer)) {
    ms_http_transfer_abort(transfer, MS_IO, "cannot begin again at the start of the download");
    return;
  }
  transfer->answer.attempts++;
  start_hop(transfer);
}

/* ---- what came ---- */

static void
copy_text(char *room, size_t size, const char *text)
{
  snprintf(room, size, "%s", text ? text : "");
}

/* A header's value without quotes; "" when it is not there or too long. */
static void
read_header(struct ms_http_transfer *transfer, const char *name, char *room, size_t size)
{
  struct curl_header *header;
  if (ms_curl.easy_header(transfer->easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK) {
    return;
  }
  const char *text = header->value;
  size_t length = strlen(text);
  if (length >= 2 && text[0] == '"' && text[length - 1] == '"') {
    text++;
    length -= 2;
  }
  if (length < size) {
    memcpy(room, text, length);
    room[length] = '\0';
  }
}

static void
read_answer(struct ms_http_transfer *transfer)
{
  struct ms_http_answer *answer = &transfer->answer;
  const char *content_type = NULL;
  curl_off_t uploaded = 0, content = -1;
  ms_curl.easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &answer->status);
  ms_curl.easy_getinfo(transfer->easy, CURLINFO_CONTENT_TYPE, &content_type);
  ms_curl.easy_getinfo(transfer->easy, CURLINFO_SIZE_UPLOAD_T, &uploaded);
  ms_curl.easy_getinfo(transfer->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &content);
  copy_text(answer->content_type, sizeof answer->content_type, content_type);
  read_header(transfer, "etag", answer->etag, sizeof answer->etag);
  read_header(transfer, "moonshift-md5", answer->checksum, sizeof answer->checksum);
  read_header(transfer, "content-range", answer->content_range, sizeof answer->content_range);
  answer->uploaded_bytes = uploaded;
  answer->content_bytes = content;
  answer->downloaded_bytes = transfer->download_fd >= 0 ? ms_http_writer_taken(&transfer->writer)
                                                        : (int64_t)answer->body.size_bytes;
}

/* One line, without the query: it may hold a signature or a key. */
static void
trace(const struct ms_http_transfer *transfer, CURLcode code)
{
  if (!ms_log_traces("requests")) {
    return;
  }
  curl_off_t up = 0, down = 0, duration_us = 0;
  ms_curl.easy_getinfo(transfer->easy, CURLINFO_SIZE_UPLOAD_T, &up);
  ms_curl.easy_getinfo(transfer->easy, CURLINFO_SIZE_DOWNLOAD_T, &down);
  ms_curl.easy_getinfo(transfer->easy, CURLINFO_TOTAL_TIME_T, &duration_us);
  char *url = ms_http_url_public(transfer->url);
  ms_log_trace("requests",
               "%s %s: %lld bytes up, %lld bytes down, %.1f ms, status %ld, attempt %d%s%s",
               transfer->method, url ? url : "", (long long)up, (long long)down,
               (double)duration_us / 1000, transfer->answer.status, transfer->answer.attempts,
               code == CURLE_OK ? "" : ", ", code == CURLE_OK ? "" : ms_curl.easy_strerror(code));
  free(url);
}

/* ---- what comes next ---- */

static void
finish(struct ms_http_transfer *transfer, enum ms_status status)
{
  transfer->state = MS_HTTP_FINISHED;
  transfer->status = status;
  if (status == MS_OK && transfer->upload_fd >= 0) {
    transfer->done_bytes = transfer->total_bytes = transfer->upload_bytes;
  } else if (status == MS_OK && transfer->download_fd >= 0) {
    transfer->done_bytes = transfer->total_bytes = transfer->writer.written_bytes;
  }
}

static bool
follows(const char *method)
{
  return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

static void
note_location(struct ms_http_transfer *transfer, const char *target)
{
  char *url = ms_http_url_check(target, NULL) == MS_OK ? ms_http_url_public(target) : NULL;
  copy_text(transfer->answer.location, sizeof transfer->answer.location, url);
  free(url);
}

/* Why a redirect must not be followed, or NULL. */
static const char *
refuse_redirect(const struct ms_http_transfer *transfer, const char *target)
{
  if (transfer->redirects >= MS_HTTP_REDIRECTS_MAX) {
    return "redirects in a circle or too often";
  }
  if (ms_http_url_check(target, NULL) != MS_OK) {
    return "redirects to something that is no http:// or https:// URL";
  }
  if (strncasecmp(transfer->url, "https:", 6) == 0 && strncasecmp(target, "https:", 6) != 0) {
    return "redirects from https:// to http://, which would show the data to others";
  }
  return NULL;
}

/* Another host must not see our keys, so it gets none of the headers. */
static bool
change_url(struct ms_http_transfer *transfer, const char *target)
{
  char *url = strdup(target);
  if (!url) {
    return false;
  }
  if (!ms_http_url_same_origin(transfer->url, url)) {
    ms_curl.slist_free_all(transfer->headers);
    transfer->headers = NULL;
  }
  free(transfer->url);
  transfer->url = url;
  return true;
}

/* Whether the answer was a redirect that has been dealt with. */
static bool
redirect(struct ms_http_transfer *transfer)
{
  char *target = NULL;
  ms_curl.easy_getinfo(transfer->easy, CURLINFO_REDIRECT_URL, &target);
  if (!target) {
    return false;
  }
  if (!follows(transfer->method)) {
    note_location(transfer, target);
    return false;
  }
  const char *reason = refuse_redirect(transfer, target);
  if (reason) {
    char *origin = ms_http_url_origin(transfer->url);
    ms_fail(&transfer->error, MS_PROTOCOL, "%s %s", origin ? origin : "the server", reason);
    free(origin);
    finish(transfer, MS_PROTOCOL);
  } else if (!change_url(transfer, target)) {
    finish(transfer, ms_fail(&transfer->error, MS_MEMORY, "out of memory"));
  } else {
    transfer->redirects++;
    start_hop(transfer);
  }
  return true;
}

static double
random_fraction(void)
{
  uint32_t bits;
  ms_random_bytes(&bits, sizeof bits);
  return (double)bits / UINT32_MAX;
}

static int64_t
retry_delay_ms(const struct ms_http_transfer *transfer, enum ms_http_outcome outcome)
{
  curl_off_t retry_after_s = 0;
  ms_curl.easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
  bool limitless = transfer->deadline_ms == INT64_MAX;
  struct ms_http_retry retry = {
      .outcome = outcome,
      .status = transfer->answer.status,
      .retry_after_ms = retry_after_s < INT32_MAX ? retry_after_s * 1000 : INT64_MAX,
      .safe =
          transfer->retry && (transfer->writer.written_bytes == 0 || transfer->writer.start >= 0),
      .attempts = transfer->answer.attempts,
      .retries = transfer->http->retries,
      .remaining_ms = limitless ? INT64_MAX : transfer->deadline_ms - ms_clock_monotonic_ms(),
      .backoff_ms = transfer->http->backoff_ms,
      .jitter = random_fraction(),
  };
  return ms_http_retry_delay_ms(&retry);
}

/* What libcurl calls a failure because we have stopped it may be none, and the other way round. */
static CURLcode
correct(struct ms_http_transfer *transfer, CURLcode code)
{
  bool is_written = ms_http_writer_flush(&transfer->writer);
  if (!is_written && transfer->failure.status == MS_OK) {
    ms_fail_errno(&transfer->failure, errno, "cannot write the downloaded file");
  }
  if (transfer->failure.status != MS_OK) {
    return CURLE_WRITE_ERROR;
  }
  return transfer->is_cut ? CURLE_OK : code;
}

void
ms_http_transfer_ended(struct ms_http_transfer *transfer, CURLcode code)
{
  code = correct(transfer, code);
  bool connected = transfer->connects && code == CURLE_OK;
  if (!connected) { /* else it would end the connection */
    ms_curl.multi_remove_handle(transfer->multi, transfer->easy);
  }
  transfer->state = MS_HTTP_NEW;
  read_answer(transfer);
  trace(transfer, code);
  if (connected) {
    finish(transfer, MS_OK);
    return;
  }
  if (code == CURLE_OK && redirect(transfer)) {
    return;
  }
  enum ms_http_outcome outcome =
      code == CURLE_OK ? MS_HTTP_ANSWERED : ms_http_explain(transfer, code);
  int64_t delay_ms = retry_delay_ms(transfer, outcome);
  if (delay_ms < 0) {
    finish(transfer, code == CURLE_OK ? MS_OK : transfer->error.status);
    return;
  }
  ms_log(MS_LOG_DEBUG, "sending a request again in %lld ms: %s", (long long)delay_ms,
         code == CURLE_OK ? "the server is busy" : transfer->error.message);
  transfer->state = MS_HTTP_WAITING;
  transfer->wait_until_ms = ms_clock_monotonic_ms() + delay_ms;
}
