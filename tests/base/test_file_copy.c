/* Real files: plain, empty, large, with holes, without a size, on another file system, on a full one. */
#include "support/check.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_copy.h"
#include "support/folder.h"

enum { MIB = 1024 * 1024 };

struct fixture {
  char folder[FOLDER_BYTES];
  int source, target;
  int steps;
  struct ms_file_copy copy;
  struct ms_error err;
};

static int
open_new(const char *folder, const char *name)
{
  char path[FOLDER_PATH_BYTES];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  assert_true(fd >= 0);
  return fd;
}

static int
set_up(void **state)
{
  static struct fixture fixture;
  fixture = (struct fixture){0};
  *state = &fixture;
  assert_int_equal(folder_make(fixture.folder), 0);
  fixture.source = open_new(fixture.folder, "source");
  fixture.target = open_new(fixture.folder, "target");
  return 0;
}

static int
tear_down(void **state)
{
  struct fixture *fixture = *state;
  close(fixture->source);
  close(fixture->target);
  return folder_remove(fixture->folder);
}

/* A byte that tells where it is. */
static char
byte_at(int64_t offset)
{
  return (char)(offset * 7 + offset / 4093);
}

static void
write_bytes(int fd, int64_t offset, int64_t size_bytes)
{
  char *data = malloc((size_t)size_bytes);
  assert_non_null(data);
  for (int64_t i = 0; i < size_bytes; i++) {
    data[i] = byte_at(offset + i);
  }
  assert_int_equal(pwrite(fd, data, (size_t)size_bytes, offset), size_bytes);
  free(data);
}

static enum ms_status
copy(struct fixture *fixture)
{
  fixture->steps = 0;
  enum ms_status status =
      ms_file_copy_begin(&fixture->copy, fixture->source, fixture->target, &fixture->err);
  while (status == MS_OK && !fixture->copy.is_over) {
    status = ms_file_copy_step(&fixture->copy, &fixture->err);
    fixture->steps++;
  }
  return status;
}

static void
expect_same(struct fixture *fixture)
{
  static char ours[MIB], theirs[MIB];
  ssize_t size_bytes;
  int64_t offset = 0;
  do {
    size_bytes = pread(fixture->source, ours, sizeof ours, offset);
    assert_int_equal(pread(fixture->target, theirs, sizeof theirs, offset), size_bytes);
    assert_memory_equal(ours, theirs, (size_t)size_bytes);
    offset += size_bytes;
  } while (size_bytes > 0);
  assert_int_equal(fixture->copy.done_bytes, offset);
}

static int64_t
blocks_bytes(int fd)
{
  struct stat info;
  assert_int_equal(fstat(fd, &info), 0);
  return (int64_t)info.st_blocks * S_BLKSIZE;
}

static void
copies_all_of_it(void **state)
{
  struct fixture *fixture = *state;
  const int64_t sizes[] = {0, 1, 4096, 8 * MIB, 8 * MIB + 1, 70 * MIB + 12345};
  for (size_t i = 0; i < COUNT(sizes); i++) {
    assert_int_equal(ftruncate(fixture->target, 0), 0);
    write_bytes(fixture->source, 0, sizes[i]);
    check_ok(copy(fixture), &fixture->err);
    assert_int_equal(fixture->copy.size_bytes, sizes[i]);
    expect_same(fixture);
    assert_true(fixture->copy.is_shared || fixture->steps >= sizes[i] / (8 * MIB));
  }
}

static void
keeps_holes(void **state)
{
  struct fixture *fixture = *state;
  write_bytes(fixture->source, 0, 4096);
  write_bytes(fixture->source, 20 * MIB, 3 * MIB);
  write_bytes(fixture->source, 50 * MIB, 10);
  assert_int_equal(ftruncate(fixture->source, 90 * MIB), 0);
  check_ok(copy(fixture), &fixture->err);
  expect_same(fixture);
  assert_true(blocks_bytes(fixture->target) <= blocks_bytes(fixture->source) + MIB);
}

static void
a_file_that_is_one_hole(void **state)
{
  struct fixture *fixture = *state;
  assert_int_equal(ftruncate(fixture->source, 5LL * 1024 * MIB), 0);
  check_ok(copy(fixture), &fixture->err);
  assert_int_equal(lseek(fixture->target, 0, SEEK_END), 5LL * 1024 * MIB);
  assert_true(blocks_bytes(fixture->target) < MIB);
}

static void
a_file_without_a_size(void **state)
{
  struct fixture *fixture = *state;
  close(fixture->source);
  fixture->source = open("/proc/self/limits", O_RDONLY | O_CLOEXEC);
  check_ok(copy(fixture), &fixture->err);
  assert_true(fixture->copy.done_bytes > 0);
  expect_same(fixture);
}

static void
to_another_file_system(void **state)
{
  struct fixture *fixture = *state;
  close(fixture->target);
  fixture->target = open("/dev/shm", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
  assert_true(fixture->target >= 0);
  write_bytes(fixture->source, 0, 12 * MIB + 1);
  check_ok(copy(fixture), &fixture->err);
  expect_same(fixture);
}

/* While it is copied. */
static void
a_file_that_changes_its_size(void **state)
{
  struct fixture *fixture = *state;
  const int64_t later_sizes[] = {12 * MIB, 60 * MIB};
  for (size_t i = 0; i < COUNT(later_sizes); i++) {
    assert_int_equal(ftruncate(fixture->target, 0), 0);
    write_bytes(fixture->source, 0, 30 * MIB);
    assert_int_equal(ftruncate(fixture->source, 30 * MIB), 0);
    check_ok(ms_file_copy_begin(&fixture->copy, fixture->source, fixture->target, &fixture->err),
             &fixture->err);
    check_ok(ms_file_copy_step(&fixture->copy, &fixture->err), &fixture->err);
    if (fixture->copy.is_shared) {
      return; /* it was copied as it was then, in one go */
    }
    assert_int_equal(ftruncate(fixture->source, later_sizes[i]), 0);
    while (!fixture->copy.is_over) {
      check_ok(ms_file_copy_step(&fixture->copy, &fixture->err), &fixture->err);
    }
    int64_t expected = later_sizes[i] < 30 * MIB ? later_sizes[i] : 30 * MIB;
    assert_int_equal(fixture->copy.done_bytes, expected);
  }
}

static void
refusals_name_the_side(void **state)
{
  struct fixture *fixture = *state;
  write_bytes(fixture->source, 0, 100);
  char path[FOLDER_PATH_BYTES];
  snprintf(path, sizeof path, "%s/target", fixture->folder);
  close(fixture->target);
  fixture->target = open(path, O_RDONLY | O_CLOEXEC);
  assert_int_equal(copy(fixture), MS_IO);
  close(fixture->target);
  fixture->target = open("/dev/full", O_WRONLY | O_CLOEXEC);
  check_error(copy(fixture), &fixture->err, MS_FULL, "writing: ");
  close(fixture->source);
  fixture->source = open("/", O_RDONLY | O_CLOEXEC | O_DIRECTORY);
  assert_int_equal(copy(fixture), MS_IO);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(copies_all_of_it),        TEST(keeps_holes),
      TEST(a_file_that_is_one_hole), TEST(a_file_without_a_size),
      TEST(to_another_file_system),  TEST(a_file_that_changes_its_size),
      TEST(refusals_name_the_side),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
