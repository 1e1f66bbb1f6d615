/* What the files of api/ share about the API itself. Nobody else includes this. */
#ifndef MS_API_INTERNAL_H
#define MS_API_INTERNAL_H

#include "api/api.h"
#include "base/checksum.h"

struct ms_call;
struct ms_holders;
struct ms_owners;
struct ms_plans;
struct ms_referrers;

struct ms_api {
  const struct ms_model *model;    /* borrowed */
  struct ms_database *database;    /* owned */
  struct ms_blobs *blobs;          /* owned */
  struct ms_plans *plans;          /* owned */
  struct ms_owners *owners;        /* owned; NULL before the first look-up */
  struct ms_holders *holders;      /* owned; NULL before the first look-up */
  struct ms_referrers *referrers;  /* owned; NULL before the first deletion */
  struct ms_buffer schemas;        /* the answer of query_schemas; empty before the first */
  uint8_t secret[MS_SHA256_BYTES]; /* that signs URLs */
  ms_api_listener listener;        /* to changes, or NULL */
  void *listener_context;          /* borrowed */
  ms_api_encoder encoder;          /* of media, or NULL */
  void *encoder_context;           /* borrowed */
  int64_t origin;                  /* random: whose events in the journal are ours */
  uint64_t events_appended;        /* by us */
  struct ms_call *uncommitted;     /* calls whose batches wait for ms_api_commit, oldest first */
  struct ms_call *last_uncommitted;
  struct ms_error lost; /* why batches that waited have not happened; until ms_api_commit tells */
};

enum {
  MS_API_USER_ID_SIZE = 64 /* of the buffers that take a user's id */
};

/* MS_INVALID for an id that is too long to act with. */
enum ms_status
ms_user_copy_id(const char *id, char user_id[MS_API_USER_ID_SIZE], struct ms_error *err);

/* Appends what the SQL function ms_url answers; `context` is a struct ms_api. */
void
ms_api_print_url(void *context, const char *base_url, const char *kind, const char *id,
                 struct ms_buffer *url);

/* Reads the secret that signs URLs; MS_NOT_FOUND before the first start has made one. */
enum ms_status
ms_api_load_secret(struct ms_api *api, struct ms_error *err);

/* Makes and stores the secret. */
enum ms_status
ms_api_make_secret(struct ms_api *api, struct ms_error *err);

/* Puts the rows that clients take for granted (when `empty`, only those that the protocol needs) and the secret
 * into a new database: once, in one transaction, whoever of several processes comes first. */
enum ms_status
ms_api_seed(struct ms_api *api, bool empty, struct ms_error *err);

#endif
