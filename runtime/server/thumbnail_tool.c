/* A table says who reads which media type under which name; a program is started without a shell, and waited for
 * with a limit. When the first one of a type cannot do it, the other one is asked. */
#include "server/thumbnail_tool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "server/media.h"

enum {
  POLL_MS = 20,
  TEXT_SIZE = 160,
  ARGUMENTS_MAX = 48,
  OUTPUT_MAX_MIB = 32,
  NICENESS = 10 /* behind what people wait for */
};

/* The descriptor is opened anew by this name: what is read can be sought in, like any file. */
static const char source_path[] = "/dev/fd/0";

struct ms_thumbnail_kind {
  const char *media_type;
  const char *magick; /* ImageMagick's name of the format, or NULL */
  const char *ffmpeg; /* ffmpeg's, or NULL */
  bool is_ffmpeg_first;
};

static const struct ms_thumbnail_kind kinds[] = {
    {"image/png", "png", "png_pipe"},
    {"image/jpeg", "jpeg", "jpeg_pipe"},
    {"image/gif", "gif", "gif"},
    {"image/webp", "webp", "webp_pipe"},
    {"image/tiff", "tiff", "tiff_pipe"},
    {"image/bmp", "bmp", "bmp_pipe"},
    {"image/x-exr", "exr", "exr_pipe",
     true}, /* Debian's ImageMagick reads it with an extra package alone */
    {"image/x-dpx", "dpx", "dpx_pipe"},
    {"image/x-tga", "tga", NULL},
    {"image/vnd.radiance", "hdr", NULL},
    {"image/vnd.adobe.photoshop", "psd", "psd_pipe"},
    {"image/x-portable-pixmap", "ppm", "ppm_pipe"},
    {"video/mp4", NULL, "mov"},
    {"video/quicktime", NULL, "mov"},
    {"video/x-matroska", NULL, "matroska"},
    {"video/webm", NULL, "matroska"},
    {"video/x-msvideo", NULL, "avi"},
    {"application/mxf", NULL, "mxf"},
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

static bool
is_installed(const char *program)
{
  const char *folders = getenv("PATH");
  while (folders && *folders) {
    char path[PATH_MAX];
    size_t length = strcspn(folders, ":");
    snprintf(path, sizeof path, "%.*s/%s", (int)length, folders, program);
    if (access(path, X_OK) == 0) {
      return true;
    }
    folders += length + (folders[length] == ':');
  }
  return false;
}

bool
ms_thumbnail_is_possible(const char *file_name)
{
  const struct ms_thumbnail_kind *kind = ms_thumbnail_kind_find(ms_media_type(file_name));
  return kind &&
         ((kind->magick && is_installed("convert")) || (kind->ffmpeg && is_installed("ffmpeg")));
}

/* ---- a program ---- */

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

static void
limit(pid_t child)
{
  static const struct {
    __rlimit_resource_t resource;
    rlim_t most;
  } limits[] = {
      {RLIMIT_AS, (rlim_t)MS_THUMBNAIL_MEMORY_MAX_MIB << 20},
      {RLIMIT_FSIZE, (rlim_t)OUTPUT_MAX_MIB << 20},
      {RLIMIT_CPU, MS_THUMBNAIL_TIME_MAX_MS / 1000},
      {RLIMIT_CORE, 0},
  };
  for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
    prlimit(child, limits[i].resource, &(struct rlimit){limits[i].most, limits[i].most}, NULL);
  }
  setpriority(PRIO_PROCESS, (id_t)child, NICENESS);
}

static enum ms_status
run(const char *const *arguments, int source, int target, struct ms_error *err)
{
  posix_spawn_file_actions_t files;
  pid_t child;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, source, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, target, STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_RDWR, 0);
  extern char **environ;
  int failure = posix_spawnp(&child, arguments[0], &files, NULL, (char *const *)arguments, environ);
  posix_spawn_file_actions_destroy(&files);
  if (failure == ENOENT) {
    return ms_fail(err, MS_NOT_FOUND, "%s is not installed", arguments[0]);
  }
  if (failure) {
    return ms_fail_errno(err, failure, "cannot start %s", arguments[0]);
  }
  limit(child);
  return wait_for(child, arguments[0], err);
}

static enum ms_status
run_magick(const char *format, int source, int target, int size_pixels, struct ms_error *err)
{
  char input[TEXT_SIZE], box[TEXT_SIZE], hint[TEXT_SIZE];
  snprintf(input, sizeof input, "%s:%s[0]", format,
           source_path); /* the first of several pictures */
  snprintf(box, sizeof box, "%dx%d>", size_pixels, size_pixels);
  snprintf(hint, sizeof hint, "jpeg:size=%dx%d", 2 * size_pixels, 2 * size_pixels);
  const char *const arguments[] = {
      "convert", "-limit",      "memory",  "256MiB",   "-limit",       "map",    "512MiB",
      "-limit",  "disk",        "0",       "-limit",   "thread",       "1",      "-limit",
      "width",   "32KP",        "-limit",  "height",   "32KP",         "-limit", "time",
      "7",       "-define",     hint,      input,      "-auto-orient", "-strip", "-thumbnail",
      box,       "-background", "#e8eaed", "-flatten", "-colorspace",  "sRGB",   "-quality",
      "85",      "jpeg:-",      NULL};
  return run(arguments, source, target, err);
}

static enum ms_status
run_ffmpeg(const char *format, int source, int target, int size_pixels, struct ms_error *err)
{
  char scale[TEXT_SIZE], pixels[TEXT_SIZE];
  const char *arguments[ARGUMENTS_MAX] = {"ffmpeg",      "-nostdin", "-v",
                                          "error",       "-threads", "1",
                                          "-max_pixels", pixels,     "-protocol_whitelist",
                                          "file",        "-f",       format};
  size_t count = 12;
  snprintf(pixels, sizeof pixels, "%d", MS_THUMBNAIL_PIXELS_MAX);
  snprintf(scale, sizeof scale,
           "thumbnail=24,scale='min(%d,iw)':'min(%d,ih)':force_original_aspect_ratio=decrease",
           size_pixels, size_pixels);
  if (strcmp(format, "exr_pipe") == 0) { /* linear light, which screens do not show */
    arguments[count++] = "-apply_trc";
    arguments[count++] = "iec61966_2_1";
  }
  const char *const rest[] = {"-i",  source_path, "-frames:v", "1",    "-vf",
                              scale, "-pix_fmt",  "yuvj420p",  "-q:v", "4",
                              "-f",  "mjpeg",     "pipe:1"};
  memcpy(arguments + count, rest, sizeof rest);
  return run(arguments, source, target, err);
}

/* ---- the one or the other ---- */

static enum ms_status
run_one(const struct ms_thumbnail_kind *kind, bool with_ffmpeg, int source, int target,
        int size_pixels, struct ms_error *err)
{
  const char *format = with_ffmpeg ? kind->ffmpeg : kind->magick;
  if (!format) {
    return ms_fail(err, MS_NOT_FOUND, "no other program knows this format");
  }
  if (ftruncate(target, 0) != 0 || lseek(target, 0, SEEK_SET) != 0) {
    return ms_fail_errno(err, errno, "cannot write the picture");
  }
  return with_ffmpeg ? run_ffmpeg(format, source, target, size_pixels, err)
                     : run_magick(format, source, target, size_pixels, err);
}

enum ms_status
ms_thumbnail_run(const struct ms_thumbnail_kind *kind, int source, int target, int size_pixels,
                 struct ms_error *err)
{
  bool with_ffmpeg = kind->is_ffmpeg_first;
  enum ms_status status = run_one(kind, with_ffmpeg, source, target, size_pixels, err);
  if (status != MS_NOT_FOUND && status != MS_INVALID) {
    return status;
  }
  enum ms_status second = run_one(kind, !with_ffmpeg, source, target, size_pixels, NULL);
  return second == MS_NOT_FOUND ? status : second;
}
