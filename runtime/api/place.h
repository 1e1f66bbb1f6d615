/* Where entities lie: from an entity up to its project.
 *
 * What was looked up is remembered for the batch, so that a hundred tasks of a shot ask for the shot once.
 * Entities that the batch has removed stay known, so that what goes with them can still say where it was. */
#ifndef MS_API_PLACE_H
#define MS_API_PLACE_H

#include "api/internal.h"
#include "base/json.h"

struct ms_batch;

enum {
  MS_PLACE_LEVELS_MAX = 32 /* of a tree that are shown */
};

struct ms_place {
  const struct ms_entity_type *type; /* the concrete one */
  const char *id;
  const char *parent_id;         /* or NULL */
  const char *object_type_id;    /* or NULL */
  const struct ms_place *parent; /* NULL at the top, and where no entity has the id */
  struct ms_place *next;         /* in the same bucket */
};

/* Places by family and id; all in the batch's arena. */
struct ms_place_table {
  struct ms_place **buckets;
  size_t bucket_count;
  size_t count;
};

struct ms_places {
  struct ms_place_table present; /* as far as looked up since anything was written */
  struct ms_place_table removed; /* by the batch */
};

/* The place of an entity of the family of `root`, removed ones included; NULL when there is no such one. */
enum ms_status
ms_place_find(struct ms_batch *batch, const struct ms_entity_type *root, const char *id,
              const struct ms_place **place, struct ms_error *err);

/* The present row of a statement of ms_holder_find is about to be removed: its place, which stays known. */
enum ms_status
ms_place_remove(struct ms_batch *batch, const struct ms_entity_type *root,
                struct ms_statement *statement, const struct ms_place **place,
                struct ms_error *err);

/* Something was written: forgets what may have changed by it. */
void
ms_place_forget(struct ms_batch *batch);

/* The list of places from this one upwards, as [{"entityId", "entityType", "entity_type", "parentId"}]; of
 * NULL an empty one. */
void
ms_place_print(const struct ms_place *place, struct ms_json_writer *writer);

/* The name of the type on classic servers, in small letters: "task" for every typed context, "show",
 * "assetversion". */
void
ms_place_print_type(const struct ms_entity_type *type, struct ms_json_writer *writer);

#endif
