/* complete_multipart_upload: the receipts of all parts make an upload the data of its component.
 *
 * Asked once more, because the first answer was lost, it answers the same. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/batch.h"
#include "api/part.h"

enum { URL_MAX_BYTES = 4096 };

static enum ms_status
read_part(struct ms_batch *batch, const struct ms_json_node *node, struct ms_part *part,
          int64_t *segment_bytes, uint8_t digest[MS_MD5_BYTES], struct ms_error *err)
{
  const struct ms_json_node *number = ms_json_get(node, "part_number");
  const char *tag = ms_json_get_string(node, "e_tag");
  if (!number || number->type != MS_JSON_INTEGER || number->integer != part->number || !tag)
    return ms_fail(err, MS_INVALID,
                   "'parts' lists each part as {\"part_number\", \"e_tag\"}, from 1 on; number "
                   "%" PRId64 " is missing",
                   part->number);
  return ms_part_check_tag(batch->api, part, tag, segment_bytes, digest, err);
}

/* All receipts, to the checksum of the whole: the MD5 of their MD5s. */
static enum ms_status
read_parts(struct ms_batch *batch, const struct ms_json_node *parts, struct ms_part *part,
           char checksum[MS_BLOB_CHECKSUM_SIZE], struct ms_error *err)
{
  struct ms_md5_stream stream;
  uint8_t digest[MS_MD5_BYTES];
  char hex[MS_MD5_HEX_SIZE];
  int64_t first_segment = 0;
  ms_md5_stream_begin(&stream);
  part->number = 1;
  for (const struct ms_json_node *node = parts->first; node; node = node->next, part->number++) {
    int64_t segment = 0;
    enum ms_status status = read_part(batch, node, part, &segment, digest, err);
    if (status != MS_OK)
      return status;
    if (part->number == 1)
      first_segment = segment;
    if (segment != first_segment)
      return ms_fail(err, MS_INVALID, "part %" PRId64 " has another size than the first",
                     part->number);
    ms_md5_stream_add(&stream, digest, sizeof digest);
  }
  ms_md5_stream_end(&stream, digest);
  ms_hex(digest, sizeof digest, hex);
  snprintf(checksum, MS_BLOB_CHECKSUM_SIZE, "%" PRId64 "-%s", first_segment, hex);
  return MS_OK;
}

/* The size of the upload, or of the data that it has become already. */
static enum ms_status
find_size(struct ms_blobs *blobs, struct ms_part *part, bool *is_done, struct ms_error *err)
{
  int fd;
  enum ms_status status = ms_blob_parts_size(blobs, part->upload_id, &part->total_bytes, err);
  *is_done = status == MS_NOT_FOUND &&
             ms_blob_open(blobs, part->component_id, &fd, &part->total_bytes, NULL) == MS_OK;
  if (!*is_done)
    return status;
  close(fd);
  return MS_OK;
}

static enum ms_status
read_ids(const struct ms_json_node *operation, struct ms_part *part, struct ms_error *err)
{
  const char *component_id = ms_json_get_string(operation, "component_id");
  const char *upload_id = ms_json_get_string(operation, "upload_id");
  if (!component_id || !upload_id || strlen(component_id) >= sizeof part->component_id ||
      strlen(upload_id) >= sizeof part->upload_id)
    return ms_fail(err, MS_INVALID,
                   "complete_multipart_upload needs the 'component_id' and 'upload_id' that "
                   "get_upload_metadata gave");
  memcpy(part->component_id, component_id, strlen(component_id) + 1);
  memcpy(part->upload_id, upload_id, strlen(upload_id) + 1);
  return MS_OK;
}

static enum ms_status
complete(struct ms_batch *batch, const struct ms_json_node *operation, struct ms_part *part,
         struct ms_error *err)
{
  struct ms_blobs *blobs = ms_api_blobs(batch->api);
  const struct ms_json_node *parts = ms_json_get(operation, "parts");
  char checksum[MS_BLOB_CHECKSUM_SIZE];
  bool is_done = false;
  enum ms_status status = read_ids(operation, part, err);
  if (status == MS_OK && (!parts || parts->type != MS_JSON_ARRAY || parts->count == 0))
    status = ms_fail(err, MS_INVALID, "complete_multipart_upload needs a list of 'parts'");
  if (status == MS_OK)
    status = find_size(blobs, part, &is_done, err);
  if (status != MS_OK)
    return status;
  part->count = (int64_t)parts->count;
  status = read_parts(batch, parts, part, checksum, err);
  if (status != MS_OK || is_done)
    return status;
  return ms_blob_parts_commit(blobs, part->upload_id, part->component_id, checksum, err);
}

enum ms_status
ms_action_complete_multipart_upload(struct ms_batch *batch, const struct ms_json_node *operation,
                                    struct ms_error *err)
{
  struct ms_part part = {0};
  struct ms_json_writer writer;
  struct ms_buffer url;
  enum ms_status status = complete(batch, operation, &part, err);
  if (status != MS_OK)
    return status;
  ms_buffer_init(&url, URL_MAX_BYTES);
  ms_api_print_url(batch->api, batch->request->base_url, "get", part.component_id, &url);
  ms_json_writer_init(&writer, batch->answer);
  ms_json_begin_object(&writer);
  ms_json_member_string(&writer, "action", "complete_multipart_upload");
  ms_json_member_string(&writer, "component_id", part.component_id);
  ms_json_member_string(&writer, "url", ms_buffer_string(&url));
  ms_json_end_object(&writer);
  status = ms_buffer_check(&url, "the URL", err);
  ms_buffer_free(&url);
  return status;
}
