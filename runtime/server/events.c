/* GET /events?after=SEQUENCE&limit=N: the journal of events, a page at a time. Whoever keeps the number of the
 * last event that it has seen can go away and read on later. */
#include <errno.h>
#include <stdlib.h>

#include "api/event_log.h"
#include "server/answer.h"
#include "server/routes.h"

enum { DEFAULT_LIMIT = 100, ANSWER_MAX_BYTES = 2 * MS_EVENT_LOG_PAGE_BYTES_MAX };

static enum ms_status
read_number(const struct ms_request *request, const char *name, int64_t *number,
            struct ms_error *err)
{
  const char *text = ms_request_argument(request, name);
  char *end = NULL;
  if (!text) {
    return MS_OK;
  }
  errno = 0;
  *number = strtoll(text, &end, 10);
  if (end == text || *end || errno || *number < 0) {
    return ms_fail(err, MS_INVALID, "'%s' is a number from 0 up, not '%.100s'", name, text);
  }
  return MS_OK;
}

static enum ms_status
print(const struct ms_request *request, struct ms_buffer *json, struct ms_error *err)
{
  int64_t after = 0, limit = DEFAULT_LIMIT;
  enum ms_status status = read_number(request, "after", &after, err);
  if (status == MS_OK) {
    status = read_number(request, "limit", &limit, err);
  }
  return status == MS_OK ? ms_event_log_print(request->server->api, after, limit, json, err)
                         : status;
}

static enum MHD_Result
answer(struct ms_request *request)
{
  static const struct ms_answer_header header = {"Cache-Control", "no-store"};
  struct ms_buffer json;
  struct ms_error err;
  ms_buffer_init(&json, ANSWER_MAX_BYTES);
  if (print(request, &json, &err) != MS_OK) {
    ms_buffer_free(&json);
    return ms_answer_error(request, 0, &err);
  }
  return ms_answer_buffer(request, MHD_HTTP_OK, "application/json", &json, &header, 1);
}

const struct ms_endpoint ms_endpoint_events = {.answer = answer};
