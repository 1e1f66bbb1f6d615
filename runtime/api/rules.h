/* What writing an entity of certain types brings with it, beyond its own columns. */
#ifndef MS_API_RULES_H
#define MS_API_RULES_H

#include "api/row.h"

/* A row that is written, and how it was. */
struct ms_change {
  struct ms_row *row;
  const struct ms_parameter *old; /* former values of row->cells, or NULL for a new row */
  size_t old_count;               /* cells that were added later have no former value */
};

/* Before the row is written: may set further cells. */
enum ms_status
ms_rules_before(struct ms_batch *batch, const struct ms_change *change, struct ms_error *err);

/* After it was written: may write other rows. */
enum ms_status
ms_rules_after(struct ms_batch *batch, const struct ms_change *change, struct ms_error *err);

/* All operations of the batch are done: what rules about its new rows have put off. */
enum ms_status
ms_rules_settle(struct ms_batch *batch, struct ms_error *err);

#endif
