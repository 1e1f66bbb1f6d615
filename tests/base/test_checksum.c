#include "support/check.h"

#include "base/checksum.h"
#include "base/id.h"
#include "base/md5_lanes.h"

static void
md5_agrees_with_rfc_1321(void **state)
{
  (void)state;
  static const char *const rows[][2] = {
      {"", "d41d8cd98f00b204e9800998ecf8427e"},
      {"abc", "900150983cd24fb0d6963f7d28e17f72"},
      {"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
       "57edf4a22be3c955ac49da2e2107b67a"},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    char hex[MS_MD5_HEX_SIZE];
    ms_md5_hex(rows[i][0], strlen(rows[i][0]), hex);
    assert_string_equal(hex, rows[i][1]);
  }
}

static void
sha256_agrees_with_fips_180(void **state)
{
  (void)state;
  char hex[MS_SHA256_HEX_SIZE];
  ms_sha256_hex("abc", 3, hex);
  assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  ms_sha256_hex("", 0, hex);
  assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void
check_hmac(const void *key, size_t key_bytes, const char *data, const char *wanted)
{
  uint8_t digest[MS_SHA256_BYTES];
  char hex[MS_SHA256_HEX_SIZE];
  ms_hmac_sha256(key, key_bytes, data, strlen(data), digest);
  ms_hex(digest, sizeof digest, hex);
  assert_string_equal(hex, wanted);
}

static void
hmac_agrees_with_rfc_4231(void **state)
{
  (void)state;
  uint8_t key[131];
  memset(key, 0x0B, 20);
  check_hmac(key, 20, "Hi There",
             "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  check_hmac("Jefe", 4, "what do ya want for nothing?",
             "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  memset(key, 0xAA, sizeof key); /* longer than a block */
  check_hmac(key, sizeof key, "Test Using Larger Than Block-Size Key - Hash Key First",
             "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void
base64_agrees_with_rfc_4648(void **state)
{
  (void)state;
  static const char *const rows[][2] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
      {"\xFB\xFF\xBF", "+/+/"},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    char text[16];
    ms_base64(rows[i][0], strlen(rows[i][0]), text);
    assert_string_equal(text, rows[i][1]);
  }
}

static void
an_md5_fits_its_base64_size(void **state)
{
  (void)state;
  uint8_t digest[MS_MD5_BYTES];
  ms_md5("", 0, digest);
  char text[MS_MD5_BASE64_SIZE];
  ms_base64(digest, sizeof digest, text);
  assert_string_equal(text, "1B2M2Y8AsgTpgAmY7PhCfg==");
}

static void
md5_in_steps_is_the_same(void **state)
{
  (void)state;
  uint8_t data[1000];
  for (size_t i = 0; i < sizeof data; i++) {
    data[i] = (uint8_t)(i * 7);
  }
  uint8_t whole[MS_MD5_BYTES];
  ms_md5(data, sizeof data, whole);
  for (size_t step = 1; step <= sizeof data; step += 13) {
    struct ms_md5_stream stream;
    ms_md5_stream_begin(&stream);
    for (size_t at = 0; at < sizeof data; at += step) {
      size_t rest = sizeof data - at;
      ms_md5_stream_add(&stream, data + at, rest < step ? rest : step);
    }
    uint8_t digest[MS_MD5_BYTES];
    ms_md5_stream_end(&stream, digest);
    assert_memory_equal(digest, whole, sizeof digest);
  }
}

static void
md5_in_lanes_is_the_same(void **state)
{
  (void)state;
  enum { LONGEST = 300 };
  uint8_t data[MS_MD5_LANES][LONGEST];
  const uint8_t *lanes[MS_MD5_LANES], *rest[MS_MD5_LANES];
  for (size_t i = 0; i < MS_MD5_LANES; i++) {
    lanes[i] = data[i];
    rest[i] = data[i] + MS_MD5_BLOCK_BYTES;
    for (size_t k = 0; k < LONGEST; k++) {
      data[i][k] = (uint8_t)((i + 3) * (k + 1) * 2654435761u >> 11);
    }
  }
  for (size_t size = MS_MD5_BLOCK_BYTES; size <= LONGEST; size++) {
    struct ms_md5_lanes state_of_all;
    uint8_t digests[MS_MD5_LANES][MS_MD5_BYTES], expected[MS_MD5_BYTES];
    ms_md5_lanes_begin(&state_of_all);
    ms_md5_lanes_add(&state_of_all, lanes, MS_MD5_BLOCK_BYTES);
    ms_md5_lanes_end(&state_of_all, rest, size - MS_MD5_BLOCK_BYTES, digests);
    for (size_t i = 0; i < MS_MD5_LANES; i++) {
      ms_md5(data[i], size, expected);
      assert_memory_equal(digests[i], expected, sizeof expected);
    }
  }
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(md5_agrees_with_rfc_1321),    cmocka_unit_test(sha256_agrees_with_fips_180),
      cmocka_unit_test(hmac_agrees_with_rfc_4231),   cmocka_unit_test(base64_agrees_with_rfc_4648),
      cmocka_unit_test(an_md5_fits_its_base64_size), cmocka_unit_test(md5_in_steps_is_the_same),
      cmocka_unit_test(md5_in_lanes_is_the_same),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
