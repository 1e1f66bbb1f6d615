/* One part of an upload in parts: what its URL permits, where its bytes go, and the receipt for them.
 *
 * Parts have the same size but the last one. Nothing is kept about them here: a receipt (the part's ETag) says
 * which bytes are stored and is signed, so that whoever completes the upload proves with the receipts that all
 * of it is there. */
#ifndef MS_API_PART_H
#define MS_API_PART_H

#include "api/api.h"
#include "base/checksum.h"
#include "base/id.h"

enum {
  MS_PARTS_MAX = 10000,
  MS_PART_TEXT_SIZE = 256,
  MS_PART_TAG_SIZE = 128,
  MS_PART_COMPONENT_ID_SIZE = 129
};

struct ms_part {
  char component_id[MS_PART_COMPONENT_ID_SIZE];
  char upload_id[MS_ID_SIZE];
  int64_t number, count; /* 1 … count */
  int64_t total_bytes;   /* of the whole upload */
};

/* The text that a part's URL carries as its id. MS_INVALID for one that is none. */
void
ms_part_print(const struct ms_part *part, char text[MS_PART_TEXT_SIZE]);
enum ms_status
ms_part_parse(const char *text, struct ms_part *part, struct ms_error *err);

/* Where `size_bytes` of this part go, and how long all parts but the last one are by that. MS_INVALID when parts
 * of this size cannot make up the whole. */
enum ms_status
ms_part_place(const struct ms_part *part, int64_t size_bytes, int64_t *offset,
              int64_t *segment_bytes, struct ms_error *err);

/* The receipt: "md5-HEX-SEGMENT-SIGNATURE". */
void
ms_part_tag(struct ms_api *api, const struct ms_part *part, int64_t segment_bytes,
            const uint8_t digest[MS_MD5_BYTES], char tag[MS_PART_TAG_SIZE]);

/* Reads a receipt, which may be in quotes. MS_INVALID for one that was not given for this part. */
enum ms_status
ms_part_check_tag(struct ms_api *api, const struct ms_part *part, const char *tag,
                  int64_t *segment_bytes, uint8_t digest[MS_MD5_BYTES], struct ms_error *err);

#endif
