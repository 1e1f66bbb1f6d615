/* One call of the API: a batch with its memory, which may have to wait for its commit. */
#ifndef MS_API_CALL_H
#define MS_API_CALL_H

#include "api/batch.h"

struct ms_call {
  struct ms_batch batch;
  struct ms_arena arena; /* the batch's */
  struct ms_call *next;  /* that waits for the same commit */
};

/* With a batch that is about to begin; NULL when out of memory. */
struct ms_call *
ms_call_new(struct ms_api *api, const struct ms_api_request *request, struct ms_buffer *answer);

/* Does what follows if the batch is committed, and frees the call. NULL is fine. */
void
ms_call_finish(struct ms_call *call, bool is_committed);

/* Leaves the call, whose batch is a part of a group, to ms_api_commit. Taken. */
void
ms_call_wait(struct ms_call *call);

/* Commits the calls that wait, before somebody else begins; what becomes of them is told by ms_api_commit. */
void
ms_call_settle_all(struct ms_api *api);

#endif
