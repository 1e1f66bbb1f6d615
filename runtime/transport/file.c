/* A failed download leaves nothing behind; a file that changes while it is sent is an error, because half an
 * old and half a new file would be stored as if it were whole. */
#include "transport/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
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
  *fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0666);
  return *fd < 0 ? ms_fail_errno(err, errno, "cannot write '%s'", path) : MS_OK;
}

static enum ms_status
sync_written(int fd, const char *path, struct ms_error *err)
{
  return fsync(fd) < 0 ? ms_fail_errno(err, errno, "cannot write '%s'", path) : MS_OK;
}

static enum ms_status
close_written(int fd, const char *path, enum ms_status status, struct ms_error *err)
{
  if (close(fd) < 0 && status == MS_OK) {
    status = ms_fail_errno(err, errno, "cannot write '%s'", path);
  }
  if (status != MS_OK) {
    unlink(path);
  }
  return status;
}

enum ms_status
ms_file_close_written(int fd, const char *path, enum ms_status status, struct ms_error *err)
{
  return close_written(fd, path, status == MS_OK ? sync_written(fd, path, err) : status, err);
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
      .is_probe = !file->path,
      .moved = file->moved,
      .path = strdup(file->path ? file->path : "/dev/null"),
      .shown_url = ms_http_url_public(file->url),
      .headers = calloc(file->header_count + MS_FILE_OWN_HEADERS, sizeof *move->headers),
  };
  if (file->moved) {
    *file->moved = (struct ms_transport_moved){.total_bytes = -1};
  }
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

static enum ms_status
choose_range(const struct ms_transport_file *file, struct ms_file_move *move, struct ms_error *err)
{
  int64_t rest_bytes = move->before.st_size - file->offset;
  move->offset = file->offset;
  move->size_bytes = file->size_bytes > 0 ? file->size_bytes : rest_bytes;
  if (rest_bytes >= 0 && move->size_bytes <= rest_bytes) {
    return MS_OK;
  }
  return ms_fail(err, MS_IO,
                 "'%s' became shorter while it was uploaded (%lld bytes are left): upload it when "
                 "nobody writes it any more",
                 file->path, (long long)move->before.st_size);
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
  if (status == MS_OK) {
    status = choose_range(file, move, err);
  }
  if (status != MS_OK) {
    if (move->fd >= 0) {
      close(move->fd);
    }
    release(move);
    return status;
  }
  move->is_upload = true;
  request->method = "PUT";
  request->upload_fd = move->fd;
  request->upload_offset = move->offset;
  request->upload_bytes = move->size_bytes;
  request->rate = file->rate;
  return MS_OK;
}

static enum ms_status
open_part(const struct ms_transport_file *file, struct ms_file_move *move, struct ms_error *err)
{
  move->fd = open(file->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
  if (move->fd < 0 || lseek(move->fd, file->offset, SEEK_SET) < 0) {
    return ms_fail_errno(err, errno, "cannot go on with '%s'", file->path);
  }
  move->is_part = true;
  move->offset = file->offset;
  move->size_bytes = file->size_bytes;
  return MS_OK;
}

static enum ms_status
open_target(const struct ms_transport_file *file, struct ms_file_move *move, struct ms_error *err)
{
  if (file->path && file->size_bytes > 0) {
    return open_part(file, move, err);
  }
  if (file->path) {
    return ms_file_create(file->path, &move->fd, err);
  }
  move->fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
  return move->fd < 0 ? ms_fail_errno(err, errno, "cannot open /dev/null") : MS_OK;
}

/* Asks for a part alone, as long as it is of the same data; or for one byte, to learn about them. */
static void
add_range(const struct ms_transport_file *file, struct ms_file_move *move,
          struct ms_http_request *request)
{
  if (!move->is_probe && !move->is_part) {
    return;
  }
  request->range_bytes = move->is_part ? move->size_bytes : 1;
  snprintf(move->range, sizeof move->range, "bytes=%lld-%lld", (long long)move->offset,
           (long long)(move->offset + request->range_bytes - 1));
  move->headers[request->header_count++] = (struct ms_http_header){"Range", move->range};
  if (move->is_part && file->etag) {
    snprintf(move->condition, sizeof move->condition, "\"%s\"", file->etag);
    move->headers[request->header_count++] = (struct ms_http_header){"If-Range", move->condition};
  }
}

enum ms_status
ms_file_begin_download(const struct ms_transport_file *file, struct ms_file_move *move,
                       struct ms_http_request *request, struct ms_error *err)
{
  *move = (struct ms_file_move){.fd = -1};
  enum ms_status status = prepare(file, move, request, err);
  if (status == MS_OK) {
    status = open_target(file, move, err);
  }
  if (status != MS_OK) {
    if (move->fd >= 0) {
      close(move->fd);
    }
    release(move);
    return status;
  }
  add_range(file, move, request);
  request->method = "GET";
  request->download_fd = move->fd;
  request->rate = file->rate;
  request->retry = !move->is_part; /* the caller goes on where it broke */
  return MS_OK;
}

/* ---- the answer ---- */

/* Of "bytes 5-9/10". False when it is not of that form. */
static bool
parse_content_range(const char *text, int64_t *first, int64_t *total)
{
  long long first_byte, last_byte, size;
  if (sscanf(text, "bytes %lld-%lld/%lld", &first_byte, &last_byte, &size) != 3) {
    return false;
  }
  *first = first_byte;
  *total = size;
  return true;
}

/* What came of a part: it, and nothing else. */
static enum ms_status
judge_part(const struct ms_file_move *move, const struct ms_http_answer *answer, int64_t first,
           struct ms_error *err)
{
  if (answer->status != 206) {
    return ms_fail(err, MS_PROTOCOL,
                   "%s sent no part of the data that it had before: they have changed, begin anew",
                   move->shown_url);
  }
  if (first != move->offset || move->moved_bytes != move->size_bytes) {
    return ms_fail(err, MS_NETWORK, "%s sent %lld bytes from byte %lld on, not %lld from %lld on",
                   move->shown_url, (long long)move->moved_bytes, (long long)first,
                   (long long)move->size_bytes, (long long)move->offset);
  }
  return MS_OK;
}

static enum ms_status
judge_download(struct ms_file_move *move, const struct ms_http_answer *answer, struct ms_error *err)
{
  int64_t first = 0, total = answer->content_bytes;
  move->moved_bytes = answer->downloaded_bytes;
  bool has_ranges = answer->status == 206;
  if (has_ranges && !parse_content_range(answer->content_range, &first, &total)) {
    return ms_fail(err, MS_PROTOCOL, "%s sent a part of the file without saying which",
                   move->shown_url);
  }
  if (move->moved) {
    move->moved->has_ranges = has_ranges;
    move->moved->total_bytes = total;
  }
  if (move->is_part) {
    return judge_part(move, answer, first, err);
  }
  move->size_bytes = move->moved_bytes;
  if (!move->is_probe && has_ranges && total != move->moved_bytes) {
    return ms_fail(err, MS_NETWORK, "%s sent %lld bytes from byte %lld on of %lld", move->shown_url,
                   (long long)move->moved_bytes, (long long)first, (long long)total);
  }
  return MS_OK;
}

/* Of an upload: the header of the whole, or the receipt of a part: "md5-HEX-…". */
static void
note_expected(struct ms_file_move *move, const struct ms_http_answer *answer)
{
  const char *tag = answer->etag;
  if (answer->checksum[0]) {
    snprintf(move->expected, sizeof move->expected, "%s", answer->checksum);
  } else if (move->is_upload && strncmp(tag, "md5-", 4) == 0 && strlen(tag) > 4 + 32) {
    snprintf(move->expected, sizeof move->expected, "0-%.32s", tag + 4);
  }
}

enum ms_status
ms_file_judge(struct ms_file_move *move, enum ms_status status, const struct ms_http_answer *answer,
              struct ms_error *err)
{
  if (status != MS_OK) {
    ms_error_prefix(err, "%s '%s'", move->is_upload ? "upload of" : "download to", move->path);
    return status;
  }
  status = ms_transport_judge_file(answer, move->shown_url, err);
  if (status == MS_OK && !move->is_upload) {
    status = judge_download(move, answer, err);
  } else if (status == MS_OK) {
    move->moved_bytes = move->size_bytes;
    status = ms_file_check_unchanged(move->fd, &move->before, move->path, err);
  }
  if (status != MS_OK) {
    return status;
  }
  note_expected(move, answer);
  if (move->moved) {
    snprintf(move->moved->etag, sizeof move->moved->etag, "%s", answer->etag);
    snprintf(move->moved->checksum, sizeof move->moved->checksum, "%s", answer->checksum);
    if (move->is_upload) {
      move->moved->total_bytes = move->size_bytes;
    }
  }
  return MS_OK;
}

/* ---- comparing ---- */

bool
ms_file_wants_digest(const struct ms_file_move *move, struct ms_file_digest_range *range,
                     int64_t *total_bytes)
{
  *range = (struct ms_file_digest_range){
      .fd = move->fd,
      .offset = move->is_upload ? move->offset : 0,
      .segment_bytes = strtoll(move->expected, NULL, 10),
  };
  *total_bytes = move->size_bytes;
  return move->expected[0] && !move->is_probe && !move->is_part;
}

enum ms_status
ms_file_compare(struct ms_file_move *move, const char *hex, struct ms_error *err)
{
  const char *expected = strchr(move->expected, '-');
  if (!expected || strcmp(expected + 1, hex) == 0) {
    return MS_OK;
  }
  return ms_fail(err, MS_NETWORK, "%s: '%s' arrived changed: its MD5 is %s here and %s there",
                 move->shown_url, move->path, move->is_upload ? hex : expected + 1,
                 move->is_upload ? expected + 1 : hex);
}

/* ---- the end ---- */

bool
ms_file_wants_sync(const struct ms_file_move *move)
{
  return !move->is_upload && !move->is_probe && !move->is_part && !move->is_synced;
}

enum ms_status
ms_file_sync(struct ms_file_move *move, struct ms_error *err)
{
  move->is_synced = true;
  return sync_written(move->fd, move->path, err);
}

enum ms_status
ms_file_end(struct ms_file_move *move, enum ms_status status, int64_t *size_bytes,
            struct ms_error *err)
{
  *size_bytes = status == MS_OK ? move->moved_bytes : 0;
  if (status == MS_OK && ms_file_wants_sync(move)) {
    status = ms_file_sync(move, err);
  }
  if (move->is_upload || move->is_probe || move->is_part) {
    close(move->fd);
  } else {
    status = close_written(move->fd, move->path, status, err);
  }
  release(move);
  return status;
}
