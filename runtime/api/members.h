/* A list of members while it is written: what the two kinds of collection share. */
#ifndef MS_API_MEMBERS_H
#define MS_API_MEMBERS_H

#include "api/row.h"

enum { MS_MEMBERS_SQL_MAX_BYTES = 8192 };

struct ms_members {
  struct ms_batch *batch;
  const struct ms_entity_type *type; /* concrete type of the owner */
  const struct ms_key *owner;
  const struct ms_attribute *attribute;
  const struct ms_entity_type *target;
  struct ms_key *keys; /* as listed */
  const char **texts;  /* the same as text, sorted */
  size_t count;
  bool is_incomplete; /* a member does not exist */
};

/* Reads the listed references into keys and texts. */
enum ms_status
ms_members_decode(struct ms_members *members, const struct ms_json_node *list,
                  struct ms_error *err);

/* Steps through the keys (of `key_parts` columns) of the present members; *leaving are those that are
 * not listed, in the arena. */
enum ms_status
ms_members_find_leaving(struct ms_members *members, struct ms_statement *statement,
                        size_t key_parts, struct ms_key **leaving, size_t *leaving_count,
                        struct ms_error *err);

/* Prepares a statement and frees its text. */
enum ms_status
ms_members_prepare(struct ms_members *members, struct ms_buffer *sql,
                   struct ms_statement **statement, struct ms_error *err);

/* Members that hold our id (collection_inverse.c). */
enum ms_status
ms_members_write_inverse(struct ms_members *members, struct ms_error *err);

/* Members that a table of pairs joins with us (collection_pairs.c). */
enum ms_status
ms_members_write_pairs(struct ms_members *members, struct ms_error *err);

#endif
