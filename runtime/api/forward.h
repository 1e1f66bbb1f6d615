/* References to what a later operation of the batch creates.
 *
 * A row that refers ahead is written all the same, but what was filled in and answered before its target was
 * there lacks something: a relation reads as null, a status is not the project's own. When all operations
 * have run, both are made right. A batch that does not refer ahead pays nothing. */
#ifndef MS_API_FORWARD_H
#define MS_API_FORWARD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct ms_batch;
struct ms_forward;
struct ms_row;

struct ms_forwards {
  size_t reference_count;   /* to what was not there, so far */
  size_t answered_count;    /* of them, those before the last answer */
  struct ms_forward *first; /* answers since the first such reference, oldest first */
  struct ms_forward *last;
};

/* Appends the answer that tells of the row, whose attributes and present values it finds out itself. */
typedef enum ms_status (*ms_forward_printer)(struct ms_batch *batch, struct ms_row *row,
                                             struct ms_error *err);

/* Something refers to what is not there, or not yet. */
void
ms_forward_note(struct ms_batch *batch);

/* Prints the answer to the operation that wrote the row, and remembers both if they may have to change. */
enum ms_status
ms_forward_answer(struct ms_batch *batch, const struct ms_row *row, bool is_new,
                  ms_forward_printer print, struct ms_error *err);

/* All operations have run: fills in what depends on rows that came later, unless it was changed since. */
enum ms_status
ms_forward_fill(struct ms_batch *batch, struct ms_error *err);

/* All is written: prints those answers anew that have changed. An entity that is gone by now keeps its answer. */
enum ms_status
ms_forward_print(struct ms_batch *batch, struct ms_error *err);

#endif
