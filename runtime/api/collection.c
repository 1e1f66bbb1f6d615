/* Which lists are written how, and which are gone through again at the end of the batch. */
#include "api/collection.h"

#include <string.h>

#include "api/members.h"
#include "api/permission.h"

struct ms_pending_membership {
  const struct ms_entity_type *type;
  struct ms_key key;
  const struct ms_membership *membership;
  struct ms_pending_membership *next;
};

/* Every configuration has a value for every entity: that list is not the client's to make. */
static bool
is_dense(const struct ms_attribute *attribute)
{
  return strcmp(attribute->target->root->name, "CustomAttributeValue") == 0;
}

static enum ms_status
write_membership(struct ms_members *members, const struct ms_membership *membership,
                 struct ms_error *err)
{
  members->attribute = membership->attribute;
  members->target = membership->attribute->row_type;
  if (is_dense(membership->attribute))
    return MS_OK;
  enum ms_status status = ms_permission_check_write(members->batch, members->target, err);
  if (status == MS_OK)
    status = ms_members_decode(members, membership->members, err);
  if (status != MS_OK)
    return status;
  if (membership->attribute->storage.kind == MS_STORED_LINK)
    return ms_members_write_pairs(members, err);
  return ms_members_write_inverse(members, err);
}

static enum ms_status
postpone(struct ms_batch *batch, const struct ms_row *row, const struct ms_membership *membership,
         struct ms_error *err)
{
  struct ms_pending_membership *pending = MS_ARENA_NEW(batch->arena, struct ms_pending_membership);
  if (!pending)
    return ms_batch_out_of_memory(err);
  pending->type = row->type;
  pending->key = row->key;
  pending->membership = membership;
  pending->next = batch->memberships;
  batch->memberships = pending;
  ms_forward_note(batch);
  return MS_OK;
}

enum ms_status
ms_collections_write(struct ms_batch *batch, const struct ms_row *row, struct ms_error *err)
{
  enum ms_status status = MS_OK;
  for (const struct ms_membership *membership = row->memberships; membership && status == MS_OK;
       membership = membership->next) {
    struct ms_members members = {.batch = batch, .type = row->type, .owner = &row->key};
    status = write_membership(&members, membership, err);
    if (status == MS_OK && members.is_incomplete)
      status = postpone(batch, row, membership, err);
  }
  return status;
}

enum ms_status
ms_collections_settle(struct ms_batch *batch, struct ms_error *err)
{
  enum ms_status status = MS_OK;
  for (const struct ms_pending_membership *pending = batch->memberships; pending && status == MS_OK;
       pending = pending->next) {
    struct ms_members members = {.batch = batch, .type = pending->type, .owner = &pending->key};
    status = write_membership(&members, pending->membership, err);
    if (status == MS_OK && members.is_incomplete)
      status = ms_fail(err, MS_INTEGRITY, "attribute '%s' of %s lists a %s that does not exist",
                       members.attribute->name,
                       ms_key_describe(batch, pending->type, &pending->key), members.target->name);
  }
  return status;
}
