/* Component data in and out: round trips, ranges, broken uploads, proofs. */
#include <dirent.h>
#include <poll.h>
#include <sys/xattr.h>

#include "base/checksum.h"
#include "base/path.h"
#include "support.h"

enum { REQUEST_MAX_BYTES = 8192 };

/* Fills with bytes that differ from place to place. */
static char *
make_data(size_t size_bytes)
{
  char *data = malloc(size_bytes + 1);
  assert_non_null(data);
  uint32_t value = 12345;
  for (size_t i = 0; i < size_bytes; i++) {
    value = value * 1664525 + 1013904223;
    data[i] = (char)(value >> 24);
  }
  return data;
}

/* PUTs and returns the whole answer, to be freed by the caller. */
static char *
put(struct fixture *fixture, const char *query, const char *headers, const char *data,
    size_t size_bytes)
{
  char head[REQUEST_MAX_BYTES];
  snprintf(head, sizeof head,
           "PUT /component/put?%s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n%s"
           "Content-Length: %zu\r\n\r\n",
           query, headers, size_bytes);
  int fd = dial(fixture);
  send_text(fd, head);
  send_bytes(fd, data, size_bytes);
  struct ms_buffer answer;
  read_all(fd, &answer);
  close(fd);
  return ms_buffer_take(&answer);
}

static void
put_ok(struct fixture *fixture, const char *id, const char *data, size_t size_bytes)
{
  char *answer =
      put(fixture, signed_query(fixture, MS_SIGNATURE_PUT, id, 60), "", data, size_bytes);
  if (!strstr(answer, "HTTP/1.1 200") || !strstr(answer, "\r\nETag: \"")) {
    fail_msg("%s", answer);
  }
  free(answer);
}

/* GETs; the answer is the whole, and *body points into it. */
static void
get(struct fixture *fixture, const char *method, const char *query, const char *headers,
    struct ms_buffer *answer, const char **body)
{
  char head[REQUEST_MAX_BYTES];
  snprintf(head, sizeof head,
           "%s /component/get?%s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n%s\r\n", method, query,
           headers);
  int fd = dial(fixture);
  send_text(fd, head);
  read_all(fd, answer);
  close(fd);
  const char *end = strstr(ms_buffer_string(answer), "\r\n\r\n");
  assert_non_null(end);
  *body = end + 4;
}

static size_t
body_size(const struct ms_buffer *answer, const char *body)
{
  return answer->size_bytes - (size_t)(body - answer->data);
}

static void
test_round_trip(void **state)
{
  struct fixture *fixture = *state;
  static const size_t sizes[] = {0, 1, 4096, 262143, 262144, 262145, 5 * 1024 * 1024};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    char *data = make_data(sizes[i]);
    struct ms_buffer answer;
    const char *body;
    put_ok(fixture, "round-trip", data, sizes[i]);
    get(fixture, "GET", signed_query(fixture, MS_SIGNATURE_GET, "round-trip", 60), "", &answer,
        &body);
    assert_non_null(strstr(answer.data, "HTTP/1.1 200"));
    assert_non_null(strstr(answer.data, "Content-Disposition: attachment; filename="));
    assert_int_equal(body_size(&answer, body), sizes[i]);
    assert_memory_equal(body, data, sizes[i]);
    ms_buffer_free(&answer);
    free(data);
  }
}

static void
test_chunked_upload(void **state)
{
  struct fixture *fixture = *state;
  enum { PIECE = 100000, PIECES = 20 };
  char *data = make_data(PIECE);
  char head[REQUEST_MAX_BYTES];
  snprintf(head, sizeof head,
           "PUT /component/put?%s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
           "Transfer-Encoding: chunked\r\n\r\n",
           signed_query(fixture, MS_SIGNATURE_PUT, "chunked", 60));
  int fd = dial(fixture);
  send_text(fd, head);
  for (int i = 0; i < PIECES; i++) {
    snprintf(head, sizeof head, "%x\r\n", PIECE);
    send_text(fd, head);
    send_bytes(fd, data, PIECE);
    send_text(fd, "\r\n");
  }
  send_text(fd, "0\r\n\r\n");
  struct ms_buffer answer;
  read_all(fd, &answer);
  close(fd);
  assert_non_null(strstr(answer.data, "HTTP/1.1 200"));
  ms_buffer_free(&answer);

  const char *body;
  get(fixture, "GET", signed_query(fixture, MS_SIGNATURE_GET, "chunked", 60), "", &answer, &body);
  assert_int_equal(body_size(&answer, body), PIECE * PIECES);
  for (int i = 0; i < PIECES; i++) {
    assert_memory_equal(body + i * PIECE, data, PIECE);
  }
  ms_buffer_free(&answer);
  free(data);
}

static const struct {
  const char *method;
  const char *headers;
  const char *code;
  const char *line; /* in the answer's head; NULL: none wanted */
  size_t first, size_bytes;
} ranges[] = {
    {"GET", "", "200", "Accept-Ranges: bytes", 0, 1000},
    {"GET", "Range: bytes=0-0\r\n", "206", "Content-Range: bytes 0-0/1000", 0, 1},
    {"GET", "Range: bytes=990-\r\n", "206", "Content-Range: bytes 990-999/1000", 990, 10},
    {"GET", "Range: bytes=-100\r\n", "206", "Content-Range: bytes 900-999/1000", 900, 100},
    {"GET", "Range: bytes=10-19\r\nIf-Range: \"other\"\r\n", "200", NULL, 0, 1000},
    {"GET", "Range: bytes=0-1,5-6\r\n", "200", NULL, 0, 1000},
    {"HEAD", "", "200", "Content-Length: 1000", 0, 0},
    {"HEAD", "Range: bytes=10-19\r\n", "200", "Content-Length: 1000", 0, 0},
    {"GET", "If-None-Match: *\r\n", "304", "ETag: \"", 0, 0},
    {"GET", "If-None-Match: *\r\n", "304", "Cache-Control: private, no-cache", 0, 0},
    {"GET", "If-Match: *\r\n", "200", NULL, 0, 1000},
    {"GET", "If-None-Match: \"other\"\r\n", "200", NULL, 0, 1000},
};

static void
test_ranges(void **state)
{
  struct fixture *fixture = *state;
  char *data = make_data(1000);
  put_ok(fixture, "ranges", data, 1000);
  for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
    struct ms_buffer answer;
    const char *body;
    get(fixture, ranges[i].method, signed_query(fixture, MS_SIGNATURE_GET, "ranges", 60),
        ranges[i].headers, &answer, &body);
    if (strncmp(answer.data + strlen("HTTP/1.1 "), ranges[i].code, 3) != 0 ||
        (ranges[i].line && !strstr(answer.data, ranges[i].line)) ||
        body_size(&answer, body) != ranges[i].size_bytes ||
        memcmp(body, data + ranges[i].first, ranges[i].size_bytes) != 0) {
      fail_msg("%s %s: %.600s", ranges[i].method, ranges[i].headers, answer.data);
    }
    ms_buffer_free(&answer);
  }
  free(data);
}

static void
test_range_behind_the_end(void **state)
{
  struct fixture *fixture = *state;
  struct ms_buffer answer;
  const char *body;
  put_ok(fixture, "short", "abc", 3);
  get(fixture, "GET", signed_query(fixture, MS_SIGNATURE_GET, "short", 60), "Range: bytes=3-\r\n",
      &answer, &body);
  assert_non_null(strstr(answer.data, "HTTP/1.1 416"));
  assert_non_null(strstr(answer.data, "Content-Range: bytes */3"));
  assert_non_null(strstr(body, "\"exception\""));
  ms_buffer_free(&answer);
}

/* Whether the file system below the data folder has attributes. */
static bool
keeps_checksums(struct fixture *fixture)
{
  char path[256];
  snprintf(path, sizeof path, "%s/imported", fixture->folder);
  return setxattr(path, "user.moonshift.probe", "x", 1, 0) == 0;
}

/* Bytes that the kernel copied in have a tag at once, and a checksum when somebody has asked for them. */
static void
test_checksum_is_learnt(void **state)
{
  struct fixture *fixture = *state;
  struct ms_buffer answer, first;
  struct ms_error err;
  const char *body;
  char path[256], tag[96];
  int64_t size_bytes;
  snprintf(path, sizeof path, "%s/imported", fixture->folder);
  assert_int_equal(ms_path_write(path, "hello", 5, 0600, &err), MS_OK);
  assert_int_equal(ms_blob_import(ms_api_blobs(fixture->api), "imported", path, &size_bytes, &err),
                   MS_OK);
  get(fixture, "GET", signed_query(fixture, MS_SIGNATURE_GET, "imported", 60), "", &first, &body);
  assert_null(strstr(first.data, "Moonshift-MD5"));
  assert_int_equal(sscanf(strstr(first.data, "ETag: "), "ETag: %95s", tag), 1);
  for (int patience = 0;; patience++) {
    get(fixture, "HEAD", signed_query(fixture, MS_SIGNATURE_GET, "imported", 60), "", &answer,
        &body);
    bool is_known =
        strstr(answer.data, "Moonshift-MD5: 0-5d41402abc4b2a76b9719d911017c592") != NULL;
    assert_non_null(strstr(answer.data, tag));
    ms_buffer_free(&answer);
    if (is_known || !keeps_checksums(fixture)) {
      break;
    }
    assert_in_range(patience, 0, PATIENCE_S * 100);
    usleep(10000);
  }
  ms_buffer_free(&first);
}

static void
expect_code(struct fixture *fixture, const char *id, const char *headers, const char *code)
{
  struct ms_buffer answer;
  const char *body;
  get(fixture, "GET", signed_query(fixture, MS_SIGNATURE_GET, id, 60), headers, &answer, &body);
  if (strncmp(answer.data + strlen("HTTP/1.1 "), code, 3) != 0) {
    fail_msg("%s: %.600s", headers, answer.data);
  }
  ms_buffer_free(&answer);
}

static void
test_conditions_and_nothing_to_send(void **state)
{
  struct fixture *fixture = *state;
  put_ok(fixture, "some", "some", 4);
  put_ok(fixture, "none", "", 0);
  expect_code(fixture, "some", "If-Match: \"other\"\r\n", "412");
  expect_code(fixture, "none", "", "200");
  expect_code(fixture, "none", "Range: bytes=0-\r\n", "416");
  expect_code(fixture, "none", "Range: bytes=-1\r\n", "416");
  expect_code(fixture, "none", "If-None-Match: *\r\n", "304");
}

/* The tag of the upload's answer is that of a download, until the data is replaced. */
static void
test_tag_follows_the_data(void **state)
{
  struct fixture *fixture = *state;
  char condition[128], tag[64];
  struct ms_buffer answer;
  const char *body;
  char *stored = put(fixture, signed_query(fixture, MS_SIGNATURE_PUT, "tagged", 60), "", "one", 3);
  assert_int_equal(sscanf(strstr(stored, "ETag: "), "ETag: %63s", tag), 1);
  free(stored);
  snprintf(condition, sizeof condition, "If-None-Match: %s\r\n", tag);
  get(fixture, "GET", signed_query(fixture, MS_SIGNATURE_GET, "tagged", 60), condition, &answer,
      &body);
  assert_non_null(strstr(answer.data, "HTTP/1.1 304"));
  ms_buffer_free(&answer);
  put_ok(fixture, "tagged", "two", 3);
  get(fixture, "GET", signed_query(fixture, MS_SIGNATURE_GET, "tagged", 60), condition, &answer,
      &body);
  assert_non_null(strstr(answer.data, "HTTP/1.1 200"));
  assert_string_equal(body, "two");
  ms_buffer_free(&answer);
}

static void
assert_refused(struct fixture *fixture, const char *query, const char *headers, const char *code)
{
  char *answer = put(fixture, query, headers, "data", 4);
  if (strncmp(answer, code, strlen(code)) != 0 || !strstr(answer, "\"exception\"")) {
    fail_msg("%s: %s", query, answer);
  }
  free(answer);
}

static void
assert_absent(struct fixture *fixture, const char *id)
{
  struct ms_buffer answer;
  const char *body;
  get(fixture, "GET", signed_query(fixture, MS_SIGNATURE_GET, id, 60), "", &answer, &body);
  assert_non_null(strstr(answer.data, "HTTP/1.1 404"));
  ms_buffer_free(&answer);
}

static void
test_uploads_without_right(void **state)
{
  struct fixture *fixture = *state;
  char query[512];
  assert_refused(fixture, "id=refused", "", "HTTP/1.1 401");
  assert_refused(fixture, signed_query(fixture, MS_SIGNATURE_PUT, "refused", -5), "",
                 "HTTP/1.1 403");
  assert_refused(fixture, signed_query(fixture, MS_SIGNATURE_GET, "refused", 60), "",
                 "HTTP/1.1 403");
  snprintf(query, sizeof query, "%s", signed_query(fixture, MS_SIGNATURE_PUT, "refused", 60));
  memcpy(strstr(query, "refused"), "another", 7);
  assert_refused(fixture, query, "", "HTTP/1.1 403");
  assert_refused(fixture, "id=refused&signature=", "", "HTTP/1.1 403");
  assert_refused(fixture, signed_query(fixture, MS_SIGNATURE_PUT, "refused", 60),
                 "Content-MD5: AAAAAAAAAAAAAAAAAAAAAA==\r\n", "HTTP/1.1 422");
  assert_absent(fixture, "refused");
  assert_absent(fixture, "another");
}

/* The answer comes before the bytes: nobody sends for hours what cannot be kept. */
static void
test_no_room(void **state)
{
  struct fixture *fixture = *state;
  struct ms_buffer answer;
  char head[REQUEST_MAX_BYTES];
  snprintf(head, sizeof head,
           "PUT /component/put?%s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
           "Expect: 100-continue\r\nContent-Length: 1000000000000000000\r\n\r\n",
           signed_query(fixture, MS_SIGNATURE_PUT, "huge", 60));
  int fd = dial(fixture);
  send_text(fd, head);
  read_all(fd, &answer);
  close(fd);
  assert_memory_equal(answer.data, "HTTP/1.1 507", 12);
  assert_non_null(strstr(answer.data, "\"full\""));
  assert_non_null(strstr(answer.data, "no space for 1000000000000000000 bytes"));
  ms_buffer_free(&answer);
  assert_absent(fixture, "huge");
}

static void
test_right_md5(void **state)
{
  struct fixture *fixture = *state;
  uint8_t digest[MS_MD5_BYTES];
  char base64[MS_MD5_BASE64_SIZE], headers[64];
  ms_md5("data", 4, digest);
  ms_base64(digest, sizeof digest, base64);
  snprintf(headers, sizeof headers, "Content-MD5: %s\r\n", base64);
  char *answer =
      put(fixture, signed_query(fixture, MS_SIGNATURE_PUT, "summed", 60), headers, "data", 4);
  assert_non_null(strstr(answer, "HTTP/1.1 200"));
  free(answer);
}

/* Files below the folder of blobs that is given; they are few. */
static int
count_files(const char *folder)
{
  int count = 0;
  DIR *entries = opendir(folder);
  assert_non_null(entries);
  for (const struct dirent *entry; (entry = readdir(entries));) {
    count += entry->d_name[0] != '.';
  }
  closedir(entries);
  return count;
}

/* Begins an upload of `size_bytes`, sends `sent_bytes` of it and hangs up. With `at_once` the server finds
 * the end of the headers, the bytes and the good-bye all together. */
static void
abort_upload(struct fixture *fixture, const char *data, size_t size_bytes, size_t sent_bytes,
             bool at_once)
{
  char head[REQUEST_MAX_BYTES];
  snprintf(head, sizeof head,
           "PUT /component/put?%s HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n",
           signed_query(fixture, MS_SIGNATURE_PUT, "aborted", 60), size_bytes);
  int fd = dial(fixture);
  send_text(fd, head);
  if (at_once) {
    assert_alive(fixture); /* by now it has read the head, too */
    hold_server(fixture);
  }
  send_text(fd, "\r\n");
  send_bytes(fd, data, sent_bytes);
  close(fd);
  if (at_once) {
    release_server(fixture);
  }
}

static void
assert_nothing_incoming(struct fixture *fixture)
{
  char incoming[FOLDER_PATH_BYTES];
  snprintf(incoming, sizeof incoming, "%s/blobs/.incoming", fixture->folder);
  for (int patience = 0; count_files(incoming) > 0; patience++) {
    assert_in_range(patience, 0, PATIENCE_S * 100);
    usleep(10000);
  }
  assert_absent(fixture, "aborted");
}

static void
test_aborted_uploads_leave_nothing(void **state)
{
  struct fixture *fixture = *state;
  enum { ROUNDS = 20, SIZE = 1000000 };
  char *data = make_data(SIZE);
  for (size_t i = 0; i < ROUNDS; i++) {
    abort_upload(fixture, data, SIZE, SIZE * i / ROUNDS, false);
  }
  free(data);
  assert_nothing_incoming(fixture);
}

static void
test_upload_aborted_at_once(void **state)
{
  struct fixture *fixture = *state;
  static const size_t sent_bytes[] = {0, 1, 1000};
  char *data = make_data(1000);
  for (size_t i = 0; i < sizeof sent_bytes / sizeof sent_bytes[0]; i++) {
    abort_upload(fixture, data, 1000000, sent_bytes[i], true);
    assert_alive(fixture);
    assert_nothing_incoming(fixture);
  }
  free(data);
}

/* Ten readers that never read must not keep anybody else waiting. */
static void
test_stalled_readers(void **state)
{
  struct fixture *fixture = *state;
  enum { READERS = 10, SIZE = 5 * 1024 * 1024 };
  char *data = make_data(SIZE);
  put_ok(fixture, "stalled", data, SIZE);
  free(data);
  char head[REQUEST_MAX_BYTES];
  snprintf(head, sizeof head, "GET /component/get?%s HTTP/1.1\r\nHost: h\r\n\r\n",
           signed_query(fixture, MS_SIGNATURE_GET, "stalled", 60));
  int readers[READERS];
  for (int i = 0; i < READERS; i++) {
    readers[i] = dial(fixture);
    send_text(readers[i], head);
    send_text(readers[i], head);
  }
  assert_alive(fixture);
  for (int i = 0; i < READERS; i++) {
    close(readers[i]);
  }
  assert_alive(fixture);
}

static void
test_remove(void **state)
{
  struct fixture *fixture = *state;
  put_ok(fixture, "removed", "data", 4);
  char request[REQUEST_MAX_BYTES];
  snprintf(request, sizeof request,
           "GET /component/remove?id=removed&username=%s&apiKey=%s HTTP/1.1\r\nHost: h\r\n"
           "Connection: close\r\n\r\n",
           fixture->username, fixture->key);
  char *answer = exchange(fixture, request, strlen(request));
  assert_non_null(strstr(answer, "HTTP/1.1 200"));
  free(answer);
  assert_absent(fixture, "removed");
}

/* A server that closes in the middle of uploads: the fixture's end is the test. */
static void
test_close_during_uploads(void **state)
{
  struct fixture *fixture = *state;
  enum { UPLOADS = 8, SIZE = 3 * 1024 * 1024 };
  char *data = make_data(SIZE);
  int fds[UPLOADS];
  for (int i = 0; i < UPLOADS; i++) {
    char id[16], head[REQUEST_MAX_BYTES];
    snprintf(id, sizeof id, "closing-%d", i);
    snprintf(head, sizeof head,
             "PUT /component/put?%s HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n",
             signed_query(fixture, MS_SIGNATURE_PUT, id, 60), SIZE);
    fds[i] = dial(fixture);
    send_text(fds[i], head);
    send_bytes(fds[i], data, SIZE - (size_t)(i % 2));
  }
  assert_int_equal(fixture_close(state), 0);
  for (int i = 0; i < UPLOADS; i++) {
    close(fds[i]);
  }
  free(data);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_round_trip),
      cmocka_unit_test(test_chunked_upload),
      cmocka_unit_test(test_ranges),
      cmocka_unit_test(test_range_behind_the_end),
      cmocka_unit_test(test_checksum_is_learnt),
      cmocka_unit_test(test_conditions_and_nothing_to_send),
      cmocka_unit_test(test_tag_follows_the_data),
      cmocka_unit_test(test_uploads_without_right),
      cmocka_unit_test(test_no_room),
      cmocka_unit_test(test_right_md5),
      cmocka_unit_test(test_aborted_uploads_leave_nothing),
      cmocka_unit_test(test_upload_aborted_at_once),
      cmocka_unit_test(test_stalled_readers),
      cmocka_unit_test(test_remove),
  };
  const struct CMUnitTest closing[] = {
      cmocka_unit_test_setup(test_close_during_uploads, fixture_open),
  };
  return cmocka_run_group_tests(tests, fixture_open, fixture_close) +
         cmocka_run_group_tests(closing, NULL, NULL);
}
