/* get_upload_metadata: URL and headers, before or after the component exists. */
#include "support.h"

#include <time.h>

#include "store/blob.h"

static void
a_component_need_not_exist(void **state)
{
  struct tracker *tracker = *state;
  call(tracker, "[{'action':'get_upload_metadata','component_id':'c1','file_name':'a.mov',"
                "'file_size':7,'checksum':'XUFAKrxLKna5cZ2REBfFkg=='}]");
  expect(tracker, "0.component_id", "'c1'");
  expect(tracker, "0.headers",
         "{'Content-Type':'application/octet-stream',"
         "'Content-Disposition':'attachment; filename=\\'a.mov\\'',"
         "'Content-MD5':'XUFAKrxLKna5cZ2REBfFkg=='}");
}

static void
put_blob(struct tracker *tracker, const char *id)
{
  struct ms_error err;
  struct ms_blob_writer *writer = NULL;
  check_ok(ms_blob_create(ms_api_blobs(tracker->api), id, &writer, &err), &err);
  check_ok(ms_blob_write(writer, "bytes", 5, &err), &err);
  check_ok(ms_blob_commit(writer, NULL, &err), &err);
}

static bool
has_blob(struct tracker *tracker, const char *id)
{
  int fd = -1;
  int64_t size_bytes = 0;
  bool is_there = ms_blob_open(ms_api_blobs(tracker->api), id, &fd, &size_bytes, NULL) == MS_OK;
  if (is_there)
    close(fd);
  return is_there;
}

static unsigned
sweep_all(struct tracker *tracker, time_t before)
{
  char folder[MS_BLOB_FOLDER_SIZE] = "";
  unsigned removed = 0;
  while (ms_blobs_next_folder(ms_api_blobs(tracker->api), folder))
    removed += ms_api_sweep_orphans(tracker->api, folder, before);
  return removed;
}

static void
data_of_no_component_are_swept(void **state)
{
  static const char *const ids[] = {"c1", "lost-1", "lost-2", "other"};
  struct tracker *tracker = *state;
  call(tracker, "[{'action':'create','entity_type':'FileComponent','entity_data':{'id':'c1'}}]");
  for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
    put_blob(tracker, ids[i]);
  assert_int_equal(sweep_all(tracker, time(NULL) - 60), 0); /* they may still come */
  assert_int_equal(sweep_all(tracker, time(NULL) + 60), 3);
  assert_true(has_blob(tracker, "c1"));
  assert_false(has_blob(tracker, "lost-2"));
  assert_int_equal(sweep_all(tracker, time(NULL) + 60), 0);
}

static void
the_url_permits_the_upload(void **state)
{
  struct tracker *tracker = *state;
  char expires[32];
  char signature[MS_SIGNATURE_SIZE];
  call(tracker, "[{'action':'create','entity_type':'FileComponent','entity_data':"
                "{'id':'c1','name':'render','file_type':'.exr'}},"
                "{'action':'get_upload_metadata','component_id':'c1','parts':3,'checksum':null}]");
  assert_int_equal(sscanf(at(tracker, "1.url")->string,
                          "http://tracker/component/put?id=c1&expires=%31[^&]&signature=%95s",
                          expires, signature),
                   2);
  check_ok(ms_api_check_signature(tracker->api, MS_SIGNATURE_PUT, "c1", expires, signature,
                                  &tracker->err),
           &tracker->err);
  expect(tracker, "1.headers.Content-Disposition", "'attachment; filename=\\'render.exr\\''");
  assert_null(at(tracker, "1.urls"));
}

/* A header can hold neither a line break nor letters beyond ASCII. */
static void
file_names_cannot_break_a_header(void **state)
{
  struct tracker *tracker = *state;
  call(tracker, "[{'action':'get_upload_metadata','component_id':'c1',"
                "'file_name':'a\\r\\nX: \\\\b\xc3\xa4.mov'}]");
  assert_string_equal(at(tracker, "0.headers.Content-Disposition")->string,
                      "attachment; filename=\"a__X: _b__.mov\";"
                      " filename*=UTF-8''a%0D%0AX%3A%20%5Cb%C3%A4.mov");
}

static void
bad_requests_are_told(void **state)
{
  struct tracker *tracker = *state;
  expect_error(tracker, "[{'action':'get_upload_metadata'}]", "ValidationError", "component_id");
  expect_error(tracker, "[{'action':'get_upload_metadata','component_id':'../../x'}]",
               "ValidationError", "cannot name component data");
}

static void
names_for_downloads(void **state)
{
  static const struct {
    const char *data;
    const char *name;
  } cases[] = {
      {"'id':'c1','name':'a','file_type':'.mov'", "a.mov"},
      {"'id':'c2','name':'a.mov','file_type':'.mov'", "a.mov"},
      {"'id':'c3','name':'a','file_type':'mov'", "a.mov"},
      {"'id':'c4','name':'a'", "a"},
      {"'id':'c5','name':'../a/b'", ".._a_b"},
  };
  struct tracker *tracker = *state;
  for (size_t i = 0; i < COUNT(cases); i++) {
    char body[256];
    char id[3] = {'c', (char)('1' + i), '\0'};
    char *name = NULL;
    snprintf(body, sizeof body,
             "[{'action':'create','entity_type':'FileComponent','entity_data':{%s}}]",
             cases[i].data);
    call(tracker, body);
    check_ok(ms_api_component_file_name(tracker->api, id, &name, &tracker->err), &tracker->err);
    assert_string_equal(name, cases[i].name);
    free(name);
  }
  char *name = NULL;
  check_error(ms_api_component_file_name(tracker->api, "c9", &name, &tracker->err), &tracker->err,
              MS_NOT_FOUND, "c9");
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      WITH_TRACKER(a_component_need_not_exist), WITH_TRACKER(data_of_no_component_are_swept),
      WITH_TRACKER(the_url_permits_the_upload), WITH_TRACKER(file_names_cannot_break_a_header),
      WITH_TRACKER(bad_requests_are_told),      WITH_TRACKER(names_for_downloads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
