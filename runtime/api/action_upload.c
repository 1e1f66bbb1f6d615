/* get_upload_metadata: where and how to PUT the data of a component, which need not exist yet.
 *
 * One PUT takes a file of any size, so a client that offers to send parts is told to send one. */
#include <stdlib.h>
#include <string.h>

#include "api/batch.h"
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

enum ms_status
ms_action_get_upload_metadata(struct ms_batch *batch, const struct ms_json_node *operation,
                              struct ms_error *err)
{
  struct ms_json_writer writer;
  const char *component_id = ms_json_get_string(operation, "component_id");
  const char *checksum = ms_json_get_string(operation, "checksum");
  const char *file_name = NULL;
  enum ms_status status = check_component_id(batch, component_id, err);
  if (status == MS_OK)
    status = find_file_name(batch, operation, component_id, &file_name, err);
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
