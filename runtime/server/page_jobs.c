/* The jobs as JSON: each endpoint is a call into page/ with arguments of the query string. */
#include <stdlib.h>
#include <string.h>

#include "page/jobs.h"
#include "server/answer.h"
#include "server/retry.h"
#include "server/routes.h"

enum { DEFAULT_LIMIT = 100, OFFSET_MAX = 100000000 };

static unsigned
number(const struct ms_request *request, const char *name, unsigned otherwise)
{
  const char *text = ms_request_argument(request, name);
  unsigned long value = text ? strtoul(text, NULL, 10) : otherwise;
  return value < OFFSET_MAX ? (unsigned)value : OFFSET_MAX;
}

/* The version that an answer is at least from. */
static int64_t
after(const struct ms_request *request)
{
  const char *text = ms_request_argument(request, "after");
  return text ? strtoll(text, NULL, 10) : 0;
}

static const char *
argument(const struct ms_request *request, const char *name)
{
  const char *value = ms_request_argument(request, name);
  return value ? value : "";
}

static enum ms_status
list(struct ms_request *request, struct ms_buffer *json, struct ms_error *err)
{
  const struct ms_job_filter filter = {
      .status = ms_request_argument(request, "status"),
      .user = ms_request_argument(request, "user"),
      .text = ms_request_argument(request, "text"),
      .since = ms_request_argument(request, "since"),
      .until = ms_request_argument(request, "until"),
  };
  return ms_jobs_list(request->server->page, &filter, number(request, "offset", 0),
                      number(request, "limit", DEFAULT_LIMIT), after(request), json, err);
}

static enum ms_status
users(struct ms_request *request, struct ms_buffer *json, struct ms_error *err)
{
  return ms_jobs_users(request->server->page, json, err);
}

static enum ms_status
detail(struct ms_request *request, struct ms_buffer *json, struct ms_error *err)
{
  return ms_jobs_detail(request->server->page, argument(request, "id"), after(request), json, err);
}

static enum ms_status
removable(struct ms_request *request, struct ms_buffer *json, struct ms_error *err)
{
  return ms_jobs_removable(request->server->page, argument(request, "before"), json, err);
}

static enum ms_status
cancel(struct ms_request *request, struct ms_buffer *json, struct ms_error *err)
{
  enum ms_status status =
      ms_jobs_cancel(request->server->page, argument(request, "id"), request->user_id, err);
  ms_buffer_append_string(json, "{\"success\":true}");
  return status;
}

static enum ms_status
remove_ended(struct ms_request *request, struct ms_buffer *json, struct ms_error *err)
{
  return ms_jobs_remove(request->server->page, argument(request, "before"), request->user_id,
                        ms_retry_forget, json, err);
}

static enum MHD_Result
answer(struct ms_request *request,
       enum ms_status (*print)(struct ms_request *, struct ms_buffer *, struct ms_error *))
{
  static const struct ms_answer_header headers[] = {
      {"Cache-Control", "no-store"},
      {"X-Content-Type-Options", "nosniff"},
  };
  struct ms_buffer json;
  struct ms_error err;
  ms_buffer_init(&json, MS_JOBS_ANSWER_MAX_BYTES);
  if (print(request, &json, &err) != MS_OK) {
    ms_buffer_free(&json);
    return ms_answer_error(request, 0, &err);
  }
  return ms_answer_buffer(request, MHD_HTTP_OK, "application/json", &json, headers,
                          sizeof headers / sizeof headers[0]);
}

#define ENDPOINT(name, print)                                      \
  static enum MHD_Result answer_##name(struct ms_request *request) \
  {                                                                \
    return answer(request, print);                                 \
  }                                                                \
  const struct ms_endpoint ms_endpoint_jobs_##name = {.answer = answer_##name};

ENDPOINT(list, list)
ENDPOINT(users, users)
ENDPOINT(detail, detail)
ENDPOINT(removable, removable)
ENDPOINT(cancel, cancel)
ENDPOINT(remove, remove_ended)
