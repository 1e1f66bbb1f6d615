/* A job's data are read, changed and written back, so that what others put there survives. */
#include "server/encode_report.h"

#include <string.h>

#include "base/json.h"

enum { BATCH_MAX_BYTES = 256 * 1024, ANSWER_MAX_BYTES = 1024 * 1024, JOBS_AT_ONCE = 100 };

static const char server_location[] = "3a372bde-05bc-11e4-8908-20c9d081909b";
static const char interrupted[] = "the server ended before this was encoded; ask for it again";

/* ---- batches ---- */

/* A batch that is being written, and its answer. */
struct report {
  struct ms_api *api;
  struct ms_buffer body, answer;
  struct ms_json_writer writer;
  struct ms_arena arena; /* of trees that were read */
};

static void
begin(struct report *report, struct ms_api *api)
{
  report->api = api;
  ms_buffer_init(&report->body, BATCH_MAX_BYTES);
  ms_buffer_init(&report->answer, ANSWER_MAX_BYTES);
  ms_arena_init(&report->arena, ANSWER_MAX_BYTES);
  ms_json_writer_init(&report->writer, &report->body);
  ms_json_begin_array(&report->writer);
}

static enum ms_status
send_batch(struct report *report, struct ms_error *err)
{
  ms_json_end_array(&report->writer);
  enum ms_status status = ms_buffer_check(&report->body, "a report", err);
  const struct ms_api_request request = {
      .body = report->body.data, .body_bytes = report->body.size_bytes, .base_url = ""};
  return status == MS_OK ? ms_api_call(report->api, &request, &report->answer, err) : status;
}

static void
end(struct report *report)
{
  ms_buffer_free(&report->body);
  ms_buffer_free(&report->answer);
  ms_arena_free(&report->arena);
}

/* Opens {"action", "entity_type", "entity_key": [id], "entity_data": { …; close_data ends it. */
static void
open_data(struct report *report, const char *action, const char *type, const char *id)
{
  struct ms_json_writer *writer = &report->writer;
  ms_json_begin_object(writer);
  ms_json_member_string(writer, "action", action);
  ms_json_member_string(writer, "entity_type", type);
  if (id) {
    ms_json_key(writer, "entity_key");
    ms_json_begin_array(writer);
    ms_json_string(writer, id);
    ms_json_end_array(writer);
  }
  ms_json_key(writer, "entity_data");
  ms_json_begin_object(writer);
}

static void
close_data(struct report *report)
{
  ms_json_end_object(&report->writer);
  ms_json_end_object(&report->writer);
}

static void
delete_component(struct report *report, const char *id)
{
  if (id) {
    open_data(report, "delete", "FileComponent", id);
    close_data(report);
  }
}

/* ---- a job's data ---- */

/* Its data as a tree; NULL when there are none that can be read. */
static const struct ms_json_node *
read_data(struct report *report, const char *job_id)
{
  struct report query;
  struct ms_json_node *answer = NULL, *data = NULL;
  begin(&query, report->api);
  ms_json_begin_object(&query.writer);
  ms_json_member_string(&query.writer, "action", "query");
  ms_json_key(&query.writer, "expression");
  const char *expression =
      ms_arena_printf(&query.arena, "select data from Job where id is \"%s\"", job_id);
  ms_json_string(&query.writer, expression);
  ms_json_end_object(&query.writer);
  if (send_batch(&query, NULL) == MS_OK &&
      ms_json_parse(&query.arena, query.answer.data, query.answer.size_bytes, &answer, NULL) ==
          MS_OK) {
    const struct ms_json_node *rows = ms_json_get(answer->first, "data");
    const char *text = ms_json_get_string(rows ? rows->first : NULL, "data");
    if (text) {
      ms_json_parse(&report->arena, text, strlen(text), &data, NULL);
    }
  }
  end(&query);
  return data;
}

/* The data with a reason for failure, and without outputs; unchanged without one. */
static void
print_data(struct report *report, const struct ms_json_node *data, const char *reason)
{
  struct ms_buffer text;
  struct ms_json_writer writer;
  ms_buffer_init(&text, BATCH_MAX_BYTES);
  ms_json_writer_init(&writer, &text);
  ms_json_begin_object(&writer);
  for (const struct ms_json_node *member = data ? data->first : NULL; member;
       member = member->next) {
    if (strcmp(member->key, "reason") != 0 && strcmp(member->key, "output") != 0) {
      ms_json_key(&writer, member->key);
      ms_json_node(&writer, member);
    }
  }
  ms_json_key(&writer, "output");
  ms_json_begin_array(&writer);
  ms_json_end_array(&writer);
  ms_json_member_string(&writer, "reason", reason);
  ms_json_end_object(&writer);
  ms_json_member_string(&report->writer, "data", ms_buffer_string(&text));
  ms_buffer_free(&text);
}

static void
fail_job(struct report *report, const char *job_id, const char *reason)
{
  const struct ms_json_node *data = read_data(report, job_id);
  open_data(report, "update", "Job", job_id);
  ms_json_member_string(&report->writer, "status", "failed");
  print_data(report, data, reason);
  close_data(report);
  const struct ms_json_node *outputs = ms_json_get(data, "output");
  for (const struct ms_json_node *each = outputs ? outputs->first : NULL; each; each = each->next) {
    delete_component(report, ms_json_get_string(each, "component_id"));
  }
}

/* ---- reports ---- */

enum ms_status
ms_encode_report_started(struct ms_api *api, const char *job_id, struct ms_error *err)
{
  struct report report;
  begin(&report, api);
  open_data(&report, "update", "Job", job_id);
  ms_json_member_string(&report.writer, "status", "running");
  close_data(&report);
  enum ms_status status = send_batch(&report, err);
  end(&report);
  return status;
}

static void
write_meta(struct report *report, const char *component_id, const char *meta)
{
  open_data(report, "create", "Metadata", NULL);
  ms_json_member_string(&report->writer, "parent_id", component_id);
  ms_json_member_string(&report->writer, "parent_type", "FileComponent");
  ms_json_member_string(&report->writer, "key", "ftr_meta");
  ms_json_member_string(&report->writer, "value", meta);
  close_data(report);
}

static void
place_output(struct report *report, const char *component_id, const struct ms_encode_output *output)
{
  open_data(report, "update", "FileComponent", component_id);
  ms_json_member_integer(&report->writer, "size", output->size_bytes);
  close_data(report);
  open_data(report, "create", "ComponentLocation", NULL);
  ms_json_member_string(&report->writer, "component_id", component_id);
  ms_json_member_string(&report->writer, "location_id", server_location);
  ms_json_member_string(&report->writer, "resource_identifier", component_id);
  close_data(report);
  if (output->meta[0]) {
    write_meta(report, component_id, output->meta);
  }
}

enum ms_status
ms_encode_report_done(struct ms_api *api, const struct ms_encoding *encoding,
                      const struct ms_encode_output *video, const struct ms_encode_output *image,
                      struct ms_error *err)
{
  struct report report;
  begin(&report, api);
  if (encoding->video_id) {
    place_output(&report, encoding->video_id, video);
  }
  place_output(&report, encoding->image_id, image);
  if (encoding->version_id) {
    open_data(&report, "update", "AssetVersion", encoding->version_id);
    ms_json_member_string(&report.writer, "thumbnail_id", encoding->image_id);
    close_data(&report);
  }
  open_data(&report, "update", "Job", encoding->job_id);
  ms_json_member_string(&report.writer, "status", "done");
  close_data(&report);
  if (!encoding->keep_original) {
    delete_component(&report, encoding->source_id);
  }
  enum ms_status status = send_batch(&report, err);
  end(&report);
  return status;
}

enum ms_status
ms_encode_report_failed(struct ms_api *api, const struct ms_encoding *encoding, const char *reason,
                        struct ms_error *err)
{
  struct report report;
  begin(&report, api);
  fail_job(&report, encoding->job_id, reason);
  enum ms_status status = send_batch(&report, err);
  end(&report);
  return status;
}

enum ms_status
ms_encode_report_interrupted(struct ms_api *api, struct ms_error *err)
{
  struct report query, report;
  struct ms_json_node *answer = NULL;
  begin(&query, api);
  ms_json_begin_object(&query.writer);
  ms_json_member_string(&query.writer, "action", "query");
  ms_json_key(&query.writer, "expression");
  const char *expression =
      ms_arena_printf(&query.arena, "Job where type is %s and status in (queued, running) limit %d",
                      MS_ENCODE_MEDIA_JOB_TYPE, JOBS_AT_ONCE);
  ms_json_string(&query.writer, expression);
  ms_json_end_object(&query.writer);
  enum ms_status status = send_batch(&query, err);
  if (status == MS_OK) {
    status = ms_json_parse(&query.arena, query.answer.data, query.answer.size_bytes, &answer, err);
  }
  begin(&report, api);
  const struct ms_json_node *rows = answer ? ms_json_get(answer->first, "data") : NULL;
  for (const struct ms_json_node *job = rows ? rows->first : NULL; job; job = job->next) {
    fail_job(&report, ms_json_get_string(job, "id"), interrupted);
  }
  if (status == MS_OK) {
    status = send_batch(&report, err);
  }
  end(&report);
  end(&query);
  return status;
}
