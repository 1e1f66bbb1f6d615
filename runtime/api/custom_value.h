/* Values of custom attributes: they must be what their configuration says. */
#ifndef MS_API_CUSTOM_VALUE_H
#define MS_API_CUSTOM_VALUE_H

#include "api/row.h"

/* MS_INVALID, naming the attribute's key and what it takes, unless `value` (JSON text, or null) fits the
 * configuration. An unknown configuration passes: that it does not exist is told when the batch ends. */
enum ms_status
ms_custom_value_check(struct ms_batch *batch, const char *configuration_id,
                      const struct ms_parameter *value, struct ms_error *err);

#endif
