/* flock(2) belongs to the open file, not to the process: it is inherited by nobody (the descriptor closes
 * on exec), survives no death, and works between processes that know nothing of each other. After
 * locking, the path must still lead to the same file, else another settled and removed it meanwhile.
 *
 * A lease begins as a hidden file. One that nobody holds is removed by whoever looks for abandoned leases, which
 * may just be a new one before it is locked: then it is created once more. */
#include "job/lease.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"

static const char suffix[] = ".json", hidden_prefix[] = ".lease-";

enum { CREATE_TRIES = 100 };

struct ms_lease {
  int fd;
  char *path;
  char *name;
  char *text;
  size_t text_bytes;
};

static void
lease_free(struct ms_lease *lease)
{
  if (lease->fd >= 0)
    close(lease->fd);
  free(lease->path);
  free(lease->name);
  free(lease->text);
  free(lease);
}

static struct ms_lease *
lease_new(const char *folder, const char *name)
{
  struct ms_lease *lease = calloc(1, sizeof *lease);
  if (!lease)
    return NULL;
  lease->fd = -1;
  lease->name = strdup(name);
  if (asprintf(&lease->path, "%s/%s%s", folder, name, suffix) < 0)
    lease->path = NULL;
  if (!lease->name || !lease->path) {
    lease_free(lease);
    return NULL;
  }
  return lease;
}

/* Whether the path still leads to the file that we locked. */
static bool
is_current(const struct ms_lease *lease)
{
  struct stat ours, named;
  return fstat(lease->fd, &ours) == 0 && stat(lease->path, &named) == 0 &&
         ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
}

/* Opens and locks a lease that exists; false when somebody holds it or has just removed it. */
static bool
lock_abandoned(struct ms_lease *lease)
{
  lease->fd = open(lease->path, O_RDWR | O_CLOEXEC);
  return lease->fd >= 0 && flock(lease->fd, LOCK_EX | LOCK_NB) == 0 && is_current(lease);
}

static bool
read_text(struct ms_lease *lease)
{
  lease->text = malloc(MS_LEASE_TEXT_MAX_BYTES + 1);
  ssize_t size = lease->text ? pread(lease->fd, lease->text, MS_LEASE_TEXT_MAX_BYTES, 0) : -1;
  if (size < 0)
    return false;
  lease->text[size] = '\0';
  lease->text_bytes = (size_t)size;
  return true;
}

/* A new file that nobody else can see as a lease yet, locked. MS_BUSY when somebody is removing it. */
static enum ms_status
create_hidden(struct ms_lease *lease, const char *folder, char **hidden, struct ms_error *err)
{
  if (asprintf(hidden, "%s/%sXXXXXX", folder, hidden_prefix) < 0) {
    *hidden = NULL;
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  lease->fd = mkostemp(*hidden, O_CLOEXEC);
  if (lease->fd < 0)
    return ms_fail_errno(err, errno, "cannot create a lease in '%s'", folder);
  if (flock(lease->fd, LOCK_EX | LOCK_NB) == 0)
    return MS_OK;
  if (errno == EWOULDBLOCK)
    return ms_fail(err, MS_BUSY, "a new lease in '%s' was removed", folder);
  return ms_fail_errno(err, errno, "cannot lock files in '%s'", folder);
}

/* Gives the hidden file its name. MS_BUSY when somebody has removed it. */
static enum ms_status
name_hidden(const struct ms_lease *lease, const char *hidden, struct ms_error *err)
{
  if (link(hidden, lease->path) == 0)
    return MS_OK;
  if (errno == EEXIST)
    return ms_fail(err, MS_EXISTS, "there already is a lease '%s'", lease->path);
  if (errno == ENOENT)
    return ms_fail(err, MS_BUSY, "the new lease '%s' was removed", lease->path);
  return ms_fail_errno(err, errno, "cannot create the lease '%s'", lease->path);
}

/* The folder remembers its new entry even when the machine stops now. */
static enum ms_status
sync_folder(const char *folder, struct ms_error *err)
{
  int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  bool synced = fd >= 0 && fsync(fd) == 0;
  int error_number = errno;
  if (fd >= 0)
    close(fd);
  return synced ? MS_OK : ms_fail_errno(err, error_number, "cannot sync the folder '%s'", folder);
}

/* Locked and complete before it gets its name, so it is never seen abandoned. */
static enum ms_status
try_to_create(struct ms_lease *lease, const char *folder, const char *text, size_t text_bytes,
              struct ms_error *err)
{
  char *hidden = NULL;
  enum ms_status status = create_hidden(lease, folder, &hidden, err);
  if (!status)
    status = ms_lease_update(lease, text, text_bytes, err);
  if (!status && fdatasync(lease->fd) != 0)
    status = ms_fail_errno(err, errno, "cannot sync a lease in '%s'", folder);
  if (!status)
    status = name_hidden(lease, hidden, err);
  if (hidden && lease->fd >= 0)
    unlink(hidden);
  free(hidden);
  if (!status && (status = sync_folder(folder, err)))
    unlink(lease->path); /* an unlocked lease would be taken for an abandoned one */
  return status;
}

static enum ms_status
create(struct ms_lease *lease, const char *folder, const char *text, size_t text_bytes,
       struct ms_error *err)
{
  enum ms_status status = MS_BUSY;
  for (int i = 0; i < CREATE_TRIES && status == MS_BUSY; i++) {
    if (lease->fd >= 0)
      close(lease->fd);
    status = try_to_create(lease, folder, text, text_bytes, err);
  }
  return status;
}

enum ms_status
ms_lease_acquire(const char *folder, const char *name, const char *text, size_t text_bytes,
                 struct ms_lease **result, struct ms_error *err)
{
  enum ms_status status = ms_path_make_folders(folder, 0700, err);
  if (status)
    return status;
  struct ms_lease *lease = lease_new(folder, name);
  if (!lease)
    return ms_fail(err, MS_MEMORY, "out of memory");
  status = create(lease, folder, text, text_bytes, err);
  if (status) {
    lease_free(lease);
    return status;
  }
  *result = lease;
  return MS_OK;
}

enum ms_status
ms_lease_update(struct ms_lease *lease, const char *text, size_t text_bytes, struct ms_error *err)
{
  if (text_bytes > MS_LEASE_TEXT_MAX_BYTES)
    return ms_fail(err, MS_LIMIT, "a lease of %zu bytes is larger than %d", text_bytes,
                   MS_LEASE_TEXT_MAX_BYTES);
  char *copy = malloc(text_bytes + 1);
  if (!copy)
    return ms_fail(err, MS_MEMORY, "out of memory");
  memcpy(copy, text, text_bytes);
  copy[text_bytes] = '\0';
  free(lease->text);
  lease->text = copy;
  lease->text_bytes = text_bytes;
  ssize_t written = pwrite(lease->fd, text, text_bytes, 0);
  if (written != (ssize_t)text_bytes || ftruncate(lease->fd, (off_t)text_bytes) != 0)
    return ms_fail_errno(err, written >= 0 && errno == 0 ? ENOSPC : errno,
                         "cannot write the lease '%s'", lease->path);
  return MS_OK;
}

const char *
ms_lease_text(const struct ms_lease *lease, size_t *text_bytes)
{
  *text_bytes = lease->text_bytes;
  return lease->text;
}

const char *
ms_lease_name(const struct ms_lease *lease)
{
  return lease->name;
}

void
ms_lease_release(struct ms_lease *lease)
{
  unlink(lease->path); /* while the lock is held, so that nobody takes it over in between */
  lease_free(lease);
}

void
ms_lease_abandon(struct ms_lease *lease)
{
  if (lease)
    lease_free(lease);
}

/* The name of a lease from a file's name: NULL for other files. Owned. */
static char *
lease_name_of(const char *file_name)
{
  size_t size = strlen(file_name), suffix_size = sizeof suffix - 1;
  if (size <= suffix_size || file_name[0] == '.' ||
      strcmp(file_name + size - suffix_size, suffix) != 0)
    return NULL;
  return strndup(file_name, size - suffix_size);
}

static struct ms_lease *
take_over(const char *folder, const char *file_name)
{
  char *name = lease_name_of(file_name);
  struct ms_lease *lease = name ? lease_new(folder, name) : NULL;
  free(name);
  if (!lease)
    return NULL;
  if (!lock_abandoned(lease) || !read_text(lease)) {
    lease_free(lease);
    return NULL;
  }
  return lease;
}

/* What a process left that died while it created a lease: the file has no name yet, and nobody holds it. */
static void
remove_hidden(const char *folder, const char *file_name)
{
  char *path;
  if (strncmp(file_name, hidden_prefix, sizeof hidden_prefix - 1) != 0 ||
      asprintf(&path, "%s/%s", folder, file_name) < 0)
    return;
  int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
    unlink(path);
  if (fd >= 0)
    close(fd);
  free(path);
}

enum ms_status
ms_lease_take_abandoned(const char *folder, struct ms_lease **leases, size_t maximum, size_t *count,
                        struct ms_error *err)
{
  *count = 0;
  DIR *stream = opendir(folder);
  if (!stream)
    return errno == ENOENT || errno == ENOTDIR
               ? MS_OK
               : ms_fail_errno(err, errno, "cannot read the folder '%s'", folder);
  struct dirent *item;
  while (*count < maximum && (item = readdir(stream))) {
    struct ms_lease *lease = take_over(folder, item->d_name);
    if (lease)
      leases[(*count)++] = lease;
    else
      remove_hidden(folder, item->d_name);
  }
  closedir(stream);
  return MS_OK;
}
