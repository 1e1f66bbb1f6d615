/* Blobs: whole or not there, under plain names alone. */
#include "blobs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <time.h>
#include <utime.h>

#include "base/id.h"

static void
commits_replaces_and_removes(void **state)
{
  struct ms_error err;
  struct ms_blobs *blobs = open_blobs(*state);
  write_blob(blobs, "abc-1", "first");
  expect_blob(blobs, "abc-1", "first");
  write_blob(blobs, "abc-1", "second one");
  expect_blob(blobs, "abc-1", "second one");
  write_blob(blobs, "x", "");
  expect_blob(blobs, "x", "");
  check_ok(ms_blob_remove(blobs, "abc-1", &err), &err);
  expect_none(blobs, "abc-1");
  check_error(ms_blob_remove(blobs, "abc-1", &err), &err, MS_NOT_FOUND, "abc-1");
  assert_int_equal(count_files(*state), 0);
  ms_blobs_close(blobs);
}

static void
nothing_is_visible_before_the_commit(void **state)
{
  struct ms_error err;
  struct ms_blob_writer *writer = NULL;
  struct ms_blobs *blobs = open_blobs(*state);
  check_ok(ms_blob_create(blobs, "abc", &writer, &err), &err);
  check_ok(ms_blob_write(writer, "half", 4, &err), &err);
  expect_none(blobs, "abc");
  assert_int_equal(count_files(*state), 1);
  ms_blob_abandon(writer);
  ms_blob_abandon(NULL);
  expect_none(blobs, "abc");
  assert_int_equal(count_files(*state), 0);
  ms_blobs_close(blobs);
}

static void
checks_the_md5(void **state)
{
  struct ms_error err;
  struct ms_blob_writer *writer = NULL;
  struct ms_blobs *blobs = open_blobs(*state);
  check_ok(ms_blob_create(blobs, "abc", &writer, &err), &err);
  check_ok(ms_blob_write(writer, "hel", 3, &err), &err);
  check_ok(ms_blob_write(writer, "lo", 2, &err), &err);
  check_ok(ms_blob_commit(writer, "XUFAKrxLKna5cZ2REBfFkg==", &err), &err);
  expect_blob(blobs, "abc", "hello");

  check_ok(ms_blob_create(blobs, "abd", &writer, &err), &err);
  check_ok(ms_blob_write(writer, "hellO", 5, &err), &err);
  check_error(ms_blob_commit(writer, "XUFAKrxLKna5cZ2REBfFkg==", &err), &err, MS_INVALID, "MD5");
  expect_none(blobs, "abd");
  assert_int_equal(count_files(*state), 0);
  ms_blobs_close(blobs);
}

static void
refuses_bad_ids(void **state)
{
  char long_id[301];
  memset(long_id, 'a', 300);
  long_id[300] = '\0';
  const char *const ids[] = {"",     ".",    "..",   "../x", "a/b",  "/etc/passwd",
                             ".git", "a\\b", "a b",  "a%2e", "a\nb", "\xc3\xa9",
                             "a;b",  "~",    long_id};
  struct ms_blobs *blobs = open_blobs(*state);
  for (size_t i = 0; i < COUNT(ids); i++) {
    struct ms_error err;
    struct ms_blob_writer *writer = NULL;
    int fd = -1;
    int64_t size = 0;
    char *path = NULL;
    check_error(ms_blob_create(blobs, ids[i], &writer, &err), &err, MS_INVALID, "cannot name");
    check_error(ms_blob_open(blobs, ids[i], &fd, &size, &err), &err, MS_INVALID, "cannot name");
    check_error(ms_blob_path(blobs, ids[i], &path, &err), &err, MS_INVALID, "cannot name");
    check_error(ms_blob_remove(blobs, ids[i], &err), &err, MS_INVALID, "cannot name");
  }
  ms_blobs_close(blobs);
}

static void
imports_a_file(void **state)
{
  struct ms_error err;
  char path[256];
  int64_t size = 0;
  struct ms_blobs *blobs = open_blobs(*state);
  snprintf(path, sizeof path, "%s/source", (char *)*state);
  check_ok(ms_path_write(path, "some frames", 11, 0600, &err), &err);
  check_ok(ms_blob_import(blobs, "abc", path, &size, &err), &err);
  assert_int_equal(size, 11);
  expect_blob(blobs, "abc", "some frames");
  check_error(ms_blob_import(blobs, "abd", *state, &size, &err), &err, MS_INVALID, "regular file");
  check_error(ms_blob_import(blobs, "abd", "/nowhere/at/all", &size, &err), &err, MS_NOT_FOUND,
              "/nowhere/at/all");
  check_error(ms_blob_import(blobs, "a/d", path, &size, &err), &err, MS_INVALID, "cannot name");
  /* Not a plain copy: /proc files have no size that copy_file_range believes. */
  check_ok(ms_blob_import(blobs, "abe", "/proc/self/status", &size, &err), &err);
  assert_true(size > 0);
  assert_int_equal(count_files(*state), 0);
  ms_blobs_close(blobs);
}

static void
follows_no_link(void **state)
{
  struct ms_error err;
  char path[256];
  int fd = -1;
  int64_t size = 0;
  struct ms_blobs *blobs = open_blobs(*state);
  write_blob(blobs, "abc", "x");
  snprintf(path, sizeof path, "%s/blobs/ab/abd", (char *)*state);
  assert_int_equal(symlink("/etc/passwd", path), 0);
  check_error(ms_blob_open(blobs, "abd", &fd, &size, &err), &err, MS_IO, "abd");
  ms_blobs_close(blobs);
}

/* A file of that name among the incoming ones, as old as told. */
static void
leave_behind(const char *folder, const char *name, time_t age_s, char path[256])
{
  struct ms_error err;
  struct utimbuf times = {.actime = time(NULL) - age_s, .modtime = time(NULL) - age_s};
  snprintf(path, 256, "%s/blobs/.incoming/%s", folder, name);
  check_ok(ms_path_write(path, "x", 1, 0600, &err), &err);
  assert_int_equal(utime(path, &times), 0);
}

static void
sweeps_what_writers_left_behind(void **state)
{
  char dead[256], old[256], young[256];
  struct ms_error err;
  struct ms_blob_writer *writer = NULL;
  struct ms_blobs *blobs = open_blobs(*state);
  leave_behind(*state, "dead", 0, dead);
  leave_behind(*state, "old.parts", 26 * 3600, old);
  leave_behind(*state, "young.parts", 3600, young);
  check_ok(ms_blob_create(blobs, "abc", &writer, &err), &err);
  check_ok(ms_blob_write(writer, "alive", 5, &err), &err);
  ms_blobs_close(open_blobs(*state));
  assert_int_equal(access(dead, F_OK), -1);
  assert_int_equal(access(old, F_OK), -1);
  assert_int_equal(access(young, F_OK), 0);
  check_ok(ms_blob_commit(writer, NULL, &err), &err);
  expect_blob(blobs, "abc", "alive");
  ms_blobs_close(blobs);
}

static void
write_part(struct ms_blobs *blobs, const char *upload_id, int64_t offset, const char *text,
           const char *expected_hex)
{
  struct ms_error err;
  struct ms_blob_writer *writer = NULL;
  uint8_t digest[MS_MD5_BYTES];
  char hex[MS_MD5_HEX_SIZE];
  check_ok(ms_blob_part_create(blobs, upload_id, offset, &writer, &err), &err);
  check_ok(ms_blob_write(writer, text, strlen(text), &err), &err);
  check_ok(ms_blob_part_commit(writer, digest, &err), &err);
  ms_hex(digest, sizeof digest, hex);
  assert_string_equal(hex, expected_hex);
}

static void
takes_parts_in_any_order(void **state)
{
  static const char upload_id[] = "0c0ffee0-0000-4000-8000-000000000001";
  struct ms_error err;
  struct ms_blob_writer *writer = NULL;
  int64_t size = 0;
  int fd = -1;
  char checksum[MS_BLOB_CHECKSUM_SIZE];
  struct ms_blobs *blobs = open_blobs(*state);
  check_ok(ms_blob_parts_begin(blobs, upload_id, 10, &err), &err);
  write_part(blobs, upload_id, 5, "world", "7d793037a0760186574b0282f2f435e7");
  check_ok(ms_blob_part_create(blobs, upload_id, 0, &writer, &err), &err);
  check_ok(ms_blob_write(writer, "junk", 4, &err), &err);
  ms_blob_abandon(writer); /* the part is to come again, the upload stays */
  write_part(blobs, upload_id, 0, "hello", "5d41402abc4b2a76b9719d911017c592");
  check_ok(ms_blob_parts_size(blobs, upload_id, &size, &err), &err);
  assert_int_equal(size, 10);
  expect_none(blobs, "abc");
  check_ok(ms_blob_parts_commit(blobs, upload_id, "abc", "5-0123", &err), &err);
  expect_blob(blobs, "abc", "helloworld");
  check_ok(ms_blob_open(blobs, "abc", &fd, &size, &err), &err);
  if (ms_blob_checksum(fd, checksum))
    assert_string_equal(checksum, "5-0123");
  close(fd);
  check_error(ms_blob_parts_size(blobs, upload_id, &size, &err), &err, MS_NOT_FOUND, "any more");
  check_error(ms_blob_parts_begin(blobs, "../x", 1, &err), &err, MS_INVALID, "upload");
  assert_int_equal(count_files(*state), 0);
  ms_blobs_close(blobs);
}

/* A disk of 1 MiB below the folder; false where we may not mount one. */
static bool
mount_small_disk(const char *folder)
{
  char path[256];
  snprintf(path, sizeof path, "%s/blobs", folder);
  assert_return_code(mkdir(path, 0700), errno);
  return mount("none", path, "tmpfs", 0, "size=1m") == 0;
}

static void
unmount_small_disk(const char *folder)
{
  char path[256];
  snprintf(path, sizeof path, "%s/blobs", folder);
  assert_return_code(umount2(path, MNT_DETACH), errno);
}

static void
a_full_disk_is_told_and_kept_clean(void **state)
{
  static const char upload_id[] = "0c0ffee0-0000-4000-8000-000000000002";
  static const char block[64 * 1024];
  struct ms_error err;
  struct ms_blob_writer *writer = NULL;
  enum ms_status status = MS_OK;
  if (!mount_small_disk(*state))
    skip();
  struct ms_blobs *blobs = open_blobs(*state);
  check_ok(ms_blobs_check_room(blobs, sizeof block, &err), &err);
  check_error(ms_blobs_check_room(blobs, 1 << 24, &err), &err, MS_FULL, "no space for 16777216");
  check_error(ms_blob_parts_begin(blobs, upload_id, 1 << 24, &err), &err, MS_FULL, "no space");
  check_ok(ms_blob_create(blobs, "abc", &writer, &err), &err);
  for (int i = 0; i < 32 && status == MS_OK; i++)
    status = ms_blob_write(writer, block, sizeof block, &err);
  check_error(status, &err, MS_FULL, "No space left");
  ms_blob_abandon(writer);
  expect_none(blobs, "abc");
  assert_int_equal(count_files(*state), 0);
  check_ok(ms_blobs_check_room(blobs, sizeof block, &err), &err);
  ms_blobs_close(blobs);
  unmount_small_disk(*state);
}

static void
gives_a_path(void **state)
{
  struct ms_error err;
  char *path = NULL;
  struct ms_blobs *blobs = open_blobs(*state);
  check_ok(ms_blob_path(blobs, "abc", &path, &err), &err);
  assert_non_null(strstr(path, "/blobs/ab/abc"));
  free(path);
  ms_blobs_close(blobs);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      IN_FOLDER(commits_replaces_and_removes),
      IN_FOLDER(nothing_is_visible_before_the_commit),
      IN_FOLDER(checks_the_md5),
      IN_FOLDER(refuses_bad_ids),
      IN_FOLDER(imports_a_file),
      IN_FOLDER(follows_no_link),
      IN_FOLDER(sweeps_what_writers_left_behind),
      IN_FOLDER(takes_parts_in_any_order),
      IN_FOLDER(a_full_disk_is_told_and_kept_clean),
      IN_FOLDER(gives_a_path),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
