/* A failed download leaves nothing behind; a file that changes while it is sent is an error, because half an
 * old and half a new file would be stored as if it were whole. */
#include "transport/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "http/url.h"
#include "transport/judge.h"

/* ---- files ---- */

enum ms_status
ms_file_open_regular(const char *path, int *fd, struct stat *info, struct ms_error *err)
{
  *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (*fd < 0) {
    return ms_fail_errno(err, errno, "cannot read '%s'", path);
  }
  enum ms_status status = MS_OK;
  if (fstat(*fd, info) < 0) {
    status = ms_fail_errno(err, errno, "cannot read '%s'", path);
  } else if (S_ISDIR(info->st_mode)) {
    status = ms_fail(err, MS_INVALID, "'%s' is a folder: name the files in it, or an archive of it",
                     path);
  } else if (!S_ISREG(info->st_mode)) {
    status = ms_fail(err, MS_INVALID, "'%s' is not a regular file", path);
  }
  if (status != MS_OK) {
    close(*fd);
    *fd = -1;
  }
  return status;
}

enum ms_status
ms_file_create(const char *path, int *fd, struct ms_error *err)
{
  *fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0666);
  return *fd < 0 ? ms_fail_errno(err, errno, "cannot write '%s'", path) : MS_OK;
}

enum ms_status
ms_file_close_written(int fd, const char *path, enum ms_status status, struct ms_error *err)
{
  if (status == MS_OK && fsync(fd) < 0) {
    status = ms_fail_errno(err, errno, "cannot write '%s'", path);
  }
  if (close(fd) < 0 && status == MS_OK) {
    status = ms_fail_errno(err, errno, "cannot write '%s'", path);
  }
  if (status != MS_OK) {
    unlink(path);
  }
  return status;
}

enum ms_status
ms_file_check_unchanged(int fd, const struct stat *before, const char *path, struct ms_error *err)
{
  struct stat now;
  if (fstat(fd, &now) < 0) {
    return ms_fail_errno(err, errno, "cannot read '%s'", path);
  }
  if (now.st_size == before->st_size && now.st_mtim.tv_sec == before->st_mtim.tv_sec &&
      now.st_mtim.tv_nsec == before->st_mtim.tv_nsec) {
    return MS_OK;
  }
  return ms_fail(err, MS_IO,
                 "'%s' changed while it was uploaded (%lld bytes before, %lld now): upload it when "
                 "nobody writes it any more",
                 path, (long long)before->st_size, (long long)now.st_size);
}

/* ---- requests ---- */

/* libcurl knows the length better. */
static bool
is_left_out(const char *name)
{
  return strcasecmp(name, "content-length") == 0;
}

static enum ms_status
prepare(const struct ms_transport_file *file, struct ms_file_move *move,
        struct ms_http_request *request, struct ms_error *err)
{
  enum ms_status status = ms_http_url_check(file->url, err);
  if (status != MS_OK) {
    return status;
  }
  *move = (struct ms_file_move){
      .fd = -1,
      .path = strdup(file->path),
      .shown_url = ms_http_url_public(file->url),
      .headers = calloc(file->header_count + 1, sizeof *move->headers),
  };
  *request = (struct ms_http_request){.url = file->url,
                                      .upload_fd = -1,
                                      .download_fd = -1,
                                      .headers = move->headers,
                                      .retry = true};
  if (!move->path || !move->shown_url || !move->headers) {
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  for (size_t i = 0; i < file->header_count; i++) {
    if (!is_left_out(file->headers[i].name)) {
      move->headers[request->header_count++] = file->headers[i];
    }
  }
  return MS_OK;
}

static void
release(struct ms_file_move *move)
{
  free(move->path);
  free(move->shown_url);
  free(move->headers);
  *move = (struct ms_file_move){.fd = -1};
}

enum ms_status
ms_file_begin_upload(const struct ms_transport_file *file, struct ms_file_move *move,
                     struct ms_http_request *request, struct ms_error *err)
{
  *move = (struct ms_file_move){.fd = -1};
  enum ms_status status = prepare(file, move, request, err);
  if (status == MS_OK) {
    status = ms_file_open_regular(file->path, &move->fd, &move->before, err);
  }
  if (status != MS_OK) {
    release(move);
    return status;
  }
  move->is_upload = true;
  request->method = "PUT";
  request->upload_fd = move->fd;
  request->upload_bytes = move->before.st_size;
  return MS_OK;
}

enum ms_status
ms_file_begin_download(const struct ms_transport_file *file, struct ms_file_move *move,
                       struct ms_http_request *request, struct ms_error *err)
{
  *move = (struct ms_file_move){.fd = -1};
  enum ms_status status = prepare(file, move, request, err);
  if (status == MS_OK) {
    status = ms_file_create(file->path, &move->fd, err);
  }
  if (status != MS_OK) {
    release(move);
    return status;
  }
  request->method = "GET";
  request->download_fd = move->fd;
  return MS_OK;
}

/* ---- the end ---- */

enum ms_status
ms_file_end(struct ms_file_move *move, enum ms_status status, const struct ms_http_answer *answer,
            int64_t *size_bytes, struct ms_error *err)
{
  *size_bytes = 0;
  if (status == MS_OK) {
    status = ms_transport_judge_file(answer, move->shown_url, err);
  } else {
    ms_error_prefix(err, "%s '%s'", move->is_upload ? "upload of" : "download to", move->path);
  }
  if (status == MS_OK && move->is_upload) {
    status = ms_file_check_unchanged(move->fd, &move->before, move->path, err);
    *size_bytes = move->before.st_size;
  } else if (status == MS_OK) {
    *size_bytes = answer->downloaded_bytes;
  }
  if (move->is_upload) {
    close(move->fd);
  } else {
    status = ms_file_close_written(move->fd, move->path, status, err);
  }
  release(move);
  return status;
}
