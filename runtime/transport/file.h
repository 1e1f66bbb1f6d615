/* The local side of an upload or download over HTTP: the file, and the request that moves it. */
#ifndef MS_TRANSPORT_FILE_H
#define MS_TRANSPORT_FILE_H

#include <sys/stat.h>

#include "transport/transport.h"

struct ms_file_move {
  int fd; /* -1: none */
  bool is_upload;
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

/* Judges what came of it, and closes and frees everything. Returns the final status (in `err` when it is
 * not MS_OK) and the size moved. A download that failed is removed. `answer` may be NULL unless `status` is
 * MS_OK. */
enum ms_status
ms_file_end(struct ms_file_move *move, enum ms_status status, const struct ms_http_answer *answer,
            int64_t *size_bytes, struct ms_error *err);

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
