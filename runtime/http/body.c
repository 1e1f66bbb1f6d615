/* Bytes between libcurl and files or memory. What goes wrong here is kept in transfer->failure, because
 * libcurl only learns that the transfer is to end. */
#include "http/pace.h"

#include <errno.h>
#include <unistd.h>

enum { IGNORED_MAX_BYTES = 64 * 1024 };

size_t
ms_http_on_read(char *room, size_t unit, size_t count, void *user)
{
  struct ms_http_transfer *transfer = user;
  int64_t wanted = transfer->upload_bytes - transfer->read_bytes;
  if (wanted > (int64_t)(unit * count)) {
    wanted = (int64_t)(unit * count);
  }
  if (wanted <= 0) {
    return 0;
  }
  if (!ms_http_pace_may(transfer)) {
    return CURL_READFUNC_PAUSE;
  }
  if (transfer->rate && wanted > ms_rate_piece_bytes(transfer->rate)) {
    wanted = ms_rate_piece_bytes(transfer->rate);
  }
  ssize_t got;
  do {
    got = pread(transfer->upload_fd, room, (size_t)wanted,
                transfer->upload_offset + transfer->read_bytes);
  } while (got < 0 && errno == EINTR);
  if (got < 0) {
    ms_fail_errno(&transfer->failure, errno, "cannot read the file to upload");
    return CURL_READFUNC_ABORT;
  }
  if (got == 0) {
    ms_fail(&transfer->failure, MS_IO,
            "the file became shorter while it was uploaded: %lld of %lld bytes are left; upload it "
            "when nobody writes it any more",
            (long long)transfer->read_bytes, (long long)transfer->upload_bytes);
    return CURL_READFUNC_ABORT;
  }
  transfer->read_bytes += got;
  if (transfer->rate) {
    ms_rate_spend(transfer->rate, got);
  }
  return (size_t)got;
}

int
ms_http_on_seek(void *user, curl_off_t offset, int origin)
{
  struct ms_http_transfer *transfer = user;
  if (transfer->upload_fd < 0 || origin != SEEK_SET || offset < 0 ||
      offset > transfer->upload_bytes) {
    return CURL_SEEKFUNC_CANTSEEK;
  }
  transfer->read_bytes = offset;
  return CURL_SEEKFUNC_OK;
}

/* What an error status says is kept as far as there is room for it. */
static void
keep_beginning(struct ms_buffer *body, const char *data, size_t size_bytes)
{
  size_t room = body->size_bytes < MS_HTTP_ERROR_BODY_MAX_BYTES
                    ? MS_HTTP_ERROR_BODY_MAX_BYTES - body->size_bytes
                    : 0;
  ms_buffer_append(body, data, size_bytes < room ? size_bytes : room);
}

/* The whole where a range was asked for: of a short one the rest is read so that the connection can be used
 * again. */
static size_t
ignore(struct ms_http_transfer *transfer, size_t size_bytes)
{
  transfer->ignored_bytes += (int64_t)size_bytes;
  transfer->is_cut = transfer->ignored_bytes > IGNORED_MAX_BYTES;
  return transfer->is_cut ? 0 : size_bytes;
}

static size_t
write_download(struct ms_http_transfer *transfer, const char *data, size_t size_bytes)
{
  struct ms_http_writer *writer = &transfer->writer;
  if (!ms_http_pace_may(transfer)) {
    return CURL_WRITEFUNC_PAUSE;
  }
  if (transfer->range_bytes > 0 &&
      ms_http_writer_taken(writer) + (int64_t)size_bytes > transfer->range_bytes) {
    ms_fail(&transfer->failure, MS_PROTOCOL, "the server sent more than the %lld bytes asked for",
            (long long)transfer->range_bytes);
    return 0;
  }
  if (!ms_http_writer_add(writer, data, size_bytes)) {
    ms_fail_errno(&transfer->failure, errno, "cannot write the downloaded file");
    return 0;
  }
  if (transfer->rate) {
    ms_rate_spend(transfer->rate, (int64_t)size_bytes);
  }
  return size_bytes;
}

size_t
ms_http_on_write(char *data, size_t unit, size_t count, void *user)
{
  struct ms_http_transfer *transfer = user;
  size_t size_bytes = unit * count;
  struct ms_buffer *body = &transfer->answer.body;
  if (transfer->download_fd < 0) {
    ms_buffer_append(body, data, size_bytes);
    bool is_kept = ms_buffer_check(body, "the server's answer", &transfer->failure) == MS_OK;
    return is_kept ? size_bytes : 0;
  }
  long status = 0;
  ms_curl.easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
  if (status < 200 || status > 299) {
    keep_beginning(body, data, size_bytes);
    return size_bytes;
  }
  bool is_whole = transfer->range_bytes > 0 && status == 200;
  return is_whole ? ignore(transfer, size_bytes) : write_download(transfer, data, size_bytes);
}

int
ms_http_on_progress(void *user, curl_off_t download_total, curl_off_t downloaded,
                    curl_off_t upload_total, curl_off_t uploaded)
{
  struct ms_http_transfer *transfer = user;
  bool uploads = transfer->upload_fd >= 0;
  bool is_file = transfer->download_fd >= 0;
  transfer->done_bytes = uploads ? uploaded : is_file ? transfer->writer.written_bytes : downloaded;
  transfer->total_bytes = uploads ? upload_total : download_total;
  return 0;
}
