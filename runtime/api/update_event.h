/* The event ftrack.update: what a batch changed, for the journal and for whom listens.
 *
 * Before the commit each note (update_note.h) is completed with the entity's parents, up to the project,
 * and one event, or several of a bounded size each, go into the journal (event_log.h) with the change
 * itself. After the commit the listener gets them. */
#ifndef MS_API_UPDATE_EVENT_H
#define MS_API_UPDATE_EVENT_H

#include "api/batch.h"

enum { MS_UPDATE_EVENT_ENTITIES_MAX = 200 /* in one event */ };

/* All operations are done: writes the events into the journal. */
enum ms_status
ms_update_event_complete(struct ms_batch *batch, struct ms_error *err);

/* Another event of the batch's, a JSON object in the arena: into the journal, and later to the listener. */
enum ms_status
ms_update_event_add(struct ms_batch *batch, const char *text, size_t text_bytes,
                    struct ms_error *err);

/* The batch is committed: tells the listener. */
void
ms_update_event_publish(struct ms_batch *batch);

#endif
