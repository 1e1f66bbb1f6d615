/* What must hold when a batch ends: required attributes have values, references lead somewhere.
 *
 * Operations of a batch may come in any order, so a missing value or target is only noted when it is
 * seen, and looked at again before the commit. What is found in order right away costs no memory. */
#ifndef MS_API_CHECKS_H
#define MS_API_CHECKS_H

#include "api/row.h"

/* Notes what is still missing of a row that was just written: required values (all of them in a new
 * row, else those that its cells set to null) and targets of references. */
enum ms_status
ms_checks_note_row(struct ms_batch *batch, struct ms_row *row, bool is_new, struct ms_error *err);

/* Notes that `attribute` of a `type` refers to the `target` with this id, unless that exists. */
enum ms_status
ms_checks_note_target(struct ms_batch *batch, const struct ms_entity_type *type,
                      const struct ms_attribute *attribute, const struct ms_entity_type *target,
                      const struct ms_parameter *id, struct ms_error *err);

/* Notes that no row may refer to `id` by `column` of `referrer` when the batch ends. `gone` is the
 * type of the entity that was deleted; `id` is copied. */
enum ms_status
ms_checks_note_refusal(struct ms_batch *batch, const struct ms_entity_type *referrer,
                       const struct ms_column *column, const struct ms_entity_type *gone,
                       const char *id, struct ms_error *err);

/* Looks at everything noted. MS_INVALID for a missing value or an entity that lies in itself, MS_INTEGRITY for a missing or a still
 * needed entity; the message names type, attribute and value. */
enum ms_status
ms_checks_run(struct ms_batch *batch, struct ms_error *err);

#endif
