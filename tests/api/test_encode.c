/* encode_media: a job that tells what browsers can show. */
#include "support.h"

static void
write_data(struct tracker *tracker, const char *id)
{
  struct ms_blob_writer *writer = NULL;
  check_ok(ms_blob_create(ms_api_blobs(tracker->api), id, &writer, &tracker->err), &tracker->err);
  check_ok(ms_blob_write(writer, "pixels", 6, &tracker->err), &tracker->err);
  check_ok(ms_blob_commit(writer, NULL, &tracker->err), &tracker->err);
}

static void
media_that_browsers_show_needs_no_encoding(void **state)
{
  struct tracker *tracker = *state;
  write_data(tracker, "c1");
  write_data(tracker, "c2");
  call(tracker,
       "[{'action':'create','entity_type':'Asset','entity_data':{'id':'a1','name':'a'}},"
       "{'action':'create','entity_type':'AssetVersion','entity_data':"
       "{'id':'v1','asset_id':'a1'}},"
       "{'action':'create','entity_type':'FileComponent','entity_data':"
       "{'id':'c1','file_type':'.PNG'}},"
       "{'action':'create','entity_type':'FileComponent','entity_data':"
       "{'id':'c2','file_type':'.mov'}},"
       "{'action':'encode_media','component_id':'c1','version_id':'v1','keep_original':true},"
       "{'action':'encode_media','component_id':'c2','version_id':null,'keep_original':false}]");
  assert_int_equal(strlen(at(tracker, "4.job_id")->string), 36);
  query(tracker, "select status, data, job_components from Job where status is done", 1);
  expect_count(tracker, "0.data.0.job_components", 1);
  assert_non_null(strstr(at(tracker, "0.data.0.data")->string, "\"keep_original\":true"));
  query(tracker, "select thumbnail_id from AssetVersion where thumbnail_id is c1", 1);
  query(tracker, "select data from Job where status is failed", 1);
  assert_non_null(strstr(at(tracker, "0.data.0.data")->string, "\"reason\""));
  call(tracker, "[{'action':'create','entity_type':'FileComponent','entity_data':"
                "{'id':'c3','file_type':'.png'}},{'action':'encode_media','component_id':'c3'}]");
  query(tracker, "select id from Job where status is failed", 2);
  expect_error(tracker, "[{'action':'encode_media','component_id':'c9'}]", "ValidationError",
               "there is no component c9");
  expect_error(tracker, "[{'action':'encode_media'}]", "ValidationError", "component_id");
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      WITH_TRACKER(media_that_browsers_show_needs_no_encoding),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
