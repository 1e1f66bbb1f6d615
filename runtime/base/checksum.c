/* libmd behind our names, and HMAC and base64, which it does not have. */
#include "base/checksum.h"

#include <md5.h>
#include <sha2.h>
#include <string.h>

#include "base/id.h"

void
ms_md5(const void *data, size_t size_bytes, uint8_t digest[MS_MD5_BYTES])
{
  MD5_CTX context;
  MD5Init(&context);
  MD5Update(&context, data, size_bytes);
  MD5Final(digest, &context);
}

void
ms_md5_hex(const void *data, size_t size_bytes, char hex[MS_MD5_HEX_SIZE])
{
  uint8_t digest[MS_MD5_BYTES];
  ms_md5(data, size_bytes, digest);
  ms_hex(digest, sizeof digest, hex);
}

void
ms_sha256(const void *data, size_t size_bytes, uint8_t digest[MS_SHA256_BYTES])
{
  SHA2_CTX context;
  SHA256Init(&context);
  SHA256Update(&context, data, size_bytes);
  SHA256Final(digest, &context);
}

void
ms_sha256_hex(const void *data, size_t size_bytes, char hex[MS_SHA256_HEX_SIZE])
{
  uint8_t digest[MS_SHA256_BYTES];
  ms_sha256(data, size_bytes, digest);
  ms_hex(digest, sizeof digest, hex);
}

/* SHA-256 of the padded key, XORed with `pad`, followed by the data. */
static void
hash_with_pad(const uint8_t key[SHA256_BLOCK_LENGTH], uint8_t pad, const void *data,
              size_t size_bytes, uint8_t digest[MS_SHA256_BYTES])
{
  uint8_t block[SHA256_BLOCK_LENGTH];
  for (size_t i = 0; i < sizeof block; i++) {
    block[i] = key[i] ^ pad;
  }
  SHA2_CTX context;
  SHA256Init(&context);
  SHA256Update(&context, block, sizeof block);
  SHA256Update(&context, data, size_bytes);
  SHA256Final(digest, &context);
  explicit_bzero(block, sizeof block);
}

void
ms_hmac_sha256(const void *key, size_t key_bytes, const void *data, size_t size_bytes,
               uint8_t digest[MS_SHA256_BYTES])
{
  uint8_t padded[SHA256_BLOCK_LENGTH] = {0};
  if (key_bytes > sizeof padded) {
    ms_sha256(key, key_bytes, padded);
  } else if (key_bytes > 0) {
    memcpy(padded, key, key_bytes);
  }
  uint8_t inner[MS_SHA256_BYTES];
  hash_with_pad(padded, 0x36, data, size_bytes, inner);
  hash_with_pad(padded, 0x5C, inner, sizeof inner, digest);
  explicit_bzero(padded, sizeof padded);
}

void
ms_base64(const void *data, size_t size_bytes, char *text)
{
  static const char alphabet[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
  enum { PADDING = 64 }; /* the last one */
  const uint8_t *bytes = data;
  for (size_t i = 0; i < size_bytes; i += 3) {
    size_t present = size_bytes - i < 3 ? size_bytes - i : 3;
    uint32_t group = (uint32_t)bytes[i] << 16;
    group |= present > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
    group |= present > 2 ? bytes[i + 2] : 0;
    *text++ = alphabet[group >> 18];
    *text++ = alphabet[group >> 12 & 63];
    *text++ = alphabet[present > 1 ? group >> 6 & 63 : PADDING];
    *text++ = alphabet[present > 2 ? group & 63 : PADDING];
  }
  *text = '\0';
}

/* ---- in steps ---- */

_Static_assert(sizeof(MD5_CTX) <= sizeof(struct ms_md5_stream), "libmd's context fits the stream");

void
ms_md5_stream_begin(struct ms_md5_stream *stream)
{
  MD5_CTX context;
  MD5Init(&context);
  memcpy(stream->opaque, &context, sizeof context);
}

void
ms_md5_stream_add(struct ms_md5_stream *stream, const void *data, size_t size_bytes)
{
  MD5_CTX context;
  memcpy(&context, stream->opaque, sizeof context);
  MD5Update(&context, data, size_bytes);
  memcpy(stream->opaque, &context, sizeof context);
}

void
ms_md5_stream_end(struct ms_md5_stream *stream, uint8_t digest[MS_MD5_BYTES])
{
  MD5_CTX context;
  memcpy(&context, stream->opaque, sizeof context);
  MD5Final(digest, &context);
}
