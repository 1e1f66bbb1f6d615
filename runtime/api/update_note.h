/* Notes of what a batch changes, for the events that tell of it (update_event.h).
 *
 * Whoever writes a row notes it: operations of clients, and what follows from them: rows that go with a
 * deleted entity, references to it that are cleared, members that join or leave a list, rows of the
 * server's own. Rows whose key has several parts and that go with an entity are part of it and not told. */
#ifndef MS_API_UPDATE_NOTE_H
#define MS_API_UPDATE_NOTE_H

#include "api/rules.h"

enum {
  /* Of one batch, what nobody asked for by name. What goes beyond is not told: it follows from the rest. */
  MS_UPDATE_CONSEQUENCES_MAX = 20000,
  MS_UPDATE_EVENT_MAX_BYTES = 4 * 1024 * 1024
};

struct ms_update_note {
  const char *action; /* "add", "update", "remove" */
  const struct ms_entity_type *type;
  const char *id;               /* parts of a key are joined by commas */
  const char *keys;             /* JSON: names of what changed */
  const char *changes;          /* JSON: {name: {"old", "new"}} or null */
  const struct ms_place *place; /* NULL before it is looked up, and where there is none */
  struct ms_update_note *next;
};

/* A row was written: new where change->old is NULL. What is as it was is no change. */
enum ms_status
ms_update_note_write(struct ms_batch *batch, const struct ms_change *change, struct ms_error *err);

/* An entity whose key has several parts was deleted. */
enum ms_status
ms_update_note_removal(struct ms_batch *batch, const struct ms_entity_type *type,
                       const struct ms_key *key, struct ms_error *err);

/* Whether there is room for more consequences. */
bool
ms_update_note_has_room(const struct ms_batch *batch);

/* The entity that was at `place` is removed. */
enum ms_status
ms_update_note_removed(struct ms_batch *batch, const struct ms_place *place, struct ms_error *err);

/* A column of an entity, which held `old`, holds `new` now: both texts or NULL, all of them copied. */
enum ms_status
ms_update_note_column(struct ms_batch *batch, const struct ms_entity_type *type, const char *id,
                      const char *column, const char *old, const char *new, struct ms_error *err);

#endif
