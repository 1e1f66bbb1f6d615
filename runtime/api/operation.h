/* What actions beyond the usual ones need: their arguments, and operations that they carry out
 * themselves, with the checks, defaults and cascades of those that clients send. */
#ifndef MS_API_OPERATION_H
#define MS_API_OPERATION_H

#include "api/batch.h"
#include "base/id.h"

/* The member `name` of an operation, a string with something in it. MS_INVALID says what the action
 * needs. */
enum ms_status
ms_operation_string(const struct ms_json_node *operation, const char *name, const char **value,
                    struct ms_error *err);

/* A text for an attribute. */
struct ms_member {
  const char *name;
  const char *value; /* NULL: null */
};

/* Creates an entity of a type with a single key, which is made here. Nothing is appended to the answer,
 * by none of these. */
enum ms_status
ms_operation_create(struct ms_batch *batch, const char *type, const struct ms_member *members,
                    size_t count, char id[MS_ID_SIZE], struct ms_error *err);

enum ms_status
ms_operation_update(struct ms_batch *batch, const char *type, const char *id,
                    const struct ms_member *members, size_t count, struct ms_error *err);

enum ms_status
ms_operation_delete(struct ms_batch *batch, const char *type, const char *id, struct ms_error *err);

/* The first column of the first row of `sql`, in the batch's arena. MS_NOT_FOUND without one; its
 * message is for the caller to make. */
enum ms_status
ms_operation_find(struct ms_batch *batch, const char *sql, const char *const *parameters,
                  size_t count, const char **found, struct ms_error *err);

/* MS_NOT_FOUND, in words, unless there is an entity of that type with that id. */
enum ms_status
ms_operation_check_entity(struct ms_batch *batch, const char *type, const char *id,
                          struct ms_error *err);

#endif
