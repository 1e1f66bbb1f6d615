/* get_upload_metadata: where and how to PUT the data of a component, which need not exist yet.
 *
 * A client that offers to send parts gets a URL for each. One that gives back an upload_id of an upload that
 * was interrupted gets URLs to go on with it, as long as it is there. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "api/batch.h"
#include "api/part.h"
#include "base/clock.h"

enum {
  URL_MAX_BYTES = 4096,
  HEADER_MAX_BYTES = 4096,
  FILE_NAME_MAX_BYTES = 512,
  CHECKSUM_MAX_BYTES = 64
};

/* What may stand between the quotes of a header's file name as it is. */
static bool
is_plain_byte(unsigned char byte)
{
  return byte >= ' ' && byte < 0x7f && byte != '"' && byte != '\\';
}

/* Of RFC 5987, without its rarer signs. */
static bool
is_unreserved_byte(unsigned char byte)
{
  return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
         (byte >= 'A' && byte <= 'Z') || (byte && strchr("-._~", byte));
}

/* `attachment; filename="…"`, and the real name beside it where that has other than plain letters. */
static void
print_disposition(struct ms_buffer *header, const char *file_name)
{
  bool is_plain = true;
  ms_buffer_append_string(header, "attachment; filename=\"");
  for (const char *byte = file_name; *byte; byte++) {
    bool is_fine = is_plain_byte((unsigned char)*byte);
    is_plain = is_plain && is_fine;
    ms_buffer_append_char(header, is_fine ? *byte : '_');
  }
  ms_buffer_append_char(header, '"');
  if (is_plain)
    return;
  ms_buffer_append_string(header, "; filename*=UTF-8''");
  for (const char *byte = file_name; *byte; byte++)
    if (is_unreserved_byte((unsigned char)*byte))
      ms_buffer_append_char(header, *byte);
    else
      ms_buffer_printf(header, "%%%02X", (unsigned char)*byte);
}

static enum ms_status
print_headers(struct ms_json_writer *writer, const char *file_name, const char *checksum,
              struct ms_error *err)
{
  struct ms_buffer disposition;
  ms_buffer_init(&disposition, HEADER_MAX_BYTES);
  print_disposition(&disposition, file_name);
  enum ms_status status = ms_buffer_check(&disposition, "the file name", err);
  ms_json_begin_object(writer);
  ms_json_member_string(writer, "Content-Type", "application/octet-stream");
  ms_json_member_string(writer, "Content-Disposition", ms_buffer_string(&disposition));
  if (checksum)
    ms_json_member_string(writer, "Content-MD5", checksum);
  ms_json_end_object(writer);
  ms_buffer_free(&disposition);
  return status;
}

static enum ms_status
print_url(struct ms_batch *batch, struct ms_json_writer *writer, const char *component_id,
          struct ms_error *err)
{
  struct ms_buffer url;
  int64_t expires_s = batch->now_us / 1000000 + MS_API_URL_LIFETIME_S;
  ms_buffer_init(&url, URL_MAX_BYTES);
  ms_buffer_printf(&url, "%s/component/put?", batch->request->base_url);
  ms_api_sign(batch->api, MS_SIGNATURE_PUT, component_id, expires_s, &url);
  enum ms_status status = ms_buffer_check(&url, "the URL", err);
  ms_json_member_string(writer, "url", ms_buffer_string(&url));
  ms_buffer_free(&url);
  return status;
}

/* ---- parts ---- */

/* How many parts the client offers to send; 0 or 1: the whole at once. */
static enum ms_status
read_part_count(const struct ms_json_node *operation, struct ms_part *part, struct ms_error *err)
{
  const struct ms_json_node *parts = ms_json_get(operation, "parts");
  const struct ms_json_node *size = ms_json_get(operation, "file_size");
  part->number = 1;
  if (!parts || parts->type != MS_JSON_INTEGER || !size || size->type != MS_JSON_INTEGER)
    return MS_OK;
  if (parts->integer > MS_PARTS_MAX || parts->integer < 0)
    return ms_fail(err, MS_INVALID, "'parts' goes up to %d, not %" PRId64, MS_PARTS_MAX,
                   parts->integer);
  if (parts->integer > 1 && size->integer < parts->integer)
    return ms_fail(err, MS_INVALID, "%" PRId64 " bytes do not make %" PRId64 " parts",
                   size->integer, parts->integer);
  part->count = parts->integer;
  part->total_bytes = size->integer;
  return MS_OK;
}

/* The upload that the client wants to go on with, if it is still there; else a new one. */
static enum ms_status
begin_parts(struct ms_batch *batch, const struct ms_json_node *operation, struct ms_part *part,
            struct ms_error *err)
{
  struct ms_blobs *blobs = ms_api_blobs(batch->api);
  const char *given = ms_json_get_string(operation, "upload_id");
  int64_t size_bytes;
  if (given && ms_blob_parts_size(blobs, given, &size_bytes, NULL) == MS_OK &&
      size_bytes == part->total_bytes) {
    memcpy(part->upload_id, given, sizeof part->upload_id);
    return MS_OK;
  }
  ms_id_new(part->upload_id);
  return ms_blob_parts_begin(blobs, part->upload_id, part->total_bytes, err);
}

static enum ms_status
print_part_urls(struct ms_batch *batch, struct ms_json_writer *writer, struct ms_part *part,
                struct ms_error *err)
{
  struct ms_buffer url;
  int64_t expires_s = batch->now_us / 1000000 + MS_API_URL_LIFETIME_S;
  enum ms_status status = MS_OK;
  ms_buffer_init(&url, URL_MAX_BYTES);
  ms_json_key(writer, "urls");
  ms_json_begin_array(writer);
  for (part->number = 1; status == MS_OK && part->number <= part->count; part->number++) {
    char text[MS_PART_TEXT_SIZE];
    ms_part_print(part, text);
    ms_buffer_clear(&url);
    ms_buffer_printf(&url, "%s/component/part?", batch->request->base_url);
    ms_api_sign(batch->api, MS_SIGNATURE_PART, text, expires_s, &url);
    status = ms_buffer_check(&url, "the URL", err);
    ms_json_begin_object(writer);
    ms_json_member_integer(writer, "part_number", part->number);
    ms_json_member_string(writer, "signed_url", ms_buffer_string(&url));
    ms_json_end_object(writer);
  }
  ms_json_end_array(writer);
  ms_buffer_free(&url);
  return status;
}

static enum ms_status
answer_parts(struct ms_batch *batch, const struct ms_json_node *operation, const char *component_id,
             struct ms_part *part, struct ms_error *err)
{
  struct ms_json_writer writer;
  memcpy(part->component_id, component_id, strlen(component_id) + 1);
  enum ms_status status = begin_parts(batch, operation, part, err);
  if (status != MS_OK)
    return status;
  ms_json_writer_init(&writer, batch->answer);
  ms_json_begin_object(&writer);
  ms_json_member_string(&writer, "action", "get_upload_metadata");
  ms_json_member_string(&writer, "component_id", component_id);
  ms_json_member_string(&writer, "upload_id", part->upload_id);
  status = print_part_urls(batch, &writer, part, err);
  ms_json_end_object(&writer);
  return status;
}

/* ---- the whole at once ---- */

/* The name that was given, else the component's, else its id. */
static enum ms_status
find_file_name(struct ms_batch *batch, const struct ms_json_node *operation,
               const char *component_id, const char **file_name, struct ms_error *err)
{
  char *name = NULL;
  *file_name = ms_json_get_string(operation, "file_name");
  if (*file_name && (*file_name)[0])
    return MS_OK;
  enum ms_status status = ms_api_component_file_name(batch->api, component_id, &name, err);
  if (status != MS_OK && status != MS_NOT_FOUND)
    return status;
  *file_name = name ? ms_arena_strdup(batch->arena, name) : component_id;
  free(name);
  return *file_name ? MS_OK : ms_batch_out_of_memory(err);
}

static enum ms_status
check_component_id(struct ms_batch *batch, const char *component_id, struct ms_error *err)
{
  char *path = NULL;
  if (!component_id)
    return ms_fail(err, MS_INVALID, "get_upload_metadata needs a 'component_id'");
  enum ms_status status = ms_blob_path(batch->api->blobs, component_id, &path, err);
  free(path);
  return status;
}

static enum ms_status
answer_single(struct ms_batch *batch, const struct ms_json_node *operation,
              const char *component_id, struct ms_error *err)
{
  struct ms_json_writer writer;
  const char *checksum = ms_json_get_string(operation, "checksum");
  const char *file_name = NULL;
  enum ms_status status = find_file_name(batch, operation, component_id, &file_name, err);
  if (status != MS_OK)
    return status;
  if (strlen(file_name) > FILE_NAME_MAX_BYTES)
    return ms_fail(err, MS_INVALID, "'file_name' takes up to %d bytes", FILE_NAME_MAX_BYTES);
  if (checksum && strlen(checksum) > CHECKSUM_MAX_BYTES)
    return ms_fail(err, MS_INVALID, "'checksum' takes the MD5 in base64");
  ms_json_writer_init(&writer, batch->answer);
  ms_json_begin_object(&writer);
  ms_json_member_string(&writer, "action", "get_upload_metadata");
  status = print_url(batch, &writer, component_id, err);
  ms_json_member_string(&writer, "component_id", component_id);
  ms_json_key(&writer, "headers");
  if (status == MS_OK)
    status = print_headers(&writer, file_name, checksum, err);
  ms_json_end_object(&writer);
  return status;
}

enum ms_status
ms_action_get_upload_metadata(struct ms_batch *batch, const struct ms_json_node *operation,
                              struct ms_error *err)
{
  const char *component_id = ms_json_get_string(operation, "component_id");
  struct ms_part part = {0};
  enum ms_status status = check_component_id(batch, component_id, err);
  if (status == MS_OK)
    status = read_part_count(operation, &part, err);
  if (status != MS_OK)
    return status;
  return part.count > 1 ? answer_parts(batch, operation, component_id, &part, err)
                        : answer_single(batch, operation, component_id, err);
}
