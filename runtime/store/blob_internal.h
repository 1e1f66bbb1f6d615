/* What the files of the blob store share. Nobody else includes this. */
#ifndef MS_STORE_BLOB_INTERNAL_H
#define MS_STORE_BLOB_INTERNAL_H

#include <pthread.h>
#include <time.h>

#include "base/id.h"
#include "store/blob.h"

enum {
  MS_BLOB_ID_MAX_BYTES = 128,
  MS_BLOB_NAME_SIZE = 3 + MS_BLOB_ID_MAX_BYTES + 1 /* "ab/" and the id with its NUL */
};

/* Where a blob is, relative to the folder. */
struct ms_blob_name {
  char folder[MS_BLOB_FOLDER_SIZE];
  char path[MS_BLOB_NAME_SIZE];
};

struct ms_blobs {
  char *folder;    /* owned */
  int folder_fd;   /* everything is opened relative to it */
  int incoming_fd; /* of the folder with temporary files */
  int shared_fd;   /* of the folder with the names by which twins are found */
  time_t swept_at; /* when that of temporary files was swept */

  pthread_mutex_t pending_lock;
  struct ms_blob_pending *pending; /* owned: what has not been looked at for a twin */
  struct ms_blob_pending **pending_end;
  int pending_count;
};

/* A temporary file: the name of a UUID; an upload in parts has this behind it. */
#define MS_BLOB_PARTS_SUFFIX ".parts"
enum { MS_BLOB_TEMPORARY_SIZE = MS_ID_SIZE + sizeof MS_BLOB_PARTS_SUFFIX };

struct ms_blob_writer {
  struct ms_blobs *blobs; /* borrowed */
  struct ms_blob_name name;
  char temporary[MS_BLOB_TEMPORARY_SIZE]; /* in the folder of incoming files */
  int fd;
  bool is_part;             /* the file stays when the writer gives up */
  bool is_summed_late;      /* the checksum is taken at the end */
  struct ms_md5_stream md5; /* of what ms_blob_write wrote */
};

/* MS_INVALID for an id that is no plain name. */
enum ms_status
ms_blob_name(const char *id, struct ms_blob_name *name, struct ms_error *err);

/* Renames the file `temporary` into place and makes the new name durable, too. */
enum ms_status
ms_blob_publish(struct ms_blobs *blobs, const char *temporary, const struct ms_blob_name *name,
                struct ms_error *err);

enum ms_status
ms_blob_fail_write(const struct ms_blobs *blobs, const struct ms_blob_name *name,
                   struct ms_error *err);

/* Call this before a name is removed or replaced, and ms_blob_unshared with the result afterwards. */
int
ms_blob_unshare(struct ms_blobs *blobs, const struct ms_blob_name *name);

void
ms_blob_unshared(int lock_fd);

/* The blob is new, and nobody here has it open any more: a twin may be looked for. */
void
ms_blob_share_later(struct ms_blobs *blobs, const struct ms_blob_name *name);

/* Its bytes are to stay as they are: whoever gets the path of a blob reads it and no more. */
void
ms_blob_seal(int fd);

void
ms_blobs_forget_pending(struct ms_blobs *blobs);

/* Notes the checksum beside the bytes, where the file system can. */
void
ms_blob_note_checksum(int fd, const char *checksum);

#endif
