/* encode_media: something that browsers show, made of a component; the work is a Job.
 *
 * A picture that browsers show is its own preview, at once. For what cannot be encoded the job has
 * failed and says so: a client that polls the job ends its waiting, and people read why. */
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "api/entity.h"
#include "api/write.h"

enum { JOB_DATA_MAX_BYTES = 16 * 1024 };

/* Pictures that browsers show, by file type. */
static const struct {
  const char *file_type;
  const char *format;
} pictures[] = {
    {".png", "image/png"}, {".jpg", "image/jpeg"},  {".jpeg", "image/jpeg"},
    {".gif", "image/gif"}, {".webp", "image/webp"}, {".svg", "image/svg+xml"},
};

/* Writes a job that has ended; its id is in job->key. */
static enum ms_status
write_job(struct ms_batch *batch, struct ms_row *job, const char *status_name, const char *data,
          struct ms_error *err)
{
  const struct ms_parameter now = {.type = MS_PARAMETER_INTEGER, .integer = batch->now_us};
  enum ms_status status = ms_write_begin(batch, "Job", job, err);
  if (status != MS_OK)
    return status;
  ms_write_set_text(job, "user_id", batch->request->user_id);
  ms_write_set_text(job, "status", status_name);
  ms_write_set_text(job, "data", data);
  ms_write_set(job, "finished_at", now);
  return ms_write_new(batch, job, err);
}

struct media {
  const char *component_id;
  const char *version_id; /* or NULL */
  bool keep_original;
  const char *format; /* of a picture that browsers show, else NULL */
};

static const char *
picture_format(const char *file_type)
{
  for (size_t i = 0; file_type && i < sizeof pictures / sizeof *pictures; i++)
    if (strcasecmp(pictures[i].file_type, file_type) == 0)
      return pictures[i].format;
  return NULL;
}

/* Without data there is nothing to show, whatever the file type says. */
static void
check_data(struct ms_batch *batch, struct media *media)
{
  int fd = -1;
  int64_t size = 0;
  if (ms_blob_open(batch->api->blobs, media->component_id, &fd, &size, NULL) == MS_OK)
    close(fd);
  else
    media->format = NULL;
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
    media->format = picture_format(ms_statement_text(statement, 0, NULL));
  ms_statement_done(statement);
  if (status == MS_OK)
    check_data(batch, media);
  return status;
}

static void
print_output(struct ms_json_writer *writer, const struct media *media)
{
  ms_json_key(writer, "output");
  ms_json_begin_array(writer);
  if (media->format) {
    ms_json_begin_object(writer);
    ms_json_member_string(writer, "format", media->format);
    ms_json_member_string(writer, "component_id", media->component_id);
    ms_json_end_object(writer);
  }
  ms_json_end_array(writer);
}

static enum ms_status
print_media(struct ms_batch *batch, const struct media *media, const char **data,
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
  print_output(&writer, media);
  if (!media->format)
    ms_json_member_string(
        &writer, "reason",
        "there is no picture here that browsers show, and this tracker encodes nothing else");
  ms_json_end_object(&writer);
  enum ms_status status = ms_buffer_check(&json, "the job's data", err);
  *data = status == MS_OK ? ms_arena_strdup(batch->arena, json.data) : "";
  ms_buffer_free(&json);
  return *data ? status : ms_batch_out_of_memory(err);
}

static enum ms_status
set_thumbnail(struct ms_batch *batch, const struct media *media, struct ms_error *err)
{
  struct ms_statement *statement = NULL;
  enum ms_status status = ms_database_prepare(
      batch->api->database, "UPDATE AssetVersion SET thumbnail_id = ?2 WHERE id = ?1", &statement,
      err);
  if (status != MS_OK)
    return status;
  ms_statement_bind_string(statement, 1, media->version_id);
  ms_statement_bind_string(statement, 2, media->component_id);
  status = ms_statement_step(statement, NULL, err);
  ms_statement_done(statement);
  return status;
}

static enum ms_status
attach_output(struct ms_batch *batch, const struct media *media, const struct ms_row *job,
              struct ms_error *err)
{
  struct ms_row link;
  enum ms_status status = ms_write_begin(batch, "JobComponent", &link, err);
  if (status != MS_OK)
    return status;
  ms_write_set_text(&link, "component_id", media->component_id);
  ms_write_set(&link, "job_id", job->key.parts[0]);
  status = ms_write_new(batch, &link, err);
  return status == MS_OK && media->version_id ? set_thumbnail(batch, media, err) : status;
}

enum ms_status
ms_action_encode_media(struct ms_batch *batch, const struct ms_json_node *operation,
                       struct ms_error *err)
{
  struct ms_row job;
  const char *data = NULL;
  const struct ms_json_node *keep = ms_json_get(operation, "keep_original");
  struct media media = {.component_id = ms_json_get_string(operation, "component_id"),
                        .version_id = ms_json_get_string(operation, "version_id"),
                        .keep_original = keep && keep->type == MS_JSON_TRUE};
  if (!media.component_id)
    return ms_fail(err, MS_INVALID, "encode_media needs a 'component_id'");
  enum ms_status status = find_component(batch, &media, err);
  if (status == MS_OK)
    status = print_media(batch, &media, &data, err);
  if (status == MS_OK)
    status = write_job(batch, &job, media.format ? "done" : "failed", data, err);
  if (status == MS_OK && media.format)
    status = attach_output(batch, &media, &job, err);
  if (status == MS_OK)
    ms_buffer_printf(batch->answer, "{\"action\":\"encode_media\",\"job_id\":\"%s\"}",
                     job.key.parts[0].text);
  return status;
}
