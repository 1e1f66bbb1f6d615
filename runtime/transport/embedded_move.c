/* The kernel copies; the bytes are read for their checksum beside it, from memory, where they still are. An upload
 * notes the checksum of what the source has, a download compares what arrived with it. Where the file system shares the
 * blocks no byte is read at all. */
#include "transport/embedded_move.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "transport/embedded_url.h"
#include "transport/file.h"

/* ---- the beginning ---- */

static enum ms_status
check_url(struct ms_api *api, const char *url, const char *path, enum ms_signature_use use,
          struct ms_embedded_url *parsed, struct ms_error *err)
{
  enum ms_status status = ms_embedded_url_parse(url, path, parsed, err);
  return status == MS_OK
             ? ms_api_check_signature(api, use, parsed->id, parsed->expires, parsed->signature, err)
             : status;
}

static enum ms_status
open_upload(struct ms_api *api, const struct ms_transport_file *file, struct ms_embedded_move *move,
            struct ms_error *err)
{
  struct ms_embedded_url url;
  enum ms_status status = check_url(api, file->url, "/component/put", MS_SIGNATURE_PUT, &url, err);
  if (status == MS_OK) {
    status = ms_file_open_regular(file->path, &move->source, &move->before, err);
  }
  if (status == MS_OK) {
    status = ms_blob_create(ms_api_blobs(api), url.id, &move->writer, err);
  }
  if (status == MS_OK) {
    status = ms_file_copy_begin(&move->copy, move->source, ms_blob_writer_fd(move->writer), err);
  }
  return status;
}

static enum ms_status
open_download(struct ms_api *api, const struct ms_transport_file *file,
              struct ms_embedded_move *move, struct ms_error *err)
{
  struct ms_embedded_url url;
  int64_t size_bytes;
  assert(file->path); /* nothing needs to be learnt first */
  enum ms_status status = check_url(api, file->url, "/component/get", MS_SIGNATURE_GET, &url, err);
  if (status == MS_OK) {
    status = ms_blob_open(ms_api_blobs(api), url.id, &move->source, &size_bytes, err);
  }
  if (status == MS_OK) {
    status = ms_file_create(file->path, &move->target, err);
  }
  if (status == MS_OK) {
    status = ms_file_copy_begin(&move->copy, move->source, move->target, err);
  }
  if (status == MS_OK && !ms_blob_checksum(move->source, move->expected)) {
    ms_blob_learned_checksum(move->source, move->expected);
  }
  return status;
}

static void
begin_digest(struct ms_embedded_move *move)
{
  struct ms_file_digest_range range = {.fd = move->is_upload ? move->source : move->target};
  move->has_digest = move->is_upload || move->expected[0];
  range.segment_bytes = move->is_upload ? ms_file_digest_segment(move->copy.size_bytes)
                                        : strtoll(move->expected, NULL, 10);
  ms_file_digest_begin(&move->digest, &range);
}

enum ms_status
ms_embedded_move_begin(struct ms_embedded *embedded, bool is_upload,
                       const struct ms_transport_file *file, struct ms_embedded_move *move,
                       struct ms_error *err)
{
  struct ms_api *api = ms_shared_api_get(embedded->shared);
  *move = (struct ms_embedded_move){
      .shared = ms_shared_api_join(embedded->shared),
      .source = -1,
      .target = -1,
      .path = strdup(file->path),
      .is_upload = is_upload,
      .status = MS_CANCELLED,
  };
  enum ms_status status = move->path ? MS_OK : ms_fail(err, MS_MEMORY, "out of memory");
  if (status == MS_OK) {
    status = (is_upload ? open_upload : open_download)(api, file, move, err);
  }
  if (status != MS_OK) {
    ms_embedded_move_end(move);
    return status;
  }
  begin_digest(move);
  return MS_OK;
}

/* ---- the bytes ---- */

static enum ms_status
copy_some(struct ms_embedded_move *move)
{
  if (move->copy.is_over) {
    return MS_OK;
  }
  enum ms_status status = ms_file_copy_step(&move->copy, &move->err);
  if (status != MS_OK) {
    ms_error_prefix(&move->err, "%s '%s'", move->is_upload ? "upload of" : "download to",
                    move->path);
  }
  if (move->copy.is_shared || move->copy.size_bytes == 0) {
    move->has_digest = false; /* what has bytes without a size may have others the next time */
  }
  return status;
}

static enum ms_status
digest_some(struct ms_embedded_move *move)
{
  return move->has_digest ? ms_file_digest_read(&move->digest, move->copy.done_bytes,
                                                move->copy.is_over, &move->err)
                          : MS_OK;
}

static bool
has_more(const struct ms_embedded_move *move)
{
  return !move->copy.is_over ||
         (move->has_digest && move->digest.done_bytes < move->copy.done_bytes);
}

int64_t
ms_embedded_move_done(const struct ms_embedded_move *move)
{
  int64_t copied_bytes = move->copy.done_bytes;
  return move->has_digest ? (copied_bytes + ms_file_digest_done_bytes(&move->digest)) / 2
                          : copied_bytes;
}

/* ---- the end ---- */

/* In the form that blobs keep; "" where there is none. */
static void
print_checksum(struct ms_embedded_move *move, char checksum[MS_BLOB_CHECKSUM_SIZE])
{
  char hex[MS_MD5_HEX_SIZE];
  checksum[0] = '\0';
  if (move->has_digest) {
    ms_file_digest_end(&move->digest, hex);
    snprintf(checksum, MS_BLOB_CHECKSUM_SIZE, "%lld-%s",
             (long long)move->digest.range.segment_bytes, hex);
  }
}

/* What went wrong with a file that somebody changes meanwhile is that. */
static enum ms_status
explain(struct ms_embedded_move *move, enum ms_status status)
{
  struct ms_error changed;
  if (!move->is_upload ||
      ms_file_check_unchanged(move->source, &move->before, move->path, &changed) == MS_OK) {
    return status;
  }
  move->err = changed;
  return changed.status;
}

static enum ms_status
finish_upload(struct ms_embedded_move *move, const char *checksum)
{
  enum ms_status status =
      ms_file_check_unchanged(move->source, &move->before, move->path, &move->err);
  if (status == MS_OK) {
    status = ms_blob_commit_filled(move->writer, checksum[0] ? checksum : NULL, &move->err);
    move->writer = NULL;
  }
  return status;
}

static enum ms_status
check_arrived(struct ms_embedded_move *move, const char *checksum)
{
  if (move->copy.done_bytes != move->copy.size_bytes) {
    return ms_fail(&move->err, MS_IO, "the stored data end after %lld of %lld bytes",
                   (long long)move->copy.done_bytes, (long long)move->copy.size_bytes);
  }
  if (!checksum[0] || strcmp(checksum, move->expected) == 0) {
    return MS_OK;
  }
  return ms_fail(&move->err, MS_IO,
                 "the data for '%s' are not what was stored: their checksum is %s and was %s; look "
                 "after the disk of the tracker's data folder",
                 move->path, checksum, move->expected);
}

static enum ms_status
finish_download(struct ms_embedded_move *move, const char *checksum)
{
  enum ms_status status = check_arrived(move, checksum);
  status = ms_file_close_written(move->target, move->path, status, &move->err);
  move->target = -1;
  return status;
}

bool
ms_embedded_move_step(struct ms_embedded_move *move)
{
  char checksum[MS_BLOB_CHECKSUM_SIZE];
  enum ms_status status = copy_some(move);
  if (status == MS_OK) {
    status = digest_some(move);
  }
  if (status == MS_OK && has_more(move)) {
    return true;
  }
  if (status != MS_OK) {
    status = explain(move, status);
  } else {
    print_checksum(move, checksum);
    status = (move->is_upload ? finish_upload : finish_download)(move, checksum);
  }
  move->status = status;
  return false;
}

void
ms_embedded_move_end(struct ms_embedded_move *move)
{
  ms_blob_abandon(move->writer);
  if (move->target >= 0) {
    ms_file_close_written(move->target, move->path, MS_CANCELLED, NULL);
  }
  if (move->source >= 0) {
    close(move->source);
  }
  free(move->path);
  ms_shared_api_leave(move->shared);
  *move = (struct ms_embedded_move){.source = -1, .target = -1};
}
