/* Checksums of files while they grow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "transport/digest.h"

enum { FILE_BYTES = 1000000, SEGMENT_BYTES = 300000 };

struct fixture {
  uv_loop_t loop;
  FILE *file;
  char expected_whole[MS_MD5_HEX_SIZE], expected_segments[MS_MD5_HEX_SIZE];
  int calls;
  enum ms_status status;
  char hex[MS_MD5_HEX_SIZE];
};

static void
fill(struct fixture *fixture)
{
  char *data = malloc(FILE_BYTES);
  uint8_t digests[4 * MS_MD5_BYTES];
  for (size_t i = 0; i < FILE_BYTES; i++) {
    data[i] = (char)(i * 2654435761u >> 13);
  }
  assert_int_equal(fwrite(data, 1, FILE_BYTES, fixture->file), FILE_BYTES);
  fflush(fixture->file);
  ms_md5_hex(data, FILE_BYTES, fixture->expected_whole);
  for (size_t i = 0; i < 4; i++) {
    size_t rest = FILE_BYTES - i * SEGMENT_BYTES;
    ms_md5(data + i * SEGMENT_BYTES, rest < SEGMENT_BYTES ? rest : SEGMENT_BYTES,
           digests + i * MS_MD5_BYTES);
  }
  ms_md5_hex(digests, sizeof digests, fixture->expected_segments);
  free(data);
}

static int
set_up(void **state)
{
  struct fixture *fixture = calloc(1, sizeof *fixture);
  uv_loop_init(&fixture->loop);
  fixture->file = tmpfile();
  fill(fixture);
  *state = fixture;
  return 0;
}

static int
tear_down(void **state)
{
  struct fixture *fixture = *state;
  fclose(fixture->file);
  int failure = uv_loop_close(&fixture->loop);
  free(fixture);
  return failure;
}

static struct ms_digest *
open_digest(struct fixture *fixture, int64_t segment_bytes)
{
  struct ms_error err;
  struct ms_digest *digest = NULL;
  const struct ms_file_digest_range range = {.fd = fileno(fixture->file),
                                             .segment_bytes = segment_bytes};
  assert_int_equal(ms_digest_new(&fixture->loop, &range, &digest, &err), MS_OK);
  return digest;
}

static void
on_done(void *user, enum ms_status status, const char *hex, const struct ms_error *err)
{
  struct fixture *fixture = user;
  (void)err;
  fixture->calls++;
  fixture->status = status;
  snprintf(fixture->hex, sizeof fixture->hex, "%s", hex);
}

static void
finish(struct fixture *fixture, struct ms_digest *digest, int64_t total_bytes)
{
  ms_digest_finish(digest, total_bytes, on_done, fixture);
  assert_int_equal(fixture->calls, 0); /* never from inside */
  uv_run(&fixture->loop, UV_RUN_DEFAULT);
  assert_int_equal(fixture->calls, 1);
  ms_digest_free(digest);
}

static void
reads_along(void **state)
{
  struct fixture *fixture = *state;
  struct ms_digest *digest = open_digest(fixture, 0);
  for (int64_t there = 0; there < FILE_BYTES; there += 77777) {
    ms_digest_advance(digest, there);
    uv_run(&fixture->loop, UV_RUN_NOWAIT);
  }
  finish(fixture, digest, FILE_BYTES);
  assert_int_equal(fixture->status, MS_OK);
  assert_string_equal(fixture->hex, fixture->expected_whole);
}

static void
counts_in_segments(void **state)
{
  struct fixture *fixture = *state;
  finish(fixture, open_digest(fixture, SEGMENT_BYTES), FILE_BYTES);
  assert_string_equal(fixture->hex, fixture->expected_segments);
  char hex[MS_MD5_HEX_SIZE];
  struct ms_error err;
  const struct ms_file_digest_range range = {.fd = fileno(fixture->file),
                                             .segment_bytes = SEGMENT_BYTES};
  assert_int_equal(ms_file_digest_compute(&range, FILE_BYTES, hex, &err), MS_OK);
  assert_string_equal(hex, fixture->expected_segments);
}

static void
of_nothing_is_that_of_no_bytes(void **state)
{
  struct fixture *fixture = *state;
  finish(fixture, open_digest(fixture, 0), 0);
  assert_string_equal(fixture->hex, "d41d8cd98f00b204e9800998ecf8427e");
}

static void
tells_of_a_file_that_is_too_short(void **state)
{
  struct fixture *fixture = *state;
  finish(fixture, open_digest(fixture, 0), FILE_BYTES + 1);
  assert_int_equal(fixture->status, MS_IO);
}

static void
can_be_dropped_at_any_moment(void **state)
{
  struct fixture *fixture = *state;
  ms_digest_free(NULL);
  ms_digest_free(open_digest(fixture, 0));
  struct ms_digest *busy = open_digest(fixture, 0);
  ms_digest_advance(busy, FILE_BYTES);
  ms_digest_free(busy);
  struct ms_digest *finishing = open_digest(fixture, 0);
  ms_digest_finish(finishing, FILE_BYTES, on_done, fixture);
  ms_digest_free(finishing);
  uv_run(&fixture->loop, UV_RUN_DEFAULT);
  assert_int_equal(fixture->calls, 0);
}

#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

/* One for each number of segments up to more than are read at once, with and without a shorter last one. */
static void
counts_in_segments_of_any_length(void **state)
{
  struct fixture *fixture = *state;
  char *data = malloc(FILE_BYTES);
  uint8_t digests[64 * MS_MD5_BYTES];
  assert_int_equal(pread(fileno(fixture->file), data, FILE_BYTES, 0), FILE_BYTES);
  for (int64_t count = 1; count <= 40; count++) {
    int64_t segment = FILE_BYTES / count, segments = (FILE_BYTES + segment - 1) / segment;
    for (int64_t i = 0; i < segments; i++) {
      int64_t rest = FILE_BYTES - i * segment;
      ms_md5(data + i * segment, (size_t)(rest < segment ? rest : segment),
             digests + i * MS_MD5_BYTES);
    }
    char expected[MS_MD5_HEX_SIZE];
    ms_md5_hex(digests, (size_t)segments * MS_MD5_BYTES, expected);
    struct ms_digest *digest = open_digest(fixture, segment);
    for (int64_t there = 0; there < FILE_BYTES; there += 77777) {
      ms_digest_advance(digest, there);
      uv_run(&fixture->loop, UV_RUN_NOWAIT);
    }
    fixture->calls = 0;
    finish(fixture, digest, FILE_BYTES);
    assert_int_equal(fixture->status, MS_OK);
    assert_string_equal(fixture->hex, expected);
  }
  free(data);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      WITH_FILE(reads_along),
      WITH_FILE(counts_in_segments),
      WITH_FILE(counts_in_segments_of_any_length),
      WITH_FILE(of_nothing_is_that_of_no_bytes),
      WITH_FILE(tells_of_a_file_that_is_too_short),
      WITH_FILE(can_be_dropped_at_any_moment),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
