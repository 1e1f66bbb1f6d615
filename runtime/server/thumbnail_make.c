/* A table says which media types are whose; the program is started without a shell and waited for with a limit. */
#include "server/thumbnail_make.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/path.h"

enum {
  POLL_MS = 20,
  TEXT_SIZE = 64,
  NAME_SIZE = 160,
  SWEEP_EVERY = 256, /* pictures made */
  KEPT_S = 30 * 24 * 60 * 60
};

static atomic_uint made; /* pictures, by this process */

struct ms_thumbnail_kind {
  const char *media_type;
  const char *coder; /* ImageMagick's name of the format; NULL: a film, for ffmpeg */
};

static const struct ms_thumbnail_kind kinds[] = {
    {"image/png", "png"},
    {"image/jpeg", "jpeg"},
    {"image/gif", "gif"},
    {"image/webp", "webp"},
    {"image/tiff", "tiff"},
    {"image/bmp", "bmp"},
    {"image/x-exr", "exr"},
    {"image/x-dpx", "dpx"},
    {"image/x-tga", "tga"},
    {"image/vnd.radiance", "hdr"},
    {"image/vnd.adobe.photoshop", "psd"},
    {"image/x-portable-pixmap", "ppm"},
    {"video/mp4", NULL},
    {"video/quicktime", NULL},
    {"video/x-matroska", NULL},
    {"video/webm", NULL},
    {"video/x-msvideo", NULL},
    {"application/mxf", NULL},
};

const struct ms_thumbnail_kind *
ms_thumbnail_kind_find(const char *media_type)
{
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    if (strcmp(kinds[i].media_type, media_type) == 0) {
      return &kinds[i];
    }
  }
  return NULL;
}

enum ms_status
ms_thumbnail_path(const char *tag, int size_pixels, char **path, struct ms_error *err)
{
  char name[NAME_SIZE], *cache = NULL;
  enum ms_status status = ms_path_xdg("cache", &cache, err);
  if (status != MS_OK) {
    return status;
  }
  int length = (int)strcspn(tag + 1, "\""); /* it is in quotes */
  snprintf(name, sizeof name, "thumbnails/%.*s-%d.jpg", length, tag + 1, size_pixels);
  *path = ms_path_join(cache, name);
  free(cache);
  return *path ? MS_OK : ms_fail(err, MS_MEMORY, "out of memory");
}

/* ---- the program ---- */

static enum ms_status
wait_for(pid_t child, const char *program, struct ms_error *err)
{
  int64_t deadline_ms = ms_clock_monotonic_ms() + MS_THUMBNAIL_TIME_MAX_MS;
  const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
  int result = 0;
  pid_t ended;
  while ((ended = waitpid(child, &result, WNOHANG)) == 0 && ms_clock_monotonic_ms() < deadline_ms) {
    nanosleep(&pause, NULL);
  }
  if (ended == 0) {
    kill(child, SIGKILL);
    waitpid(child, &result, 0);
    return ms_fail(err, MS_TIMEOUT, "%s took longer than %d s", program,
                   MS_THUMBNAIL_TIME_MAX_MS / 1000);
  }
  return WIFEXITED(result) && WEXITSTATUS(result) == 0
             ? MS_OK
             : ms_fail(err, MS_INVALID, "%s cannot make a picture of it", program);
}

static enum ms_status
run(const char *const *arguments, struct ms_error *err)
{
  posix_spawn_file_actions_t files;
  pid_t child;
  posix_spawn_file_actions_init(&files);
  for (int fd = 0; fd <= 2; fd++) {
    posix_spawn_file_actions_addopen(&files, fd, "/dev/null", O_RDWR, 0);
  }
  extern char **environ;
  int failure = posix_spawnp(&child, arguments[0], &files, NULL, (char *const *)arguments, environ);
  posix_spawn_file_actions_destroy(&files);
  if (failure == ENOENT) {
    return ms_fail(err, MS_NOT_FOUND, "%s is not installed", arguments[0]);
  }
  return failure ? ms_fail_errno(err, failure, "cannot start %s", arguments[0])
                 : wait_for(child, arguments[0], err);
}

static enum ms_status
run_convert(const char *coder, const char *source, const char *target, int size_pixels,
            struct ms_error *err)
{
  char *input = NULL, *output = NULL, box[TEXT_SIZE];
  snprintf(box, sizeof box, "%dx%d>", size_pixels, size_pixels);
  enum ms_status status = MS_OK;
  /* "[0]": the first of several pictures. */
  if (asprintf(&input, "%s:%s[0]", coder, source) < 0 || asprintf(&output, "jpeg:%s", target) < 0) {
    status = ms_fail(err, MS_MEMORY, "out of memory");
  } else {
    const char *const arguments[] = {
        "convert",  "-limit",     "memory", "256MiB",      "-limit",  "map",
        "512MiB",   "-limit",     "disk",   "0",           "-limit",  "thread",
        "1",        "-limit",     "width",  "32KP",        "-limit",  "height",
        "32KP",     "-limit",     "time",   "7",           input,     "-auto-orient",
        "-strip",   "-thumbnail", box,      "-background", "#e8eaed", "-flatten",
        "-quality", "85",         output,   NULL};
    status = run(arguments, err);
  }
  free(input);
  free(output);
  return status;
}

static enum ms_status
run_ffmpeg(const char *source, const char *target, int size_pixels, struct ms_error *err)
{
  char scale[TEXT_SIZE * 2];
  snprintf(scale, sizeof scale, "thumbnail=24,scale=%d:%d:force_original_aspect_ratio=decrease",
           size_pixels, size_pixels);
  const char *const arguments[] = {
      "ffmpeg", "-nostdin", "-v",   "error",     "-threads", "1",   "-protocol_whitelist",
      "file",   "-i",       source, "-frames:v", "1",        "-vf", scale,
      "-f",     "mjpeg",    "-y",   target,      NULL};
  return run(arguments, err);
}

/* ---- the cache ---- */

/* Pictures that nobody has made for a month go: what is still asked for is made again. */
static void
sweep(const char *folder)
{
  DIR *list = opendir(folder);
  time_t oldest = time(NULL) - KEPT_S;
  const struct dirent *entry;
  while (list && (entry = readdir(list))) {
    struct stat info;
    if (fstatat(dirfd(list), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISREG(info.st_mode) && info.st_mtime < oldest) {
      unlinkat(dirfd(list), entry->d_name, 0);
    }
  }
  if (list) {
    closedir(list);
  }
}

enum ms_status
ms_thumbnail_make(const struct ms_thumbnail_kind *kind, const char *source, const char *path,
                  int size_pixels, struct ms_error *err)
{
  char id[MS_ID_SIZE], *temporary = NULL;
  const char *slash = strrchr(path, '/');
  char *folder = strndup(path, (size_t)(slash - path));
  ms_id_new(id);
  if (!folder || asprintf(&temporary, "%s/.%s", folder, id) < 0) {
    free(folder);
    return ms_fail(err, MS_MEMORY, "out of memory");
  }
  enum ms_status status = ms_path_make_folders(folder, 0700, err);
  if (atomic_fetch_add(&made, 1) % SWEEP_EVERY == 0) {
    sweep(folder);
  }
  if (status == MS_OK) {
    status = kind->coder ? run_convert(kind->coder, source, temporary, size_pixels, err)
                         : run_ffmpeg(source, temporary, size_pixels, err);
  }
  if (status == MS_OK && rename(temporary, path) != 0) {
    status = ms_fail_errno(err, errno, "cannot keep '%s'", path);
  }
  if (status != MS_OK) {
    unlink(temporary);
  }
  free(temporary);
  free(folder);
  return status;
}
