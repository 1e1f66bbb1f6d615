/* A fuzz target: bodies of POST /api against a tracker in a temporary folder.
 *
 * clang -fsanitize=fuzzer,address; a corpus of bodies is in the conformance tests. Each input is run
 * as one batch; the answer must be JSON whatever came in. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/api.h"
#include "base/json.h"
#include "support/folder.h"

static char folder[FOLDER_BYTES];

static void
remove_folder(void)
{
  folder_remove(folder);
}

static struct ms_api *
open_api(char user_id[64])
{
  struct ms_error err;
  struct ms_api *api = NULL;
  if (folder_make(folder) != 0 || atexit(remove_folder) != 0 ||
      ms_api_open(folder, &api, &err) != MS_OK || ms_api_local_user(api, user_id, &err) != MS_OK)
    abort();
  return api;
}

/* An answer is one JSON document. */
static void
check_answer(const struct ms_buffer *answer)
{
  struct ms_arena arena;
  struct ms_json_node *tree = NULL;
  struct ms_error err;
  ms_arena_init(&arena, 1024 * 1024 * 1024);
  if (ms_json_parse(&arena, ms_buffer_string(answer), answer->size_bytes, &tree, &err) != MS_OK) {
    fprintf(stderr, "%s\n%s\n", err.message, ms_buffer_string(answer));
    abort();
  }
  ms_arena_free(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static struct ms_api *api;
  static char user_id[64];
  struct ms_buffer answer;
  struct ms_error err;
  if (!api)
    api = open_api(user_id);
  const struct ms_api_request request = {.body = (const char *)data,
                                         .body_bytes = size,
                                         .user_id = user_id,
                                         .base_url = "http://tracker"};
  ms_buffer_init(&answer, MS_API_ANSWER_MAX_BYTES);
  ms_api_call(api, &request, &answer, &err);
  check_answer(&answer);
  ms_buffer_free(&answer);
  return 0;
}
