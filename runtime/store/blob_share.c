/* Blobs of the same bytes share one file.
 *
 * A blob is a hard link. The folder of shared files has one more of each, by the name of its size and checksum: a
 * twin is found through it. A checksum alone proves nothing (MD5 can be forged), so all bytes are compared before
 * a link to the twin takes the blob's place, in one rename. When the last blob of a file goes, its shared name goes
 * first: whatever moment the process dies at, every blob has its bytes, and no bytes stay without a blob.
 *
 * Whoever changes names that may be shared holds a lock on that folder, against other processes, too. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/blob_internal.h"

enum {
  SHARED_MIN_BYTES = 64 * 1024, /* below, a name costs as much as the bytes */
  PENDING_MAX = 4096,           /* blobs; more are not looked at */
  COMPARE_BYTES = 256 * 1024,
  STEP_BYTES = 64 * 1024 * 1024, /* tens of milliseconds, when memory has them */
  KEY_SIZE = MS_BLOB_CHECKSUM_SIZE + 24
};

/* ---- names and the lock ---- */

/* The descriptor to close for unlocking; -1 where the file system has no locks, which leaves us as we were. */
static int
lock(const struct ms_blobs *blobs)
{
  int fd = openat(blobs->shared_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  while (fd >= 0 && flock(fd, LOCK_EX) != 0 && errno == EINTR)
    continue;
  return fd;
}

static void
unlock(int fd)
{
  if (fd >= 0)
    close(fd);
}

/* False for a file whose bytes are not known, or are few. */
static bool
print_key(int fd, const struct stat *info, char key[KEY_SIZE])
{
  char checksum[MS_BLOB_CHECKSUM_SIZE];
  if (info->st_size < SHARED_MIN_BYTES || !ms_blob_checksum(fd, checksum) || strchr(checksum, '/'))
    return false;
  snprintf(key, KEY_SIZE, "%" PRId64 "-%s", (int64_t)info->st_size, checksum);
  return true;
}

static bool
names_file(int folder_fd, const char *name, const struct stat *file)
{
  struct stat info;
  return fstatat(folder_fd, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && info.st_ino == file->st_ino &&
         info.st_dev == file->st_dev;
}

/* A part of an upload that was sent twice may still be coming in: a lease is refused while a file is open for
 * writing, and afterwards nobody can open it so. */
static bool
has_writer(int fd)
{
  bool is_leased = fcntl(fd, F_SETLEASE, F_RDLCK) == 0;
  if (is_leased)
    fcntl(fd, F_SETLEASE, F_UNLCK);
  return !is_leased;
}

/* ---- giving up names ---- */

static void
forget_shared_name(const struct ms_blobs *blobs, const struct ms_blob_name *name)
{
  char key[KEY_SIZE];
  struct stat info;
  int fd = openat(blobs->folder_fd, name->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0)
    return;
  if (fstat(fd, &info) == 0 && info.st_nlink == 2 && print_key(fd, &info, key) &&
      names_file(blobs->shared_fd, key, &info))
    unlinkat(blobs->shared_fd, key, 0);
  close(fd);
}

static bool
is_linked(const struct ms_blobs *blobs, const struct ms_blob_name *name)
{
  struct stat info;
  return fstatat(blobs->folder_fd, name->path, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
         info.st_nlink > 1;
}

int
ms_blob_unshare(struct ms_blobs *blobs, const struct ms_blob_name *name)
{
  if (!is_linked(blobs, name))
    return -1;
  int fd = lock(blobs);
  forget_shared_name(blobs, name);
  return fd;
}

void
ms_blob_unshared(int lock_fd)
{
  unlock(lock_fd);
}

/* ---- what waits ---- */

struct ms_blob_pending {
  struct ms_blob_name name;
  struct ms_blob_pending *next;
};

void
ms_blob_share_later(struct ms_blobs *blobs, const struct ms_blob_name *name)
{
  struct stat info;
  if (fstatat(blobs->folder_fd, name->path, &info, AT_SYMLINK_NOFOLLOW) != 0 ||
      info.st_size < SHARED_MIN_BYTES)
    return;
  struct ms_blob_pending *fresh = malloc(sizeof *fresh);
  if (!fresh)
    return;
  *fresh = (struct ms_blob_pending){*name, NULL};
  pthread_mutex_lock(&blobs->pending_lock);
  bool fits = blobs->pending_count < PENDING_MAX;
  if (fits) {
    *blobs->pending_end = fresh;
    blobs->pending_end = &fresh->next;
    blobs->pending_count++;
  }
  pthread_mutex_unlock(&blobs->pending_lock);
  if (!fits)
    free(fresh);
}

bool
ms_blob_share_waits(struct ms_blobs *blobs)
{
  pthread_mutex_lock(&blobs->pending_lock);
  bool waits = blobs->pending != NULL;
  pthread_mutex_unlock(&blobs->pending_lock);
  return waits;
}

static bool
take_pending(struct ms_blobs *blobs, struct ms_blob_name *name)
{
  pthread_mutex_lock(&blobs->pending_lock);
  struct ms_blob_pending *first = blobs->pending;
  if (first) {
    *name = first->name;
    blobs->pending = first->next;
    blobs->pending_count--;
    if (!first->next)
      blobs->pending_end = &blobs->pending;
  }
  pthread_mutex_unlock(&blobs->pending_lock);
  free(first);
  return first != NULL;
}

void
ms_blobs_forget_pending(struct ms_blobs *blobs)
{
  struct ms_blob_name name;
  while (take_pending(blobs, &name))
    continue;
}

/* ---- looking for a twin ---- */

struct ms_blob_share {
  struct ms_blobs *blobs; /* borrowed */
  struct ms_blob_name name;
  char key[KEY_SIZE];
  int fd, twin_fd; /* owned */
  struct stat file, twin;
  int64_t compared_bytes;
};

/* The first of its kind: others find it by this name. */
static void
become_shared(struct ms_blob_share *share)
{
  struct ms_blobs *blobs = share->blobs;
  int lock_fd = lock(blobs);
  if (names_file(blobs->folder_fd, share->name.path, &share->file))
    linkat(blobs->folder_fd, share->name.path, blobs->shared_fd, share->key, 0);
  unlock(lock_fd);
}

static bool
find_twin(struct ms_blob_share *share)
{
  share->fd = openat(share->blobs->folder_fd, share->name.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (share->fd < 0 || fstat(share->fd, &share->file) != 0 ||
      !print_key(share->fd, &share->file, share->key) || has_writer(share->fd))
    return false;
  share->twin_fd = openat(share->blobs->shared_fd, share->key, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (share->twin_fd < 0) {
    become_shared(share);
    return false;
  }
  return fstat(share->twin_fd, &share->twin) == 0 && share->twin.st_ino != share->file.st_ino &&
         share->twin.st_size == share->file.st_size;
}

bool
ms_blob_share_next(struct ms_blobs *blobs, struct ms_blob_share **result)
{
  struct ms_blob_share *share = calloc(1, sizeof *share);
  *result = NULL;
  while (share && take_pending(blobs, &share->name)) {
    share->blobs = blobs;
    share->fd = share->twin_fd = -1;
    if (find_twin(share)) {
      *result = share;
      return true;
    }
    if (share->fd >= 0)
      close(share->fd);
    if (share->twin_fd >= 0)
      close(share->twin_fd);
  }
  free(share);
  return false;
}

void
ms_blob_share_free(struct ms_blob_share *share)
{
  if (!share)
    return;
  close(share->fd);
  close(share->twin_fd);
  free(share);
}

/* The twin's file takes the blob's name, unless one of them is not what it was. A rename between two names of one
 * file does nothing, so the temporary name is removed in any case. */
static void
replace_by_twin(struct ms_blob_share *share)
{
  struct ms_blobs *blobs = share->blobs;
  char temporary[MS_ID_SIZE];
  ms_id_new(temporary);
  int lock_fd = lock(blobs);
  if (names_file(blobs->folder_fd, share->name.path, &share->file) &&
      linkat(blobs->shared_fd, share->key, blobs->incoming_fd, temporary, 0) == 0) {
    if (names_file(blobs->incoming_fd, temporary, &share->twin))
      renameat(blobs->incoming_fd, temporary, blobs->folder_fd, share->name.path);
    unlinkat(blobs->incoming_fd, temporary, 0);
  }
  unlock(lock_fd);
}

/* Whether the next bytes of both are the same; *size_bytes is how many, 0 at the end. */
static bool
compare_some(struct ms_blob_share *share, char *buffer, ssize_t *size_bytes)
{
  off_t at = share->compared_bytes;
  ssize_t size = pread(share->fd, buffer, COMPARE_BYTES, at);
  ssize_t twin_size = pread(share->twin_fd, buffer + COMPARE_BYTES, COMPARE_BYTES, at);
  *size_bytes = size;
  return size >= 0 && size == twin_size &&
         memcmp(buffer, buffer + COMPARE_BYTES, (size_t)size) == 0;
}

bool
ms_blob_share_step(struct ms_blob_share *share)
{
  char *buffer = malloc(2 * COMPARE_BYTES);
  int64_t end = share->compared_bytes + STEP_BYTES;
  ssize_t size = 1;
  bool is_same = buffer != NULL;
  while (is_same && size > 0 && share->compared_bytes < end) {
    is_same = compare_some(share, buffer, &size);
    share->compared_bytes += is_same ? size : 0;
  }
  free(buffer);
  if (is_same && size == 0 && share->compared_bytes == share->file.st_size)
    replace_by_twin(share);
  return is_same && size > 0;
}
