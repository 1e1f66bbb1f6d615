/* Cross-origin requests: what a browser wants to see before it lets a page talk to us. */
#ifndef MS_SERVER_CORS_H
#define MS_SERVER_CORS_H

#include "server/request.h"

/* Adds the headers for the request's Origin; none when it has no Origin. */
void
ms_cors_add(const struct ms_request *request, struct MHD_Response *response);

/* Answers an OPTIONS request. */
enum MHD_Result
ms_cors_answer_preflight(struct ms_request *request);

#endif
