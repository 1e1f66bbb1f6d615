/* What the tests of api/ need: cmocka, a tracker in a temporary folder, calls and their answers. */
#ifndef TEST_API_SUPPORT_H
#define TEST_API_SUPPORT_H

#include <unistd.h>

#include "api/api.h"
#include "base/json.h"
#include "support/check.h"
#include "support/folder.h"

/* A tracker and the answer of its last call. */
struct tracker {
  char folder[FOLDER_BYTES];
  struct ms_api *api;
  char user_id[64];
  struct ms_buffer answer;
  struct ms_arena arena;     /* of `tree` */
  struct ms_json_node *tree; /* the answer, parsed */
  struct ms_error err;
};

static inline int
open_tracker(void **state)
{
  struct tracker *tracker = calloc(1, sizeof *tracker);
  *state = tracker;
  if (folder_make(tracker->folder) != 0)
    return -1;
  setenv("LOGNAME", "ada", 1);
  ms_buffer_init(&tracker->answer, MS_API_ANSWER_MAX_BYTES);
  ms_arena_init(&tracker->arena, 256 * 1024 * 1024);
  check_ok(ms_api_open(tracker->folder, &tracker->api, &tracker->err), &tracker->err);
  check_ok(ms_api_local_user(tracker->api, tracker->user_id, &tracker->err), &tracker->err);
  return 0;
}

static inline int
close_tracker(void **state)
{
  struct tracker *tracker = *state;
  ms_api_close(tracker->api);
  ms_buffer_free(&tracker->answer);
  ms_arena_free(&tracker->arena);
  int left = folder_remove(tracker->folder);
  free(tracker);
  return left;
}

static inline enum ms_status
call_n(struct tracker *tracker, const char *body, size_t body_bytes)
{
  const struct ms_api_request request = {.body = body,
                                         .body_bytes = body_bytes,
                                         .user_id = tracker->user_id,
                                         .base_url = "http://tracker"};
  ms_buffer_clear(&tracker->answer);
  ms_arena_free(&tracker->arena);
  enum ms_status status = ms_api_call(tracker->api, &request, &tracker->answer, &tracker->err);
  struct ms_error err;
  check_ok(ms_json_parse(&tracker->arena, ms_buffer_string(&tracker->answer),
                         tracker->answer.size_bytes, &tracker->tree, &err),
           &err);
  return status;
}

/* Single quotes in `body` stand for double ones, which keeps JSON readable in C. */
static inline enum ms_status
call_status(struct tracker *tracker, const char *body)
{
  char *json = strdup(body);
  for (char *byte = json; *byte; byte++)
    if (*byte == '\'')
      *byte = '"';
  enum ms_status status = call_n(tracker, json, strlen(json));
  free(json);
  return status;
}

static inline void
call(struct tracker *tracker, const char *body)
{
  if (call_status(tracker, body) != MS_OK)
    fail_msg("%s\n-> %s", body, ms_buffer_string(&tracker->answer));
}

/* The call fails with this exception and these words. */
static inline void
expect_error(struct tracker *tracker, const char *body, const char *exception, const char *part)
{
  assert_int_not_equal(call_status(tracker, body), MS_OK);
  const char *name = ms_json_get_string(tracker->tree, "exception");
  const char *content = ms_json_get_string(tracker->tree, "content");
  assert_non_null(name);
  assert_string_equal(name, exception);
  if (!strstr(content, part))
    fail_msg("'%s' is not in '%s'", part, content);
}

/* Follows a path of keys and numbers through the answer: "0.data.name". */
static inline const struct ms_json_node *
at(const struct tracker *tracker, const char *path)
{
  const struct ms_json_node *node = tracker->tree;
  char *copy = strdup(path);
  char *rest = NULL;
  for (char *step = strtok_r(copy, ".", &rest); step && node; step = strtok_r(NULL, ".", &rest)) {
    if (node->type == MS_JSON_ARRAY) {
      const struct ms_json_node *child = node->first;
      for (long i = strtol(step, NULL, 10); i > 0 && child; i--)
        child = child->next;
      node = child;
    } else {
      node = ms_json_get(node, step);
    }
  }
  free(copy);
  return node;
}

/* The value at `path` prints as `json` (single quotes for double ones). */
static inline void
expect(const struct tracker *tracker, const char *path, const char *json)
{
  struct ms_buffer out;
  struct ms_json_writer writer;
  const struct ms_json_node *node = at(tracker, path);
  if (!node)
    fail_msg("nothing at %s of %s", path, ms_buffer_string(&tracker->answer));
  ms_buffer_init(&out, 1024 * 1024);
  ms_json_writer_init(&writer, &out);
  ms_json_node(&writer, node);
  char *wanted = strdup(json);
  for (char *byte = wanted; *byte; byte++)
    if (*byte == '\'')
      *byte = '"';
  assert_string_equal(ms_buffer_string(&out), wanted);
  free(wanted);
  ms_buffer_free(&out);
}

static inline void
expect_count(const struct tracker *tracker, const char *path, size_t count)
{
  const struct ms_json_node *node = at(tracker, path);
  if (!node)
    fail_msg("nothing at %s of %s", path, ms_buffer_string(&tracker->answer));
  if (node->count != count)
    fail_msg("%zu, not %zu, at %s of %s", node->count, count, path,
             ms_buffer_string(&tracker->answer));
}

/* A query's answer has `count` entities. */
static inline void
query(struct tracker *tracker, const char *expression, size_t count)
{
  struct ms_buffer body;
  struct ms_json_writer writer;
  ms_buffer_init(&body, 1024 * 1024);
  ms_buffer_append_string(&body, "[{\"action\":\"query\",\"expression\":");
  ms_json_writer_init(&writer, &body);
  ms_json_string(&writer, expression);
  ms_buffer_append_string(&body, "}]");
  enum ms_status status = call_n(tracker, body.data, body.size_bytes);
  ms_buffer_free(&body);
  if (status != MS_OK)
    fail_msg("%s\n-> %s", expression, ms_buffer_string(&tracker->answer));
  expect_count(tracker, "0.data", count);
}

#define WITH_TRACKER(test) cmocka_unit_test_setup_teardown(test, open_tracker, close_tracker)

#endif
