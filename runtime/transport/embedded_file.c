/* Component data in and out of the blobs, for whoever has a URL that the server signed. */
#include <assert.h>
#include <errno.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "base/clock.h"
#include "transport/embedded.h"
#include "transport/embedded_url.h"
#include "transport/file.h"

enum {
  COPY_BYTES = 1024 * 1024, /* between two looks at the clock */
  PROGRESS_INTERVAL_MS = 100
};

static enum ms_status
check_url(struct ms_api *api, const char *url, const char *path, enum ms_signature_use use,
          struct ms_embedded_url *parsed, struct ms_error *err)
{
  enum ms_status status = ms_embedded_url_parse(url, path, parsed, err);
  return status == MS_OK
             ? ms_api_check_signature(api, use, parsed->id, parsed->expires, parsed->signature, err)
             : status;
}

struct progress {
  void (*call)(void *user, int64_t done_bytes, int64_t total_bytes);
  void *user;
  int64_t told_ms;
};

static void
tell(struct progress *progress, int64_t done_bytes, int64_t total_bytes)
{
  int64_t now_ms = ms_clock_monotonic_ms();
  bool ended = done_bytes == total_bytes;
  if (progress->call && (ended || now_ms - progress->told_ms >= PROGRESS_INTERVAL_MS)) {
    progress->told_ms = now_ms;
    progress->call(progress->user, done_bytes, total_bytes);
  }
}

/* ---- in ---- */

static enum ms_status
import_file(struct ms_blobs *blobs, const char *id, const char *path, int64_t *size_bytes,
            struct ms_error *err)
{
  struct stat before;
  int fd;
  enum ms_status status = ms_file_open_regular(path, &fd, &before, err);
  if (status != MS_OK) {
    return status;
  }
  status = ms_blob_import(blobs, id, path, size_bytes, err);
  if (status == MS_OK) {
    status = ms_file_check_unchanged(fd, &before, path, err);
  }
  close(fd);
  return status;
}

enum ms_status
ms_embedded_upload(struct ms_embedded *embedded, const struct ms_transport_file *file,
                   void *progress_user, int64_t *size_bytes, struct ms_error *err)
{
  struct ms_api *api = ms_shared_api_get(embedded->shared);
  struct ms_embedded_url url;
  *size_bytes = 0;
  enum ms_status status = check_url(api, file->url, "/component/put", MS_SIGNATURE_PUT, &url, err);
  if (status == MS_OK) {
    status = import_file(ms_api_blobs(api), url.id, file->path, size_bytes, err);
  }
  if (status == MS_OK) {
    struct progress progress = {.call = file->progress, .user = progress_user};
    tell(&progress, *size_bytes, *size_bytes);
  }
  return status;
}

/* ---- out ---- */

/* Shares or copies blocks in the kernel; between file systems, through its page cache. */
static ssize_t
copy_some(int from, int to)
{
  ssize_t moved = copy_file_range(from, NULL, to, NULL, COPY_BYTES, 0);
  bool unable =
      moved < 0 && (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP);
  return unable ? sendfile(to, from, NULL, COPY_BYTES) : moved;
}

/* `progress` may close the transport, which is not needed here any more. */
static enum ms_status
copy(int from, int to, int64_t size_bytes, struct progress *progress, const char *path,
     struct ms_error *err)
{
  int64_t done_bytes = 0;
  while (done_bytes < size_bytes) {
    ssize_t moved = copy_some(from, to);
    if (moved < 0 && errno == EINTR) {
      continue;
    }
    if (moved < 0) {
      return ms_fail_errno(err, errno, "cannot write '%s'", path);
    }
    if (moved == 0) {
      return ms_fail(err, MS_IO, "the stored data ends after %lld of %lld bytes",
                     (long long)done_bytes, (long long)size_bytes);
    }
    done_bytes += moved;
    tell(progress, done_bytes, size_bytes);
  }
  return MS_OK;
}

static enum ms_status
export_blob(int from, int64_t size_bytes, const struct ms_transport_file *file, void *progress_user,
            struct ms_error *err)
{
  struct progress progress = {.call = file->progress, .user = progress_user};
  int to;
  enum ms_status status = ms_file_create(file->path, &to, err);
  if (status != MS_OK) {
    return status;
  }
  status = copy(from, to, size_bytes, &progress, file->path, err);
  return ms_file_close_written(to, file->path, status, err);
}

enum ms_status
ms_embedded_download(struct ms_embedded *embedded, const struct ms_transport_file *file,
                     void *progress_user, int64_t *size_bytes, struct ms_error *err)
{
  struct ms_api *api = ms_shared_api_get(embedded->shared);
  struct ms_embedded_url url;
  int from;
  *size_bytes = 0;
  assert(file->path); /* nothing needs to be learnt first */
  enum ms_status status = check_url(api, file->url, "/component/get", MS_SIGNATURE_GET, &url, err);
  if (status == MS_OK) {
    status = ms_blob_open(ms_api_blobs(api), url.id, &from, size_bytes, err);
  }
  if (status == MS_OK) {
    status = export_blob(from, *size_bytes, file, progress_user, err);
    close(from);
  }
  return status;
}
