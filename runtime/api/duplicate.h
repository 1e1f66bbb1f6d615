/* A create that meets a row that is already there. */
#ifndef MS_API_DUPLICATE_H
#define MS_API_DUPLICATE_H

#include "api/row.h"

/* An insertion of `row` failed because something like it exists, as `err` says. MS_OK when the row is
 * there with the data that the client gave: then its commit has been sent before, and only the answer
 * was lost. Otherwise MS_EXISTS in words. */
enum ms_status
ms_duplicate_settle(struct ms_batch *batch, const struct ms_row *row, struct ms_error *err);

/* Rewords a failure of a unique index in `err` with the values of the row. */
enum ms_status
ms_duplicate_fail(struct ms_batch *batch, const struct ms_row *row, struct ms_error *err);

#endif
