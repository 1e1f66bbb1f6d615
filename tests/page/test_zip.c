/* Archives: read back by hand, whatever the size of the pieces that they are read in. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "page/zip.h"

enum { ARCHIVE_MAX_BYTES = 1 << 20, FILES_MAX = 8 };

struct content {
  const char *name, *data;
  size_t size_bytes;
};

struct source {
  const struct content *files;
  size_t opened;
  size_t missing_bytes; /* so much less is there than was told */
};

static enum ms_status
open_file(void *context, size_t index, int *fd, struct ms_error *err)
{
  (void)err;
  struct source *source = context;
  const struct content *file = &source->files[index];
  source->opened++;
  *fd = memfd_create("entry", MFD_CLOEXEC);
  size_t size_bytes = file->size_bytes - source->missing_bytes;
  assert_int_equal(write(*fd, file->data, size_bytes), size_bytes);
  lseek(*fd, 0, SEEK_SET);
  return MS_OK;
}

static struct ms_zip *
pack(struct source *source, size_t count)
{
  struct ms_error err;
  struct ms_zip *zip = ms_zip_new(open_file, source);
  assert_non_null(zip);
  for (size_t i = 0; i < count; i++) {
    const struct content *file = &source->files[i];
    assert_int_equal(ms_zip_add(zip, file->name, file->size_bytes, &err), MS_OK);
  }
  return zip;
}

/* The whole archive, read in pieces. */
static size_t
read_all(struct ms_zip *zip, char *archive, size_t piece_bytes)
{
  struct ms_error err;
  size_t total = 0, size_bytes = 1;
  while (size_bytes > 0) {
    assert_true(total + piece_bytes <= ARCHIVE_MAX_BYTES);
    if (ms_zip_read(zip, archive + total, piece_bytes, &size_bytes, &err) != MS_OK) {
      fail_msg("%s", err.message);
    }
    total += size_bytes;
  }
  return total;
}

static uint32_t
number(const char *at, int bytes)
{
  uint32_t value = 0;
  for (int i = 0; i < bytes; i++) {
    value |= (uint32_t)(unsigned char)at[i] << 8 * i;
  }
  return value;
}

/* Joins the stored blocks at `at`; returns what is behind them. */
static const char *
join_blocks(const char *at, char *data, size_t *size_bytes)
{
  bool last;
  *size_bytes = 0;
  do {
    uint32_t length = number(at + 1, 2);
    last = *at & 1;
    assert_int_equal(*at >> 1, 0);
    assert_int_equal(number(at + 3, 2), ~length & 0xFFFF);
    memcpy(data + *size_bytes, at + 5, length);
    *size_bytes += length;
    at += 5 + length;
  } while (!last);
  return at;
}

/* Checks one entry by the directory and by what stands before and behind its data. */
static void
check_entry(const char *archive, const char *entry, const char *name, const struct content *file,
            char *scratch)
{
  size_t size_bytes;
  const char *header = archive + number(entry + 42, 4);
  assert_int_equal(number(entry, 4), 0x02014b50);
  assert_int_equal(number(header, 4), 0x04034b50);
  assert_int_equal(number(entry + 28, 2), strlen(name));
  assert_memory_equal(entry + 46, name, strlen(name));
  assert_memory_equal(header + 30, name, strlen(name));
  const char *end = join_blocks(header + 30 + strlen(name), scratch, &size_bytes);
  assert_int_equal(size_bytes, file->size_bytes);
  assert_memory_equal(scratch, file->data, size_bytes);
  assert_int_equal(number(end, 4), 0x08074b50);
  assert_int_equal(number(end + 4, 4), number(entry + 16, 4));
  assert_int_equal(number(end + 8, 4), end - (header + 30 + strlen(name)));
  assert_int_equal(number(end + 12, 4), file->size_bytes);
}

static void
check_archive(const struct content *files, const char *const *names, size_t count,
              size_t piece_bytes)
{
  struct source source = {.files = files};
  struct ms_zip *zip = pack(&source, count);
  char *archive = malloc(ARCHIVE_MAX_BYTES), *scratch = malloc(ARCHIVE_MAX_BYTES);
  size_t size_bytes = read_all(zip, archive, piece_bytes);
  assert_int_equal(size_bytes, ms_zip_size(zip));
  const char *end = archive + size_bytes - 22;
  assert_int_equal(number(end, 4), 0x06054b50);
  assert_int_equal(number(end + 10, 2), count);
  const char *entry = archive + number(end + 16, 4);
  for (size_t i = 0; i < count; i++) {
    check_entry(archive, entry, names[i], &files[i], scratch);
    entry += 46 + strlen(names[i]);
  }
  assert_ptr_equal(entry, end);
  assert_int_equal(source.opened, count);
  free(archive);
  free(scratch);
  ms_zip_free(zip);
}

static void
test_contents(void **state)
{
  (void)state;
  static char large[200000];
  for (size_t i = 0; i < sizeof large; i++) {
    large[i] = (char)(i * 7 + i / 251);
  }
  const struct content files[] = {
      {"a.txt", "hello", 5},
      {"empty", "", 0},
      {"one block", large, 65535},
      {"two blocks", large, 65536},
      {"large.bin", large, sizeof large},
  };
  static const char *const names[] = {"a.txt", "empty", "one block", "two blocks", "large.bin"};
  static const size_t pieces[] = {1, 7, 4096, 131072, 600000};
  for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
    check_archive(files, names, 5, pieces[i]);
  }
}

/* The checksum of a text that every description of CRC-32 gives. */
static void
test_checksum(void **state)
{
  (void)state;
  const struct content file = {"a", "123456789", 9};
  struct source source = {.files = &file};
  struct ms_zip *zip = pack(&source, 1);
  char *archive = malloc(ARCHIVE_MAX_BYTES);
  size_t size_bytes = read_all(zip, archive, 512);
  assert_int_equal(number(archive + number(archive + size_bytes - 6, 4) + 16, 4), 0xCBF43926);
  free(archive);
  ms_zip_free(zip);
}

static void
test_names(void **state)
{
  (void)state;
  static const struct content files[] = {
      {"../../etc/passwd", "", 0},
      {"shot.mov", "", 0},
      {"folder/shot.mov", "", 0},
      {"SHOT.mov", "", 0},
      {"..", "", 0},
      {"a\\b:\x01\"c.txt", "", 0},
      {"käse", "", 0},
      {"", "", 0},
  };
  static const char *const names[] = {"passwd", "shot.mov",    "shot (2).mov", "SHOT (3).mov",
                                      "_.",     "a_b___c.txt", "käse",         "_"};
  check_archive(files, names, FILES_MAX, 4096);
}

static void
test_nothing(void **state)
{
  (void)state;
  check_archive(NULL, NULL, 0, 100);
}

static void
test_shorter_file(void **state)
{
  (void)state;
  const struct content file = {"a", "0123456789", 10};
  struct source source = {.files = &file, .missing_bytes = 3};
  struct ms_zip *zip = pack(&source, 1);
  struct ms_error err;
  char data[256];
  size_t size_bytes;
  assert_int_equal(ms_zip_read(zip, data, sizeof data, &size_bytes, &err), MS_IO);
  assert_non_null(strstr(err.message, "'a' became shorter"));
  ms_zip_free(zip);
}

/* Sizes beyond 4 GiB are told before a byte is read: each entry's and the end's fields get wider. */
static void
test_large_sizes(void **state)
{
  (void)state;
  const uint64_t size_bytes = UINT64_C(5) << 30;
  struct ms_error err;
  struct ms_zip *zip = ms_zip_new(open_file, NULL);
  assert_int_equal(ms_zip_add(zip, "big", size_bytes, &err), MS_OK);
  uint64_t blocks = (size_bytes + 65534) / 65535;
  uint64_t entry = 30 + 3 + 20 + size_bytes + 5 * blocks + 24;
  assert_int_equal(ms_zip_size(zip), entry + 46 + 3 + 28 + 56 + 20 + 22);
  ms_zip_free(zip);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_contents),     cmocka_unit_test(test_checksum),
      cmocka_unit_test(test_names),        cmocka_unit_test(test_nothing),
      cmocka_unit_test(test_shorter_file), cmocka_unit_test(test_large_sizes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
