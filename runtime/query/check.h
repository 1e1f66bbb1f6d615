/* Misspelt names in a query, found by the side that asks. */
#ifndef MS_QUERY_CHECK_H
#define MS_QUERY_CHECK_H

#include <stddef.h>

#include "base/error.h"
#include "model/model.h"

/* MS_PARSE for a name in the query that `model`, any server's, does not have but nearly has; the message
 * tells the place and the right name. What nothing known resembles is left to the server, and so is a text
 * that cannot be read: MS_OK. */
enum ms_status
ms_query_check_names(const struct ms_model *model, const char *text, size_t text_bytes,
                     struct ms_error *err);

#endif
