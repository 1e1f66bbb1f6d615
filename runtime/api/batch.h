/* One batch while it runs, and the actions that it is made of. */
#ifndef MS_API_BATCH_H
#define MS_API_BATCH_H

#include "api/forward.h"
#include "api/internal.h"
#include "api/place.h"
#include "base/arena.h"
#include "base/json.h"
#include "query/query.h"

struct ms_check;
struct ms_late_rule;
struct ms_pending_membership;
struct ms_removed_blob;
struct ms_asked_encoding;
struct ms_update_event;
struct ms_update_note;

struct ms_batch {
  struct ms_api *api;                   /* borrowed */
  const struct ms_api_request *request; /* borrowed */
  struct ms_arena *arena;               /* borrowed; lives until the batch is answered */
  struct ms_buffer *answer;             /* borrowed; each action appends its element */
  const struct ms_json_node *operation; /* the one that runs; its siblings follow it */
  const struct ms_json_node *refused;   /* the one that failed, where that can be told */
  bool settles;                         /* all operations have run, `operation` is the last */
  int64_t now_us;                       /* the time of all its changes */
  struct ms_check *checks;              /* what must hold when it ends, oldest first */
  struct ms_check *last_check;
  struct ms_late_rule *late_rules;           /* what new rows bring with them when it ends */
  struct ms_pending_membership *memberships; /* lists with members that did not exist yet */
  struct ms_forwards forwards;               /* what refers to rows that do not exist yet */
  struct ms_removed_blob *removed;           /* component data to remove once it is committed */
  struct ms_asked_encoding *encodings;       /* to begin once it is committed */
  struct ms_update_note *updates;            /* what was changed, oldest first */
  struct ms_update_note *last_update;
  size_t consequences;            /* of the notes, those of what nobody asked for by name */
  struct ms_places places;        /* of what was changed */
  struct ms_update_event *events; /* that tell of it, oldest first */
  struct ms_update_event *last_event;
};

/* Runs one operation and appends its answer. */
typedef enum ms_status (*ms_action)(struct ms_batch *batch, const struct ms_json_node *operation,
                                    struct ms_error *err);

enum ms_status
ms_action_create(struct ms_batch *batch, const struct ms_json_node *operation,
                 struct ms_error *err);
enum ms_status
ms_action_update(struct ms_batch *batch, const struct ms_json_node *operation,
                 struct ms_error *err);
enum ms_status
ms_action_delete(struct ms_batch *batch, const struct ms_json_node *operation,
                 struct ms_error *err);
enum ms_status
ms_action_query(struct ms_batch *batch, const struct ms_json_node *operation, struct ms_error *err);
enum ms_status
ms_action_query_server_information(struct ms_batch *batch, const struct ms_json_node *operation,
                                   struct ms_error *err);
enum ms_status
ms_action_query_schemas(struct ms_batch *batch, const struct ms_json_node *operation,
                        struct ms_error *err);
enum ms_status
ms_action_get_upload_metadata(struct ms_batch *batch, const struct ms_json_node *operation,
                              struct ms_error *err);
enum ms_status
ms_action_complete_multipart_upload(struct ms_batch *batch, const struct ms_json_node *operation,
                                    struct ms_error *err);
enum ms_status
ms_action_reset_remote(struct ms_batch *batch, const struct ms_json_node *operation,
                       struct ms_error *err);
enum ms_status
ms_action_search(struct ms_batch *batch, const struct ms_json_node *operation,
                 struct ms_error *err);
enum ms_status
ms_action_generate_signed_url(struct ms_batch *batch, const struct ms_json_node *operation,
                              struct ms_error *err);
enum ms_status
ms_action_get_widget_url(struct ms_batch *batch, const struct ms_json_node *operation,
                         struct ms_error *err);
enum ms_status
ms_action_send_user_invite(struct ms_batch *batch, const struct ms_json_node *operation,
                           struct ms_error *err);
enum ms_status
ms_action_send_review_session_invite(struct ms_batch *batch, const struct ms_json_node *operation,
                                     struct ms_error *err);
enum ms_status
ms_action_encode_media(struct ms_batch *batch, const struct ms_json_node *operation,
                       struct ms_error *err);
enum ms_status
ms_action_delayed_job(struct ms_batch *batch, const struct ms_json_node *operation,
                      struct ms_error *err);
enum ms_status
ms_action_permissions(struct ms_batch *batch, const struct ms_json_node *operation,
                      struct ms_error *err);
enum ms_status
ms_action_compute_rollups(struct ms_batch *batch, const struct ms_json_node *operation,
                          struct ms_error *err);
enum ms_status
ms_action_configure_totp(struct ms_batch *batch, const struct ms_json_node *operation,
                         struct ms_error *err);
enum ms_status
ms_action_add_user_security_role(struct ms_batch *batch, const struct ms_json_node *operation,
                                 struct ms_error *err);
enum ms_status
ms_action_remove_user_security_role(struct ms_batch *batch, const struct ms_json_node *operation,
                                    struct ms_error *err);
enum ms_status
ms_action_update_user_security_role(struct ms_batch *batch, const struct ms_json_node *operation,
                                    struct ms_error *err);
enum ms_status
ms_action_grant_user_security_role_project(struct ms_batch *batch,
                                           const struct ms_json_node *operation,
                                           struct ms_error *err);
enum ms_status
ms_action_revoke_user_security_role_project(struct ms_batch *batch,
                                            const struct ms_json_node *operation,
                                            struct ms_error *err);

/* What queries of this batch are compiled against. */
struct ms_query_context
ms_batch_query_context(const struct ms_batch *batch);

/* The entity type that member `entity_type` of the operation names. */
enum ms_status
ms_batch_named_type(struct ms_batch *batch, const struct ms_json_node *operation,
                    const struct ms_entity_type **type, struct ms_error *err);

/* The same, which the acting user may write. */
enum ms_status
ms_batch_entity_type(struct ms_batch *batch, const struct ms_json_node *operation,
                     const struct ms_entity_type **type, struct ms_error *err);

/* A text as a value; the text is borrowed. */
struct ms_parameter
ms_text_parameter(const char *text);

enum ms_status
ms_batch_out_of_memory(struct ms_error *err);

#endif
