/* What an HTTP answer means: a JSON array, or which failure, in one line that names the server and the way
 * out. Pure functions. */
#ifndef MS_TRANSPORT_JUDGE_H
#define MS_TRANSPORT_JUDGE_H

#include "http/http.h"

/* The answer to POST /api of `user`. MS_OK: the body begins and ends as a JSON array. `server` is what
 * messages call it. */
enum ms_status
ms_transport_judge(const struct ms_http_answer *answer, const char *server, const char *user,
                   struct ms_error *err);

/* The answer to an upload or download. `url` is shown, so it must have no query. */
enum ms_status
ms_transport_judge_file(const struct ms_http_answer *answer, const char *url, struct ms_error *err);

#endif
