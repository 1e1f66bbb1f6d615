/* Bytes between libcurl and files or memory. What goes wrong here is kept in transfer->failure, because
 * libcurl only learns that the transfer is to end. */
#include "http/transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { WRITE_BEHIND_BYTES = 8 * 1024 * 1024 };

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

/* All of it, or false with errno. */
static bool
write_all(int fd, const char *data, size_t size_bytes)
{
  while (size_bytes > 0) {
    ssize_t written = write(fd, data, size_bytes);
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      return false;
    }
    data += written;
    size_bytes -= (size_t)written;
  }
  return true;
}

/* Has the kernel begin to write what came, so that syncing at the end does not wait for all of it. */
static void
write_behind(const struct ms_http_transfer *transfer, int64_t before_bytes)
{
  int64_t first = before_bytes / WRITE_BEHIND_BYTES,
          last = transfer->written_bytes / WRITE_BEHIND_BYTES;
  if (last > first && transfer->download_start >= 0) {
    sync_file_range(transfer->download_fd, transfer->download_start + first * WRITE_BEHIND_BYTES,
                    (last - first) * WRITE_BEHIND_BYTES, SYNC_FILE_RANGE_WRITE);
  }
}

/* The whole comes where the rest was asked for: what there is of the file is of no use. */
static bool
begin_anew(struct ms_http_transfer *transfer)
{
  transfer->download_offset = transfer->download_start = 0;
  return ftruncate(transfer->download_fd, 0) == 0 && lseek(transfer->download_fd, 0, SEEK_SET) == 0;
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

size_t
ms_http_on_write(char *data, size_t unit, size_t count, void *user)
{
  struct ms_http_transfer *transfer = user;
  size_t size_bytes = unit * count;
  struct ms_buffer *body = &transfer->answer.body;
  long status = 0;
  ms_curl.easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
  if (transfer->download_fd >= 0 && (status < 200 || status > 299)) {
    keep_beginning(body, data, size_bytes);
    return size_bytes;
  }
  bool is_whole = status == 200 && transfer->download_offset > 0;
  if (transfer->download_fd < 0) {
    ms_buffer_append(body, data, size_bytes);
  } else if ((is_whole && !begin_anew(transfer)) ||
             !write_all(transfer->download_fd, data, size_bytes)) {
    ms_fail_errno(&transfer->failure, errno, "cannot write the downloaded file");
    return 0;
  }
  if (ms_buffer_check(body, "the server's answer", &transfer->failure) != MS_OK) {
    return 0;
  }
  int64_t before_bytes = transfer->written_bytes;
  transfer->written_bytes += (int64_t)size_bytes;
  if (transfer->download_fd >= 0) {
    write_behind(transfer, before_bytes);
  }
  return size_bytes;
}

int
ms_http_on_progress(void *user, curl_off_t download_total, curl_off_t downloaded,
                    curl_off_t upload_total, curl_off_t uploaded)
{
  struct ms_http_transfer *transfer = user;
  bool uploads = transfer->upload_fd >= 0;
  transfer->done_bytes = uploads ? uploaded : downloaded;
  transfer->total_bytes = uploads ? upload_total : download_total;
  return 0;
}
