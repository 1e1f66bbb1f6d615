/* Signing in at the page by user and key, which come in the same headers as for the API; being signed in; and
 * signing out. */
#include "page/sign_in.h"
#include "server/answer.h"
#include "server/page_access.h"
#include "server/routes.h"

enum { DESCRIPTION_MAX_BYTES = 4096 };

static enum MHD_Result
answer_cookie(struct ms_request *request, struct ms_buffer *cookie)
{
  static const char body[] = "{\"success\":true}";
  const struct ms_answer_header headers[] = {
      {"Set-Cookie", ms_buffer_string(cookie)},
      {"Cache-Control", "no-store"},
  };
  enum MHD_Result result =
      ms_answer_static(request, MHD_HTTP_OK, "application/json", body, sizeof body - 1, headers,
                       sizeof headers / sizeof headers[0]);
  ms_buffer_free(cookie);
  return result;
}

static enum ms_status
check_origin(struct ms_request *request, struct ms_error *err)
{
  return ms_page_access_origin(request, err);
}

static enum MHD_Result
answer_sign_in(struct ms_request *request)
{
  struct ms_buffer cookie;
  struct ms_error err;
  ms_buffer_init(&cookie, MS_SIGN_IN_COOKIE_MAX_BYTES);
  enum ms_status status = ms_sign_in_begin(request->server->page, request->user_id,
                                           ms_page_access_is_secure(request), &cookie, &err);
  return status == MS_OK ? answer_cookie(request, &cookie) : ms_answer_error(request, 0, &err);
}

static enum MHD_Result
answer_sign_out(struct ms_request *request)
{
  struct ms_buffer cookie;
  struct ms_error err;
  ms_buffer_init(&cookie, MS_SIGN_IN_COOKIE_MAX_BYTES);
  enum ms_status status =
      ms_sign_in_end(request->server->page, ms_request_header(request, "Cookie"), &cookie, &err);
  if (status != MS_OK) {
    ms_buffer_free(&cookie);
    return ms_answer_error(request, 0, &err);
  }
  return answer_cookie(request, &cookie);
}

static enum MHD_Result
answer_session(struct ms_request *request)
{
  static const struct ms_answer_header header = {"Cache-Control", "no-store"};
  static const char nobody[] = "{\"user\":null}";
  struct ms_buffer json;
  struct ms_error err;
  if (ms_page_access_check(request, &err) != MS_OK) {
    return ms_answer_static(request, MHD_HTTP_OK, "application/json", nobody, sizeof nobody - 1,
                            &header, 1);
  }
  ms_buffer_init(&json, DESCRIPTION_MAX_BYTES);
  enum ms_status status = ms_sign_in_describe(request->server->page, request->user_id, &json, &err);
  if (status != MS_OK) {
    ms_buffer_free(&json);
    return ms_answer_error(request, 0, &err);
  }
  return ms_answer_buffer(request, MHD_HTTP_OK, "application/json", &json, &header, 1);
}

const struct ms_endpoint ms_endpoint_sign_in = {.begin = check_origin, .answer = answer_sign_in};
const struct ms_endpoint ms_endpoint_sign_out = {.begin = check_origin, .answer = answer_sign_out};
const struct ms_endpoint ms_endpoint_session = {.answer = answer_session};
