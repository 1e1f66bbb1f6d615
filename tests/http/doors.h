/* What the tests of http/ share: one exchange through either door, with its result in a plain struct. */
#ifndef MS_TESTS_HTTP_DOORS_H
#define MS_TESTS_HTTP_DOORS_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/http.h"
#include "loop/loop.h"
#include "support/peer.h"

struct result {
  enum ms_status status;
  char message[MS_ERROR_MESSAGE_MAX];
  long http_status;
  char *body; /* owned: result_free */
  size_t body_bytes;
  char content_type[128], etag[128], location[256];
  int64_t downloaded_bytes, uploaded_bytes;
  int attempts;
  bool done;
};

static inline void
keep_result(struct result *result, enum ms_status status, struct ms_http_answer *answer,
            const struct ms_error *err)
{
  result->status = status;
  snprintf(result->message, sizeof result->message, "%s", status == MS_OK ? "" : err->message);
  result->http_status = answer->status;
  result->body_bytes = answer->body.size_bytes;
  result->body = ms_buffer_take(&answer->body);
  memcpy(result->content_type, answer->content_type, sizeof result->content_type);
  memcpy(result->etag, answer->etag, sizeof result->etag);
  memcpy(result->location, answer->location, sizeof result->location);
  result->downloaded_bytes = answer->downloaded_bytes;
  result->uploaded_bytes = answer->uploaded_bytes;
  result->attempts = answer->attempts;
  result->done = true;
}

static inline void
on_result(void *user, enum ms_status status, struct ms_http_answer *answer,
          const struct ms_error *err)
{
  keep_result(user, status, answer, err);
}

static inline void
result_free(struct result *result)
{
  free(result->body);
  result->body = NULL;
}

enum door { DOOR_LOOP, DOOR_IN_PLACE, DOOR_COUNT };

/* One exchange; request->user is replaced for the loop's door, unless it reports progress. */
static inline struct result
exchange(uv_loop_t *loop, struct ms_http *http, enum door door,
         const struct ms_http_request *request)
{
  struct result result = {0};
  struct ms_error err = {0};
  if (door == DOOR_IN_PLACE) {
    struct ms_http_answer answer;
    enum ms_status status = ms_http_perform(http, request, &answer, &err);
    keep_result(&result, status, &answer, &err);
    ms_http_answer_free(&answer);
    return result;
  }
  struct ms_http_request copy = *request;
  copy.user = &result;
  enum ms_status status = ms_http_send(http, &copy, on_result, NULL, &err);
  if (status != MS_OK) {
    result.status = status;
    snprintf(result.message, sizeof result.message, "%s", err.message);
    return result;
  }
  while (!result.done && uv_run(loop, UV_RUN_ONCE)) {
  }
  return result;
}

/* A GET of url + path into memory, to be changed as needed. The text of the URL is static. */
static inline struct ms_http_request
get(const char *base, const char *path)
{
  static char url[512];
  snprintf(url, sizeof url, "%s%s", base, path);
  return (struct ms_http_request){
      .method = "GET", .url = url, .upload_fd = -1, .download_fd = -1, .retry = true};
}

/* Proxies of the machine must not stand between a test and its peer. */
static inline void
forget_proxies(void)
{
  static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                      "ALL_PROXY"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    unsetenv(names[i]);
  }
}

#endif
