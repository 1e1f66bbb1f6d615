/* Signed URLs: whoever has one may read or write one component's data until it expires.
 *
 * The signature is an HMAC over what the URL permits, with a secret that never leaves the database.
 * Expiry of URLs in answers is rounded up to the hour, so that they stay the same for a while and
 * browsers can keep what they point to. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "base/clock.h"
#include "base/id.h"

enum {
  SIGNATURE_HEX_SIZE = MS_SHA256_BYTES * 2 + 1,
  SIGNED_TEXT_SIZE = 512, /* use, component id, expiry */
  ROUND_TO_S = 3600,
  SECRET_HEX_SIZE = MS_SHA256_BYTES * 2 + 1
};

static const char secret_setting[] = "url secret";

static const char *const uses[] = {[MS_SIGNATURE_GET] = "get",
                                   [MS_SIGNATURE_PUT] = "put",
                                   [MS_SIGNATURE_PART] = "part",
                                   [MS_SIGNATURE_THUMBNAIL] = "thumbnail"};

static bool
read_hex(const char *hex, uint8_t *bytes, size_t size_bytes)
{
  if (strlen(hex) != size_bytes * 2)
    return false;
  for (size_t i = 0; i < size_bytes; i++) {
    unsigned byte = 0;
    if (sscanf(hex + i * 2, "%2x", &byte) != 1)
      return false;
    bytes[i] = (uint8_t)byte;
  }
  return true;
}

enum ms_status
ms_api_load_secret(struct ms_api *api, struct ms_error *err)
{
  char *hex = NULL;
  enum ms_status status = ms_database_get_setting(api->database, secret_setting, &hex, err);
  if (status == MS_OK && !read_hex(hex, api->secret, sizeof api->secret))
    status =
        ms_fail(err, MS_INVALID, "the setting '%s' of the database is damaged", secret_setting);
  free(hex);
  return status;
}

enum ms_status
ms_api_make_secret(struct ms_api *api, struct ms_error *err)
{
  char hex[SECRET_HEX_SIZE];
  uint8_t secret[MS_SHA256_BYTES];
  ms_random_bytes(secret, sizeof secret);
  ms_hex(secret, sizeof secret, hex);
  return ms_database_set_setting(api->database, secret_setting, hex, err);
}

/* False for an id that cannot name component data. */
static bool
compute(const struct ms_api *api, enum ms_signature_use use, const char *component_id,
        int64_t expires_s, char hex[SIGNATURE_HEX_SIZE])
{
  char text[SIGNED_TEXT_SIZE];
  uint8_t digest[MS_SHA256_BYTES];
  int size = snprintf(text, sizeof text, "%s|%s|%" PRId64, uses[use], component_id, expires_s);
  if (size < 0 || (size_t)size >= sizeof text)
    return false;
  ms_hmac_sha256(api->secret, sizeof api->secret, text, (size_t)size, digest);
  ms_hex(digest, sizeof digest, hex);
  return true;
}

static void
print_escaped(struct ms_buffer *url, const char *text)
{
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~";
  for (; *text; text++)
    if (strchr(plain, *text))
      ms_buffer_append_char(url, *text);
    else
      ms_buffer_printf(url, "%%%02X", (unsigned char)*text);
}

void
ms_api_sign(struct ms_api *api, enum ms_signature_use use, const char *component_id,
            int64_t expires_unix_s, struct ms_buffer *url)
{
  char hex[SIGNATURE_HEX_SIZE] = "";
  compute(api, use, component_id, expires_unix_s, hex);
  ms_buffer_append_string(url, "id=");
  print_escaped(url, component_id);
  ms_buffer_printf(url, "&expires=%" PRId64 "&signature=%s", expires_unix_s, hex);
}

enum ms_status
ms_api_check_signature(struct ms_api *api, enum ms_signature_use use, const char *component_id,
                       const char *expires, const char *signature, struct ms_error *err)
{
  char hex[SIGNATURE_HEX_SIZE];
  char *end = NULL;
  errno = 0;
  int64_t expires_s = strtoll(expires, &end, 10);
  if (errno || end == expires || *end || !compute(api, use, component_id, expires_s, hex) ||
      !ms_secret_equal(hex, strlen(hex), signature, strlen(signature)))
    return ms_fail(err, MS_PERMISSION,
                   "the signature of this URL is wrong; ask the tracker for a new URL");
  if (expires_s < ms_clock_now_us() / 1000000)
    return ms_fail(err, MS_TIMEOUT, "this URL has expired; ask the tracker for a new one");
  return MS_OK;
}

void
ms_api_print_url(void *context, const char *base_url, const char *kind, const char *id,
                 struct ms_buffer *url)
{
  bool is_thumbnail = strcmp(kind, uses[MS_SIGNATURE_THUMBNAIL]) == 0;
  int64_t soonest_s = ms_clock_now_us() / 1000000 + MS_API_URL_LIFETIME_S;
  int64_t expires_s = (soonest_s / ROUND_TO_S + 1) * ROUND_TO_S;
  ms_buffer_printf(url, "%s/component/%s?", base_url, is_thumbnail ? "thumbnail" : "get");
  ms_api_sign(context, is_thumbnail ? MS_SIGNATURE_THUMBNAIL : MS_SIGNATURE_GET, id, expires_s,
              url);
}
