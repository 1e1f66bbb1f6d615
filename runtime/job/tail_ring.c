/* The file is a head of HEAD_BYTES, which tells where the stream ends, and the ring behind it: byte n of
 * the stream is at n modulo the capacity.
 *
 * A write first reserves: `reserved` says up to where the ring may hold new bytes, so that what those
 * overwrite is given up before it is; then come the bytes; then `written` says that they are there. A
 * process that dies in between leaves reserved > written, and what is between the two, and what it may
 * have overwritten, is not read. */
#include "job/tail_ring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEAD_BYTES = 4096, READ_BYTES = 64 * 1024 };

static const char MAGIC[8] = "mstail1";

/* In the machine's own byte order: the file does not travel. */
struct head {
  char magic[sizeof MAGIC];
  int64_t capacity_bytes;
  int64_t reserved, written; /* offsets in the stream; written ≤ reserved */
};

struct ms_tail_ring {
  char *path;
  int fd;
  struct head head;
};

static enum ms_status
fail_to(struct ms_error *err, const char *what, const struct ms_tail_ring *ring)
{
  return ms_fail_errno(err, errno, "cannot %s '%s'", what, ring->path);
}

/* ---- bytes of the file ---- */

static bool
write_at(int fd, const char *data, size_t size_bytes, int64_t offset)
{
  while (size_bytes > 0) {
    ssize_t written = pwrite(fd, data, size_bytes, offset);
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return false;
    data += written;
    offset += written;
    size_bytes -= (size_t)written;
  }
  return true;
}

static bool
write_head(const struct ms_tail_ring *ring)
{
  return write_at(ring->fd, (const char *)&ring->head, sizeof ring->head, 0);
}

/* How many bytes of the stream, from `offset` on, are in one piece in the file. */
static int64_t
piece_bytes(const struct ms_tail_ring *ring, int64_t offset, int64_t end)
{
  int64_t to_the_seam = ring->head.capacity_bytes - offset % ring->head.capacity_bytes;
  return end - offset < to_the_seam ? end - offset : to_the_seam;
}

static int64_t
file_offset(const struct ms_tail_ring *ring, int64_t offset)
{
  return HEAD_BYTES + offset % ring->head.capacity_bytes;
}

/* Reads a piece of the stream: at most `size_bytes`; 0 at its end, -1 when it cannot be read. */
static ssize_t
read_piece(const struct ms_tail_ring *ring, int64_t offset, char *data, size_t size_bytes)
{
  int64_t bytes = piece_bytes(ring, offset, ring->head.written);
  if (bytes > (int64_t)size_bytes)
    bytes = (int64_t)size_bytes;
  ssize_t size;
  do
    size = pread(ring->fd, data, (size_t)bytes, file_offset(ring, offset));
  while (size < 0 && errno == EINTR);
  return size;
}

/* ---- opening and closing ---- */

static struct ms_tail_ring *
new_ring(const char *path, int flags)
{
  struct ms_tail_ring *ring = calloc(1, sizeof *ring);
  if (!ring)
    return NULL;
  ring->path = strdup(path);
  ring->fd = ring->path ? open(path, flags | O_CLOEXEC, 0600) : -1;
  if (ring->path)
    return ring;
  free(ring);
  return NULL;
}

enum ms_status
ms_tail_ring_create(const char *path, int64_t capacity_bytes, struct ms_tail_ring **result,
                    struct ms_error *err)
{
  struct ms_tail_ring *ring = new_ring(path, O_RDWR | O_CREAT | O_TRUNC);
  if (!ring)
    return ms_fail(err, MS_MEMORY, "out of memory");
  memcpy(ring->head.magic, MAGIC, sizeof MAGIC);
  ring->head.capacity_bytes = capacity_bytes;
  if (ring->fd < 0 || !write_head(ring)) {
    enum ms_status status = fail_to(err, "create", ring);
    ms_tail_ring_remove(ring);
    return status;
  }
  *result = ring;
  return MS_OK;
}

static bool
is_sound(const struct head *head)
{
  return memcmp(head->magic, MAGIC, sizeof MAGIC) == 0 && head->capacity_bytes > 0 &&
         head->written >= 0 && head->reserved >= head->written;
}

enum ms_status
ms_tail_ring_open(const char *path, struct ms_tail_ring **result, struct ms_error *err)
{
  struct ms_tail_ring *ring = new_ring(path, O_RDWR);
  if (!ring)
    return ms_fail(err, MS_MEMORY, "out of memory");
  enum ms_status status = MS_OK;
  if (ring->fd < 0)
    status = fail_to(err, "open", ring);
  else if (pread(ring->fd, &ring->head, sizeof ring->head, 0) != (ssize_t)sizeof ring->head ||
           !is_sound(&ring->head))
    status = ms_fail(err, MS_INVALID, "'%s' is not the end of a log", path);
  if (status) {
    ms_tail_ring_free(ring);
    return status;
  }
  *result = ring;
  return MS_OK;
}

void
ms_tail_ring_free(struct ms_tail_ring *ring)
{
  if (!ring)
    return;
  if (ring->fd >= 0)
    close(ring->fd);
  free(ring->path);
  free(ring);
}

void
ms_tail_ring_remove(struct ms_tail_ring *ring)
{
  if (ring && ring->fd >= 0)
    unlink(ring->path);
  ms_tail_ring_free(ring);
}

/* ---- writing ---- */

static bool
write_pieces(const struct ms_tail_ring *ring, const char *data)
{
  int64_t offset = ring->head.written;
  while (offset < ring->head.reserved) {
    int64_t bytes = piece_bytes(ring, offset, ring->head.reserved);
    if (!write_at(ring->fd, data, (size_t)bytes, file_offset(ring, offset)))
      return false;
    data += bytes;
    offset += bytes;
  }
  return true;
}

enum ms_status
ms_tail_ring_write(struct ms_tail_ring *ring, const char *data, size_t size_bytes,
                   struct ms_error *err)
{
  struct head *head = &ring->head;
  while (size_bytes > 0) {
    int64_t bytes =
        (int64_t)size_bytes < head->capacity_bytes ? (int64_t)size_bytes : head->capacity_bytes;
    head->reserved = head->written + bytes;
    if (!write_head(ring) || !write_pieces(ring, data))
      return fail_to(err, "write", ring);
    head->written = head->reserved;
    if (!write_head(ring))
      return fail_to(err, "write", ring);
    data += bytes;
    size_bytes -= (size_t)bytes;
  }
  return MS_OK;
}

/* ---- reading ---- */

/* Where the first whole line begins; the oldest byte when that would leave out more than a quarter of
 * what is there. */
static enum ms_status
find_start(struct ms_tail_ring *ring, int64_t *start, struct ms_error *err)
{
  char data[READ_BYTES];
  int64_t oldest = ring->head.reserved - ring->head.capacity_bytes;
  *start = oldest > 0 ? oldest : 0;
  int64_t limit = oldest > 0 ? oldest + (ring->head.written - oldest) / 4 : 0;
  for (int64_t offset = *start; offset < limit;) {
    ssize_t size = read_piece(ring, offset, data, sizeof data);
    if (size <= 0)
      return fail_to(err, "read", ring);
    const char *newline = memchr(data, '\n', (size_t)size);
    offset += newline ? newline - data + 1 : size;
    if (newline && offset <= limit)
      *start = offset;
    if (newline)
      break;
  }
  return MS_OK;
}

enum ms_status
ms_tail_ring_cut_bytes(struct ms_tail_ring *ring, int64_t *cut_bytes, struct ms_error *err)
{
  return find_start(ring, cut_bytes, err);
}

enum ms_status
ms_tail_ring_read(struct ms_tail_ring *ring, ms_tail_ring_handler handler, void *user,
                  struct ms_error *err)
{
  char data[READ_BYTES];
  int64_t offset;
  enum ms_status status = find_start(ring, &offset, err);
  while (!status && offset < ring->head.written) {
    ssize_t size = read_piece(ring, offset, data, sizeof data);
    if (size <= 0)
      return fail_to(err, "read", ring);
    status = handler(user, data, (size_t)size);
    offset += size;
  }
  return status;
}
