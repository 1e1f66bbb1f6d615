/* The event ftrack.update: what a batch changed, for the journal and for whom listens.
 *
 * Each write notes its entity; before the commit each note is completed with the entity's parents, up to
 * the project, and one event, or several of a bounded size each, go into the journal (event_log.h) with the
 * change itself. After the commit the listener gets them. */
#ifndef MS_API_UPDATE_EVENT_H
#define MS_API_UPDATE_EVENT_H

#include "api/rules.h"

enum {
  MS_UPDATE_EVENT_ENTITIES_MAX = 200, /* in one event */
  MS_UPDATE_EVENT_MAX_BYTES = 4 * 1024 * 1024,
  MS_UPDATE_PARENTS_MAX = 32 /* levels of a tree that are shown */
};

/* A row was written: new where change->old is NULL. */
enum ms_status
ms_update_event_note(struct ms_batch *batch, const struct ms_change *change, struct ms_error *err);

/* An entity is about to be deleted. */
enum ms_status
ms_update_event_note_deletion(struct ms_batch *batch, const struct ms_entity_type *type,
                              const struct ms_key *key, struct ms_error *err);

/* All operations are done: writes the events into the journal. */
enum ms_status
ms_update_event_complete(struct ms_batch *batch, struct ms_error *err);

/* The batch is committed: tells the listener. */
void
ms_update_event_publish(struct ms_batch *batch);

#endif
