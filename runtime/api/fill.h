/* What the server puts into a new row where the client left something out. */
#ifndef MS_API_FILL_H
#define MS_API_FILL_H

#include "api/row.h"

/* Sets the cells of all defaults and fills of the row's type that have no value yet. */
enum ms_status
ms_fill_row(struct ms_batch *batch, struct ms_row *row, struct ms_error *err);

/* Whether what is filled in depends on rows that the row refers to. */
bool
ms_fill_looks_around(const struct ms_attribute *attribute);

/* Sets the cell of the attribute to its default or fill, if that gives anything. */
enum ms_status
ms_fill_attribute(struct ms_batch *batch, struct ms_row *row, const struct ms_attribute *attribute,
                  struct ms_error *err);

#endif
