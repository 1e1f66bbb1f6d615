/* A ring against the stream that went into it, whole and after its writer died. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/path.h"
#include "job/tail_ring.h"
#include "support/folder.h"

enum { CAPACITY = 1000, STREAM_BYTES = 20000 };

static char folder[FOLDER_BYTES], path[FOLDER_PATH_BYTES];

static int
make_folder(void **state)
{
  (void)state;
  if (folder_make(folder) != 0)
    return -1;
  snprintf(path, sizeof path, "%s/log.tail", folder);
  return 0;
}

static int
remove_folder(void **state)
{
  (void)state;
  unlink(path);
  return rmdir(folder);
}

/* Numbered lines. */
static char *
new_stream(void)
{
  char *stream = malloc(STREAM_BYTES + 32);
  for (int at = 0, i = 0; at < STREAM_BYTES; i++)
    at += sprintf(stream + at, "line %d\n", i);
  stream[STREAM_BYTES] = '\0';
  return stream;
}

static enum ms_status
keep(void *user, const char *data, size_t size_bytes)
{
  ms_buffer_append(user, data, size_bytes);
  return MS_OK;
}

/* What the ring holds is the stream from `cut` on, at the start of a line, and no more than that line is
 * missing of what could be there. */
static void
assert_holds(struct ms_tail_ring *ring, const char *stream, int64_t size_bytes, int64_t least_bytes)
{
  struct ms_buffer text;
  int64_t cut_bytes;
  ms_buffer_init(&text, STREAM_BYTES);
  assert_int_equal(ms_tail_ring_cut_bytes(ring, &cut_bytes, NULL), MS_OK);
  assert_int_equal(ms_tail_ring_read(ring, keep, &text, NULL), MS_OK);
  assert_int_equal(cut_bytes + (int64_t)text.size_bytes, size_bytes);
  assert_memory_equal(ms_buffer_string(&text), stream + cut_bytes, text.size_bytes);
  assert_true(cut_bytes == 0 || stream[cut_bytes - 1] == '\n');
  assert_true((int64_t)text.size_bytes >= least_bytes);
  ms_buffer_free(&text);
}

static void
it_holds_the_end_whatever_the_pieces(void **state)
{
  (void)state;
  char *stream = new_stream();
  srand(7);
  for (int round = 0; round < 50; round++) {
    struct ms_tail_ring *ring;
    assert_int_equal(ms_tail_ring_create(path, CAPACITY, &ring, NULL), MS_OK);
    int64_t at = 0;
    while (at < STREAM_BYTES) {
      int64_t piece = rand() % (round < 25 ? 90 : 3 * CAPACITY) + 1;
      if (piece > STREAM_BYTES - at)
        piece = STREAM_BYTES - at;
      assert_int_equal(ms_tail_ring_write(ring, stream + at, (size_t)piece, NULL), MS_OK);
      at += piece;
      assert_holds(ring, stream, at, at < CAPACITY ? at : CAPACITY - 20);
    }
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_true(info.st_size <= CAPACITY + 4096);
    ms_tail_ring_remove(ring);
    assert_int_not_equal(access(path, F_OK), 0);
  }
  free(stream);
}

static void
a_line_longer_than_the_ring_is_kept_in_part(void **state)
{
  (void)state;
  char line[3 * CAPACITY];
  memset(line, 'x', sizeof line);
  line[sizeof line - 1] = '\n';
  struct ms_tail_ring *ring;
  assert_int_equal(ms_tail_ring_create(path, CAPACITY, &ring, NULL), MS_OK);
  assert_int_equal(ms_tail_ring_write(ring, line, sizeof line, NULL), MS_OK);
  int64_t cut_bytes;
  assert_int_equal(ms_tail_ring_cut_bytes(ring, &cut_bytes, NULL), MS_OK);
  assert_int_equal(cut_bytes, sizeof line - CAPACITY);
  ms_tail_ring_remove(ring);
}

static void
write_until_killed(const char *stream)
{
  struct ms_tail_ring *ring;
  if (ms_tail_ring_create(path, CAPACITY, &ring, NULL))
    _exit(1);
  for (int64_t at = 0;; at = (at + 7) % (STREAM_BYTES - STREAM_BYTES % 7))
    ms_tail_ring_write(ring, stream + at, 7, NULL);
}

/* Whole periods of the stream may lie in the cut: what is held is compared with a stream that repeats. */
static void
assert_holds_repeated(struct ms_tail_ring *ring, const char *stream)
{
  const int64_t period = STREAM_BYTES - STREAM_BYTES % 7;
  struct ms_buffer text;
  int64_t cut_bytes;
  ms_buffer_init(&text, STREAM_BYTES);
  assert_int_equal(ms_tail_ring_cut_bytes(ring, &cut_bytes, NULL), MS_OK);
  assert_int_equal(ms_tail_ring_read(ring, keep, &text, NULL), MS_OK);
  for (size_t i = 0; i < text.size_bytes; i++)
    assert_int_equal(text.data[i], stream[(cut_bytes + (int64_t)i) % period]);
  assert_true(cut_bytes == 0 || text.size_bytes >= CAPACITY - 30);
  ms_buffer_free(&text);
}

static void
a_killed_writer_leaves_the_end_to_be_read(void **state)
{
  (void)state;
  char *stream = new_stream();
  for (int round = 0; round < 20; round++) {
    pid_t pid = fork();
    if (pid == 0)
      write_until_killed(stream);
    struct ms_tail_ring *ring;
    struct stat info;
    while (stat(path, &info) != 0 || info.st_size <= 4096) /* until something is in it */
      usleep(100);
    usleep((useconds_t)(round * 311));
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(ms_tail_ring_open(path, &ring, NULL), MS_OK);
    assert_holds_repeated(ring, stream);
    ms_tail_ring_remove(ring);
  }
  free(stream);
}

/* As a writer leaves it that dies between giving up old bytes and having written new ones. */
static void
what_was_reserved_is_not_read(void **state)
{
  (void)state;
  char *stream = new_stream();
  struct ms_tail_ring *ring;
  assert_int_equal(ms_tail_ring_create(path, CAPACITY, &ring, NULL), MS_OK);
  assert_int_equal(ms_tail_ring_write(ring, stream, 5000, NULL), MS_OK);
  ms_tail_ring_free(ring);
  FILE *file = fopen(path, "r+");
  const int64_t reserved = 5100;
  fseek(file, 16, SEEK_SET); /* behind the magic and the capacity */
  fwrite(&reserved, sizeof reserved, 1, file);
  fclose(file);
  assert_int_equal(ms_tail_ring_open(path, &ring, NULL), MS_OK);
  assert_holds(ring, stream, 5000, CAPACITY - 120);
  ms_tail_ring_remove(ring);
  free(stream);
}

static void
what_is_no_ring_is_refused(void **state)
{
  (void)state;
  struct ms_tail_ring *ring;
  struct ms_error err;
  assert_int_equal(ms_tail_ring_open(path, &ring, &err), MS_NOT_FOUND);
  FILE *file = fopen(path, "w");
  fclose(file);
  assert_int_equal(ms_tail_ring_open(path, &ring, &err), MS_INVALID);
  file = fopen(path, "w");
  for (int i = 0; i < 100; i++)
    fputs("an ordinary file\n", file);
  fclose(file);
  assert_int_equal(ms_tail_ring_open(path, &ring, &err), MS_INVALID);
  assert_non_null(strstr(err.message, "is not the end of a log"));
  assert_int_equal(ms_tail_ring_create("/no/such/folder/tail", CAPACITY, &ring, &err),
                   MS_NOT_FOUND);
}

#define RING_TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int
main(void)
{
  const struct CMUnitTest tests[] = {
      RING_TEST(it_holds_the_end_whatever_the_pieces),
      RING_TEST(a_line_longer_than_the_ring_is_kept_in_part),
      RING_TEST(a_killed_writer_leaves_the_end_to_be_read),
      RING_TEST(what_was_reserved_is_not_read),
      RING_TEST(what_is_no_ring_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
