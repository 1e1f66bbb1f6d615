/* Who is asking: user and key, or a signed URL. */
#ifndef MS_SERVER_ACCESS_H
#define MS_SERVER_ACCESS_H

#include "server/request.h"

/* Checks the proof that the request's route wants and sets request->user_id. The failure tells
 * neither whether the user exists nor which part of a proof was wrong. */
enum ms_status
ms_access_check(struct ms_request *request, struct ms_error *err);

#endif
