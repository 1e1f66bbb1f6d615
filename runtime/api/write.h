/* Writing rows that the server makes itself, beside those that clients create. */
#ifndef MS_API_WRITE_H
#define MS_API_WRITE_H

#include "api/row.h"

/* A row of the type `name`, which the model has, without cells. */
enum ms_status
ms_write_begin(struct ms_batch *batch, const char *name, struct ms_row *row, struct ms_error *err);

/* Sets the column of the scalar attribute `name`, which the type has. */
void
ms_write_set(struct ms_row *row, const char *name, struct ms_parameter value);

/* Sets it to a text, or to null for NULL. The text is borrowed until the row is written. */
void
ms_write_set_text(struct ms_row *row, const char *name, const char *text);

/* Writes the row: its type and all defaults added, its key taken, and what it lacks noted. */
enum ms_status
ms_write_new(struct ms_batch *batch, struct ms_row *row, struct ms_error *err);

/* Writes the cells of the row that is there under the row's key, if that changes anything; its concrete type
 * becomes the row's. MS_NOT_FOUND when there is no such row. */
enum ms_status
ms_write_change(struct ms_batch *batch, struct ms_row *row, struct ms_error *err);

#endif
