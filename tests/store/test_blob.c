/* Blobs: whole or not there, under plain names alone. */
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <time.h>
#include <utime.h>

#include "base/id.h"
#include "store/blob.h"

static struct ms_blobs *
open_blobs(const char *folder)
{
  struct ms_error err;
  struct ms_blobs *blobs = NULL;
  char path[256];
  snprintf(path, sizeof path, "%s/blobs", folder);
  check_ok(ms_blobs_open(path, &blobs, &err), &err);
  return blobs;
}

static void
write_blob(struct ms_blobs *blobs, const char *id, const char *text)
{
  struct ms_error err;
  struct ms_blob_writer *writer = NULL;
  check_ok(ms_blob_create(blobs, id, &writer, &err), &err);
  check_ok(ms_blob_write(writer, text, strlen(text), &err), &err);
  check_ok(ms_blob_commit(writer, NULL, &err), &err);
}

static void
expect_blob(struct ms_blobs *blobs, const char *id, const char *text)
{
  struct ms_error err;
  int fd = -1;
  int64_t size = -1;
  char content[256] = "";
  check_ok(ms_blob_open(blobs, id, &fd, &size, &err), &err);
  assert_int_equal(size, strlen(text));
  assert_int_equal(read(fd, content, sizeof content - 1), size);
  assert_string_equal(content, text);
  close(fd);
}

static void
expect_none(struct ms_blobs *blobs, const char *id)
{
  struct ms_error err;
  int fd = -1;
  int64_t size = -1;
  check_error(ms_blob_open(blobs, id, &fd, &size, &err), &err, MS_NOT_FOUND, id);
}

static int
count_entries(const char *folder, const char *inner)
{
  char path[256];
  snprintf(path, sizeof path, "%s/blobs/%s", folder, inner);
  DIR *list = opendir(path);
  assert_non_null(list);
  int count = 0;
  for (struct dirent *entry; (entry = readdir(list));)
    count += entry->d_name[0] != '.';
  closedir(list);
  return count;
}

static int
count_files(const char *folder)
{
  return count_entries(folder, ".incoming");
}

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

/* ---- checksums that are learnt ---- */

static void
learns_the_checksum_of_an_import(void **state)
{
  struct ms_error err;
  struct ms_blobs *blobs = open_blobs(*state);
  struct ms_blob_learn *learn = NULL;
  char path[256], checksum[MS_BLOB_CHECKSUM_SIZE];
  int64_t size = 0;
  int fd = -1;
  snprintf(path, sizeof path, "%s/source", (char *)*state);
  check_ok(ms_path_write(path, "hello", 5, 0600, &err), &err);
  check_ok(ms_blob_import(blobs, "abc", path, &size, &err), &err);
  assert_true(ms_blob_learn_begin(blobs, "abc", &learn));
  while (ms_blob_learn_step(learn))
    continue;
  ms_blob_learn_free(learn);
  check_ok(ms_blob_open(blobs, "abc", &fd, &size, &err), &err);
  if (ms_blob_learned_checksum(fd, checksum)) {
    assert_string_equal(checksum, "0-5d41402abc4b2a76b9719d911017c592");
    assert_false(ms_blob_learn_begin(blobs, "abc", &learn));
  }
  assert_false(ms_blob_checksum(fd, checksum)); /* the tag stays what it is */
  close(fd);
  assert_false(ms_blob_learn_begin(blobs, "none", &learn));
  ms_blobs_close(blobs);
}

/* ---- sharing ---- */

enum { SHARED_BYTES = 300 * 1024 };

static void
fill_blob(struct ms_blobs *blobs, const char *id, char letter, size_t size_bytes)
{
  struct ms_error err;
  struct ms_blob_writer *writer = NULL;
  char *bytes = malloc(size_bytes);
  memset(bytes, letter, size_bytes);
  check_ok(ms_blob_create(blobs, id, &writer, &err), &err);
  check_ok(ms_blob_write(writer, bytes, size_bytes, &err), &err);
  check_ok(ms_blob_commit(writer, NULL, &err), &err);
  free(bytes);
}

static void
share_all(struct ms_blobs *blobs)
{
  struct ms_blob_share *share;
  while (ms_blob_share_next(blobs, &share)) {
    while (ms_blob_share_step(share))
      continue;
    ms_blob_share_free(share);
  }
  assert_false(ms_blob_share_waits(blobs));
}

/* The file of a blob whose first byte has to be `letter`. */
static struct stat
file_of(struct ms_blobs *blobs, const char *id, char letter)
{
  struct ms_error err;
  struct stat info;
  int fd = -1;
  int64_t size = 0;
  char first = '\0';
  check_ok(ms_blob_open(blobs, id, &fd, &size, &err), &err);
  assert_return_code(fstat(fd, &info), errno);
  assert_int_equal(read(fd, &first, 1), 1);
  assert_int_equal(first, letter);
  close(fd);
  return info;
}

static int
count_shared(const char *folder)
{
  return count_entries(folder, ".shared");
}

/* Whether this file system keeps checksums: without them nothing is shared. */
static bool
keeps_checksums(struct ms_blobs *blobs)
{
  struct ms_error err;
  char checksum[MS_BLOB_CHECKSUM_SIZE];
  int fd = -1;
  int64_t size = 0;
  write_blob(blobs, "probe", "x");
  check_ok(ms_blob_open(blobs, "probe", &fd, &size, &err), &err);
  bool is_known = ms_blob_checksum(fd, checksum);
  close(fd);
  return is_known;
}

static void
the_same_bytes_are_kept_once(void **state)
{
  struct ms_error err;
  struct ms_blobs *blobs = open_blobs(*state);
  if (!keeps_checksums(blobs)) {
    ms_blobs_close(blobs);
    skip();
  }
  fill_blob(blobs, "one", 'a', SHARED_BYTES);
  fill_blob(blobs, "two", 'a', SHARED_BYTES);
  fill_blob(blobs, "other", 'b', SHARED_BYTES);
  fill_blob(blobs, "small-1", 'a', 100);
  fill_blob(blobs, "small-2", 'a', 100);
  share_all(blobs);
  assert_int_equal(file_of(blobs, "one", 'a').st_ino, file_of(blobs, "two", 'a').st_ino);
  assert_int_not_equal(file_of(blobs, "one", 'a').st_ino, file_of(blobs, "other", 'b').st_ino);
  assert_int_equal(file_of(blobs, "small-1", 'a').st_nlink, 1);
  assert_int_equal(count_shared(*state), 2);
  assert_int_equal(count_files(*state), 0);

  check_ok(ms_blob_remove(blobs, "one", &err), &err);
  assert_int_equal(file_of(blobs, "two", 'a').st_size, SHARED_BYTES);
  assert_int_equal(count_shared(*state), 2);
  check_ok(ms_blob_remove(blobs, "two", &err), &err);
  check_ok(ms_blob_remove(blobs, "other", &err), &err);
  assert_int_equal(count_shared(*state), 0);
  ms_blobs_close(blobs);
}

static void
a_shared_blob_is_replaced_alone(void **state)
{
  struct ms_blobs *blobs = open_blobs(*state);
  if (!keeps_checksums(blobs)) {
    ms_blobs_close(blobs);
    skip();
  }
  fill_blob(blobs, "one", 'a', SHARED_BYTES);
  fill_blob(blobs, "two", 'a', SHARED_BYTES);
  share_all(blobs);
  fill_blob(blobs, "two", 'c', SHARED_BYTES);
  share_all(blobs);
  file_of(blobs, "one", 'a');
  file_of(blobs, "two", 'c');
  assert_int_equal(count_shared(*state), 2);
  fill_blob(blobs, "two", 'a', SHARED_BYTES); /* and once more what it was */
  share_all(blobs);
  fill_blob(blobs, "two", 'a', SHARED_BYTES); /* and the same again */
  share_all(blobs);
  assert_int_equal(file_of(blobs, "one", 'a').st_ino, file_of(blobs, "two", 'a').st_ino);
  assert_int_equal(file_of(blobs, "one", 'a').st_nlink, 3);
  assert_int_equal(count_shared(*state), 1);
  assert_int_equal(count_files(*state), 0);
  ms_blobs_close(blobs);
}

/* A checksum that lies, as one that was forged would. */
static void
bytes_are_compared_before_they_are_shared(void **state)
{
  static const char *const upload_ids[] = {"0c0ffee0-0000-4000-8000-000000000003",
                                           "0c0ffee0-0000-4000-8000-000000000004"};
  struct ms_error err;
  struct ms_blobs *blobs = open_blobs(*state);
  char path[256];
  for (int i = 0; i < 2; i++) {
    check_ok(ms_blob_parts_begin(blobs, upload_ids[i], SHARED_BYTES, &err), &err);
    if (i == 1) {
      snprintf(path, sizeof path, "%s/blobs/.incoming/%s.parts", (char *)*state, upload_ids[i]);
      int fd = open(path, O_WRONLY | O_CLOEXEC);
      assert_int_equal(pwrite(fd, "z", 1, SHARED_BYTES - 1), 1);
      close(fd);
    }
    check_ok(ms_blob_parts_commit(blobs, upload_ids[i], i ? "two" : "one", "150000-abc", &err),
             &err);
  }
  share_all(blobs);
  assert_int_not_equal(file_of(blobs, "one", '\0').st_ino, file_of(blobs, "two", '\0').st_ino);
  ms_blobs_close(blobs);
}

/* Somebody who began to send a part twice could write into what others share. */
static void
what_is_being_written_is_not_shared(void **state)
{
  static const char upload_id[] = "0c0ffee0-0000-4000-8000-000000000005";
  struct ms_error err;
  struct ms_blob_writer *late = NULL;
  struct ms_blobs *blobs = open_blobs(*state);
  check_ok(ms_blob_parts_begin(blobs, upload_id, SHARED_BYTES, &err), &err);
  check_ok(ms_blob_part_create(blobs, upload_id, 0, &late, &err), &err);
  check_ok(ms_blob_parts_commit(blobs, upload_id, "one", "150000-abc", &err), &err);
  share_all(blobs);
  assert_int_equal(count_shared(*state), 0);
  ms_blob_abandon(late);
  ms_blobs_close(blobs);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

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
      IN_FOLDER(learns_the_checksum_of_an_import),
      IN_FOLDER(the_same_bytes_are_kept_once),
      IN_FOLDER(a_shared_blob_is_replaced_alone),
      IN_FOLDER(bytes_are_compared_before_they_are_shared),
      IN_FOLDER(what_is_being_written_is_not_shared),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
