/* RFC 6455, sections 4.1 and 4.2.2. */
#include "base/websocket_key.h"

#include <sha1.h>
#include <stdint.h>
#include <string.h>

#include "base/checksum.h"
#include "base/id.h"

void
ms_websocket_key_new(char key[MS_WEBSOCKET_KEY_SIZE])
{
  uint8_t bytes[16];
  ms_random_bytes(bytes, sizeof bytes);
  ms_base64(bytes, sizeof bytes, key);
}

void
ms_websocket_accept(const char *key, char accept[MS_WEBSOCKET_ACCEPT_SIZE])
{
  static const char constant[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  SHA1_CTX context;
  uint8_t digest[SHA1_DIGEST_LENGTH];
  SHA1Init(&context);
  SHA1Update(&context, (const uint8_t *)key, strlen(key));
  SHA1Update(&context, (const uint8_t *)constant, sizeof constant - 1);
  SHA1Final(digest, &context);
  ms_base64(digest, sizeof digest, accept);
}
