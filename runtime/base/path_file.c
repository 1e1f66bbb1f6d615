/* Folders and small files on disk. A file is replaced as a whole or not at all, also when the power
 * fails: the new bytes and the folder's entry are both flushed. */
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"

enum { READ_STEP_BYTES = 64 * 1024 };

/* ---- folders ---- */

static enum ms_status
make_folder(const char *path, mode_t mode, struct ms_error *err)
{
  if (mkdir(path, mode) == 0) {
    return MS_OK;
  }
  int problem = errno;
  struct stat info;
  if (stat(path, &info) == 0) {
    if (S_ISDIR(info.st_mode)) {
      return MS_OK;
    }
    problem = ENOTDIR;
  }
  return ms_fail_errno(err, problem, "cannot make the folder '%s'", path);
}

enum ms_status
ms_path_make_folders(const char *path, mode_t mode, struct ms_error *err)
{
  char *partial = strdup(path);
  if (!partial) {
    return ms_fail(err, MS_MEMORY, "out of memory for the path '%s'", path);
  }
  enum ms_status status = MS_OK;
  char *slash = partial + strspn(partial, "/");
  while (status == MS_OK && (slash = strchr(slash, '/'))) {
    *slash = '\0';
    status = make_folder(partial, mode, err);
    *slash++ = '/';
    slash += strspn(slash, "/");
  }
  if (status == MS_OK) {
    status = make_folder(partial, mode, err);
  }
  free(partial);
  return status;
}

/* ---- reading ---- */

/* Refuses what is no regular file or is known to be too large before a byte is read. */
static enum ms_status
check_readable(int file, const char *path, size_t maximum_bytes, struct ms_error *err)
{
  struct stat info;
  if (fstat(file, &info) != 0) {
    return ms_fail_errno(err, errno, "cannot read '%s'", path);
  }
  if (S_ISDIR(info.st_mode)) {
    return ms_fail(err, MS_INVALID, "'%s' is a folder, a file is needed", path);
  }
  if (!S_ISREG(info.st_mode)) {
    return ms_fail(err, MS_INVALID, "'%s' is no regular file", path);
  }
  if ((uintmax_t)info.st_size > maximum_bytes) {
    return ms_fail(err, MS_LIMIT, "'%s' has %jd bytes, the limit is %zu", path,
                   (intmax_t)info.st_size, maximum_bytes);
  }
  return MS_OK;
}

/* Reads to the end, whatever size the file claimed: files in /proc claim 0. */
static enum ms_status
read_all(int file, const char *path, struct ms_buffer *content, struct ms_error *err)
{
  char step[READ_STEP_BYTES];
  for (;;) {
    ssize_t got = read(file, step, sizeof step);
    if (got == 0) {
      return ms_buffer_check(content, path, err);
    }
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return ms_fail_errno(err, errno, "cannot read '%s'", path);
    }
    ms_buffer_append(content, step, (size_t)got);
    if (content->status != MS_OK) {
      return ms_buffer_check(content, path, err);
    }
  }
}

enum ms_status
ms_path_read(const char *path, size_t maximum_bytes, char **text, size_t *size_bytes,
             struct ms_error *err)
{
  *text = NULL;
  int file =
      open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe without a writer must not hang */
  if (file < 0) {
    return ms_fail_errno(err, errno, "cannot open '%s'", path);
  }
  struct ms_buffer content;
  ms_buffer_init(&content, maximum_bytes);
  enum ms_status status = check_readable(file, path, maximum_bytes, err);
  if (status == MS_OK) {
    status = read_all(file, path, &content, err);
  }
  close(file);
  if (status == MS_OK) {
    *size_bytes = content.size_bytes;
    *text = ms_buffer_take(&content);
    if (!*text) {
      status = ms_fail(err, MS_MEMORY, "out of memory reading '%s'", path);
    }
  }
  ms_buffer_free(&content);
  return status;
}

/* ---- replacing ---- */

static bool
write_all(int file, const char *data, size_t size_bytes)
{
  while (size_bytes > 0) {
    ssize_t wrote = write(file, data, size_bytes);
    if (wrote < 0 && errno == EINTR) {
      continue;
    }
    if (wrote < 0) {
      return false;
    }
    data += wrote;
    size_bytes -= (size_t)wrote;
  }
  return true;
}

/* Whether mode, bytes and disk took everything; closes `file` in any case and keeps errno. */
static bool
fill_file(int file, const void *data, size_t size_bytes, mode_t mode)
{
  bool good = fchmod(file, mode) == 0 && write_all(file, data, size_bytes) && fsync(file) == 0;
  int problem = errno;
  if (close(file) != 0 && good) {
    return false;
  }
  errno = problem;
  return good;
}

/* Makes a rename inside the folder of `path` survive a power failure. */
static enum ms_status
flush_folder_of(const char *path, struct ms_error *err)
{
  size_t length = (size_t)(ms_path_basename(path) - path);
  char *folder = length > 0 ? strndup(path, length) : strdup(".");
  if (!folder) {
    return ms_fail(err, MS_MEMORY, "out of memory for the path '%s'", path);
  }
  enum ms_status status = MS_OK;
  int handle = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (handle < 0 || fsync(handle) != 0) {
    status = ms_fail_errno(err, errno, "cannot flush the folder '%s'", folder);
  }
  if (handle >= 0) {
    close(handle);
  }
  free(folder);
  return status;
}

enum ms_status
ms_path_write(const char *path, const void *data, size_t size_bytes, mode_t mode,
              struct ms_error *err)
{
  char *temporary = NULL;
  if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
    return ms_fail(err, MS_MEMORY, "out of memory for the path '%s'", path);
  }
  enum ms_status status = MS_OK;
  int file = mkostemp(temporary, O_CLOEXEC);
  if (file < 0) {
    status = ms_fail_errno(err, errno, "cannot write '%s'", path);
  } else if (!fill_file(file, data, size_bytes, mode) || rename(temporary, path) != 0) {
    status = ms_fail_errno(err, errno, "cannot write '%s'", path);
    unlink(temporary);
  } else {
    status = flush_folder_of(path, err);
  }
  free(temporary);
  return status;
}
