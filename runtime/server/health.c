/* What a monitor sees who comes without credentials. */
#include "server/answer.h"
#include "server/routes.h"

static enum MHD_Result
answer(struct ms_request *request)
{
  static const char body[] = "{\"status\": \"ok\"}";
  return ms_answer_static(request, MHD_HTTP_OK, "application/json", body, sizeof body - 1, NULL, 0);
}

const struct ms_endpoint ms_endpoint_health = {.answer = answer};
