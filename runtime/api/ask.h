/* Questions to the database that one value answers. */
#ifndef MS_API_ASK_H
#define MS_API_ASK_H

#include "api/row.h"

/* The first column of the first row of `sql`, with text in the batch's arena; null without a row. */
enum ms_status
ms_ask(struct ms_batch *batch, const char *sql, const struct ms_parameter *parameters, size_t count,
       enum ms_column_type type, struct ms_parameter *value, struct ms_error *err);

#endif
