/* MD5 and SHA-256 (libmd) as values and as text.
 *
 * MD5 is the protocol's (schema_hash, Content-MD5); SHA-256 is ours. */
#ifndef MS_BASE_CHECKSUM_H
#define MS_BASE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

enum {
  MS_MD5_BYTES = 16,
  MS_SHA256_BYTES = 32,
  MS_MD5_HEX_SIZE = 33,    /* with the NUL */
  MS_SHA256_HEX_SIZE = 65, /* with the NUL */
  MS_MD5_BASE64_SIZE = 25  /* with the NUL */
};

void
ms_md5(const void *data, size_t size_bytes, uint8_t digest[MS_MD5_BYTES]);

void
ms_md5_hex(const void *data, size_t size_bytes, char hex[MS_MD5_HEX_SIZE]);

void
ms_sha256(const void *data, size_t size_bytes, uint8_t digest[MS_SHA256_BYTES]);

void
ms_sha256_hex(const void *data, size_t size_bytes, char hex[MS_SHA256_HEX_SIZE]);

/* RFC 2104 over SHA-256. */
void
ms_hmac_sha256(const void *key, size_t key_bytes, const void *data, size_t size_bytes,
               uint8_t digest[MS_SHA256_BYTES]);

/* Standard base64 with padding; `text` holds 4 * ((size_bytes + 2) / 3) + 1 bytes. */
void
ms_base64(const void *data, size_t size_bytes, char *text);

/* MD5 in steps, for files that stream by. */
struct ms_md5_stream {
  uint64_t opaque[24]; /* libmd's context */
};

void
ms_md5_stream_begin(struct ms_md5_stream *stream);
void
ms_md5_stream_add(struct ms_md5_stream *stream, const void *data, size_t size_bytes);
void
ms_md5_stream_end(struct ms_md5_stream *stream, uint8_t digest[MS_MD5_BYTES]);

#endif
