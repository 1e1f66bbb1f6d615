/* Blobs in a temporary folder, for the tests of the blob store. */
#ifndef TEST_STORE_BLOBS_H
#define TEST_STORE_BLOBS_H

#include "support.h"

#include <dirent.h>

#include "store/blob.h"

static inline struct ms_blobs *
open_blobs(const char *folder)
{
  struct ms_error err;
  struct ms_blobs *blobs = NULL;
  char path[256];
  snprintf(path, sizeof path, "%s/blobs", folder);
  check_ok(ms_blobs_open(path, &blobs, &err), &err);
  return blobs;
}

static inline void
write_blob(struct ms_blobs *blobs, const char *id, const char *text)
{
  struct ms_error err;
  struct ms_blob_writer *writer = NULL;
  check_ok(ms_blob_create(blobs, id, &writer, &err), &err);
  check_ok(ms_blob_write(writer, text, strlen(text), &err), &err);
  check_ok(ms_blob_commit(writer, NULL, &err), &err);
}

static inline void
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

static inline void
expect_none(struct ms_blobs *blobs, const char *id)
{
  struct ms_error err;
  int fd = -1;
  int64_t size = -1;
  check_error(ms_blob_open(blobs, id, &fd, &size, &err), &err, MS_NOT_FOUND, id);
}

static inline int
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

static inline int
count_files(const char *folder)
{
  return count_entries(folder, ".incoming");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

#endif
