/* A tracker over a temporary folder with the page's connection beside it. */
#ifndef TESTS_PAGE_SUPPORT_H
#define TESTS_PAGE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "page/jobs.h"
#include "page/sign_in.h"
#include "support/folder.h"

struct fixture {
  char folder[FOLDER_BYTES];
  char user_id[64];
  struct ms_api *api;
  struct ms_page *page;
  struct ms_buffer answer; /* of the last call */
  struct ms_error error;   /* of the last call */
};

static inline void
must(struct fixture *fixture, enum ms_status status)
{
  if (status != MS_OK) {
    fail_msg("%s: %s", ms_status_code(status), fixture->error.message);
  }
}

static inline int
set_up(void **state)
{
  struct fixture *fixture = calloc(1, sizeof *fixture);
  assert_int_equal(folder_make(fixture->folder), 0);
  must(fixture, ms_api_open(fixture->folder, &fixture->api, &fixture->error));
  must(fixture, ms_api_local_user(fixture->api, fixture->user_id, &fixture->error));
  must(fixture, ms_page_open(fixture->api, &fixture->page, &fixture->error));
  ms_buffer_init(&fixture->answer, 16 << 20);
  *state = fixture;
  return 0;
}

static inline int
tear_down(void **state)
{
  struct fixture *fixture = *state;
  ms_page_close(fixture->page);
  ms_api_close(fixture->api);
  ms_buffer_free(&fixture->answer);
  folder_remove(fixture->folder);
  free(fixture);
  return 0;
}

/* Runs operations, given as JSON with ' for ". */
static inline void
call(struct fixture *fixture, const char *operations)
{
  char *body = strdup(operations);
  for (char *at = body; *at; at++) {
    *at = *at == '\'' ? '"' : *at;
  }
  const struct ms_api_request request = {
      .body = body, .body_bytes = strlen(body), .user_id = fixture->user_id, .base_url = ""};
  ms_buffer_clear(&fixture->answer);
  must(fixture, ms_api_call(fixture->api, &request, &fixture->answer, &fixture->error));
  free(body);
}

#define assert_contains(fixture, text)                                             \
  do {                                                                             \
    if (!strstr(ms_buffer_string(&(fixture)->answer), (text))) {                   \
      fail_msg("%s\nis not in\n%s", (text), ms_buffer_string(&(fixture)->answer)); \
    }                                                                              \
  } while (0)

#define assert_lacks(fixture, text)                                            \
  do {                                                                         \
    if (strstr(ms_buffer_string(&(fixture)->answer), (text))) {                \
      fail_msg("%s\nis in\n%s", (text), ms_buffer_string(&(fixture)->answer)); \
    }                                                                          \
  } while (0)

#endif
