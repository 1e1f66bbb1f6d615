/* What a person or a monitor sees who comes without credentials. */
#include "server/answer.h"
#include "server/routes.h"

static const char page[] =
    "<!doctype html>\n"
    "<html lang=\"en\">\n"
    "<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<title>moonshift</title>\n"
    "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:40em;margin:3em auto;padding:0 1em}"
    "code{background:#eee;padding:0 .3em}</style>\n"
    "<h1>moonshift</h1>\n"
    "<p>This is a tracker that speaks the ftrack API. Scripts reach it by the variables\n"
    "<code>FTRACK_SERVER</code>, <code>FTRACK_API_USER</code> and <code>FTRACK_API_KEY</code>,\n"
    "which <code>moonshift serve</code> printed when it started; operations go to\n"
    "<code>POST /api</code>.</p>\n"
    "</html>\n";

static enum MHD_Result
answer_welcome(struct ms_request *request)
{
  static const struct ms_answer_header headers[] = {
      {"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"},
      {"X-Content-Type-Options", "nosniff"},
  };
  return ms_answer_static(request, MHD_HTTP_OK, "text/html; charset=utf-8", page, sizeof page - 1,
                          headers, sizeof headers / sizeof headers[0]);
}

static enum MHD_Result
answer_health(struct ms_request *request)
{
  static const char body[] = "{\"status\": \"ok\"}";
  return ms_answer_static(request, MHD_HTTP_OK, "application/json", body, sizeof body - 1, NULL, 0);
}

const struct ms_endpoint ms_endpoint_welcome = {.answer = answer_welcome};
const struct ms_endpoint ms_endpoint_health = {.answer = answer_health};
