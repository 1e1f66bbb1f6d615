/* The page itself: a few static files for anybody; and the one-time link, which is the address of the page
 * with a token. The policy lets nothing run or load but our own files, and no text become markup. */
#include <stdio.h>
#include <string.h>

#include "base/checksum.h"
#include "page/sign_in.h"
#include "server/answer.h"
#include "server/blob_tag.h"
#include "server/page_access.h"
#include "server/routes.h"

static const char policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/* ---- files ---- */

static void
print_tag(const struct ms_embedded *file, char tag[MS_MD5_HEX_SIZE + 2])
{
  char hex[MS_MD5_HEX_SIZE];
  ms_md5_hex(file->data, file->size_bytes, hex);
  snprintf(tag, MS_MD5_HEX_SIZE + 2, "\"%s\"", hex);
}

static enum MHD_Result
answer_file(struct ms_request *request, const char *name)
{
  struct ms_embedded file;
  struct ms_error err;
  struct ms_buffer text;
  const char *type;
  char tag[MS_MD5_HEX_SIZE + 2];
  enum ms_status status = ms_page_file(name, &file, &type, &err);
  if (status != MS_OK) {
    return ms_answer_error(request, 0, &err);
  }
  print_tag(&file, tag);
  const struct ms_answer_header headers[] = {
      {"ETag", tag},
      {"Cache-Control", "no-cache"},
      {"Content-Security-Policy", policy},
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
      {"Referrer-Policy", "no-referrer"},
      {"X-Content-Type-Options", "nosniff"},
  };
  size_t count = sizeof headers / sizeof headers[0];
  if (ms_blob_tag_matches(ms_request_header(request, "If-None-Match"), tag)) {
    ms_embedded_free(&file);
    return ms_answer_static(request, MHD_HTTP_NOT_MODIFIED, NULL, "", 0, headers, count);
  }
  ms_buffer_init(&text, file.size_bytes);
  ms_buffer_append(&text, file.data, file.size_bytes);
  ms_embedded_free(&file);
  return ms_answer_buffer(request, MHD_HTTP_OK, type, &text, headers, count);
}

static enum MHD_Result
answer_named(struct ms_request *request)
{
  return answer_file(request, request->path + strlen(request->route->path));
}

/* ---- the one-time link ---- */

/* To the page, which asks for its address without the token, so that no history or copied link has it. */
static enum MHD_Result
redirect(struct ms_request *request, const char *place, const char *cookie)
{
  const struct ms_answer_header headers[] = {
      {"Location", place},
      {"Set-Cookie", cookie},
      {"Cache-Control", "no-store"},
      {"Referrer-Policy", "no-referrer"},
  };
  return ms_answer_static(request, MHD_HTTP_SEE_OTHER, NULL, "", 0, headers,
                          sizeof headers / sizeof headers[0]);
}

static enum MHD_Result
answer_link(struct ms_request *request, const char *token)
{
  struct ms_page *page = request->server->page;
  struct ms_buffer cookie;
  ms_buffer_init(&cookie, MS_SIGN_IN_COOKIE_MAX_BYTES);
  enum ms_status status = ms_sign_in_redeem(page, token, request->user_id, NULL);
  if (status == MS_OK) {
    status =
        ms_sign_in_begin(page, request->user_id, ms_page_access_is_secure(request), &cookie, NULL);
  }
  const char *place = status == MS_OK ? "/" : "/?refused=link";
  enum MHD_Result result =
      redirect(request, place, status == MS_OK ? ms_buffer_string(&cookie) : NULL);
  ms_buffer_free(&cookie);
  return result;
}

static enum MHD_Result
answer_index(struct ms_request *request)
{
  const char *token = ms_request_argument(request, "token");
  bool is_link = token && strcmp(request->method, "GET") == 0;
  return is_link ? answer_link(request, token) : answer_file(request, "index.html");
}

const struct ms_endpoint ms_endpoint_page = {.answer = answer_index};
const struct ms_endpoint ms_endpoint_page_file = {.answer = answer_named};
