#include "support/check.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "support/folder.h"

/* Every test gets an empty folder and leaves none behind. */
static char folder[FOLDER_BYTES];

static int
make_folder(void **state)
{
  (void)state;
  return folder_make(folder);
}

static int
remove_folder(void **state)
{
  (void)state;
  return folder_remove(folder);
}

/* The path of `name` in the test's folder. Borrowed until the fourth call from now. */
static const char *
in_folder(const char *name)
{
  static char paths[4][512];
  static unsigned turn;
  char *path = paths[turn++ % COUNT(paths)];
  snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

static int
count_entries(void)
{
  DIR *handle = opendir(folder);
  assert_non_null(handle);
  int count = -2; /* . and .. */
  while (readdir(handle)) {
    count++;
  }
  closedir(handle);
  return count;
}

static void
paths_join(void **state)
{
  (void)state;
  static const char *const rows[][3] = {
      {"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"a//", "b", "a/b"}, {"/", "b", "/b"},
      {"a", "/b", "/b"}, {"", "b", "b"},     {"a", "", "a/"},     {"a/b", "c/d", "a/b/c/d"},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    char *path = ms_path_join(rows[i][0], rows[i][1]);
    assert_string_equal(path, rows[i][2]);
    free(path);
  }
}

static void
names_and_extensions(void **state)
{
  (void)state;
  static const char *const rows[][3] = {
      {"/a/b.mov", "b.mov", ".mov"},
      {"b.tar.gz", "b.tar.gz", ".gz"},
      {"/a.b/c", "c", ""},
      {".profile", ".profile", ""},
      {"/x/.profile.lua", ".profile.lua", ".lua"},
      {"..", "..", ""},
      {"/a/", "", ""},
      {"", "", ""},
      {"f.", "f.", "."},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    assert_string_equal(ms_path_basename(rows[i][0]), rows[i][1]);
    assert_string_equal(ms_path_extension(rows[i][0]), rows[i][2]);
  }
}

static void
set_or_unset(const char *name, const char *value)
{
  value ? setenv(name, value, 1) : unsetenv(name);
}

static void
folders_follow_xdg(void **state)
{
  (void)state;
  static const struct {
    const char *kind;
    const char *own;
    const char *xdg;
    const char *home;
    const char *wanted;
  } rows[] = {
      {"data", NULL, NULL, "/h", "/h/.local/share/moonshift"},
      {"data", NULL, "/x", "/h", "/x/moonshift"},
      {"data", "/own", "/x", "/h", "/own"},
      {"data", "", "", "/h", "/h/.local/share/moonshift"},
      {"data", NULL, "relative", "/h", "/h/.local/share/moonshift"},
      {"config", "/own", NULL, "/h", "/h/.config/moonshift"},
      {"config", NULL, "/x", NULL, "/x/moonshift"},
      {"state", NULL, NULL, "/h", "/h/.local/state/moonshift"},
      {"cache", NULL, NULL, "/h", "/h/.cache/moonshift"},
      {"cache", NULL, "/x", "/h", "/x/moonshift"},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    set_or_unset("MOONSHIFT_DATA", rows[i].own);
    set_or_unset("XDG_DATA_HOME", rows[i].xdg);
    set_or_unset("XDG_CONFIG_HOME", rows[i].xdg);
    set_or_unset("XDG_STATE_HOME", rows[i].xdg);
    set_or_unset("XDG_CACHE_HOME", rows[i].xdg);
    set_or_unset("HOME", rows[i].home);
    struct ms_error err;
    char *path;
    check_ok(ms_path_xdg(rows[i].kind, &path, &err), &err);
    assert_string_equal(path, rows[i].wanted);
    free(path);
  }
}

static void
without_a_home_there_is_no_folder(void **state)
{
  (void)state;
  unsetenv("HOME");
  unsetenv("XDG_STATE_HOME");
  struct ms_error err;
  char *path;
  check_error(ms_path_xdg("state", &path, &err), &err, MS_NOT_FOUND, "XDG_STATE_HOME");
  assert_null(path);
}

static void
folders_are_made_in_depth(void **state)
{
  (void)state;
  struct ms_error err;
  check_ok(ms_path_make_folders(in_folder("a//b/c/"), 0700, &err), &err);
  struct stat info;
  assert_int_equal(stat(in_folder("a/b/c"), &info), 0);
  assert_true(S_ISDIR(info.st_mode));
  assert_int_equal(info.st_mode & 0777, 0700);
  check_ok(ms_path_make_folders(in_folder("a/b/c"), 0700, &err), &err);
  check_ok(ms_path_make_folders("/", 0700, &err), &err);
}

static void
a_file_in_the_way_is_named(void **state)
{
  (void)state;
  struct ms_error err;
  check_ok(ms_path_write(in_folder("file"), "x", 1, 0600, &err), &err);
  check_error(ms_path_make_folders(in_folder("file"), 0700, &err), &err, MS_IO, "/file'");
  check_error(ms_path_make_folders(in_folder("file/below"), 0700, &err), &err, MS_IO, "/file'");
}

static void
a_file_is_read_back(void **state)
{
  (void)state;
  struct ms_error err;
  char *text;
  size_t size;
  char data[200001];
  memset(data, 'x', sizeof data);
  data[100000] = '\0';
  check_ok(ms_path_write(in_folder("file"), data, sizeof data, 0600, &err), &err);
  check_ok(ms_path_read(in_folder("file"), sizeof data, &text, &size, &err), &err);
  assert_int_equal(size, sizeof data);
  assert_memory_equal(text, data, sizeof data);
  assert_int_equal(text[size], '\0');
  free(text);
  check_error(ms_path_read(in_folder("file"), sizeof data - 1, &text, &size, &err), &err, MS_LIMIT,
              "200001 bytes");
  assert_null(text);
}

static void
an_empty_file_is_an_empty_text(void **state)
{
  (void)state;
  struct ms_error err;
  char *text;
  size_t size = 7;
  check_ok(ms_path_write(in_folder("empty"), NULL, 0, 0600, &err), &err);
  check_ok(ms_path_read(in_folder("empty"), 100, &text, &size, &err), &err);
  assert_int_equal(size, 0);
  assert_string_equal(text, "");
  free(text);
}

static void
files_that_hide_their_size_are_read_and_bounded(void **state)
{
  (void)state;
  struct ms_error err;
  char *text;
  size_t size;
  check_ok(ms_path_read("/proc/self/status", 100000, &text, &size, &err), &err);
  assert_true(size > 100);
  free(text);
  check_error(ms_path_read("/proc/self/status", 10, &text, &size, &err), &err, MS_LIMIT,
              "/proc/self/status");
}

static void
what_is_no_file_is_refused(void **state)
{
  (void)state;
  struct ms_error err;
  char *text;
  size_t size;
  check_error(ms_path_read(in_folder("none"), 10, &text, &size, &err), &err, MS_NOT_FOUND,
              "/none': No such file");
  check_error(ms_path_read(folder, 10, &text, &size, &err), &err, MS_INVALID, "is a folder");
  assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
  check_error(ms_path_read(in_folder("pipe"), 10, &text, &size, &err), &err, MS_INVALID,
              "no regular file");
  assert_null(text);
}

static void
writing_replaces_and_leaves_nothing_beside(void **state)
{
  (void)state;
  struct ms_error err;
  struct stat info;
  mode_t old_mask = umask(0077);
  check_ok(ms_path_write(in_folder("file"), "old and longer", 14, 0600, &err), &err);
  check_ok(ms_path_write(in_folder("file"), "new", 3, 0644, &err), &err);
  umask(old_mask);
  char *text;
  size_t size;
  check_ok(ms_path_read(in_folder("file"), 100, &text, &size, &err), &err);
  assert_string_equal(text, "new");
  free(text);
  assert_int_equal(stat(in_folder("file"), &info), 0);
  assert_int_equal(info.st_mode & 0777, 0644);
  assert_int_equal(count_entries(), 1);
}

static void
readers_keep_the_old_file(void **state)
{
  (void)state;
  struct ms_error err;
  check_ok(ms_path_write(in_folder("file"), "old", 3, 0600, &err), &err);
  int reader = open(in_folder("file"), O_RDONLY | O_CLOEXEC);
  check_ok(ms_path_write(in_folder("file"), "new", 3, 0600, &err), &err);
  char text[4] = "";
  assert_int_equal(read(reader, text, 3), 3);
  assert_string_equal(text, "old");
  close(reader);
}

static void
a_failed_write_leaves_everything_as_it_was(void **state)
{
  (void)state;
  struct ms_error err;
  check_error(ms_path_write(in_folder("no/file"), "x", 1, 0600, &err), &err, MS_NOT_FOUND,
              "/no/file'");
  check_ok(ms_path_make_folders(in_folder("taken/by"), 0700, &err), &err);
  check_error(ms_path_write(in_folder("taken"), "x", 1, 0600, &err), &err, MS_IO, "/taken'");
  assert_int_equal(count_entries(), 1);
}

static void
a_name_without_a_folder_is_in_this_one(void **state)
{
  (void)state;
  struct ms_error err;
  char before[512];
  assert_non_null(getcwd(before, sizeof before));
  assert_int_equal(chdir(folder), 0);
  enum ms_status status = ms_path_write("here", "x", 1, 0600, &err);
  assert_int_equal(chdir(before), 0);
  check_ok(status, &err);
  assert_int_equal(access(in_folder("here"), F_OK), 0);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(paths_join),
      cmocka_unit_test(names_and_extensions),
      cmocka_unit_test(folders_follow_xdg),
      cmocka_unit_test(without_a_home_there_is_no_folder),
      IN_A_FOLDER(folders_are_made_in_depth),
      IN_A_FOLDER(a_file_in_the_way_is_named),
      IN_A_FOLDER(a_file_is_read_back),
      IN_A_FOLDER(an_empty_file_is_an_empty_text),
      IN_A_FOLDER(files_that_hide_their_size_are_read_and_bounded),
      IN_A_FOLDER(what_is_no_file_is_refused),
      IN_A_FOLDER(writing_replaces_and_leaves_nothing_beside),
      IN_A_FOLDER(readers_keep_the_old_file),
      IN_A_FOLDER(a_failed_write_leaves_everything_as_it_was),
      IN_A_FOLDER(a_name_without_a_folder_is_in_this_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
