/* Copying the log back into the database where answers must not wait for it: in a server, by another thread.
 * Elsewhere the commit that finds the log long enough does it. */
#ifndef MS_STORE_CHECKPOINT_H
#define MS_STORE_CHECKPOINT_H

#include "store/database.h"

enum { MS_CHECKPOINT_PAGES = 4096 /* of 4 KB in the log, from which it is copied back */ };

struct ms_checkpoint;

/* From now on commits of `database`, which is borrowed, leave the log to the checkpoint. */
enum ms_status
ms_checkpoint_new(struct ms_database *database, struct ms_checkpoint **checkpoint,
                  struct ms_error *err);

/* Before the database is closed; commits copy again. NULL is fine. */
void
ms_checkpoint_free(struct ms_checkpoint *checkpoint);

/* Whether ms_checkpoint_copy is to be called, then ms_checkpoint_finish. Not again before the log has grown by as
 * much: a reader of an old state may hold it. */
bool
ms_checkpoint_take_due(struct ms_checkpoint *checkpoint);

/* Copies what is in the log now; on any thread. MS_IO. */
enum ms_status
ms_checkpoint_copy(struct ms_checkpoint *checkpoint, struct ms_error *err);

/* Copies the little that came meanwhile; on the database's thread, between transactions. */
enum ms_status
ms_checkpoint_finish(struct ms_checkpoint *checkpoint, struct ms_error *err);

#endif
