/* Values of custom attributes: they must be what their configuration says. */
#ifndef MS_API_CUSTOM_VALUE_H
#define MS_API_CUSTOM_VALUE_H

#include "api/row.h"

/* Brings `value` (JSON text, or null) into the form in which values of the configuration are kept.
 * MS_INVALID, naming the attribute's key and what it takes, when it does not fit. An unknown
 * configuration passes: that it does not exist is told when the batch ends. */
enum ms_status
ms_custom_value_fit(struct ms_batch *batch, const char *configuration_id,
                    struct ms_parameter *value, struct ms_error *err);

/* The base type's name stands for the subtype that has the values of this kind of entity: sets the type of
 * a row to be inserted. MS_NOT_FOUND when there is no such entity. Other rows pass. */
enum ms_status
ms_custom_value_classify(struct ms_batch *batch, struct ms_row *row, struct ms_error *err);

/* The default of a new configuration of a type: the empty text that clients send where nobody gave one is
 * no value for what is no text. */
enum ms_status
ms_custom_value_fit_default(struct ms_batch *batch, const char *type_id, struct ms_parameter *value,
                            struct ms_error *err);

#endif
