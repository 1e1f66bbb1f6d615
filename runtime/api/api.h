/* The tracker itself: decodes a batch of operations, runs each action in one transaction, answers with
 * JSON text. It neither knows nor cares whether a socket was involved.
 *
 * One `struct ms_api` per data folder and process; one thread. */
#ifndef MS_API_API_H
#define MS_API_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "model/model.h"
#include "store/blob.h"
#include "store/database.h"

struct ms_api;

/* Limits, with their defaults. Beyond them: a protocol error, the server unmoved. */
enum {
  MS_API_BODY_MAX_BYTES = 64 * 1024 * 1024,
  MS_API_OPERATIONS_MAX = 100000,
  MS_API_ANSWER_MAX_BYTES = 512 * 1024 * 1024,
  MS_API_QUERY_TIME_MAX_MS = 60000
};

/* Opens DATA/moonshift.db and DATA/blobs below `data_folder` (created with mode 0700), and on the first
 * start puts in the rows that clients take for granted and the user of the operating system's login
 * name. */
enum ms_status
ms_api_open(const char *data_folder, struct ms_api **api, struct ms_error *err);

/* The same, but a folder that is begun by this gets only what the protocol cannot do without: locations, object
 * types, states, priorities, roles. Statuses, types, the workflows and the project schema are then for whoever
 * uses it to make. A folder that was begun before is opened as it is. */
enum ms_status
ms_api_open_empty(const char *data_folder, struct ms_api **api, struct ms_error *err);

void
ms_api_close(struct ms_api *api);

/* One POST /api. */
struct ms_api_request {
  const char *body;
  size_t body_bytes;
  const char *user_id;      /* who acts */
  const char *base_url;     /* where URLs in answers begin, e.g. "http://127.0.0.1:8000" */
  bool strict;              /* ftrack-strict-api: true */
  bool denormalize;         /* ftrack-api-options: denormalize */
  bool strict_projections;  /* ftrack-api-options: strict */
  const char *push_token;   /* NULL when not given */
  const char *client_token; /* NULL when not given */
  /* When given, the commit may be left to ms_api_commit: set to whether it was. NULL: what was changed is
   * committed and on the disk when the call returns. */
  bool *is_uncommitted;
};

/* Runs a batch, all or nothing, and appends the answer to `answer`: the array of results, or on failure
 * the error object {"exception", "content", "error_code"}. The status is MS_OK or that of the failure
 * (also in `err`), from which the HTTP front makes its status code in strict mode. */
enum ms_status
ms_api_call(struct ms_api *api, const struct ms_api_request *request, struct ms_buffer *answer,
            struct ms_error *err);

/* Commits what calls left uncommitted, together, and does what follows from it, in the order of the calls.
 * MS_OK: all of it is committed, and safe after ms_database_sync. Otherwise none of it has happened. */
enum ms_status
ms_api_commit(struct ms_api *api, struct ms_error *err);

/* Appends the error object for `err`; the exception's name comes from its status. Braces are kept out
 * of `content`, because a client formats it. */
void
ms_api_print_error(const struct ms_error *err, struct ms_buffer *answer);

/* Called with the JSON of an event, {"topic": "ftrack.update", "data": …}, after a batch that has changed
 * anything is committed. May not call the API. */
typedef void (*ms_api_listener)(void *context, const char *event, size_t event_bytes);

/* From now on `listener` hears of every change; NULL: nobody does. `context` is borrowed until then. */
void
ms_api_listen(struct ms_api *api, ms_api_listener listener, void *context);

#define MS_ENCODE_MEDIA_JOB_TYPE "encode_media"

/* Media to encode: all ids are of entities that exist; the outputs have no data yet. */
struct ms_encoding {
  const char *job_id; /* queued */
  const char *source_id;
  const char *version_id; /* gets the picture as its thumbnail; or NULL */
  bool keep_original;     /* else the source goes once it is encoded */
  const char *video_id;   /* of the component that the video goes to; NULL for a picture */
  const char *image_id;
};

/* Called after the batch that asked for it is committed; may not call the API. What it is given is
 * borrowed. */
typedef void (*ms_api_encoder)(void *context, const struct ms_encoding *encoding);

/* Who encodes media from now on; NULL: nobody, and jobs for it fail at once. */
void
ms_api_set_encoder(struct ms_api *api, ms_api_encoder encoder, void *context);

/* ---- users and keys ---- */

/* The id of the active user `username`; MS_NOT_FOUND, or MS_PERMISSION when inactive. */
enum ms_status
ms_api_find_user(struct ms_api *api, const char *username, char user_id[64], struct ms_error *err);

/* The user of the operating system's login name, created when missing: who acts on the embedded server. */
enum ms_status
ms_api_local_user(struct ms_api *api, char user_id[64], struct ms_error *err);

/* Checks user and key; the acting user's id on success. MS_AUTHENTICATION otherwise, in words that do
 * not tell which of the two is wrong. */
enum ms_status
ms_api_authenticate(struct ms_api *api, const char *username, const char *key, char user_id[64],
                    struct ms_error *err);

/* A new key for the user, shown once and stored as a hash. The key is owned. */
enum ms_status
ms_api_create_key(struct ms_api *api, const char *user_id, const char *label, char **key,
                  struct ms_error *err);

/* Whether the user has any key. */
bool
ms_api_has_key(struct ms_api *api, const char *user_id);

/* Appends the JSON list of all keys, of each: id, username, label, created_at; never the key. */
enum ms_status
ms_api_list_keys(struct ms_api *api, struct ms_buffer *list, struct ms_error *err);

/* Takes the key with this id back; MS_NOT_FOUND when there is none. */
enum ms_status
ms_api_revoke_key(struct ms_api *api, const char *key_id, struct ms_error *err);

/* Takes back those of the user's keys that have this label, if any. */
enum ms_status
ms_api_revoke_labelled_keys(struct ms_api *api, const char *user_id, const char *label,
                            struct ms_error *err);

/* ---- component data ---- */

enum ms_signature_use {
  MS_SIGNATURE_GET,
  MS_SIGNATURE_PUT,
  MS_SIGNATURE_PART, /* the id is the text of a part (part.h) */
  MS_SIGNATURE_THUMBNAIL
};

enum { MS_API_URL_LIFETIME_S = 24 * 60 * 60, MS_SIGNATURE_SIZE = 96 };

/* The query string "id=…&expires=…&signature=…" that lets whoever has it read or write this one
 * component until it expires. Appended to `url`. */
void
ms_api_sign(struct ms_api *api, enum ms_signature_use use, const char *component_id,
            int64_t expires_unix_s, struct ms_buffer *url);

/* Checks a signature: MS_PERMISSION when wrong, MS_TIMEOUT when expired. */
enum ms_status
ms_api_check_signature(struct ms_api *api, enum ms_signature_use use, const char *component_id,
                       const char *expires, const char *signature, struct ms_error *err);

/* Where component data is. */
struct ms_blobs *
ms_api_blobs(struct ms_api *api);

struct ms_database *
ms_api_database(struct ms_api *api);

const struct ms_model *
ms_api_model(const struct ms_api *api);

/* The id, owned, of the member in the middle of a container, by their names: what a sequence looks like. MS_NOT_FOUND for
 * a component without members. */
enum ms_status
ms_api_middle_member(struct ms_api *api, const char *component_id, char **member_id,
                     struct ms_error *err);

/* Removes the data in a folder of blobs of which no component was made, unless they are newer than `before`. How many
 * were removed. */
unsigned
ms_api_sweep_orphans(struct ms_api *api, const char *folder, time_t before);

/* The file name to offer for a download (the component's name and file type), owned. */
enum ms_status
ms_api_component_file_name(struct ms_api *api, const char *component_id, char **name,
                           struct ms_error *err);

#endif
