/* Every origin is let in, with credentials: the proof is a key in a header or in the URL, which no
 * browser adds by itself, so a foreign page can do nothing that its owner's key does not allow. */
#include "server/cors.h"

#include "server/answer.h"

static const struct ms_answer_header always[] = {
    {"Access-Control-Allow-Credentials", "true"},
    {"Access-Control-Expose-Headers", "ETag, Content-Disposition, Content-Range, Accept-Ranges"},
    {"Vary", "Origin"},
};

static const struct ms_answer_header preflight[] = {
    {"Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, OPTIONS"},
    {"Access-Control-Allow-Headers",
     "content-type, accept, content-disposition, content-md5, range, if-match, if-none-match, "
     "if-range, ftrack-api-key, ftrack-user, ftrack-clienttoken, ftrack-pushtoken, "
     "ftrack-api-options, ftrack-strict-api"},
    {"Access-Control-Max-Age", "86400"},
    {"Allow", "GET, HEAD, POST, PUT, OPTIONS"},
};

void
ms_cors_add(const struct ms_request *request, struct MHD_Response *response)
{
  const char *origin = ms_request_header(request, "Origin");
  if (!origin) {
    return;
  }
  ms_mhd.add_response_header(response, "Access-Control-Allow-Origin", origin);
  for (size_t i = 0; i < sizeof always / sizeof always[0]; i++) {
    ms_mhd.add_response_header(response, always[i].name, always[i].value);
  }
}

enum MHD_Result
ms_cors_answer_preflight(struct ms_request *request)
{
  return ms_answer_static(request, MHD_HTTP_NO_CONTENT, NULL, "", 0, preflight,
                          sizeof preflight / sizeof preflight[0]);
}
