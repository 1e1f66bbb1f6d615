/* One short process; its answer is JSON. */
#include "server/encode_probe.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "loop/process.h"

enum { ANSWER_MAX_BYTES = 64 * 1024, ARENA_MAX_BYTES = 1024 * 1024, NICE = 10 };

static const int64_t MEMORY_MAX_BYTES = 2LL * 1024 * 1024 * 1024;

struct ms_encode_probe {
  struct ms_process *process; /* owned */
  struct ms_buffer answer;
  bool is_film;
  ms_encode_probe_done done;
  void *user; /* borrowed */
};

/* ---- the answer ---- */

/* "25/1" or "30000/1001" as a number, rounded to thousandths; 0 when it is none. */
static double
read_rate(const char *text)
{
  double over = 0, under = 0;
  if (!text || sscanf(text, "%lf/%lf", &over, &under) != 2 || !(over > 0) || !(under > 0))
    return 0;
  return round(over / under * 1000) / 1000;
}

static int64_t
read_count(const struct ms_json_node *stream, const char *name)
{
  const struct ms_json_node *node = ms_json_get(stream, name);
  if (node && node->type == MS_JSON_INTEGER)
    return node->integer;
  const char *text = ms_json_get_string(stream, name);
  return text ? strtoll(text, NULL, 10) : 0;
}

static bool
print_meta(const struct ms_json_node *stream, bool is_film, char meta[MS_ENCODE_META_SIZE])
{
  int64_t width = read_count(stream, "width"), height = read_count(stream, "height");
  int64_t frames = read_count(stream, "nb_frames");
  double rate = read_rate(ms_json_get_string(stream, "avg_frame_rate"));
  if (width <= 0 || height <= 0 || (is_film && (frames <= 0 || rate <= 0)))
    return false;
  if (is_film)
    snprintf(meta, MS_ENCODE_META_SIZE,
             "{\"frameIn\":0,\"frameOut\":%" PRId64 ",\"frameRate\":%.6g,\"height\":%" PRId64
             ",\"width\":%" PRId64 "}",
             frames - 1, rate, height, width);
  else
    snprintf(meta, MS_ENCODE_META_SIZE,
             "{\"format\":\"image\",\"height\":%" PRId64 ",\"width\":%" PRId64 "}", height, width);
  return true;
}

bool
ms_encode_probe_read(const char *json, size_t json_bytes, bool is_film,
                     char meta[MS_ENCODE_META_SIZE])
{
  struct ms_arena arena;
  struct ms_json_node *root = NULL;
  struct ms_error ignored;
  meta[0] = '\0';
  ms_arena_init(&arena, ARENA_MAX_BYTES);
  bool is_read = ms_json_parse(&arena, json, json_bytes, &root, &ignored) == MS_OK;
  const struct ms_json_node *streams = is_read ? ms_json_get(root, "streams") : NULL;
  is_read = streams && streams->first && print_meta(streams->first, is_film, meta);
  ms_arena_free(&arena);
  return is_read;
}

/* ---- the process ---- */

static void
on_output(void *user, int stream, const char *data, size_t size_bytes)
{
  struct ms_encode_probe *probe = user;
  if (stream == 1 && probe->answer.size_bytes + size_bytes < ANSWER_MAX_BYTES)
    ms_buffer_append(&probe->answer, data, size_bytes);
}

static void
on_end(void *user, const struct ms_process_result *result)
{
  struct ms_encode_probe *probe = user;
  char meta[MS_ENCODE_META_SIZE] = "";
  if (result->exit_code == 0)
    ms_encode_probe_read(ms_buffer_string(&probe->answer), probe->answer.size_bytes, probe->is_film,
                         meta);
  ms_encode_probe_done done = probe->done;
  void *context = probe->user;
  ms_encode_probe_free(probe);
  done(context, meta);
}

enum ms_status
ms_encode_probe_start(uv_loop_t *loop, const char *path, bool is_film, ms_encode_probe_done done,
                      void *user, struct ms_encode_probe **result, struct ms_error *err)
{
  const char *const arguments[] = {"ffprobe",
                                   "-v",
                                   "error",
                                   "-protocol_whitelist",
                                   "file",
                                   "-select_streams",
                                   "v:0",
                                   "-show_entries",
                                   "stream=width,height,nb_frames,avg_frame_rate",
                                   "-of",
                                   "json",
                                   path,
                                   NULL};
  struct ms_encode_probe *probe = calloc(1, sizeof *probe);
  if (!probe)
    return ms_fail(err, MS_MEMORY, "out of memory");
  probe->is_film = is_film;
  probe->done = done;
  probe->user = user;
  ms_buffer_init(&probe->answer, ANSWER_MAX_BYTES);
  const struct ms_process_options options = {.arguments = arguments,
                                             .output = MS_PROCESS_PIPE,
                                             .error = MS_PROCESS_PIPE,
                                             .nice = NICE,
                                             .memory_max_bytes = MEMORY_MAX_BYTES,
                                             .on_output = on_output,
                                             .on_end = on_end,
                                             .user = probe};
  enum ms_status status = ms_process_spawn(loop, &options, &probe->process, err);
  if (status == MS_OK)
    *result = probe;
  else
    ms_encode_probe_free(probe);
  return status;
}

void
ms_encode_probe_free(struct ms_encode_probe *probe)
{
  if (!probe)
    return;
  ms_process_free(probe->process);
  ms_buffer_free(&probe->answer);
  free(probe);
}
