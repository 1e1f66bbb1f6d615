/* Blobs of the same bytes are one file, and checksums that were not taken are learnt. */
#include "blobs.h"

#include <errno.h>
#include <fcntl.h>

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

int
main(void)
{
  const struct CMUnitTest tests[] = {
      IN_FOLDER(learns_the_checksum_of_an_import),
      IN_FOLDER(the_same_bytes_are_kept_once),
      IN_FOLDER(a_shared_blob_is_replaced_alone),
      IN_FOLDER(bytes_are_compared_before_they_are_shared),
      IN_FOLDER(what_is_being_written_is_not_shared),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
