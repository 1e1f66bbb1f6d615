/* Arithmetic on parts, and their receipts. */
#include "api/part.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/internal.h"

enum { SIGNED_SIZE = 512, SIGNATURE_BYTES = 16, SIGNATURE_HEX_SIZE = SIGNATURE_BYTES * 2 + 1 };

void
ms_part_print(const struct ms_part *part, char text[MS_PART_TEXT_SIZE])
{
  snprintf(text, MS_PART_TEXT_SIZE, "%s/%s/%" PRId64 "/%" PRId64 "/%" PRId64, part->component_id,
           part->upload_id, part->number, part->count, part->total_bytes);
}

enum ms_status
ms_part_parse(const char *text, struct ms_part *part, struct ms_error *err)
{
  int end = 0;
  *part = (struct ms_part){0};
  int count = sscanf(text, "%128[^/]/%36[0-9a-f-]/%" SCNd64 "/%" SCNd64 "/%" SCNd64 "%n",
                     part->component_id, part->upload_id, &part->number, &part->count,
                     &part->total_bytes, &end);
  if (count != 5 || text[end] != '\0' || part->number < 1 || part->number > part->count)
    return ms_fail(err, MS_INVALID, "this URL names no part of an upload; ask for a new one");
  return MS_OK;
}

enum ms_status
ms_part_place(const struct ms_part *part, int64_t size_bytes, int64_t *offset,
              int64_t *segment_bytes, struct ms_error *err)
{
  int64_t before = part->count - 1, total = part->total_bytes;
  bool is_last = part->number == part->count;
  bool fits = size_bytes > 0 && size_bytes <= total;
  int64_t segment = size_bytes;
  if (fits && is_last && before > 0) {
    segment = (total - size_bytes) / before;
    fits = segment * before == total - size_bytes && size_bytes <= segment;
  }
  if (!fits || segment > total || before * segment >= total || part->count * segment < total)
    return ms_fail(err, MS_INVALID,
                   "part %" PRId64 " of %" PRId64 " cannot have %" PRId64 " of %" PRId64
                   " bytes: all parts have the same size, the last one may be shorter",
                   part->number, part->count, size_bytes, total);
  *segment_bytes = segment;
  *offset = (part->number - 1) * segment;
  return MS_OK;
}

static void
sign(const struct ms_api *api, const struct ms_part *part, int64_t segment_bytes,
     const char *digest_hex, char signature[SIGNATURE_HEX_SIZE])
{
  char text[SIGNED_SIZE], name[MS_PART_TEXT_SIZE];
  uint8_t digest[MS_SHA256_BYTES];
  ms_part_print(part, name);
  int size =
      snprintf(text, sizeof text, "stored|%s|%" PRId64 "|%s", name, segment_bytes, digest_hex);
  ms_hmac_sha256(api->secret, sizeof api->secret, text, (size_t)size, digest);
  ms_hex(digest, SIGNATURE_BYTES, signature);
}

static void
print_tag(struct ms_api *api, const struct ms_part *part, int64_t segment_bytes,
          const char *digest_hex, char tag[MS_PART_TAG_SIZE])
{
  char signature[SIGNATURE_HEX_SIZE];
  sign(api, part, segment_bytes, digest_hex, signature);
  snprintf(tag, MS_PART_TAG_SIZE, "md5-%s-%" PRId64 "-%s", digest_hex, segment_bytes, signature);
}

void
ms_part_tag(struct ms_api *api, const struct ms_part *part, int64_t segment_bytes,
            const uint8_t digest[MS_MD5_BYTES], char tag[MS_PART_TAG_SIZE])
{
  char hex[MS_MD5_HEX_SIZE];
  ms_hex(digest, MS_MD5_BYTES, hex);
  print_tag(api, part, segment_bytes, hex, tag);
}

static void
read_hex(const char *hex, uint8_t digest[MS_MD5_BYTES])
{
  for (size_t i = 0; i < MS_MD5_BYTES; i++) {
    unsigned byte = 0;
    sscanf(hex + i * 2, "%2x", &byte);
    digest[i] = (uint8_t)byte;
  }
}

enum ms_status
ms_part_check_tag(struct ms_api *api, const struct ms_part *part, const char *tag,
                  int64_t *segment_bytes, uint8_t digest[MS_MD5_BYTES], struct ms_error *err)
{
  char hex[MS_MD5_HEX_SIZE] = "", expected[MS_PART_TAG_SIZE];
  size_t length = strlen(tag);
  if (length >= 2 && tag[0] == '"' && tag[length - 1] == '"') {
    tag++;
    length -= 2;
  }
  bool has_form = sscanf(tag, "md5-%32[0-9a-f]-%" SCNd64 "-", hex, segment_bytes) == 2;
  if (has_form)
    print_tag(api, part, *segment_bytes, hex, expected);
  if (!has_form || !ms_secret_equal(expected, strlen(expected), tag, length))
    return ms_fail(err, MS_INVALID,
                   "the e_tag of part %" PRId64
                   " is not the one that was given for it: send the part (again)",
                   part->number);
  read_hex(hex, digest);
  return MS_OK;
}
