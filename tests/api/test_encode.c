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

/* What an encoder was told last. */
static struct {
  int count;
  char source[64], image[64], version[64];
  bool has_video, keep_original;
} told;

static void
listen_in(void *context, const struct ms_encoding *encoding)
{
  (void)context;
  told.count++;
  snprintf(told.source, sizeof told.source, "%s", encoding->source_id);
  snprintf(told.image, sizeof told.image, "%s", encoding->image_id);
  snprintf(told.version, sizeof told.version, "%s",
           encoding->version_id ? encoding->version_id : "");
  told.has_video = encoding->video_id != NULL;
  told.keep_original = encoding->keep_original;
}

static void
an_encoder_is_told_what_to_make_of_what(void **state)
{
  struct tracker *tracker = *state;
  memset(&told, 0, sizeof told);
  ms_api_set_encoder(tracker->api, listen_in, NULL);
  write_data(tracker, "c1");
  write_data(tracker, "c2");
  call(tracker, "[{'action':'create','entity_type':'Asset','entity_data':{'id':'a1','name':'a'}},"
                "{'action':'create','entity_type':'AssetVersion','entity_data':"
                "{'id':'v1','asset_id':'a1'}},"
                "{'action':'create','entity_type':'FileComponent','entity_data':"
                "{'id':'c1','file_type':'.mov'}},"
                "{'action':'create','entity_type':'FileComponent','entity_data':"
                "{'id':'c2','file_type':'.exr'}},"
                "{'action':'encode_media','component_id':'c1','version_id':'v1',"
                "'keep_original':true}]");
  assert_int_equal(told.count, 1);
  assert_string_equal(told.source, "c1");
  assert_string_equal(told.version, "v1");
  assert_true(told.has_video && told.keep_original);
  query(tracker, "Job where status is queued and type is encode_media", 1);
  query(tracker, "Component where version_id is v1", 2);
  query(tracker, "select id from Component where name is \"ftrackreview-image\"", 1);
  assert_string_equal(at(tracker, "0.data.0.id")->string, told.image);
  call(tracker, "[{'action':'encode_media','component_id':'c2','version_id':null}]");
  assert_int_equal(told.count, 2);
  assert_false(told.has_video || told.keep_original);
}

/* A batch that fails asks for nothing. */
static void
a_failed_batch_encodes_nothing(void **state)
{
  struct tracker *tracker = *state;
  memset(&told, 0, sizeof told);
  ms_api_set_encoder(tracker->api, listen_in, NULL);
  write_data(tracker, "c1");
  assert_int_not_equal(
      call_status(tracker, "[{'action':'create','entity_type':'FileComponent','entity_data':"
                           "{'id':'c1','file_type':'.mov'}},"
                           "{'action':'encode_media','component_id':'c1'},"
                           "{'action':'create','entity_type':'Scope','entity_data':{}}]"),
      MS_OK);
  assert_int_equal(told.count, 0);
}

int
main(void)
{
  const struct CMUnitTest tests[] = {
      WITH_TRACKER(media_that_browsers_show_needs_no_encoding),
      WITH_TRACKER(an_encoder_is_told_what_to_make_of_what),
      WITH_TRACKER(a_failed_batch_encodes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
