/* Fuzz target: any text is compiled and explained. Whatever it is, a status comes back, with words when
 * it is not MS_OK, and without braces in them. Build with -fsanitize=fuzzer,address and run with
 * -dict=query.dict of this folder. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "query/query.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(enum ms_status status, const struct ms_error *err)
{
  bool is_known = status == MS_OK || status == MS_PARSE || status == MS_LIMIT;
  if (!is_known || (status != MS_OK && (err->message[0] == '\0' || strpbrk(err->message, "{}"))))
    abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct ms_query_context context = {.model = ms_model_builtin(), .base_url = "http://h"};
  struct ms_arena arena;
  struct ms_buffer out;
  struct ms_query_plan *plan;
  struct ms_error err = {0};
  ms_arena_init(&arena, MS_QUERY_ARENA_MAX_BYTES);
  enum ms_status status = ms_query_compile(&context, (const char *)data, size, &arena, &plan, &err);
  check(status, &err);
  if ((status == MS_OK) != (plan != NULL))
    abort();
  ms_arena_free(&arena);
  ms_buffer_init(&out, 1 << 22);
  if (ms_query_explain(&context, (const char *)data, size, &out, &err) != status &&
      out.status == MS_OK)
    abort();
  ms_buffer_free(&out);
  return 0;
}
