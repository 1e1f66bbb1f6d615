/* encode_media: something that browsers show, made of a component; the work is a Job.
 *
 * A picture that browsers show is its own preview, at once. What has to be encoded gets its outputs
 * without data and a queued job, for the encoder to go on with. For all else the job has failed and
 * says so: a client that polls the job ends its waiting, and people read why. */
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "api/encode_media.h"
#include "api/entity.h"
#include "api/write.h"
#include "base/id.h"

enum { JOB_DATA_MAX_BYTES = 16 * 1024, OUTPUTS_MAX = 2 };

enum kind { KIND_UNKNOWN, KIND_SHOWN, KIND_STILL, KIND_VIDEO };

/* What a component is, by its file type. */
static const struct {
  const char *file_type;
  enum kind kind;
  const char *format; /* of what browsers show as it is */
} file_types[] = {
    {".png", KIND_SHOWN, "image/png"},   {".jpg", KIND_SHOWN, "image/jpeg"},
    {".jpeg", KIND_SHOWN, "image/jpeg"}, {".gif", KIND_SHOWN, "image/gif"},
    {".webp", KIND_SHOWN, "image/webp"}, {".svg", KIND_SHOWN, "image/svg+xml"},
    {".bmp", KIND_STILL, NULL},          {".dpx", KIND_STILL, NULL},
    {".exr", KIND_STILL, NULL},          {".hdr", KIND_STILL, NULL},
    {".ppm", KIND_STILL, NULL},          {".psd", KIND_STILL, NULL},
    {".tga", KIND_STILL, NULL},          {".tif", KIND_STILL, NULL},
    {".tiff", KIND_STILL, NULL},         {".avi", KIND_VIDEO, NULL},
    {".m4v", KIND_VIDEO, NULL},          {".mkv", KIND_VIDEO, NULL},
    {".mov", KIND_VIDEO, NULL},          {".mp4", KIND_VIDEO, NULL},
    {".mpg", KIND_VIDEO, NULL},          {".mxf", KIND_VIDEO, NULL},
    {".ogv", KIND_VIDEO, NULL},          {".webm", KIND_VIDEO, NULL},
};

/* What is made of it, in the order of the answer; a still has the picture alone. */
static const struct {
  const char *name;
  const char *file_type;
  const char *format;
} made[OUTPUTS_MAX] = {
    {"ftrackreview-mp4", ".mp4", "video/mp4"},
    {"ftrackreview-image", ".jpg", "image/jpeg"},
};

struct output {
  const char *format;
  const char *component_id;
};

struct media {
  const char *component_id;
  const char *version_id; /* or NULL */
  bool keep_original;
  enum kind kind;
  const char *reason; /* why there are no outputs, or NULL */
  struct output outputs[OUTPUTS_MAX];
  size_t output_count;
};

struct ms_asked_encoding {
  struct ms_encoding encoding; /* texts in the batch's arena */
  struct ms_asked_encoding *next;
};

void
ms_encode_media_begin(struct ms_batch *batch)
{
  for (const struct ms_asked_encoding *asked = batch->encodings; asked; asked = asked->next)
    batch->api->encoder(batch->api->encoder_context, &asked->encoding);
}

/* ---- the source ---- */

static bool
has_data(struct ms_batch *batch, const char *component_id)
{
  int fd = -1;
  int64_t size = 0;
  if (ms_blob_open(batch->api->blobs, component_id, &fd, &size, NULL) != MS_OK)
    return false;
  close(fd);
  return true;
}

/* What can be done with a component of this file type. */
static void
judge(struct ms_batch *batch, const char *file_type, struct media *media)
{
  for (size_t i = 0; file_type && i < sizeof file_types / sizeof *file_types; i++)
    if (strcasecmp(file_types[i].file_type, file_type) == 0) {
      media->kind = file_types[i].kind;
      if (media->kind == KIND_SHOWN)
        media->outputs[media->output_count++] =
            (struct output){file_types[i].format, media->component_id};
    }
  if (!has_data(batch, media->component_id))
    media->reason = "the component has no data on this server";
  else if (media->kind == KIND_UNKNOWN)
    media->reason = "this is no type of file that can be shown or encoded";
  else if (media->kind != KIND_SHOWN && !batch->api->encoder)
    media->reason = "only a server encodes media: start one with moonshift serve";
  if (media->reason)
    media->output_count = 0;
}

static enum ms_status
find_component(struct ms_batch *batch, struct media *media, struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  bool row = false;
  enum ms_status status = ms_database_prepare(
      batch->api->database, "SELECT file_type FROM Component WHERE id = ?1", &statement, err);
  if (status != MS_OK)
    return status;
  ms_statement_bind_string(statement, 1, media->component_id);
  status = ms_statement_step(statement, &row, err);
  if (status == MS_OK && !row)
    status = ms_fail(err, MS_NOT_FOUND, "there is no component %.100s", media->component_id);
  else if (status == MS_OK)
    judge(batch, ms_statement_text(statement, 0, NULL), media);
  ms_statement_done(statement);
  return status;
}

/* ---- outputs ---- */

static enum ms_status
make_output(struct ms_batch *batch, struct media *media, size_t index, struct ms_error *err)
{
  struct ms_row row;
  char *id = ms_arena_alloc(batch->arena, MS_ID_SIZE);
  enum ms_status status = ms_write_begin(batch, "FileComponent", &row, err);
  if (status != MS_OK)
    return status;
  if (!id)
    return ms_batch_out_of_memory(err);
  ms_id_new(id);
  ms_write_set_text(&row, "id", id);
  ms_write_set_text(&row, "name", made[index].name);
  ms_write_set_text(&row, "file_type", made[index].file_type);
  ms_write_set_text(&row, "version_id", media->version_id);
  media->outputs[media->output_count++] = (struct output){made[index].format, id};
  return ms_write_new(batch, &row, err);
}

/* Components without data, for what is to be encoded. */
static enum ms_status
make_outputs(struct ms_batch *batch, struct media *media, struct ms_error *err)
{
  enum ms_status status = MS_OK;
  if (media->reason || media->kind == KIND_SHOWN)
    return MS_OK;
  for (size_t i = media->kind == KIND_VIDEO ? 0 : 1; i < OUTPUTS_MAX && status == MS_OK; i++)
    status = make_output(batch, media, i, err);
  return status;
}

static enum ms_status
set_thumbnail(struct ms_batch *batch, const struct media *media, struct ms_error *err)
{
  struct ms_row version;
  enum ms_status status = ms_write_begin(batch, "AssetVersion", &version, err);
  if (status != MS_OK)
    return status;
  version.key = (struct ms_key){.parts = {ms_text_parameter(media->version_id)}, .count = 1};
  ms_write_set_text(&version, "thumbnail_id", media->component_id);
  return ms_write_change(batch, &version, err);
}

/* ---- the job ---- */

static const char *
status_of(const struct media *media)
{
  if (media->reason)
    return "failed";
  return media->kind == KIND_SHOWN ? "done" : "queued";
}

static enum ms_status
print_data(struct ms_batch *batch, const struct media *media, const char **data,
           struct ms_error *err)
{
  struct ms_buffer json;
  struct ms_json_writer writer;
  ms_buffer_init(&json, JOB_DATA_MAX_BYTES);
  ms_json_writer_init(&writer, &json);
  ms_json_begin_object(&writer);
  ms_json_member_string(&writer, "description", "Encode media for the web");
  ms_json_member_string(&writer, "source_component_id", media->component_id);
  ms_json_key(&writer, "keep_original");
  ms_json_boolean(&writer, media->keep_original);
  ms_json_key(&writer, "output");
  ms_json_begin_array(&writer);
  for (size_t i = 0; i < media->output_count; i++) {
    ms_json_begin_object(&writer);
    ms_json_member_string(&writer, "format", media->outputs[i].format);
    ms_json_member_string(&writer, "component_id", media->outputs[i].component_id);
    ms_json_end_object(&writer);
  }
  ms_json_end_array(&writer);
  if (media->reason)
    ms_json_member_string(&writer, "reason", media->reason);
  ms_json_end_object(&writer);
  enum ms_status status = ms_buffer_check(&json, "the job's data", err);
  *data = status == MS_OK ? ms_arena_strdup(batch->arena, json.data) : "";
  ms_buffer_free(&json);
  return *data ? status : ms_batch_out_of_memory(err);
}

static enum ms_status
write_job(struct ms_batch *batch, const struct media *media, struct ms_row *job,
          struct ms_error *err)
{
  const struct ms_parameter now = {.type = MS_PARAMETER_INTEGER, .integer = batch->now_us};
  const char *data = NULL;
  enum ms_status status = print_data(batch, media, &data, err);
  if (status == MS_OK)
    status = ms_write_begin(batch, "Job", job, err);
  if (status != MS_OK)
    return status;
  ms_write_set_text(job, "user_id", batch->request->user_id);
  ms_write_set_text(job, "type", MS_ENCODE_MEDIA_JOB_TYPE);
  ms_write_set_text(job, "status", status_of(media));
  ms_write_set_text(job, "data", data);
  if (media->reason || media->kind == KIND_SHOWN)
    ms_write_set(job, "finished_at", now);
  return ms_write_new(batch, job, err);
}

static enum ms_status
attach_outputs(struct ms_batch *batch, const struct media *media, const struct ms_row *job,
               struct ms_error *err)
{
  enum ms_status status = MS_OK;
  for (size_t i = 0; i < media->output_count && status == MS_OK; i++) {
    struct ms_row link;
    status = ms_write_begin(batch, "JobComponent", &link, err);
    if (status != MS_OK)
      return status;
    ms_write_set_text(&link, "component_id", media->outputs[i].component_id);
    ms_write_set(&link, "job_id", job->key.parts[0]);
    status = ms_write_new(batch, &link, err);
  }
  if (status == MS_OK && media->kind == KIND_SHOWN && !media->reason && media->version_id)
    status = set_thumbnail(batch, media, err);
  return status;
}

/* Notes what the encoder is told once the batch is committed. */
static enum ms_status
ask_encoder(struct ms_batch *batch, const struct media *media, const char *job_id,
            struct ms_error *err)
{
  struct ms_asked_encoding *asked = MS_ARENA_NEW(batch->arena, struct ms_asked_encoding);
  const char *id = ms_arena_strdup(batch->arena, job_id);
  if (!asked || !id)
    return ms_batch_out_of_memory(err);
  asked->encoding = (struct ms_encoding){
      .job_id = id,
      .source_id = media->component_id,
      .version_id = media->version_id,
      .keep_original = media->keep_original,
      .video_id = media->kind == KIND_VIDEO ? media->outputs[0].component_id : NULL,
      .image_id = media->outputs[media->output_count - 1].component_id};
  asked->next = batch->encodings;
  batch->encodings = asked;
  return MS_OK;
}

enum ms_status
ms_action_encode_media(struct ms_batch *batch, const struct ms_json_node *operation,
                       struct ms_error *err)
{
  struct ms_row job;
  const struct ms_json_node *keep = ms_json_get(operation, "keep_original");
  struct media media = {.component_id = ms_json_get_string(operation, "component_id"),
                        .version_id = ms_json_get_string(operation, "version_id"),
                        .keep_original = keep && keep->type == MS_JSON_TRUE};
  if (!media.component_id)
    return ms_fail(err, MS_INVALID, "encode_media needs a 'component_id'");
  enum ms_status status = find_component(batch, &media, err);
  if (status == MS_OK)
    status = make_outputs(batch, &media, err);
  if (status == MS_OK)
    status = write_job(batch, &media, &job, err);
  if (status == MS_OK)
    status = attach_outputs(batch, &media, &job, err);
  if (status == MS_OK && strcmp(status_of(&media), "queued") == 0)
    status = ask_encoder(batch, &media, job.key.parts[0].text, err);
  if (status == MS_OK)
    ms_buffer_printf(batch->answer, "{\"action\":\"encode_media\",\"job_id\":\"%s\"}",
                     job.key.parts[0].text);
  return status;
}
