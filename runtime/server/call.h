/* The request headers of POST /api that steer the answer. */
#ifndef MS_SERVER_CALL_H
#define MS_SERVER_CALL_H

#include <stdbool.h>

struct ms_call_options {
  bool strict_projections; /* strict: only what was asked for */
  bool denormalize;        /* every occurrence of an entity in full */
};

/* Reads ftrack-api-options: pairs of key and value joined by ";", with "=" or ":" between them, e.g.
 * "strict:1;denormalize=true". NULL means none; unknown keys and values are ignored, as other servers
 * may know more of them. */
struct ms_call_options
ms_call_options_parse(const char *text);

#endif
