/* Lists, details, and what is done to jobs, over a real database; with data that is no JSON, or not the JSON
 * that one expects. */
#include "support.h"

#include "page/cache.h"

#define JOB(rest) "{'action':'create','entity_type':'Job','entity_data':{" rest "}}"

/* clang-format off */
static const char jobs[] =
    "[{'action':'create','entity_type':'User','entity_data':{'id':'u2','username':'grace'}},"
    JOB("'id':'j1','status':'running','user_id':'u2','created_at':'2026-01-01T10:00:00',"
        "'data':'{\\'description\\':\\'Render 50% of sh_010\\',\\'progress\\':0.5,"
        "\\'phase\\':\\'frame 12\\'}'") ","
    JOB("'id':'j2','status':'failed','created_at':'2026-01-02T10:00:00',"
        "'data':'{\\'description\\':\\'Bake\\',\\'reason\\':\\'exit code 3\\',"
        "\\'name\\':\\'bake\\'}'") ","
    JOB("'id':'j3','status':'failed','created_at':'2026-01-03T10:00:00',"
        "'data':'{\\'name\\':\\'bake\\'}'") ","
    JOB("'id':'j4','status':'done','created_at':'2026-01-04T10:00:00',"
        "'data':'no JSON at all'") ","
    JOB("'id':'j5','status':'queued','created_at':'2026-01-05T10:00:00','data':'[1,2]'") ","
    JOB("'id':'j6','status':'done','created_at':'2026-01-06T10:00:00'") "]";

/* A job whose command was recorded, and the job that it was retried as. */
static const char retried[] =
    "["
    JOB("'id':'r1','status':'failed','data':'{\\'retry\\':true}'") ","
    JOB("'id':'r2','status':'running','data':'{\\'retry\\':true,\\'retry_of\\':\\'r1\\'}'")
    "]";
/* clang-format on */

static void
list(struct fixture *fixture, struct ms_job_filter filter, unsigned offset, unsigned limit)
{
  ms_buffer_clear(&fixture->answer);
  must(fixture,
       ms_jobs_list(fixture->page, &filter, offset, limit, 0, &fixture->answer, &fixture->error));
}

/* The ids in the answer's order: "j6 j5 …". */
static const char *
ids(struct fixture *fixture)
{
  static char text[256];
  char *end = text;
  const char *at = ms_buffer_string(&fixture->answer);
  *end = '\0';
  while ((at = strstr(at, "{\"id\":\"")) != NULL) {
    at += strlen("{\"id\":\"");
    end += sprintf(end, "%s%.*s", end == text ? "" : " ", (int)strcspn(at, "\""), at);
  }
  return text;
}

static void
test_list(void **state)
{
  struct fixture *fixture = *state;
  call(fixture, jobs);
  list(fixture, (struct ms_job_filter){0}, 0, 100);
  assert_string_equal(ids(fixture), "j6 j5 j4 j3 j2 j1");
  assert_contains(fixture, "\"total\":6");
  assert_contains(fixture, "\"failed\":2");
  assert_contains(fixture, "\"created_at\":\"2026-01-01T10:00:00.000Z\"");
  assert_contains(fixture, "\"user\":\"grace\"");
  assert_contains(fixture, "\"phase\":\"frame 12\"");
  list(fixture, (struct ms_job_filter){0}, 2, 3);
  assert_string_equal(ids(fixture), "j4 j3 j2");
  list(fixture, (struct ms_job_filter){0}, 100, 3);
  assert_string_equal(ids(fixture), "");
  assert_contains(fixture, "\"total\":6");
  call(fixture, "[" JOB("'id':'j7','status':'done','created_at':'2026-01-07T10:00:00'") "]");
  list(fixture, (struct ms_job_filter){0}, 0, 2); /* asked anew after every change … */
  assert_string_equal(ids(fixture), "j7 j6");
  list(fixture, (struct ms_job_filter){0}, 0, 2); /* … and answered the same until the next */
  assert_string_equal(ids(fixture), "j7 j6");
  assert_contains(fixture, "\"now\":\"20");
}

static void
test_filters(void **state)
{
  static const struct {
    struct ms_job_filter filter;
    const char *expected;
  } cases[] = {
      {{.status = "failed"}, "j3 j2"},
      {{.user = "Grace"}, "j1"},
      {{.user = "nobody"}, ""},
      {{.text = "BAKE"}, "j3 j2"},
      {{.text = "50% OF sh_"}, "j1"},
      {{.text = "50_"}, ""},
      {{.text = "%"}, "j1"},
      {{.text = "\\"}, ""},
      {{.text = "json AT"}, "j4"},
      {{.text = "grace"}, "j1"},
      {{.text = "j5"}, "j5"},
      {{.text = "x' OR 1=1 --"}, ""},
      {{.since = "2026-01-05"}, "j6 j5"},
      {{.until = "2026-01-02T10:00:00Z"}, "j1"},
      {{.since = "2026-01-02", .until = "2026-01-04", .status = "failed", .text = "bake"}, "j3 j2"},
      {{.status = "", .user = "", .text = "", .since = "", .until = ""}, "j6 j5 j4 j3 j2 j1"},
  };
  struct fixture *fixture = *state;
  call(fixture, jobs);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    list(fixture, cases[i].filter, 0, 100);
    assert_string_equal(ids(fixture), cases[i].expected);
  }
  list(fixture, (struct ms_job_filter){.status = "failed", .since = "2026-01-03"}, 0, 100);
  assert_contains(fixture, "\"total\":1");
  assert_contains(fixture, "\"done\":2"); /* counts do not know the status */
}

static void
test_bad_filters(void **state)
{
  static char long_text[300];
  memset(long_text, 'x', sizeof long_text - 1);
  const struct {
    struct ms_job_filter filter;
    const char *message;
  } cases[] = {
      {{.status = "lost"}, "not 'lost'"},
      {{.since = "yesterday"}, "since must be a date"},
      {{.until = "2026-13-01"}, "until must be a date"},
      {{.text = long_text}, "more than 200 bytes"},
  };
  struct fixture *fixture = *state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    assert_int_equal(
        ms_jobs_list(fixture->page, &cases[i].filter, 0, 10, 0, &fixture->answer, &fixture->error),
        MS_USAGE);
    assert_non_null(strstr(fixture->error.message, cases[i].message));
  }
}

static void
detail(struct fixture *fixture, const char *id)
{
  ms_buffer_clear(&fixture->answer);
  must(fixture, ms_jobs_detail(fixture->page, id, 0, &fixture->answer, &fixture->error));
}

static bool
is_movie(const char *file_name)
{
  return strstr(file_name, ".mov") != NULL;
}

static void
test_previews(void **state)
{
  struct fixture *fixture = *state;
  call(fixture, jobs);
  call(fixture,
       "[{'action':'create','entity_type':'FileComponent','entity_data':{'id':'c1',"
       "'name':'shot','file_type':'.mov','size':12}},"
       "{'action':'create','entity_type':'JobComponent','entity_data':{'component_id':'c1',"
       "'job_id':'j2'}}]");
  ms_page_set_previews(fixture->page, is_movie);
  detail(fixture, "j2");
  assert_contains(fixture, "\"preview_url\":\"/component/thumbnail?id=c1&");
  assert_contains(fixture, "&size=640&placeholder=no\"");
}

static void
test_detail(void **state)
{
  struct fixture *fixture = *state;
  call(fixture, jobs);
  call(fixture,
       "[{'action':'create','entity_type':'FileComponent','entity_data':{'id':'c1',"
       "'name':'shot','file_type':'.mov','size':12}},"
       "{'action':'create','entity_type':'JobComponent','entity_data':{'component_id':'c1',"
       "'job_id':'j2'}}]");
  detail(fixture, "j2");
  assert_contains(fixture, "\"name\":\"shot.mov\",\"size\":12,\"url\":\"/component/get?id=c1&");
  assert_null(strstr(ms_buffer_string(&fixture->answer), "preview_url"));
  assert_contains(fixture, "\"related\":[{\"id\":\"j3\"");
  assert_contains(fixture, "\"data\":{\"description\":\"Bake\"");
  detail(fixture, "j4");
  assert_contains(fixture, "\"data\":\"no JSON at all\"");
  detail(fixture, "j5");
  assert_contains(fixture, "\"data\":[1,2]");
  detail(fixture, "j6");
  assert_contains(fixture, "\"data\":null");
  assert_int_equal(ms_jobs_detail(fixture->page, "j9", 0, &fixture->answer, &fixture->error),
                   MS_NOT_FOUND);
}

static enum ms_status
cancel(struct fixture *fixture, const char *id)
{
  return ms_jobs_cancel(fixture->page, id, fixture->user_id, &fixture->error);
}

static void
test_cancel(void **state)
{
  struct fixture *fixture = *state;
  call(fixture, jobs);
  must(fixture, cancel(fixture, "j1"));
  detail(fixture, "j1");
  assert_contains(fixture, "\"status\":\"failed\"");
  assert_contains(fixture, "\"reason\":\"cancelled by ");
  assert_contains(fixture, "\"phase\":\"frame 12\""); /* what was there survives */
  must(fixture, cancel(fixture, "j5"));               /* whose data is no object */
  detail(fixture, "j5");
  assert_contains(fixture, "\"data\":{\"reason\":\"cancelled by ");
  assert_int_equal(cancel(fixture, "j1"), MS_INTEGRITY);
  assert_int_equal(cancel(fixture, "j4"), MS_INTEGRITY);
  assert_non_null(strstr(fixture->error.message, "it is done"));
  assert_int_equal(cancel(fixture, "j9"), MS_NOT_FOUND);
}

static enum ms_status
check_retry(struct fixture *fixture, const char *id, char username[MS_JOBS_USERNAME_SIZE])
{
  return ms_jobs_check_retry(fixture->page, id, fixture->user_id, username, &fixture->error);
}

static void
test_retry(void **state)
{
  struct fixture *fixture = *state;
  char username[MS_JOBS_USERNAME_SIZE] = "";
  call(fixture, jobs);
  call(fixture, retried);
  must(fixture, check_retry(fixture, "r1", username));
  assert_string_not_equal(username, "");
  assert_int_equal(check_retry(fixture, "r2", username), MS_INTEGRITY);
  assert_non_null(strstr(fixture->error.message, "is running"));
  for (const char *id = "j2\0j4\0j6\0"; *id; id += 3) { /* also where the data is no object */
    assert_int_equal(check_retry(fixture, id, username), MS_INTEGRITY);
    assert_non_null(strstr(fixture->error.message, "was not recorded"));
  }
  assert_int_equal(check_retry(fixture, "j9", username), MS_NOT_FOUND);
  assert_true(ms_jobs_exists(fixture->page, "r2"));
  assert_false(ms_jobs_exists(fixture->page, "j9"));
  detail(fixture, "r1");
  assert_contains(fixture, "\"related\":[{\"id\":\"r2\"");
  detail(fixture, "r2");
  assert_contains(fixture, "\"related\":[{\"id\":\"r1\"");
}

static char heard[256]; /* ids of removed jobs, a space behind each */

static void
hear(const char *job_id)
{
  strcat(strcat(heard, job_id), " ");
}

static void
remove_before(struct fixture *fixture, const char *before)
{
  ms_buffer_clear(&fixture->answer);
  must(fixture, ms_jobs_remove(fixture->page, before, fixture->user_id, hear, &fixture->answer,
                               &fixture->error));
}

static void
test_remove(void **state)
{
  struct fixture *fixture = *state;
  call(fixture, jobs);
  call(fixture,
       "[{'action':'create','entity_type':'FileComponent','entity_data':{'id':'mine','size':7}},"
       "{'action':'create','entity_type':'FileComponent','entity_data':{'id':'shared','size':9}},"
       "{'action':'create','entity_type':'JobComponent','entity_data':{'component_id':'mine','job_"
       "id':'j2'}},"
       "{'action':'create','entity_type':'JobComponent','entity_data':{'component_id':'shared','"
       "job_id':'j2'}},"
       "{'action':'create','entity_type':'JobComponent','entity_data':{'component_id':'shared','"
       "job_id':'j1'}}]");
  ms_buffer_clear(&fixture->answer);
  must(fixture, ms_jobs_removable(fixture->page, "2100-01-01", &fixture->answer, &fixture->error));
  assert_string_equal(ms_buffer_string(&fixture->answer), "{\"jobs\":4,\"files\":1,\"size\":7}");
  remove_before(fixture, "2000-01-01");
  assert_contains(fixture, "{\"removed\":0}");
  assert_string_equal(heard, "");
  remove_before(fixture, "2100-01-01");
  assert_contains(fixture, "{\"removed\":4}");
  assert_string_equal(heard, "j2 j3 j4 j6 ");
  list(fixture, (struct ms_job_filter){0}, 0, 100);
  assert_string_equal(ids(fixture), "j5 j1"); /* queued and running ones stay */
  call(fixture, "[{'action':'query','expression':'select id from FileComponent'}]");
  assert_contains(fixture, "shared");
  assert_lacks(fixture, "mine");
  assert_int_equal(ms_jobs_remove(fixture->page, "soon", fixture->user_id, NULL, &fixture->answer,
                                  &fixture->error),
                   MS_USAGE);
}

static void
test_version(void **state)
{
  struct fixture *fixture = *state;
  int64_t before = ms_page_version(fixture->page);
  assert_true(before > 0);
  assert_int_equal(ms_page_version(fixture->page), before);
  call(fixture, jobs);
  assert_true(ms_page_version(fixture->page) > before);
}

/* The status of job "j1" in an answer from the version `after` or later, and that answer's version. */
static const char *
first_status(struct fixture *fixture, int64_t after, int64_t *version)
{
  static char status[16];
  ms_buffer_clear(&fixture->answer);
  must(fixture, ms_jobs_detail(fixture->page, "j1", after, &fixture->answer, &fixture->error));
  const char *text = ms_buffer_string(&fixture->answer);
  assert_int_equal(sscanf(strstr(text, "\"status\":\""), "\"status\":\"%15[a-z]", status), 1);
  assert_int_equal(sscanf(strstr(text, "\"version\":"), "\"version\":%ld", version), 1);
  return status;
}

static void
test_shared_answers(void **state)
{
  struct fixture *fixture = *state;
  int64_t first, second, third;
  call(fixture, jobs);
  assert_string_equal(first_status(fixture, 0, &first), "running");
  must(fixture, cancel(fixture, "j1"));
  assert_string_equal(first_status(fixture, first, &second), "running"); /* it is from then */
  assert_int_equal(second, first);
  assert_string_equal(first_status(fixture, 0, &second), "failed");
  assert_true(second > first);
  assert_string_equal(first_status(fixture, first, &third), "failed"); /* or later */
  assert_int_equal(third, second);
  int64_t unheard_of = second + 1000000;
  call(fixture, retried);
  first_status(fixture, unheard_of, &third);
  assert_true(third > second);
}

static void
test_cache(void **state)
{
  struct ms_cache cache = {0};
  struct ms_buffer answer;
  char question[16];
  (void)state;
  ms_buffer_init(&answer, 1024);
  ms_cache_keep(&cache, "mine", 1, "old");
  ms_cache_keep(&cache, "mine", 2, "new");
  assert_false(ms_cache_find(&cache, "mine", 3, &answer));
  assert_false(ms_cache_find(&cache, "yours", 1, &answer));
  assert_true(ms_cache_find(&cache, "mine", 2, &answer));
  assert_string_equal(ms_buffer_string(&answer), "new");
  for (int i = 0; i < MS_CACHE_ENTRIES; i++) {
    assert_true(ms_cache_find(&cache, "mine", 1, &answer));
    snprintf(question, sizeof question, "question %d", i);
    ms_cache_keep(&cache, question, 1, "answer");
  }
  assert_false(ms_cache_find(&cache, "mine", 1, &answer)); /* it made room */
  ms_buffer_free(&answer);
  ms_cache_clear(&cache);
}

static void
test_files(void **state)
{
  static const char *const unknown[] = {
      "", "nothing.js", "../page_files.c", "/etc/passwd", "index.html/", ".hidden.js", "index"};
  struct fixture *fixture = *state;
  struct ms_embedded file;
  const char *type;
  must(fixture, ms_page_file("main.js", &file, &type, &fixture->error));
  assert_string_equal(type, "text/javascript; charset=utf-8");
  assert_true(file.size_bytes > 100);
  ms_embedded_free(&file);
  for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
    assert_int_equal(ms_page_file(unknown[i], &file, &type, &fixture->error), MS_NOT_FOUND);
  }
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(test_list),
      TEST(test_filters),
      TEST(test_bad_filters),
      TEST(test_previews),
      TEST(test_detail),
      TEST(test_cancel),
      TEST(test_retry),
      TEST(test_remove),
      TEST(test_version),
      TEST(test_shared_answers),
      cmocka_unit_test(test_cache),
      TEST(test_files),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
