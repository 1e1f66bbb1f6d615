/* The local side of an upload or download over HTTP: the file, and the request that moves it. */
#ifndef MS_TRANSPORT_FILE_H
#define MS_TRANSPORT_FILE_H

#include <sys/stat.h>

#include "transport/digest.h"
#include "transport/transport.h"

enum { MS_FILE_OWN_HEADERS = 2, MS_FILE_TEXT_SIZE = 300 };

struct ms_file_move {
  int fd;                            /* -1: none */
  bool is_upload, is_probe, is_part; /* the last two are downloads */
  bool is_synced;                    /* download: what came is on the disk */
  int64_t offset;                    /* where in the file the bytes are from or go to */
  int64_t size_bytes;  /* upload: to be sent; after the answer: the whole file, or what was sent */
  int64_t moved_bytes; /* after the answer: sent or received */
  struct ms_transport_moved *moved; /* borrowed; or NULL */
  char expected[64];                /* checksum that the other side gave, or "" */
  char range[MS_FILE_TEXT_SIZE];    /* headers of our own */
  char condition[MS_FILE_TEXT_SIZE];
  char *path;                     /* owned */
  char *shown_url;                /* owned; without the query */
  struct ms_http_header *headers; /* owned; the texts are borrowed */
  struct stat before;             /* upload: the file as it was opened */
};

/* Opens the file to send and fills `request` (all but progress and user). MS_NOT_FOUND, MS_PERMISSION,
 * MS_INVALID for anything but a regular file, MS_USAGE for a bad URL. On failure nothing is left to
 * end. */
enum ms_status
ms_file_begin_upload(const struct ms_transport_file *file, struct ms_file_move *move,
                     struct ms_http_request *request, struct ms_error *err);

/* The same for a file to fetch; it is created, or emptied. */
enum ms_status
ms_file_begin_download(const struct ms_transport_file *file, struct ms_file_move *move,
                       struct ms_http_request *request, struct ms_error *err);

/* What the answer means: sizes, the checksum to expect. Returns the status so far; `status` is the request's
 * own, and `answer` may be NULL unless that is MS_OK. */
enum ms_status
ms_file_judge(struct ms_file_move *move, enum ms_status status, const struct ms_http_answer *answer,
              struct ms_error *err);

/* What a checksum is to be taken of, once the answer is judged: false when there is nothing to compare. */
bool
ms_file_wants_digest(const struct ms_file_move *move, struct ms_file_digest_range *range,
                     int64_t *total_bytes);

/* Compares with what the other side gave: MS_NETWORK when the bytes differ. */
enum ms_status
ms_file_compare(struct ms_file_move *move, const char *hex, struct ms_error *err);

/* Whether a sync at the end is called for, which takes its time. */
bool
ms_file_wants_sync(const struct ms_file_move *move);

/* Does it, on any thread, so that ms_file_end need not. */
enum ms_status
ms_file_sync(struct ms_file_move *move, struct ms_error *err);

/* Closes and frees everything. Returns the final status (in `err` when it is not MS_OK) and the size moved. A
 * download that failed is removed, but for a part of one. */
enum ms_status
ms_file_end(struct ms_file_move *move, enum ms_status status, int64_t *size_bytes,
            struct ms_error *err);

/* Opens a regular file for reading, without waiting for the other end of a pipe. */
enum ms_status
ms_file_open_regular(const char *path, int *fd, struct stat *info, struct ms_error *err);

/* MS_IO when the open file is not what it was. */
enum ms_status
ms_file_check_unchanged(int fd, const struct stat *before, const char *path, struct ms_error *err);

/* Creates or empties a file for writing. */
enum ms_status
ms_file_create(const char *path, int *fd, struct ms_error *err);

/* Syncs and closes `fd`; when `status` or that goes wrong, removes the file at `path`. */
enum ms_status
ms_file_close_written(int fd, const char *path, enum ms_status status, struct ms_error *err);

#endif
